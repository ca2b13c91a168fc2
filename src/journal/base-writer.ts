import type { DiskFile } from './disk.ts';
import { BATCH_HEADER_BYTES, sealBatch } from './log-batch.ts';
import { entryBytesMax, type LogEntry, type Place, writeEntry } from './log-entry.ts';

/** Writes a base: a file of the log that nobody appends to. */
export class BaseWriter {
  readonly #file: DiskFile;
  readonly #store: number;
  readonly #number: number;
  #batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #length = BATCH_HEADER_BYTES;
  #start = 0;
  #full: Buffer[] = [];
  #written = 0;
  #entries = 0;
  #sequence = 0;

  constructor(file: DiskFile, store: number, number: number) {
    this.#file = file;
    this.#store = store;
    this.#number = number;
  }

  /** Written so far. */
  get bytes(): number {
    return this.#written;
  }

  add(entry: LogEntry): Place {
    this.#reserve(entryBytesMax(entry));
    const place = this.#place();
    this.#length = writeEntry(entry, this.#batch, this.#length);
    return place;
  }

  /** Takes over an entry of another file as it is. */
  copy(entry: Buffer): Place {
    this.#reserve(entry.length);
    const place = this.#place();
    this.#length += entry.copy(this.#batch, this.#length);
    return place;
  }

  /** Writes what has gathered. */
  async write(): Promise<void> {
    const full = this.#full;
    this.#full = [];
    for (const batch of full) {
      await this.#file.write(batch, this.#written);
      this.#written += batch.length;
    }
  }

  /** Writes the last entry, and has all of it on disk. @param nextBatch the number of the batch that follows */
  async finish(nextBatch: number): Promise<void> {
    this.add({ type: 'end', entries: this.#entries, nextBatch });
    this.#seal();
    await this.write();
    // mutant: base-unflushed
    await this.#file.sync();
  }

  #place(): Place {
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
    sealBatch(batch, { store: this.#store, file: this.#number, sequence: this.#sequence, flushed: 0 });
    this.#full.push(batch);
    this.#start += batch.length;
    this.#batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
    this.#length = BATCH_HEADER_BYTES;
  }
}

/** Entries are gathered up to this size, in bytes; one that is larger has a batch of its own. */
const BATCH_BYTES = 262_144;
