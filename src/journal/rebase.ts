import { dirname, join } from 'node:path';
import type { VersionTime, WallMs } from '../base/number-kinds.ts';
import { type Condition, type Effect, isOfKey, type KeyEffect, withoutValue } from '../ordering/effect.ts';
import type { Stretch } from '../ordering/stretches.ts';
import { spansOf, type TimeMap } from '../ordering/time-map.ts';
import { msOfVersionTime, type Version, versionTimeOfMs } from '../ordering/version.ts';
import { BaseWriter } from './base-writer.ts';
import { type ClockPlan, missingIn, type TimesInUse, timeMapOf } from './clock-plan.ts';
import { writeOf } from './compaction.ts';
import {
  type DirectoryIdentity,
  directoryOf,
  FLUSHED_NAME,
  makeDirectory,
  newIdentity,
  type Owner,
  readIdentity,
  writeIdentity,
} from './data-directory.ts';
import { type Disk, NODE_DISK } from './disk.ts';
import { FlushedPosition } from './flushed-position.ts';
import { DamageError, JournalError, journalErrorOf } from './journal-error.ts';
import { LogFiles, nameOfFile } from './log-files.ts';
import { readEntryAt } from './log-reader.ts';
import type { LogState } from './log-state.ts';
import type { MemoryJournal } from './memory-journal.ts';
import type { LocatedRecord } from './record-table.ts';
import { recoverLog } from './recovery.ts';
import { replaceFile } from './replace-file.ts';
import { readWhole } from './whole-value.ts';

/** The journal of a controller that does not run. */
interface StoppedJournal {
  readonly files: LogFiles;
  readonly state: LogState;
  readonly nextBatch: number;
}

export interface Survey extends TimesInUse {
  readonly records: number;
  /** The largest time in use; 0 when there is none. */
  readonly newestTime: VersionTime;
}

/**
 * Finds the times that a stopped controller uses. Changes nothing, except that a torn end is cut off, as a start does.
 *
 * @param plan the plan that the times are for; a journal that was rewritten by this plan already is refused
 * @throws JournalError
 */
export async function surveyTimes(
  dataDir: string,
  owner: Owner,
  plan: ClockPlan,
  disk: Disk = NODE_DISK,
): Promise<Survey> {
  const directory = directoryOf(dataDir, owner.controller);
  if ((await readPlanId(disk, directory)) === plan.id)
    throw new JournalError('OTHER_OWNER', `${directory} has been written anew by this plan: begin another`);
  return withStopped(dataDir, owner, disk, async (stopped) => {
    if (stopped === null) return { spans: [], flushedMs: [], records: 0, newestTime: 0 };
    const { index } = stopped.state;
    const spans = spansOf(timesIn(stopped.state));
    const done = index.announcedFlush === null ? index.flushes() : [];
    const flushedMs = done.flatMap((effect) => (effect.kind === 'flush-later' ? [effect.atMs] : []));
    return { spans, flushedMs, records: index.records, newestTime: spans.at(-1)?.to ?? 0 };
  });
}

export type Rebased =
  /** `aside` is the path of the old directory. */
  | {
      readonly outcome: 'rebased';
      readonly records: number;
      readonly newestTime: VersionTime;
      readonly aside: string;
    }
  /** This plan was carried out before. */
  | { readonly outcome: 'already' }
  /** There is no journal, or it has no time that has to be moved. */
  | { readonly outcome: 'nothing' };

/**
 * Rewrites the journal of a stopped controller with the version times that the plan gives for the old ones. The new
 * journal has a new identity, so that the store is filled again. The old directory is kept beside the new one.
 *
 *  1. The new directory is complete and on disk under a name of its own before anything else changes.
 *  2. The old directory is renamed, then the new one. A rebase that was stopped in between is completed by the next.
 *
 * @throws JournalError
 */
