import { Fifo } from '../base/fifo.ts';
import { BATCH_HEADER_BYTES, sealBatch } from './log-batch.ts';
import { entryBytesMax, type LogEntry, type Place, writeEntry } from './log-entry.ts';
import type { LogFiles } from './log-files.ts';
import type { Timers } from './timers.ts';

export interface LogWriterPorts {
  readonly files: LogFiles;
  readonly timers: Timers;
  readonly store: number;
  /** An entry is on disk within this time and what the disk takes, in milliseconds. */
  readonly commitWithinMs: number;
  /** How long after a failure the disk is tried again, in milliseconds. */
  readonly retryAfterMs: number;
  /** A file that has grown to this is followed by another, in bytes. */
  readonly segmentBytesMax: number;
  /** A last entry for a batch that is about to be committed. */
  readonly onSeal: () => LogEntry | null;
  /** The log is on disk up to there. */
  readonly onFlushed: (place: Place) => void;
  /** Null: the disk takes writes again. Else why it does not. */
  readonly onTrouble: (reason: string | null) => void;
}

/** @param error null when it is on disk, else why it is not yet */
export type OnFlushed = (error: string | null) => void;

interface Batch {
  readonly number: number;
  readonly file: number;
  readonly start: number;
  bytes: Buffer;
  length: number;
}

interface Waiting {
  readonly batch: number;
  readonly callback: OnFlushed;
}

/**
 * Appends entries to the log with group commit: what comes while the disk is busy is the next batch. That one follows at
 * once only where somebody waits for it; else it goes on growing until its time is up, since each flush costs the same.
 *
 *  1. Batches are written and flushed one after the other, so what a crash leaves is a prefix of what was
 *     appended, and it has all that was confirmed.
 *  2. A batch is let go of only when it is on disk. One that failed is written again, at the same place: a
 *     kernel may have dropped what it could not flush, and would report a second flush alone as a success.
 */
export class LogWriter {
  readonly #ports: LogWriterPorts;
  readonly #sealed: Batch[] = [];
  readonly #waiting = new Fifo<Waiting>();
  #open: Batch | null = null;
  #spare: Buffer | null = null;
  /** Where the next batch begins. */
  #end: Place;
  #lastNumber: number;
  #backlogBytes = 0;
  #committing: Promise<void> | null = null;
  /** Each gives up a commit that is due later. */
  #stopTimer: (() => void) | null = null;
  #stopSoon: (() => void) | null = null;
  #trouble: string | null = null;
  #flushed: Place;
  #flushedBatch: number;

