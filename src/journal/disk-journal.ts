import type { Clock } from '../base/clock.ts';
import type { DurationHistogram } from '../base/duration-histogram.ts';
import type { Log } from '../base/log.ts';
import type { MonotonicMs, VersionTime, WallMs } from '../base/number-kinds.ts';
import type { ChainSum, Effect, SetEffect } from '../ordering/effect.ts';
import type { Stretch } from '../ordering/stretches.ts';
import { sameVersion, type Version } from '../ordering/version.ts';
import type { VersionVector } from '../ordering/version-vector.ts';
import { Compactor } from './compactor.ts';
import type { DirectoryIdentity } from './data-directory.ts';
import type { FlushedPosition } from './flushed-position.ts';
import type {
  AnnouncedFlush,
  AttachedRecord,
  Journal,
  JournalFigures,
  JournalRecord,
  JournalState,
  Watermarks,
} from './journal.ts';
import type { LogEntry, LogPosition } from './log-entry.ts';
import type { LogFiles } from './log-files.ts';
import type { LogState } from './log-state.ts';
import { LogWriter } from './log-writer.ts';
import { effectOfRecord } from './record-effect.ts';
import type { LocatedRecord } from './record-table.ts';
import type { Timers } from './timers.ts';
import { readWhole } from './whole-value.ts';

export interface DiskJournalPorts {
  readonly files: LogFiles;
  readonly identity: DirectoryIdentity;
  readonly flushedPosition: FlushedPosition;
  readonly state: LogState;
  /** The position and the number of the next batch. */
  readonly end: LogPosition;
  readonly nextBatch: number;
  /** The oldest file of the log. */
  readonly oldest: number;
  readonly baseBytes: number;
  readonly logBytes: number;
  readonly commitWithinMs: number;
  readonly retryAfterMs: number;
  readonly segmentBytesMax: number;
  /** Where there is enough free space, a smaller log is not compacted, in bytes. */
  readonly compactBytesMin: number;
  /** While more bytes than this wait for the disk, the journal is not writable. */
  readonly backlogBytesMax: number;
  readonly timers: Timers;
  /** Called when the journal is writable again. */
  readonly onWritable: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The journal on disk: a log of everything that was done to the journal, with the values, and an index of the
 * newest writes in memory. Questions are answered from the index at once; the disk is read for values only.
 *
 * Invariant: a crash leaves a prefix of what was done, in order, and everything that `whenDurable` has confirmed is
 * in it.
 */
export class DiskJournal implements Journal {
  readonly #ports: DiskJournalPorts;
  readonly #state: LogState;
  readonly #writer: LogWriter;
  /** The watermarks of the last call, until they are in the log. */
  #newWatermarks: Watermarks | null = null;
  readonly #compactor: Compactor;
  #lastFlushed: LogPosition;
  #flushedMs: MonotonicMs | null = null;
  /** Cancels the writing of the flushed position. */
  #cancelFlushedPosition: (() => void) | null = null;