export async function rebase(
  dataDir: string,
  owner: Owner,
  plan: ClockPlan,
  nowMs: WallMs,
  disk: Disk = NODE_DISK,
): Promise<Rebased> {
  const missing = missingIn(plan);
  if (missing.length > 0)
    throw new JournalError(
      'OTHER_OWNER',
      `the plan lacks controllers ${missing.join(', ')}: survey them first`,
    );
  if (nowMs < plan.atMs)
    throw new JournalError(
      'OTHER_OWNER',
      "this machine's clock is behind the one that the plan was begun on: correct it",
    );
  const map = timeMapOf(plan);
  const directory = directoryOf(dataDir, owner.controller);
  const aside = `${directory}.before-rebase-${plan.id}`;
  await complete(disk, dataDir, directory, aside);
  if ((await readPlanId(disk, directory)) === plan.id) return { outcome: 'already' };
  if (map.isIdentity) return { outcome: 'nothing' };
  return withStopped(dataDir, owner, disk, async (stopped) => {
    if (stopped === null) return { outcome: 'nothing' };
    const newestTime = await writeAnew(
      disk,
      `${directory}${PARTIAL}`,
      stopped,
      new TimeRewriter(map, plan),
      owner,
    );
    await replaceFile(disk, join(`${directory}${PARTIAL}`, PLAN_ID_NAME), plan.id);
    await disk.rename(directory, aside);
    await disk.rename(`${directory}${PARTIAL}`, directory);
    await disk.syncDirectory(dataDir);
    return { outcome: 'rebased', records: stopped.state.index.records, newestTime, aside };
  });
}

/** The ending of the new directory's name until it replaces the old one. */
const PARTIAL = '.rebasing';

/** The file in the new directory with the id of the plan that it was made by. */
const PLAN_ID_NAME = 'rebased';

/** Does the second rename of a rebase that was stopped between its two renames. */
async function complete(disk: Disk, dataDir: string, directory: string, aside: string): Promise<void> {
  const names = await disk.list(dataDir).catch(() => []);
  const isThere = (path: string) => names.some((name) => path === join(dataDir, name));
  if (isThere(directory) || !isThere(aside) || !isThere(`${directory}${PARTIAL}`)) return;
  await disk.rename(`${directory}${PARTIAL}`, directory);
  await disk.syncDirectory(dataDir);
}

async function readPlanId(disk: Disk, directory: string): Promise<string | null> {
  const bytes = await disk.readAll(join(directory, PLAN_ID_NAME)).catch(() => null);
  return bytes?.toString('utf8') ?? null;
}

/** @param use called with null when there is no journal */
async function withStopped<T>(
  dataDir: string,
  owner: Owner,
  disk: Disk,
  use: (stopped: StoppedJournal | null) => Promise<T>,
): Promise<T> {
  const directory = directoryOf(dataDir, owner.controller);
  const names = await disk.list(dataDir).catch((error) => {
    throw journalErrorOf(error, dataDir);
  });
  if (!names.some((name) => directory === join(dataDir, name))) return use(null);
  const lock = disk.lock(directory);
  const files = new LogFiles(disk, directory);
  try {
    const identity = await readIdentity(disk, directory, owner);
    if (identity === null) return await use(null);
    const flushed = await FlushedPosition.open(disk, join(directory, FLUSHED_NAME), identity.directoryId);
    await flushed.file.close();
    const { state, nextBatch } = await recoverLog(files, identity.directoryId, flushed.position);
    return await use({ files, state, nextBatch });
  } catch (error) {
    if (error instanceof DamageError) {
      const what = `${directory} is damaged (${error.message})`;
      throw new JournalError(
        'DAMAGED',
        `${what}: move it away, and survey this controller without it`,
        error,
      );
    }
    if (error instanceof RangeError)
      throw new JournalError(
        'OTHER_OWNER',
        `${error.message}: it ran after the survey; survey all anew`,
        error,
      );
    throw journalErrorOf(error, directory);
  } finally {
    await files.close();
    lock.release();
  }
}

function* timesIn({ index, staged, watermarks, newestTime, incomplete }: LogState): Generator<number> {
  yield newestTime;
  yield watermarks.applied.time;
  yield* watermarks.known;
  yield* index.forgotten.times();
  for (const effect of index.flushes())
    yield effect.kind === 'flush-due' ? versionTimeOfMs(effect.atMs) : effect.version.time;
  for (const { effect } of staged.all()) yield effect.version.time;
  for (const { version, needs } of index.attached.values()) {
    yield version.time;
    for (const { from, to } of needs) yield* [from, to];
  }
  for (const { from, to } of incomplete) yield* [from, to];
  for (const record of index.walk()) yield record.version.time;
}

/** Gives the effects of a journal their new times. */
class TimeRewriter {
  readonly #map: TimeMap;
  /** Whether an announced flush is due after the plan was begun, and no controller has carried it out. */
  readonly #isToCome: (flushMs: WallMs) => boolean;

  constructor(map: TimeMap, { atMs, controllers }: ClockPlan) {
    const done = new Set(Object.values(controllers).flatMap(({ flushedMs }) => flushedMs));
    this.#map = map;
    this.#isToCome = (flushMs) => flushMs > atMs && !done.has(flushMs);
  }

  time = (time: VersionTime): number => this.#map.map(time);

