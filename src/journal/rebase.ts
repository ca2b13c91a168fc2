import { dirname, join } from 'node:path';
import type { VersionTime, WallMs } from '../base/number-kinds.ts';
import { type Condition, type Effect, isOfKey, type KeyEffect } from '../ordering/effect.ts';
import { spansOf, type TimeMap } from '../ordering/time-map.ts';
import { msOfVersionTime, type Version, versionTimeOfMs } from '../ordering/version.ts';
import { BaseWriter } from './base-writer.ts';
import { type ClockPlan, missingIn, type Surveyed, timeMapOf } from './clock-plan.ts';
import { writeOf } from './compaction.ts';
import {
  directoryOf,
  type Identity,
  MARK_NAME,
  makeDirectory,
  newIdentity,
  type Owner,
  readIdentity,
  writeIdentity,
} from './data-directory.ts';
import { type Disk, NODE_DISK } from './disk.ts';
import { FlushedMark } from './flushed-mark.ts';
import { DamageError, JournalError, journalErrorOf } from './journal-error.ts';
import type { Place } from './log-entry.ts';
import { LogFiles, nameOfFile } from './log-files.ts';
import { readEntryAt } from './log-reader.ts';
import type { LogState } from './log-state.ts';
import { recoverLog } from './recovery.ts';
import { replaceFile } from './replace-file.ts';

/** What a controller that is stopped has on disk. */
interface Stopped {
  readonly files: LogFiles;
  readonly state: LogState;
  readonly nextBatch: number;
}

export interface Survey extends Surveyed {
  readonly records: number;
  /** Of all times in use the largest; 0 when there is none. */
  readonly newestTime: VersionTime;
}

/**
 * What a stopped controller has in use. Changes nothing, but that a torn end is cut off, as by a start.
 *
 * @param plan that it is for; a journal that has been written anew by it already is refused
 * @throws JournalError
 */
export async function surveyTimes(
  dataDir: string,
  owner: Owner,
  plan: ClockPlan,
  disk: Disk = NODE_DISK,
): Promise<Survey> {
  const directory = directoryOf(dataDir, owner.controller);
  if ((await readMarker(disk, directory)) === plan.id)
    throw new JournalError('OTHER_OWNER', `${directory} has been written anew by this plan: begin another`);
  return withStopped(dataDir, owner, disk, async (stopped) => {
    if (stopped === null) return { spans: [], flushedMs: [], records: 0, newestTime: 0 };
    const { index } = stopped.state;
    const spans = spansOf(timesIn(stopped.state));
    const done = index.armedFlush === null ? index.flushes() : [];
    const flushedMs = done.flatMap((effect) => (effect.kind === 'flush-later' ? [effect.atMs] : []));
    return { spans, flushedMs, records: index.records, newestTime: spans.at(-1)?.to ?? 0 };
  });
}

export type Rebased =
  /** `aside` has the directory as it was. */
  | {
      readonly outcome: 'rebased';
      readonly records: number;
      readonly newestTime: VersionTime;
      readonly aside: string;
    }
  /** By this very plan, before. */
  | { readonly outcome: 'already' }
  /** There is no journal, or no time in it that has to be moved. */
  | { readonly outcome: 'nothing' };

/**
 * Writes the journal of a stopped controller anew, with the version times that the plan gives to the old ones, under a new
 * identity, so that its store is filled again. The old directory is kept beside it.
 *
 *  1. The new directory is complete and on disk under a name of its own before anything else changes.
 *  2. The old one is renamed, then the new one. A run that was stopped in between is completed by the next.
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
  if ((await readMarker(disk, directory)) === plan.id) return { outcome: 'already' };
  if (map.isIdentity) return { outcome: 'nothing' };
  return withStopped(dataDir, owner, disk, async (stopped) => {
    if (stopped === null) return { outcome: 'nothing' };
    const newestTime = await writeAnew(
      disk,
      `${directory}${PARTIAL}`,
      stopped,
      new Rewriting(map, plan),
      owner,
    );
    await replaceFile(disk, join(`${directory}${PARTIAL}`, MARKER_NAME), plan.id);
    await disk.rename(directory, aside);
    await disk.rename(`${directory}${PARTIAL}`, directory);
    await disk.syncDirectory(dataDir);
    return { outcome: 'rebased', records: stopped.state.index.records, newestTime, aside };
  });
}

/** Of the new directory, until it takes the place of the old one. */
const PARTIAL = '.rebasing';

/** In the new directory: the plan that it was made by. */
const MARKER_NAME = 'rebased';

/** A run was stopped between its two renames. */
async function complete(disk: Disk, dataDir: string, directory: string, aside: string): Promise<void> {
  const names = await disk.list(dataDir).catch(() => []);
  const isThere = (path: string) => names.some((name) => path === join(dataDir, name));
  if (isThere(directory) || !isThere(aside) || !isThere(`${directory}${PARTIAL}`)) return;
  await disk.rename(`${directory}${PARTIAL}`, directory);
  await disk.syncDirectory(dataDir);
}

async function readMarker(disk: Disk, directory: string): Promise<string | null> {
  const bytes = await disk.readAll(join(directory, MARKER_NAME)).catch(() => null);
  return bytes?.toString('utf8') ?? null;
}

