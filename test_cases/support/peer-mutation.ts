import { ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import { type Decoded, decodeMessage, encodeMessage } from '../../src/peer/codec.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import type { Random } from '../sim/random.ts';

/** Numbers at which bounds, indexes and clocks break. */
const NUMBERS = [
  0,
  1,
  2,
  3,
  255,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 45,
  2 ** 48,
  2 ** 52,
  Number.MAX_SAFE_INTEGER - 1,
  Number.MAX_SAFE_INTEGER,
];

/** Mutates encoded messages into bytes that no controller would send. */
export class PeerMutation {
  readonly #random: Random;
  readonly #seeds: Buffer[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Adds a real message to the ones that are mutated. */
  learn(message: PeerMessage): void {
    const encoded = encodeMessage(ROOT_GROUP, message);
    if (this.#seeds.length < SEEDS_MAX) this.#seeds.push(encoded);
    else this.#seeds[this.#random.below(SEEDS_MAX)] = encoded;
  }

  get isReady(): boolean {
    return this.#seeds.length > 0;
  }

  /** The next payload of a frame. */
  next(): Buffer {
    const seed = this.#seed();
    switch (this.#random.below(8)) {
      case 0:
        return this.#flipped(seed);
      case 1:
        return seed.subarray(0, this.#random.below(seed.length + 1));
      case 2:
        return Buffer.concat([seed, seed, this.#seed()]);
      case 3:
        return this.#spliced(seed, this.#seed());
      case 4:
        return this.#overwritten(seed);
      case 5:
        return seed;
      default:
        return this.#restated(seed);
    }
  }

  #seed(): Buffer {
    return Buffer.from(this.#seeds[this.#random.below(this.#seeds.length)]!);
  }

  #flipped(bytes: Buffer): Buffer {
    for (let times = 1 + this.#random.below(3); times > 0; times--) {
      bytes[this.#random.below(bytes.length)]! ^= 1 << this.#random.below(8);
    }
    return bytes;
  }

  /** Joins the beginning of one message and the end of another. */
  #spliced(one: Buffer, other: Buffer): Buffer {
    return Buffer.concat([
      one.subarray(0, this.#random.below(one.length + 1)),
      other.subarray(this.#random.below(other.length + 1)),
    ]);
  }

  /** Writes a number of four or eight bytes anywhere, such as a count, a length or a time. */
  #overwritten(bytes: Buffer): Buffer {
    const number = this.#number();
    const at = this.#random.below(bytes.length);
    if (at + 8 <= bytes.length && this.#random.below(2) === 0) {
      bytes.writeUInt32BE(Math.floor(number / 2 ** 32), at);
      bytes.writeUInt32BE(number % 2 ** 32, at + 4);
    } else if (at + 4 <= bytes.length) {
      bytes.writeUInt32BE(number % 2 ** 32, at);
    }
    return bytes;
  }

  /** The same message with other numbers, which the codec accepts. */
  #restated(bytes: Buffer): Buffer {
    let decoded: Decoded;
    try {
      decoded = decodeMessage(bytes);
    } catch {
      return bytes;
    }
    const chance = 1 / (1 + this.#random.below(12));
    const change = (value: unknown): unknown => {
      if (typeof value === 'number') return this.#random.chance(chance) ? this.#numberFor(value) : value;
      if (typeof value === 'boolean') return this.#random.chance(chance) ? !value : value;
      if (Array.isArray(value)) {
        const list = value.map(change);
        if (list.length > 0 && this.#random.chance(chance / 2)) list.push(list[0]);
        return list;
      }
      if (Buffer.isBuffer(value) || value === null || typeof value !== 'object') return value;
      return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, change(field)]));
    };
    try {
      return encodeMessage(decoded.group, change(decoded.message) as PeerMessage);
    } catch {
      return bytes;
    }
  }

  /** A replacement of a number. Half of them are near the old one: well-formed, and wrong. */
  #numberFor(value: number): number {
    if (this.#random.chance(0.5)) return this.#number();
    return Math.max(0, value + this.#random.below(9) - 4);
  }

  #number(): number {
    const number = NUMBERS[this.#random.below(NUMBERS.length)]!;
    return this.#random.below(4) === 0 ? Math.max(0, number - this.#random.below(1000)) : number;
  }
}

const SEEDS_MAX = 200;