  /** @param from where the log goes on @param nextBatch the number of the first batch there */
  constructor(ports: LogWriterPorts, from: Place, nextBatch: number) {
    this.#ports = ports;
    this.#end = from;
    this.#flushed = from;
    this.#lastNumber = nextBatch - 1;
    this.#flushedBatch = nextBatch - 1;
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  /** What is appended and not yet on disk, in bytes. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  get flushedTo(): Place {
    return this.#flushed;
  }

  /** The last batch that is on disk, by former lives' count, too. */
  get flushedBatch(): number {
    return this.#flushedBatch;
  }

  /** @returns where the entry is going to be */
  append(entry: LogEntry): Place {
    const batch = this.#open ?? this.#begin();
    const at = batch.length;
    reserve(batch, entryBytesMax(entry));
    batch.length = writeEntry(entry, batch.bytes, at);
    this.#backlogBytes += batch.length - at;
    if (batch.length >= BATCH_BYTES_MAX) {
      this.#seal();
      this.#commitSoon();
    }
    return { file: batch.file, at: batch.start + at };
  }

  /** Calls back when all that was appended until now is on disk, in the order of the calls. */
  whenFlushed(callback: OnFlushed): void {
    const newest = this.#open ?? this.#sealed.at(-1);
    if (newest === undefined) return callback(null);
    this.#waiting.push({ batch: newest.number, callback });
    if (this.#trouble === null) this.#commitSoon();
  }

  /** What is appended from now on goes to another file. @returns its number, and that of its first batch */
  rotate(): { readonly file: number; readonly firstBatch: number } {
    this.#seal();
    if (this.#end.at > 0) this.#end = { file: this.#end.file + 2, at: 0 };
    return { file: this.#end.file, firstBatch: this.#lastNumber + 1 };
  }

  /** Nothing may be appended any more. Resolves when all is on disk, or when the disk has refused it once more. */
  async close(): Promise<void> {
    this.#stopTimer?.();
    this.#stopSoon?.();
    await this.#committing;
    await this.#commit();
    this.#stopTimer?.();
  }

  #begin(): Batch {
    if (this.#end.at >= this.#ports.segmentBytesMax) this.#end = { file: this.#end.file + 2, at: 0 };
    const bytes = this.#spare ?? Buffer.allocUnsafeSlow(BATCH_BYTES_FIRST);
    this.#spare = null;
    this.#lastNumber++;
    const { file, at: start } = this.#end;
    this.#open = { number: this.#lastNumber, file, start, bytes, length: BATCH_HEADER_BYTES };
    if (this.#stopTimer === null && this.#trouble === null) this.#commitWithin(this.#ports.commitWithinMs);
    return this.#open;
  }

  #seal(): void {
    const batch = this.#open;
    if (batch === null) return;
    const last = this.#ports.onSeal();
    if (last !== null) {
      const at = batch.length;
      reserve(batch, entryBytesMax(last));
      batch.length = writeEntry(last, batch.bytes, at);
      this.#backlogBytes += batch.length - at;
    }
    this.#open = null;
    const flushed = this.#flushed.file === batch.file ? this.#flushed.at : 0;
    const { file, number: sequence } = batch;
    sealBatch(batch.bytes.subarray(0, batch.length), { store: this.#ports.store, file, sequence, flushed });
    this.#end = { file, at: batch.start + batch.length };
    this.#sealed.push(batch);
  }

  #commitWithin(ms: number): void {
    this.#stopTimer = this.#ports.timers.after(ms, () => {
      this.#stopTimer = null;
      void this.#commit();
    });
  }

  /** At the end of this event-loop turn, with all that it gathers. */
  #commitSoon(): void {
    this.#stopSoon ??= this.#ports.timers.soon(() => {
      this.#stopSoon = null;
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
    this.#stopTimer?.();
    this.#stopTimer = null;
  }

  /** What has come meanwhile is to be committed at once: it has grown, somebody waits for it, or its time is up. */
  get #isDue(): boolean {
    if (this.#sealed.length > 0 || this.#waiting.length > 0) return true;
    return this.#open !== null && this.#stopTimer === null;
  }

  async #write(number: number, group: readonly Batch[]): Promise<void> {
    const { files } = this.#ports;
    const file = group[0]!.start === 0 ? await files.create(number) : await files.get(number);
    for (const { bytes, length, start } of group) await file.write(bytes.subarray(0, length), start);
    // mutant: log-unflushed
    await file.sync();
  }

  #onGroup(group: readonly Batch[]): void {
    this.#sealed.splice(0, group.length);
    const last = group.at(-1)!;
    this.#flushed = { file: last.file, at: last.start + last.length };
    this.#flushedBatch = last.number;
    for (const { bytes, length } of group) {
      this.#backlogBytes -= length - BATCH_HEADER_BYTES;
      if (bytes.length <= BATCH_BYTES_SPARE) this.#spare = bytes;
    }
    if (this.#trouble !== null) {
      this.#trouble = null;
      this.#ports.onTrouble(null);
    }
    this.#ports.onFlushed(this.#flushed);
    this.#tell(last.number, null);
  }

  /** With the directory, which is what somebody has to look at. */
  #reasonOf({ message }: Error): string {
    const { directory } = this.#ports.files;
    return message.includes(directory) ? message : `${message} (${directory})`;
  }

  async #onFailure(number: number, reason: string): Promise<void> {
    await this.#ports.files.release(number).catch(() => {});
    const known = this.#trouble !== null;
    this.#trouble = reason;
    this.#stopTimer?.();
    this.#commitWithin(this.#ports.retryAfterMs);
    if (!known) this.#ports.onTrouble(reason);
    this.#tell(this.#lastNumber, reason);
  }

  #tell(upTo: number, error: string | null): void {
    for (let next = this.#waiting.first(); next !== undefined; next = this.#waiting.first()) {
      if (next.batch > upTo) return;
      this.#waiting.shift();
      next.callback(error);
    }
  }
}

/** A batch is closed when it has grown to this, in bytes; one larger entry fits all the same. */
const BATCH_BYTES_MAX = 1_048_576;
const BATCH_BYTES_FIRST = 16_384;
/** The largest buffer that is kept for the next batch, in bytes. */
const BATCH_BYTES_SPARE = 2 * BATCH_BYTES_MAX;

function reserve(batch: Batch, bytes: number): void {
  const needed = batch.length + bytes;
  if (needed <= batch.bytes.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, batch.bytes.length * 2));
  batch.bytes.copy(larger, 0, 0, batch.length);
  batch.bytes = larger;
}
