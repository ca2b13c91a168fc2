import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { MonotonicMs, VersionTime, WallMs } from '../base/number-kinds.ts';
import { type Effect, isOfKey, type SetEffect } from '../ordering/effect.ts';
import { sameVersion, type Version } from '../ordering/version.ts';
import type { VersionVector } from '../ordering/version-vector.ts';
import { Compactor } from './compactor.ts';
import type { Identity } from './data-directory.ts';
import type { FlushedMark } from './flushed-mark.ts';
import type { ArmedFlush, Journal, JournalFigures, JournalRecord, JournalState, Marks } from './journal.ts';
import type { LogEntry, Place } from './log-entry.ts';
import type { LogFiles } from './log-files.ts';
import { readEntryAt } from './log-reader.ts';
import type { LogState } from './log-state.ts';
import { LogWriter } from './log-writer.ts';
import { effectOfRecord } from './record-effect.ts';
import type { PlacedRecord } from './record-table.ts';
import type { Timers } from './timers.ts';

export interface DiskJournalPorts {
  readonly files: LogFiles;
  readonly identity: Identity;
  readonly mark: FlushedMark;
  readonly state: LogState;
  /** Where the log goes on, and the oldest file of it. */
  readonly end: Place;
  readonly nextBatch: number;
  readonly oldest: number;
  readonly baseBytes: number;
  readonly logBytes: number;
  readonly commitWithinMs: number;
  readonly retryAfterMs: number;
  readonly segmentBytesMax: number;
  /** Where there is room, the log behind the base grows to this before it is compacted, in bytes. */
  readonly compactBytesMin: number;
  /** While more than this is recorded and not on disk, the journal is not writable, in bytes. */
  readonly backlogBytesMax: number;
  readonly timers: Timers;
  /** The journal is writable again. */
  readonly onWritable: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The journal on disk: a log of all that was done to it, with the values, and in memory the index of the newest
 * writes. Questions are answered from the index, at once; the disk is read for values alone.
 *
 * Invariant: what a crash leaves on disk is a prefix of what was done, in order, and holds all that `whenKept`
 * has confirmed.
 */
export class DiskJournal implements Journal {
  readonly #ports: DiskJournalPorts;
  readonly #state: LogState;
  readonly #writer: LogWriter;
  #marks: Marks;
  #marksChanged = false;
  readonly #compactor: Compactor;
  #lastFlushed: Place;
  #flushedMs: MonotonicMs | null = null;
  /** Gives up what is to set the mark. */
  #stopMark: (() => void) | null = null;

