import type { Clock } from '../base/clock.ts';
import { DurationHistogram } from '../base/duration-histogram.ts';
import { Fifo } from '../base/fifo.ts';
import { BATCH_HEADER_BYTES } from './log-batch.ts';
import type { LogEntry, LogPosition } from './log-entry.ts';
import type { LogFiles } from './log-files.ts';
import type { Timers } from './timers.ts';
import { WriteBatch } from './write-batch.ts';

export interface LogWriterPorts {
  readonly files: LogFiles;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly directoryId: number;
  /** An entry is on disk after this time and the time that the disk needs, in milliseconds. */
  readonly commitWithinMs: number;
  /** The time from a failure of the disk to the next attempt, in milliseconds. */
  readonly retryAfterMs: number;
  /** When a file has grown to this size, another one is begun, in bytes. */
  readonly segmentBytesMax: number;
  /** Gives a last entry for a batch that is about to be committed, or null. */
  readonly onSeal: () => LogEntry | null;
  /** Called when the log is on disk up to this position. */
  readonly onFlushed: (place: LogPosition) => void;
  /** Called with the reason when the disk begins to fail, and with null when it takes writes again. */
  readonly onTrouble: (reason: string | null) => void;
}

/** @param error null when everything is on disk, else why it is not yet */
export type OnFlushed = (error: string | null) => void;

interface FlushWaiter {
  readonly batch: number;
  readonly callback: OnFlushed;
}

/**
 * Appends entries to the log with group commit: entries that arrive while the disk is busy are the next batch. That
 * batch is committed at once if a caller waits for it; otherwise it grows until its time is up, since each flush
 * costs the same.
 *
 *  1. Batches are written and flushed one after the other. So a crash leaves a prefix of what was appended, and
 *     everything that was confirmed is in it.
 *  2. A batch stays in memory until it is on disk, and a batch that failed is written again at the same position. A
 *     second flush alone would not do: the kernel may have dropped the pages that it could not flush, and would
 *     report success.
 */
export class LogWriter {
  /** How long it took to write and to flush what was committed together. */
  readonly flushes = new DurationHistogram();
  readonly #ports: LogWriterPorts;
  readonly #sealed: WriteBatch[] = [];
  readonly #waiters = new Fifo<FlushWaiter>();
  #open: WriteBatch | null = null;
  #spare: Buffer | null = null;
  /** The beginning of the next batch. */
  #end: LogPosition;
  #lastNumber: number;
  #backlogBytes = 0;
  #committing: Promise<void> | null = null;
  /** Cancels the commit that is due when the open batch's time is up, or when the disk is tried again. */
  #cancelTimer: (() => void) | null = null;
  /** Cancels the commit at the end of this turn. */
  #cancelSoon: (() => void) | null = null;
  #trouble: string | null = null;
  #flushed: LogPosition;
  #flushedBatch: number;

  /** @param from the beginning of the first batch @param nextBatch its number */
  constructor(ports: LogWriterPorts, from: LogPosition, nextBatch: number) {
    this.#ports = ports;
    this.#end = from;
    this.#flushed = from;
    this.#lastNumber = nextBatch - 1;
    this.#flushedBatch = nextBatch - 1;
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  /** Bytes that were appended and are not on disk yet. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  get flushedTo(): LogPosition {
    return this.#flushed;
  }

  /** The number of the last batch that is on disk, counted over all runs. */
  get flushedBatch(): number {
    return this.#flushedBatch;
  }

  /** @returns the position that the entry will have */
  append(entry: LogEntry): LogPosition {
    const batch = this.#open ?? this.#begin();
    const at = batch.length;
    batch.append(entry);
    this.#backlogBytes += batch.length - at;
    if (batch.length >= BATCH_BYTES_MAX) {
      this.#seal();
      this.#commitSoon();
    }
    return { file: batch.file, at: batch.start + at };
  }

  /** Calls back when everything that was appended until now is on disk, in the order of the calls. */
  whenFlushed(callback: OnFlushed): void {
    const newest = this.#open ?? this.#sealed.at(-1);
    if (newest === undefined) return callback(null);
    this.#waiters.push({ batch: newest.number, callback });
    if (this.#trouble === null) this.#commitSoon();
  }

  /** Begins another file. @returns its number, and the number of its first batch */
  rotate(): { readonly file: number; readonly firstBatch: number } {
    this.#seal();
    if (this.#end.at > 0) this.#end = { file: this.#end.file + 2, at: 0 };
    return { file: this.#end.file, firstBatch: this.#lastNumber + 1 };
  }

  /** Ends the appending. Resolves when everything is on disk, or when the disk has failed once more. */
  async close(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelSoon?.();
    await this.#committing;
    await this.#commit();
    this.#cancelTimer?.();
  }

  #begin(): WriteBatch {
    if (this.#end.at >= this.#ports.segmentBytesMax) this.#end = { file: this.#end.file + 2, at: 0 };
    const bytes = this.#spare ?? Buffer.allocUnsafeSlow(BATCH_BYTES_FIRST);
    this.#spare = null;
    this.#lastNumber++;
    const { file, at: start } = this.#end;
    this.#open = new WriteBatch(this.#lastNumber, file, start, bytes);
    if (this.#cancelTimer === null && this.#trouble === null) this.#commitWithin(this.#ports.commitWithinMs);
    return this.#open;
  }

  #seal(): void {
    const batch = this.#open;
    if (batch === null) return;
    const last = this.#ports.onSeal();
    if (last !== null) {
      const at = batch.length;
      batch.append(last);
      this.#backlogBytes += batch.length - at;
    }
    this.#open = null;
    const flushed = this.#flushed.file === batch.file ? this.#flushed.at : 0;
    const { file, number: sequence } = batch;
    batch.seal({ directoryId: this.#ports.directoryId, file, sequence, flushed });
    this.#end = { file, at: batch.start + batch.length };
    this.#sealed.push(batch);
  }

  #commitWithin(ms: number): void {
    this.#cancelTimer = this.#ports.timers.after(ms, () => {
      this.#cancelTimer = null;
      void this.#commit();
    });
  }

  /** Commits at the end of this turn of the event loop, with all entries that the turn appends. */
  #commitSoon(): void {
    this.#cancelSoon ??= this.#ports.timers.soon(() => {
      this.#cancelSoon = null;
      void this.#commit();
    });
  }

