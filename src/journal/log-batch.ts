import { crc32 } from 'node:zlib';

/**
 * A batch: the entries that were committed together. After a crash it is there whole, or not at all.
 *
 *     0…3    magic
 *     4…7    checksum of the header that follows
 *     8…11   directory  the random number of the data directory
 *     12…15  file       the number of the file that the batch is in
 *     16…23  sequence   one more than that of the batch before it, also when that is in the file before
 *     24…31  flushed    how far this file was known to be on disk when the batch was made
 *     32…35  length     of the entries that follow, in bytes
 *     36…39  checksum of the entries
 */
export const BATCH_HEADER_BYTES = 40;

export const BATCH_MAGIC = Buffer.from([0xc5, 0x6d, 0x63, 0x6a]);
const HEADER_CHECKSUM_AT = 4;
const DIRECTORY_ID_AT = 8;
const FILE_AT = 12;
const SEQUENCE_AT = 16;
const FLUSHED_AT = 24;
const LENGTH_AT = 32;
const CHECKSUM_AT = 36;

/** The fields of the header that the writer of a batch chooses. */
export interface BatchOrigin {
  readonly directoryId: number;
  readonly file: number;
  readonly sequence: number;
  /** How many bytes of this file were known to be on disk. */
  readonly flushed: number;
}

export interface BatchHeader extends BatchOrigin {
  /** Bytes of the entries. */
  readonly length: number;
  readonly checksum: number;
}

/** Fills in the header of a batch whose entries are in place behind it, in one piece. */
export function sealBatch(batch: Buffer, origin: BatchOrigin): void {
  const entries = batch.subarray(BATCH_HEADER_BYTES);
  writeBatchHeader(batch, origin, entries.length, crc32(entries));
}

/** @param batch begins with room for the header @param length of all entries, in bytes @param checksum of them */
export function writeBatchHeader(
  batch: Buffer,
  { directoryId, file, sequence, flushed }: BatchOrigin,
  length: number,
  checksum: number,
): void {
  BATCH_MAGIC.copy(batch);
  batch.writeUInt32BE(directoryId, DIRECTORY_ID_AT);
  batch.writeUInt32BE(file, FILE_AT);
  batch.writeDoubleBE(sequence, SEQUENCE_AT);
  batch.writeDoubleBE(flushed, FLUSHED_AT);
  batch.writeUInt32BE(length, LENGTH_AT);
  batch.writeUInt32BE(checksum, CHECKSUM_AT);
  batch.writeUInt32BE(crc32(batch.subarray(DIRECTORY_ID_AT, BATCH_HEADER_BYTES)), HEADER_CHECKSUM_AT);
}

/** @returns null when no batch begins there */
export function readBatchHeader(bytes: Buffer, at: number): BatchHeader | null {
  if (bytes.length - at < BATCH_HEADER_BYTES) return null;
  if (BATCH_MAGIC.compare(bytes, at, at + BATCH_MAGIC.length) !== 0) return null;
  const checksum = crc32(bytes.subarray(at + DIRECTORY_ID_AT, at + BATCH_HEADER_BYTES));
  if (bytes.readUInt32BE(at + HEADER_CHECKSUM_AT) !== checksum) return null;
  return {
    directoryId: bytes.readUInt32BE(at + DIRECTORY_ID_AT),
    file: bytes.readUInt32BE(at + FILE_AT),
    sequence: bytes.readDoubleBE(at + SEQUENCE_AT),
    flushed: bytes.readDoubleBE(at + FLUSHED_AT),
    length: bytes.readUInt32BE(at + LENGTH_AT),
    checksum: bytes.readUInt32BE(at + CHECKSUM_AT),
  };
}

/** Whether these entries are the ones that the header was made for. */
export function matchesHeader(header: BatchHeader, entries: Buffer): boolean {
  return crc32(entries) === header.checksum;
}