  constructor(ports: DiskJournalPorts) {
    this.#ports = ports;
    this.#state = ports.state;
    this.#marks = ports.state.marks;
    this.#lastFlushed = ports.end;
    const { files, identity, timers, commitWithinMs, retryAfterMs, segmentBytesMax } = ports;
    this.#writer = new LogWriter(
      {
        files,
        timers,
        store: identity.store,
        commitWithinMs,
        retryAfterMs,
        segmentBytesMax,
        onSeal: () => this.#changedMarks(),
        onFlushed: (place) => this.#onFlushed(place),
        onTrouble: (reason) => this.#onTrouble(reason),
      },
      ports.end,
      ports.nextBatch,
    );
    const { oldest, baseBytes, logBytes, state } = ports;
    this.#compactor = new Compactor(
      {
        ...ports,
        store: identity.store,
        state,
        writer: this.#writer,
        saveReverted: (places) => this.#saveReverted(places),
      },
      { oldest, baseBytes, logBytes },
    );
  }

  get keys(): number {
    return this.#state.index.keys;
  }

  get records(): number {
    return this.#state.index.records;
  }

  get armedFlush(): ArmedFlush | null {
    return this.#state.index.armedFlush;
  }

  /** It says no more than that: what is recorded all the same is taken, and written when it can be. */
  get state(): JournalState {
    const { trouble, backlogBytes } = this.#writer;
    const isLate = backlogBytes > this.#ports.backlogBytesMax;
    const reason = trouble ?? (isLate ? 'the disk is slower than the writes' : null);
    return reason === null ? WRITABLE : { writable: false, passing: trouble === null, reason };
  }

  get position(): string {
    return String(this.#writer.flushedBatch);
  }

  get figures(): JournalFigures {
    const { backlogBytes } = this.#writer;
    const { baseBytes, logBytes } = this.#compactor.sizes;
    return { backlogBytes, diskBytes: baseBytes + logBytes, flushedMs: this.#flushedMs };
  }

  newest(key: string): JournalRecord | undefined {
    return this.#state.index.newest(key);
  }

  isLive(record: JournalRecord, nowMs: WallMs): boolean {
    return this.#state.index.isLive(record, nowMs);
  }

  since(vector: VersionVector): Effect[] {
    return this.#state.index.since(vector);
  }

  sample(limit: number): JournalRecord[] {
    return this.#state.index.sample(limit);
  }

  walk(): Iterator<JournalRecord> {
    return this.#state.index.walk();
  }

  record(effect: Effect): boolean {
    const held = this.#state.held.take(effect.version);
    if (held !== undefined) {
      const isNewest = this.#state.record(held.effect, held);
      this.#writer.append({ type: isNewest ? 'apply' : 'release', version: effect.version });
      return isNewest;
    }
    if (!this.#state.index.record(effect)) return false;
    this.#state.saw(effect.version.time);
    const place = this.#writer.append({ type: 'write', effect });
    if (isOfKey(effect)) this.#state.index.locate(effect.key, place);
    return true;
  }

  noteRead(key: string, readAtSec: number): void {
    this.#state.index.noteRead(key, readAtSec);
  }

  revert(failed: Version, key: string, previous: (JournalRecord & Partial<Place>) | undefined): void {
    const { index } = this.#state;
    const current = index.newest(key);
    if (current === undefined || !sameVersion(current.version, failed)) return;
    index.revert(failed, key, previous);
    const restored = index.newest(key);
    if (restored === undefined) {
      this.#writer.append({ type: 'revert', failed, key, to: null });
      return;
    }
    const kept = this.#compactor.placeOfReverted(restored);
    const to = { ...(kept ?? NOWHERE), effect: effectOfRecord(restored) };
    const place = this.#writer.append({ type: 'revert', failed, key, to });
    index.locate(key, kept ?? place);
  }

  forget(record: JournalRecord): void {
    const { key, version } = record;
    if (!this.#isNewest(record)) return;
    this.#state.index.forget(record);
    this.#writer.append({ type: 'forget', version, key });
  }

  get forgotten(): VersionVector {
    return this.#state.index.forgotten;
  }

  forgetEarly(record: JournalRecord): void {
    if (!this.#isNewest(record)) return;
    this.#state.index.forgetEarly(record);
    this.#writer.append({ type: 'forgotten', times: this.forgotten.times() });
    this.#writer.append({ type: 'forget', version: record.version, key: record.key });
  }

  noteForgotten(times: readonly VersionTime[]): void {
    this.#state.index.noteForgotten(times);
    this.#writer.append({ type: 'forgotten', times: this.forgotten.times() });
  }

  hold(effect: Effect): void {
    if (this.#state.held.has(effect.version)) return;
    this.#state.saw(effect.version.time);
    this.#state.held.add(effect, this.#writer.append({ type: 'hold', effect }));
  }

  release(version: Version): void {
    if (this.#state.held.take(version) !== undefined) this.#writer.append({ type: 'release', version });
  }

  fill(effect: SetEffect): void {
    const record = this.#state.index.newest(effect.key);
    if (effect.value === null || record === undefined || !sameVersion(record.version, effect.version)) return;
    this.#state.fill(effect, this.#writer.append({ type: 'value', effect }));
  }

  lacksValue(key: string, version: Version): boolean {
    const { index } = this.#state;
    return index.lacksValue(key, version) && !index.isValued(key, version);
  }

  mark(marks: Marks): void {
    this.#marks = marks;
    this.#marksChanged = true;
  }

  whenKept(done: (error: string | null) => void): void {
    if (this.#marksChanged) this.#writer.append(this.#changedMarks()!);
    this.#writer.whenFlushed(done);
  }

  valueOf(
    key: string,
    version: Version,
    done: (error: string | null, effect: SetEffect | null) => void,
  ): void {
    this.#valueOf(key, version).then(
      (effect) => done(null, effect),
      (error: Error) => done(error.message, null),
    );
  }

  /** Commits what is left. @throws the disk's error when it takes that no more */
  async close(): Promise<void> {
    if (this.#marksChanged) this.#writer.append(this.#changedMarks()!);
    await this.#compactor.close();
    await this.#writer.close();
    this.#stopMark?.();
    const { mark, files } = this.#ports;
    await mark.set(this.#writer.flushedTo);
    await mark.sync();
    await mark.close();
    await files.close();
    if (this.#writer.trouble !== null) throw new Error(this.#writer.trouble);
  }

  /** A newer write of the key, or a compaction, may come in between. */
  async #valueOf(key: string, version: Version): Promise<SetEffect | null> {
    for (;;) {
      const record = this.#placedOf(key, version);
      if (record === null) return null;
      const { file, at } = record;
      try {
        const entry = await this.#entryAt({ file, at });
        return valuedSet(entry);
      } catch (error) {
        const now = this.#placedOf(key, version);
        if (now === null) return null;
        if (now.file === file && now.at === at) throw error;
      }
    }
  }

  #isNewest({ key, version }: JournalRecord): boolean {
    const newest = this.#state.index.newest(key);
    return newest !== undefined && sameVersion(newest.version, version);
  }

  #placedOf(key: string, version: Version): PlacedRecord | null {
    const record = this.#state.index.newest(key);
    return record !== undefined && sameVersion(record.version, version) && !record.tombstone ? record : null;
  }

  async #entryAt(place: Place): Promise<LogEntry> {
    const { flushedTo } = this.#writer;
    const ahead = place.file > flushedTo.file || (place.file === flushedTo.file && place.at >= flushedTo.at);
    if (ahead) await this.#kept();
    return readEntryAt(await this.#ports.files.get(place.file), place.at);
  }

  #kept(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#writer.whenFlushed((error) => (error === null ? resolve() : reject(new Error(error))));
    });
  }

  #changedMarks(): LogEntry | null {
    if (!this.#marksChanged) return null;
    this.#marksChanged = false;
    this.#state.marks = this.#marks;
    return { type: 'marks', newestTime: this.#state.newestTime, ...this.#marks };
  }

  #onTrouble(reason: string | null): void {
    const { log, onWritable } = this.#ports;
    if (reason !== null) return log.warn('the journal takes no writes', { reason });
    log.info('the journal takes writes again');
    onWritable();
  }

  #onFlushed(place: Place): void {
    const { file, at } = this.#lastFlushed;
    const bytes = place.file === file ? place.at - at : place.at;
    this.#lastFlushed = place;
    this.#flushedMs = this.#ports.clock.nowMs();
    const { backlogBytesMax, onWritable } = this.#ports;
    const { backlogBytes } = this.#writer;
    if (backlogBytes <= backlogBytesMax && backlogBytes + bytes > backlogBytesMax) onWritable();
    this.#stopMark ??= this.#ports.timers.after(MARK_WITHIN_MS, () => {
      this.#stopMark = null;
      this.#ports.mark.set(this.#lastFlushed).catch(() => {});
    });
    this.#compactor.onFlushed(bytes);
  }

  async #saveReverted(places: readonly Place[]): Promise<void> {
    for (const { file, at } of places) {
      const entry = await readEntryAt(await this.#ports.files.get(file), at);
      const effect = valuedSet(entry);
      if (effect !== null) this.fill(effect);
    }
    await this.#kept();
  }
}

/** The set with its value, where the entry is one. */
function valuedSet(entry: LogEntry): SetEffect | null {
  if (!('effect' in entry) || entry.effect.kind !== 'set') return null;
  return entry.effect.value === null ? null : entry.effect;
}

const WRITABLE: JournalState = { writable: true };

const NOWHERE: Place = { file: 0, at: 0 };

/** How soon it is noted how far the log is on disk, in milliseconds. */
const MARK_WITHIN_MS = 100;
