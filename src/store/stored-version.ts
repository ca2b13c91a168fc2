import type { Version } from '../ordering/version.ts';

/**
 * A version in the eight bytes that stored entries have for it:
 *
 *     0…6   time   53 bits; the three above them are those of the id above its lowest eight
 *     7     node   the lowest eight bits of the id
 */
export const STORED_VERSION_BYTES = 8;

export function writeStoredVersion(into: Buffer, at: number, { time, node }: Version): void {
  into.writeUIntBE(Math.floor(time / TIME_LOW_RANGE) + (node >> 8) * TIME_HIGH_RANGE, at, TIME_HIGH_BYTES);
  into.writeUInt32BE(time >>> 0, at + TIME_HIGH_BYTES);
  into[at + NODE_AT] = node & 0xff;
}

export function readStoredVersion(bytes: Buffer, at: number): Version {
  const high = bytes.readUIntBE(at, TIME_HIGH_BYTES);
  return {
    time: (high % TIME_HIGH_RANGE) * TIME_LOW_RANGE + bytes.readUInt32BE(at + TIME_HIGH_BYTES),
    node: Math.floor(high / TIME_HIGH_RANGE) * 256 + bytes[at + NODE_AT]!,
  };
}

const TIME_HIGH_BYTES = 3;
const TIME_HIGH_RANGE = 2 ** 21;
const TIME_LOW_RANGE = 2 ** 32;
const NODE_AT = 7;
