import { AT, EXTRAS_BYTES_MAX } from './wire-format.ts';

/** One request packet while it is being read. The decoder has one instance, and fills it again and again. */
export class Packet {
  opcode = 0;
  keyBytes = 0;
  extrasBytes = 0;
  /** Length of extras, key and value together. */
  bodyBytes = 0;
  /** Chosen by the client, and repeated in the answer. */
  opaque = 0;
  /** Null for 0, which means no condition. */
  cas: bigint | null = null;
  /** One character per byte. */
  key = '';
  readonly extras = Buffer.alloc(EXTRAS_BYTES_MAX);

  /** @returns the packet's magic */
  readHeader(bytes: Buffer, at: number): number {
    this.opcode = bytes[at + AT.opcode]!;
    this.keyBytes = bytes.readUInt16BE(at + AT.keyBytes);
    this.extrasBytes = bytes[at + AT.extrasBytes]!;
    this.bodyBytes = bytes.readUInt32BE(at + AT.bodyBytes);
    this.opaque = bytes.readUInt32BE(at + AT.opaque);
    const cas = at + AT.cas;
    const isSet = bytes.readUInt32BE(cas) !== 0 || bytes.readUInt32BE(cas + 4) !== 0;
    this.cas = isSet ? bytes.readBigUInt64BE(cas) : null;
    return bytes[at]!;
  }

  /** Extras that are longer than those of any command are cut, because the packet is invalid anyway. */
  readExtrasAndKey(bytes: Buffer, at: number): void {
    const keyAt = at + this.extrasBytes;
    bytes.copy(this.extras, 0, at, Math.min(keyAt, at + EXTRAS_BYTES_MAX));
    this.key = bytes.toString('latin1', keyAt, keyAt + this.keyBytes);
  }

  /** Length of the bytes behind extras and key; negative if the header contradicts itself. */
  get valueBytes(): number {
    return this.bodyBytes - this.extrasBytes - this.keyBytes;
  }
}