/** @param use given null when there is no journal */
async function withStopped<T>(
  dataDir: string,
  owner: Owner,
  disk: Disk,
  use: (stopped: Stopped | null) => Promise<T>,
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
    const { mark, place } = await FlushedMark.open(disk, join(directory, MARK_NAME), identity.store);
    await mark.close();
    const nodes = owner.peers.split(',').length;
    const { state, nextBatch } = await recoverLog(files, identity.store, place, nodes);
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

function* timesIn({ index, held, marks, newestTime }: LogState): Generator<number> {
  yield newestTime;
  yield marks.applied.time;
  yield* marks.known;
  yield* index.forgotten.times();
  for (const effect of index.flushes())
    yield effect.kind === 'flush-due' ? versionTimeOfMs(effect.atMs) : effect.version.time;
  for (const { effect } of held.all()) yield effect.version.time;
  for (const record of index.walk()) yield record.version.time;
}

/** Gives what is in a journal its new times. */
class Rewriting {
  readonly #map: TimeMap;
  /** No earlier than the plan, and carried out by nobody. */
  readonly #isToCome: (flushMs: WallMs) => boolean;

  constructor(map: TimeMap, { atMs, controllers }: ClockPlan) {
    const done = new Set(Object.values(controllers).flatMap(({ flushedMs }) => flushedMs));
    this.#map = map;
    this.#isToCome = (flushMs) => flushMs > atMs && !done.has(flushMs);
  }

  time = (time: VersionTime): number => this.#map.of(time);

  version = ({ time, node }: Version): Version => ({ time: this.#map.of(time), node });

  /** A base may be a version that is in use no more. */
  held(effect: Effect): Effect {
    if (!isOfKey(effect)) return this.write(effect);
    return { ...this.write(effect), base: this.#base(effect.base) };
  }

  write<E extends Effect>(effect: E): E {
    return { ...effect, version: this.version(effect.version) };
  }

  #base(base: Condition): Condition {
    return base === null ? null : { time: this.#map.limit(base.time), node: base.node };
  }

  /** A flush that is to come keeps its moment, and ends all that is there now; one that has been ends what it ended. */
  flush(effect: Effect): Effect {
    if (effect.kind !== 'flush-later' && effect.kind !== 'flush-due') return this.write(effect);
    const { kind, version, atMs } = effect;
    const isToCome = kind === 'flush-later' && this.#isToCome(atMs);
    const limit = this.#map.limit(versionTimeOfMs(atMs));
    const time = kind === 'flush-later' ? this.#map.of(version.time) : limit;
    return { kind, version: { time, node: version.node }, atMs: isToCome ? atMs : msOfVersionTime(limit) };
  }
}

/** Records that are written at once: their values are in memory until then. */
const RECORDS_PER_STEP = 256;

/** A base with all that the journal comes to, in a directory that is whole then. @returns the newest time in it */
async function writeAnew(
  disk: Disk,
  directory: string,
  { files, state, nextBatch }: Stopped,
  to: Rewriting,
  owner: Owner,
): Promise<number> {
  await makeDirectory(disk, directory);
  for (const name of await disk.list(directory)) await disk.remove(join(directory, name));
  const identity = newIdentity(owner);
  const { index, marks, held } = state;
  const newestTime = to.time(state.newestTime);
  const file = await disk.open(join(directory, nameOfFile(BASE)), 'create');
  try {
    const base = new BaseWriter(file, identity.store, BASE);
    for (const effect of index.flushes()) base.add({ type: 'write', effect: to.flush(effect) });
    const known = marks.known.map(to.time);
    base.add({ type: 'marks', newestTime, applied: to.version(marks.applied), known });
    base.add({ type: 'forgotten', times: index.forgotten.times().map(to.time) });
    for (const { effect } of held.all()) base.add({ type: 'hold', effect: to.held(effect) });
    let records = 0;
    for (const record of { [Symbol.iterator]: () => index.walk() }) {
      base.add({ type: 'write', effect: to.write({ ...(await readWrite(files, record)), base: null }) });
      if (++records % RECORDS_PER_STEP === 0) await base.write();
    }
    await base.finish(nextBatch);
  } finally {
    await file.close();
  }
  await makeWhole(disk, directory, identity);
  return newestTime;
}

/** `base-1`, which takes the place of `log-0`. */
const BASE = 2;

async function readWrite(files: LogFiles, { file, at }: Place): Promise<KeyEffect> {
  const effect = writeOf(await readEntryAt(await files.get(file), at));
  if (effect === null) throw new DamageError(`${nameOfFile(file)} has no write at ${at}`);
  return effect;
}

/** The identity comes last: without it the directory is none. */
async function makeWhole(disk: Disk, directory: string, identity: Identity): Promise<void> {
  const mark = await FlushedMark.create(disk, join(directory, MARK_NAME), identity.store);
  await mark.set({ file: BASE, at: 0 });
  await mark.sync();
  await mark.close();
  await writeIdentity(disk, directory, identity);
  await disk.syncDirectory(dirname(directory));
}
