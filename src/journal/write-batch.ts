import { crc32 } from 'node:zlib';
import { isLarge } from '../base/byte-writer.ts';
import { crc32Combine } from './crc32-combine.ts';
import { BATCH_HEADER_BYTES, type BatchOrigin, writeBatchHeader } from './log-batch.ts';
import { entryBytesMax, type LogEntry, lastBytesOf, writeEntry, writeEntryBefore } from './log-entry.ts';

/** A piece of a batch, and the CRC-32 of its bytes; null where that is still to be computed. */
interface Piece {
  readonly bytes: Buffer;
  readonly checksum: number | null;
}

/**
 * The entries that are committed together, until they are on disk. They are written one after the other into a buffer
 * that grows. A large value is not copied into it: it is written to the disk from where it lies, and must not change
 * until then.
 *
 * A value may be a view of memory that holds more. The batch keeps all of that memory, but counts the value only. So a
 * value is copied if it is less than an eighth of its memory (`REFERRED_PART`).
 */
export class WriteBatch {
  readonly number: number;
  readonly file: number;
  /** The position of the batch in the file. */
  readonly start: number;
  #buffer: Buffer;
  #end = BATCH_HEADER_BYTES;
  /** What was written into the buffer from here on is not among the pieces yet. */
  #from = 0;
  readonly #pieces: Piece[] = [];
  #piecesBytes = 0;

  /** @param buffer memory for the entries, which nothing else uses from now on */
  constructor(number: number, file: number, start: number, buffer: Buffer) {
    this.number = number;
    this.file = file;
    this.start = start;
    this.#buffer = buffer;
  }

  /** Bytes of the header and of all entries. */
  get length(): number {
    return this.#piecesBytes + this.#end - this.#from;
  }

  /** The memory for another batch, once this one is on disk. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** The bytes of the batch in order, once it is sealed. */
  get parts(): Buffer[] {
    return this.#pieces.map(({ bytes }) => bytes);
  }

  append(entry: LogEntry): void {
    const last = lastBytesOf(entry);
    if (last === null || !isReferable(last)) {
      this.#reserve(entryBytesMax(entry));
      this.#end = writeEntry(entry, this.#buffer, this.#end);
      return;
    }
    this.#reserve(entryBytesMax(entry) - last.length);
    const checksum = crc32(last);
    this.#end = writeEntryBefore(entry, { length: last.length, checksum }, this.#buffer, this.#end);
    this.#endPiece();
    this.#add({ bytes: last, checksum });
  }

  /** Completes the batch, which takes no entry from now on. */
  seal(origin: BatchOrigin): void {
    this.#endPiece();
    let checksum = crc32(this.#pieces[0]!.bytes.subarray(BATCH_HEADER_BYTES));
    for (const piece of this.#pieces.slice(1))
      checksum =
        piece.checksum === null
          ? crc32(piece.bytes, checksum)
          : crc32Combine(checksum, piece.checksum, piece.bytes.length);
    const entriesBytes = this.#piecesBytes - BATCH_HEADER_BYTES;
    writeBatchHeader(this.#pieces[0]!.bytes, origin, entriesBytes, checksum);
  }

  #endPiece(): void {
    if (this.#end === this.#from) return;
    this.#add({ bytes: this.#buffer.subarray(this.#from, this.#end), checksum: null });
    this.#from = this.#end;
  }

  #add(piece: Piece): void {
    this.#pieces.push(piece);
    this.#piecesBytes += piece.bytes.length;
  }

  /** Pieces of the buffer before stay where they are; only what is no piece yet goes to a larger one. */
  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed - this.#from, this.#buffer.length * 2));
    this.#end = this.#buffer.copy(larger, 0, this.#from, this.#end);
    this.#from = 0;
    this.#buffer = larger;
  }
}

/** A value that is a smaller part of its memory is copied. More: fewer copies; less: less memory beside the count. */
const REFERRED_PART = 1 / 8;

function isReferable(value: Buffer): boolean {
  return isLarge(value.length) && value.length >= value.buffer.byteLength * REFERRED_PART;
}