  #commit(): Promise<void> {
    this.#committing ??= this.#commitAll().finally(() => {
      this.#committing = null;
    });
    return this.#committing;
  }

  async #commitAll(): Promise<void> {
    do {
      this.#seal();
      const first = this.#sealed[0];
      if (first === undefined) break;
      const group = this.#sealed.filter((batch) => batch.file === first.file);
      try {
        await this.#write(first.file, group);
      } catch (error) {
        // mutant: ignores-failed-flush
        return this.#onFailure(first.file, this.#reasonOf(error as Error));
      }
      this.#onGroup(group);
    } while (this.#isDue);
    if (this.#open !== null) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** The entries that came meanwhile are committed at once if they are many, a caller waits, or their time is up. */
  get #isDue(): boolean {
    if (this.#sealed.length > 0 || this.#waiters.length > 0) return true;
    return this.#open !== null && this.#cancelTimer === null;
  }

  async #write(number: number, group: readonly WriteBatch[]): Promise<void> {
    const { files, clock } = this.#ports;
    const startedMs = clock.nowMs();
    const file = group[0]!.start === 0 ? await files.create(number) : await files.get(number);
    for (const { parts, start } of group) {
      if (parts.length === 1) await file.write(parts[0]!, start);
      else await file.writeParts(parts, start);
    }
    // mutant: log-unflushed
    await file.sync();
    this.flushes.observe(clock.nowMs() - startedMs);
  }

  #onGroup(group: readonly WriteBatch[]): void {
    this.#sealed.splice(0, group.length);
    const last = group.at(-1)!;
    this.#flushed = { file: last.file, at: last.start + last.length };
    this.#flushedBatch = last.number;
    for (const { buffer, length } of group) {
      this.#backlogBytes -= length - BATCH_HEADER_BYTES;
      if (buffer.length <= BATCH_BYTES_SPARE) this.#spare = buffer;
    }
    if (this.#trouble !== null) {
      this.#trouble = null;
      this.#ports.onTrouble(null);
    }
    this.#ports.onFlushed(this.#flushed);
    this.#tell(last.number, null);
  }

  /** The reason, with the directory that the operator has to look at. */
  #reasonOf({ message }: Error): string {
    const { directory } = this.#ports.files;
    return message.includes(directory) ? message : `${message} (${directory})`;
  }

  async #onFailure(number: number, reason: string): Promise<void> {
    await this.#ports.files.release(number).catch(() => {});
    const known = this.#trouble !== null;
    this.#trouble = reason;
    this.#cancelTimer?.();
    this.#commitWithin(this.#ports.retryAfterMs);
    if (!known) this.#ports.onTrouble(reason);
    this.#tell(this.#lastNumber, reason);
  }

  #tell(upTo: number, error: string | null): void {
    for (let next = this.#waiters.first(); next !== undefined; next = this.#waiters.first()) {
      if (next.batch > upTo) return;
      this.#waiters.shift();
      next.callback(error);
    }
  }
}

/** A batch is closed when it has grown to this size, in bytes. A larger entry fits all the same. */
const BATCH_BYTES_MAX = 1_048_576;
const BATCH_BYTES_FIRST = 16_384;
/** A larger buffer is not kept for the next batch, in bytes. */
const BATCH_BYTES_SPARE = 2 * BATCH_BYTES_MAX;
