import { AT, HEADER_BYTES, REQUEST_MAGIC } from '../protocol/binary/wire-format.ts';
import type { ReplyBuffer } from '../protocol/reply-buffer.ts';

/** The requests of memcached's binary protocol that a store needs. */
export const OPCODE = { get: 0x00, set: 0x01, delete: 0x04, append: 0x0e, stat: 0x10 } as const;

export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

/** Size of flags and expiry. */
const SET_EXTRAS_BYTES = 8;

/**
 * Headers are filled here and copied at once. The fields that are never written (data type, vbucket, token, flags,
 * expiry) stay 0.
 */
const HEADER = Buffer.alloc(HEADER_BYTES);
const SET_HEADER = Buffer.alloc(HEADER_BYTES + SET_EXTRAS_BYTES);
HEADER[0] = REQUEST_MAGIC;
SET_HEADER[0] = REQUEST_MAGIC;
SET_HEADER[AT.opcode] = OPCODE.set;
SET_HEADER[AT.extrasBytes] = SET_EXTRAS_BYTES;

/** A request that has only a key, which may be empty for `stat`. */
export function writeKeyRequest(opcode: Opcode, key: string, opaque: number, out: ReplyBuffer): void {
  HEADER[AT.opcode] = opcode;
  HEADER.writeUInt16BE(key.length, AT.keyBytes);
  HEADER.writeUInt32BE(key.length, AT.bodyBytes);
  HEADER.writeUInt32BE(opaque, AT.opaque);
  out.bytes(HEADER);
  out.text(key);
}

/** Adds the bytes behind those of the key. They must not change until they were sent. */
export function writeAppend(key: string, bytes: Buffer, opaque: number, out: ReplyBuffer): void {
  HEADER[AT.opcode] = OPCODE.append;
  HEADER.writeUInt16BE(key.length, AT.keyBytes);
  HEADER.writeUInt32BE(key.length + bytes.length, AT.bodyBytes);
  HEADER.writeUInt32BE(opaque, AT.opaque);
  out.bytes(HEADER);
  out.text(key);
  out.bytes(bytes);
}

/**
 * Stores `bytes` and `more`, one after the other. Neither may change until it was sent, since what is large is not
 * copied.
 */
export function writeSet(key: string, bytes: Buffer, more: Buffer, opaque: number, out: ReplyBuffer): void {
  const storedBytes = bytes.length + more.length;
  SET_HEADER.writeUInt16BE(key.length, AT.keyBytes);
  SET_HEADER.writeUInt32BE(SET_EXTRAS_BYTES + key.length + storedBytes, AT.bodyBytes);
  SET_HEADER.writeUInt32BE(opaque, AT.opaque);
  out.bytes(SET_HEADER);
  out.text(key);
  out.bytes(bytes);
  out.bytes(more);
}