  version = ({ time, node }: Version): Version => ({ time: this.#map.map(time), node });

  /** The version in a condition may not be in use any more. */
  staged(effect: Effect): Effect {
    if (!isOfKey(effect)) return this.write(effect);
    const condition = this.#condition(effect.condition);
    if (effect.kind !== 'join') return { ...this.write(effect), condition };
    return { ...this.write(effect), condition: condition ?? effect.condition };
  }

  write<E extends Effect>(effect: E): E {
    return { ...effect, version: this.version(effect.version) };
  }

  #condition(condition: Condition): Condition {
    return condition === null ? null : { time: this.#map.mapBound(condition.time), node: condition.node };
  }

  /**
   * A flush that is not due yet keeps its moment, and will end everything. A flush that was carried out ends what
   * it ended.
   */
  flush(effect: Effect): Effect {
    if (effect.kind !== 'flush-later' && effect.kind !== 'flush-due') return this.write(effect);
    const { kind, version, atMs } = effect;
    const isToCome = kind === 'flush-later' && this.#isToCome(atMs);
    const limit = this.#map.mapBound(versionTimeOfMs(atMs));
    const time = kind === 'flush-later' ? this.#map.map(version.time) : limit;
    return { kind, version: { time, node: version.node }, atMs: isToCome ? atMs : msOfVersionTime(limit) };
  }
}

/** How many records are written at once: their values are in memory until then. */
const RECORDS_PER_STEP = 256;

/** Writes a base with everything in the journal to a new directory. @returns the newest time in it */
async function writeAnew(
  disk: Disk,
  directory: string,
  { files, state, nextBatch }: StoppedJournal,
  to: TimeRewriter,
  owner: Owner,
): Promise<number> {
  await makeDirectory(disk, directory);
  for (const name of await disk.list(directory)) await disk.remove(join(directory, name));
  const identity = newIdentity(owner);
  const { index, watermarks, staged, incomplete } = state;
  const moved = (needs: readonly Stretch[]) =>
    needs.map((need) => ({ ...need, from: to.time(need.from), to: to.time(need.to) }));
  const newestTime = to.time(state.newestTime);
  const file = await disk.open(join(directory, nameOfFile(BASE)), 'create');
  try {
    const base = new BaseWriter(file, identity.directoryId, BASE);
    for (const effect of index.flushes()) base.add({ type: 'write', effect: to.flush(effect) });
    const known = watermarks.known.map(to.time);
    base.add({ type: 'watermarks', newestTime, applied: to.version(watermarks.applied), known });
    base.add({ type: 'forgotten', times: index.forgotten.times().map(to.time) });
    for (const { key, version, needs } of index.attached.values())
      base.add({ type: 'attached', key, version: to.version(version), needs: moved(needs) });
    if (incomplete.length > 0) base.add({ type: 'incomplete', needs: moved(incomplete) });
    for (const { effect } of staged.all()) base.add({ type: 'stage', effect: to.staged(effect) });
    let records = 0;
    for (const record of { [Symbol.iterator]: () => index.walk() }) {
      base.add({ type: 'write', effect: to.write(await readWrite(files, index, record)) });
      if (++records % RECORDS_PER_STEP === 0) await base.write();
    }
    await base.finish(nextBatch);
  } finally {
    await file.close();
  }
  await makeWhole(disk, directory, identity);
  return newestTime;
}

/** `base-1`, which replaces `log-0`. */
const BASE = 2;

/** Where the record is a difference, the set of its whole value. Without its condition, which was met. */
async function readWrite(
  files: LogFiles,
  index: MemoryJournal,
  { key, file, at }: LocatedRecord,
): Promise<KeyEffect> {
  const chain = index.chains.get(key);
  const whole = chain === undefined ? null : await readWhole(files, chain.whole, chain.parts);
  if (whole !== null) return whole;
  const effect = writeOf(await readEntryAt(await files.get(file), at));
  if (effect === null) throw new DamageError(`${nameOfFile(file)} has no write at ${at}`);
  return { ...(effect.kind === 'join' ? withoutValue(effect) : effect), condition: null };
}

/** Writes the identity last: a directory without one counts as empty. */
async function makeWhole(disk: Disk, directory: string, identity: DirectoryIdentity): Promise<void> {
  const flushed = await FlushedPosition.create(disk, join(directory, FLUSHED_NAME), identity.directoryId);
  await flushed.set({ file: BASE, at: 0 });
  await flushed.sync();
  await flushed.close();
  await writeIdentity(disk, directory, identity);
  await disk.syncDirectory(dirname(directory));
}