  constructor(ports: DiskJournalPorts) {
    this.#ports = ports;
    this.#state = ports.state;
    this.#lastFlushed = ports.end;
    const { files, identity, timers, commitWithinMs, retryAfterMs, segmentBytesMax } = ports;
    const { directoryId } = identity;
    this.#writer = new LogWriter(
      {
        files,
        timers,
        clock: ports.clock,
        directoryId,
        commitWithinMs,
        retryAfterMs,
        segmentBytesMax,
        onSeal: () => this.#takeNewWatermarks(),
        onFlushed: (position) => this.#onFlushed(position),
        onTrouble: (reason) => this.#onTrouble(reason),
      },
      ports.end,
      ports.nextBatch,
    );
    const { oldest, baseBytes, logBytes, state, clock, log, compactBytesMin } = ports;
    this.#compactor = new Compactor(
      {
        files,
        directoryId,
        state,
        timers,
        clock,
        log,
        compactBytesMin,
        writer: this.#writer,
        saveReverted: (positions) => this.#saveReverted(positions),
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

  get announcedFlush(): AnnouncedFlush | null {
    return this.#state.index.announcedFlush;
  }

  /** A journal that is not writable still takes what is recorded, and writes it when the disk can. */
  get state(): JournalState {
    const { trouble, backlogBytes } = this.#writer;
    const isLate = backlogBytes > this.#ports.backlogBytesMax;
    const reason = trouble ?? (isLate ? 'the disk is slower than the writes' : null);
    return reason === null ? WRITABLE : { writable: false, isTemporary: trouble === null, reason };
  }

  get lastCommit(): string {
    return String(this.#writer.flushedBatch);
  }

  get flushes(): DurationHistogram {
    return this.#writer.flushes;
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

  walk(from?: number, places?: number): Iterator<JournalRecord, number | null> {
    return this.#state.index.walk(from, places);
  }

  record(effect: Effect): boolean {
    const staged = this.#state.staged.take(effect.version);
    if (staged !== undefined) {
      const isNewest = this.#state.record(staged.effect, staged);
      this.#writer.append({ type: isNewest ? 'apply' : 'discard', version: effect.version });
      return isNewest;
    }
    if (!this.#state.index.record(effect)) return false;
    this.#state.noteTime(effect.version.time);
    const position = this.#writer.append({ type: 'write', effect });
    this.#state.locate(effect, position);
    return true;
  }

  chainOf(key: string): ChainSum | null {
    return this.#state.index.chainOf(key);
  }

  noteRead(key: string, readAtSec: number): void {
    this.#state.index.noteRead(key, readAtSec);
  }

  revert(failed: Version, key: string, previous: (JournalRecord & Partial<LogPosition>) | undefined): void {
    const { index } = this.#state;
    const current = index.newest(key);
    if (current === undefined || !sameVersion(current.version, failed)) return;
    index.revert(failed, key, previous);
    const restored = index.newest(key);
    if (restored === undefined) {
      this.#writer.append({ type: 'revert', failed, key, to: null });
      return;
    }
    const known = this.#compactor.positionOfReverted(restored);
    const to = { ...(known ?? NOWHERE), effect: effectOfRecord(restored) };
    const position = this.#writer.append({ type: 'revert', failed, key, to });
    index.locate(key, known ?? position);
  }

  attach(record: AttachedRecord): void {
    this.#state.index.attach(record);
    this.#writer.append({ type: 'attached', ...record });
  }

  attachedTo(key: string): AttachedRecord | undefined {
    return this.#state.index.attachedTo(key);
  }

  detach(key: string): void {
    this.#state.index.detach(key);
  }

  get attached(): ReadonlyMap<string, AttachedRecord> {
    return this.#state.index.attached;
  }

  recordIncomplete(needs: readonly Stretch[]): void {
    this.#state.incomplete = needs;
    this.#writer.append({ type: 'incomplete', needs });
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

  stage(effect: Effect): void {
    if (this.#state.staged.has(effect.version)) return;
    this.#state.noteTime(effect.version.time);
    this.#state.staged.add(effect, this.#writer.append({ type: 'stage', effect }));
  }

  discard(version: Version): void {
    if (this.#state.staged.take(version) !== undefined) this.#writer.append({ type: 'discard', version });
  }

  addValue(effect: SetEffect): void {
    const record = this.#state.index.newest(effect.key);
    if (effect.value === null || record === undefined || !sameVersion(record.version, effect.version)) return;
    this.#state.fill(effect, this.#writer.append({ type: 'value', effect }));
  }

  lacksValue(key: string, version: Version): boolean {
    const { index } = this.#state;
    return index.lacksValue(key, version) && !index.isValued(key, version);
  }

  recordWatermarks(watermarks: Watermarks): void {
    this.#newWatermarks = watermarks;
  }

  whenDurable(done: (error: string | null) => void): void {
    this.#appendNewWatermarks();
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

  /** Commits what is left. @throws when the disk does not take it */
  async close(): Promise<void> {
    this.#appendNewWatermarks();
    await this.#compactor.close();
    await this.#writer.close();
    this.#cancelFlushedPosition?.();
    const { flushedPosition, files } = this.#ports;
    await flushedPosition.set(this.#writer.flushedTo);
    await flushedPosition.sync();
    await flushedPosition.close();
    await files.close();
    if (this.#writer.trouble !== null) throw new Error(this.#writer.trouble);
  }

  /** The key may be written, or its entries be moved by a compaction, while they are read. */
  async #valueOf(key: string, version: Version): Promise<SetEffect | null> {
    const { chains } = this.#state.index;
    const appended = this.#located(key, version);
    if (appended !== null && this.#isAhead(appended)) await this.#kept();
    for (;;) {
      const record = this.#located(key, version);
      if (record === null) return null;
      const { whole, parts } = chains.get(key) ?? { whole: record, parts: [] };
      try {
        return await readWhole(this.#ports.files, whole, [...parts]);
      } catch (error) {
        const now = this.#located(key, version);
        if (now === null) return null;
        const isUnmoved = now.file === record.file && now.at === record.at;
        if (isUnmoved && (chains.get(key)?.whole ?? whole) === whole) throw error;
      }
    }
  }

  #isNewest({ key, version }: JournalRecord): boolean {
    const newest = this.#state.index.newest(key);
    return newest !== undefined && sameVersion(newest.version, version);
  }

  #located(key: string, version: Version): LocatedRecord | null {
    const record = this.#state.index.newest(key);
    return record !== undefined && sameVersion(record.version, version) && !record.tombstone ? record : null;
  }

  /** The entry at this position is not on disk yet. */
  #isAhead({ file, at }: LogPosition): boolean {
    const { flushedTo } = this.#writer;
    return file > flushedTo.file || (file === flushedTo.file && at >= flushedTo.at);
  }

  #kept(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#writer.whenFlushed((error) => (error === null ? resolve() : reject(new Error(error))));
    });
  }

  #appendNewWatermarks(): void {
    const entry = this.#takeNewWatermarks();
    if (entry !== null) this.#writer.append(entry);
  }

  #takeNewWatermarks(): LogEntry | null {
    const watermarks = this.#newWatermarks;
    if (watermarks === null) return null;
    this.#newWatermarks = null;
    this.#state.watermarks = watermarks;
    const { applied, known } = watermarks;
    return { type: 'watermarks', newestTime: this.#state.newestTime, applied, known };
  }

  #onTrouble(reason: string | null): void {
    const { log, onWritable } = this.#ports;
    if (reason !== null) return log.warn('the journal takes no writes', { reason });
    log.info('the journal takes writes again');
    onWritable();
  }

  #onFlushed(position: LogPosition): void {
    const { file, at } = this.#lastFlushed;
    const bytes = position.file === file ? position.at - at : position.at;
    this.#lastFlushed = position;
    this.#flushedMs = this.#ports.clock.nowMs();
    const { backlogBytesMax, onWritable } = this.#ports;
    const { backlogBytes } = this.#writer;
    if (backlogBytes <= backlogBytesMax && backlogBytes + bytes > backlogBytesMax) onWritable();
    this.#cancelFlushedPosition ??= this.#ports.timers.after(POSITION_WITHIN_MS, () => {
      this.#cancelFlushedPosition = null;
      this.#ports.flushedPosition.set(this.#lastFlushed).catch(() => {});
    });
    this.#compactor.onFlushed(bytes);
  }

  async #saveReverted(positions: readonly LogPosition[]): Promise<void> {
    for (const position of positions) {
      const effect = await readWhole(this.#ports.files, position, []);
      if (effect !== null) this.addValue(effect);
    }
    await this.#kept();
  }
}

const WRITABLE: JournalState = { writable: true };

const NOWHERE: LogPosition = { file: 0, at: 0 };

/** The time from a flush until the flushed position is written, in milliseconds. */
const POSITION_WITHIN_MS = 100;
