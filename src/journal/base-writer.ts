import type { DiskFile } from './disk.ts';
import { BATCH_HEADER_BYTES, sealBatch } from './log-batch.ts';
import { entryBytesMax, type LogEntry, type LogPosition, writeEntry } from './log-entry.ts';

/** Writes a base: a log file that is complete once it is finished. */
export class BaseWriter {
  readonly #file: DiskFile;
  readonly #directoryId: number;
  readonly #number: number;
  #batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #length = BATCH_HEADER_BYTES;
  #start = 0;
  #full: Buffer[] = [];
  #written = 0;
  #entries = 0;
  #sequence = 0;

  constructor(file: DiskFile, directoryId: number, number: number) {
    this.#file = file;
    this.#directoryId = directoryId;
    this.#number = number;
  }

  /** Bytes that were written so far. */
  get bytes(): number {
    return this.#written;
  }

  add(entry: LogEntry): LogPosition {
    this.#reserve(entryBytesMax(entry));
    const position = this.#nextPosition();
    this.#length = writeEntry(entry, this.#batch, this.#length);
    return position;
  }

  /** Copies an entry of another file, unchanged. */
  copy(entry: Buffer): LogPosition {
    this.#reserve(entry.length);
    const position = this.#nextPosition();
    this.#length += entry.copy(this.#batch, this.#length);
    return position;
  }

  /** Writes the full batches. */
  async write(): Promise<void> {
    const full = this.#full;
    this.#full = [];
    for (const batch of full) {
      await this.#file.write(batch, this.#written);
      this.#written += batch.length;
    }
  }

  /** Writes the last entry and flushes the file. @param nextBatch the number of the batch that follows the base */
  async finish(nextBatch: number): Promise<void> {
    this.add({ type: 'end', entries: this.#entries, nextBatch });
    this.#seal();
    await this.write();
    // mutant: base-unflushed
    await this.#file.sync();
  }

  #nextPosition(): LogPosition {
    this.#entries++;
    return { file: this.#number, at: this.#start + this.#length };
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#batch.length) return;
    if (this.#length > BATCH_HEADER_BYTES) this.#seal();
    if (BATCH_HEADER_BYTES + bytes > this.#batch.length)
      this.#batch = Buffer.allocUnsafeSlow(BATCH_HEADER_BYTES + bytes);
  }

  #seal(): void {
    const batch = this.#batch.subarray(0, this.#length);
    this.#sequence++;
    sealBatch(batch, {
      directoryId: this.#directoryId,
      file: this.#number,
      sequence: this.#sequence,
      flushed: 0,
    });
    this.#full.push(batch);
    this.#start += batch.length;
    this.#batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
    this.#length = BATCH_HEADER_BYTES;
  }
}

/** Size of a batch, in bytes. A larger entry has a batch of its own. */
const BATCH_BYTES = 262_144;
