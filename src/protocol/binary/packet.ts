import { AT, EXTRAS_BYTES_MAX } from './wire-format.ts';

/** One request packet while it is being read; the decoder has a single one, and fills it again and again. */
export class Packet {
  opcode = 0;
  keyBytes = 0;
  extrasBytes = 0;
  /** Extras, key and value together. */
  bodyBytes = 0;
  /** Whatever the client put there: the answer carries it back. */
  opaque = 0;
  /** Null for 0, which stands for no condition. */
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

  /** Extras that are longer than any command's are cut: they make the packet invalid anyway. */
  readExtrasAndKey(bytes: Buffer, at: number): void {
    const keyAt = at + this.extrasBytes;
    bytes.copy(this.extras, 0, at, Math.min(keyAt, at + EXTRAS_BYTES_MAX));
    this.key = bytes.toString('latin1', keyAt, keyAt + this.keyBytes);
  }

  /** What follows extras and key; negative when the header contradicts itself. */
  get valueBytes(): number {
    return this.bodyBytes - this.extrasBytes - this.keyBytes;
  }
}
