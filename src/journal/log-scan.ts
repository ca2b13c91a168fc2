import type { DiskFile } from './disk.ts';
import { DamageError } from './journal-error.ts';
import { BATCH_HEADER_BYTES, BATCH_MAGIC, matchesHeader, readBatchHeader } from './log-batch.ts';
import { ENTRY_BYTES_MIN, entryLength, type LogEntry, readEntry } from './log-entry.ts';

export interface ScanPorts {
  readonly file: DiskFile;
  /** The two numbers that every batch of this file has in its header. */
  readonly directoryId: number;
  readonly number: number;
  /** The number that the file's first batch has to have; null when any is right. */
  readonly firstBatch: number | null;
  /** How much is read at once, in bytes. */
  readonly chunkBytes: number;
  /** @param bytes the entry as it is in the file: a view, valid for good */
  readonly onEntry: (entry: LogEntry, at: number, bytes: Buffer) => void;
  /** Called after each chunk was read. */
  readonly onChunk?: (bytes: number) => Promise<void> | void;
}

export interface ScanEnd {
  /** Everything before this byte is as it was written. */
  readonly end: number;
  /** The bytes that follow are no batch. */
  readonly broken: boolean;
  /** The number that the next batch has to have; null in an empty file whose first batch may have any. */
  readonly nextBatch: number | null;
}

/**
 * Reads a file from its beginning, batch by batch, and verifies every checksum, up to the first bytes that are no
 * batch.
 *
 * @throws DamageError when a whole batch holds impossible entries, or belongs to another file
 */
export async function scanLog(ports: ScanPorts): Promise<ScanEnd> {
  const size = await ports.file.size();
  const reader = new ChunkReader(ports, size);
  let at = 0;
  let nextBatch = ports.firstBatch;
  for (;;) {
    const head = reader.has(at, BATCH_HEADER_BYTES) ?? (await reader.load(at, BATCH_HEADER_BYTES));
    const header = head === null ? null : readBatchHeader(head, 0);
    if (header === null) return { end: at, broken: at < size, nextBatch };
    const start = at + BATCH_HEADER_BYTES;
    const entries = reader.has(start, header.length) ?? (await reader.load(start, header.length));
    // mutant: skips-checksum
    if (entries === null || !matchesHeader(header, entries)) return { end: at, broken: true, nextBatch };
    if (header.directoryId !== ports.directoryId || header.file !== ports.number)
      throw new DamageError('a file holds what belongs to another');
    if (header.sequence !== (nextBatch ?? header.sequence)) throw new DamageError('a batch is missing');
    nextBatch = header.sequence + 1;
    visitEntries(entries, start, ports.onEntry);
    at = start + header.length;
  }
}

function visitEntries(entries: Buffer, start: number, onEntry: ScanPorts['onEntry']): void {
  let at = 0;
  while (at < entries.length) {
    if (entries.length - at < ENTRY_BYTES_MIN) throw new DamageError('an entry ends early');
    const bytes = entries.subarray(at, at + entryLength(entries, at));
    onEntry(readEntry(bytes), start + at, bytes);
    at += bytes.length;
  }
}

/**
 * Whether bytes that are no batch now were a whole batch once.
 *
 *  1. A crash tears only a batch that was not confirmed to be on disk.
 *  2. Every batch says how far the file was confirmed to be on disk when the batch was made.
 *  3. Therefore, if a later batch names a place behind the broken bytes, they were on disk, and are damaged.
 *
 * @param from where the first broken batch begins
 */
export async function wasWholeOnce(ports: ScanPorts, from: number): Promise<boolean> {
  const size = await ports.file.size();
  for (let at = from; at < size; at += ports.chunkBytes) {
    const length = Math.min(ports.chunkBytes + BATCH_HEADER_BYTES, size - at);
    const bytes = await ports.file.read(at, length);
    for (let hit = bytes.indexOf(BATCH_MAGIC); hit >= 0; hit = bytes.indexOf(BATCH_MAGIC, hit + 1)) {
      const header = readBatchHeader(bytes, hit);
      if (header?.directoryId === ports.directoryId && header.file === ports.number && header.flushed > from)
        return true;
    }
  }
  return false;
}

/** Reads a file in chunks, and returns views of them. */
class ChunkReader {
  readonly #ports: ScanPorts;
  readonly #size: number;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(ports: ScanPorts, size: number) {
    this.#ports = ports;
    this.#size = size;
  }

  /** @returns null when the bytes have to be loaded first */
  has(at: number, length: number): Buffer | null {
    const from = at - this.#start;
    return from + length <= this.#bytes.length ? this.#bytes.subarray(from, from + length) : null;
  }

  /** @returns null when the file ends before them */
  async load(at: number, length: number): Promise<Buffer | null> {
    if (at + length > this.#size) return null;
    const { file, chunkBytes, onChunk } = this.#ports;
    const bytes = Math.min(Math.max(length, chunkBytes), this.#size - at);
    this.#bytes = await file.read(at, bytes);
    this.#start = at;
    await onChunk?.(bytes);
    return this.#bytes.subarray(0, length);
  }
}
