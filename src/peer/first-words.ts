import { ByteWriter } from '../base/byte-writer.ts';

/** Versions of the peer protocol that one side speaks: all from `min` to `max`. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/**
 * The versions that this release speaks. Version 2 is that of release 0.1.0, which names no range; version 3 adds ranges,
 * and the group of a message.
 */
export const VERSIONS: VersionRange = { min: 2, max: 3 };

/** The last version whose first words name one version, and no range. The called end does not answer them. */
export const LAST_WITHOUT_RANGE = 2;

/**
 * First on a connection between controllers, before any frame: a byte that starts no other protocol of this port (no
 * text; 0x80 and 0x81 start memcached's binary protocol, 0x16 starts TLS), the name of the protocol, and the range of
 * versions. The caller sends it first; the called end answers with its own.
 */
const NAME = Buffer.from('\xfememchorus/', 'latin1');

export function firstWordsOf({ min, max }: VersionRange): Buffer {
  return Buffer.concat([NAME, Buffer.from(`${min}-${max}\n`)]);
}

/** As a release without ranges sends them. */
export function firstWordsOfOne(version: number): Buffer {
  return Buffer.concat([NAME, Buffer.from(`${version}\n`)]);
}

/** First words with more bytes than this are none. */
export const FIRST_WORDS_BYTES_MAX = NAME.length + '999-999\n'.length;

/** What the first bytes of a connection are. */
export type FirstWords =
  /** They are of another protocol. */
  | { readonly kind: 'none' }
  /** They may still become the first words of a controller. */
  | { readonly kind: 'partial' }
  /** `length`: where the frames begin. `hasRange` is false where only one version is named. */
  | {
      readonly kind: 'peer';
      readonly versions: VersionRange;
      readonly hasRange: boolean;
      readonly length: number;
    };

const NONE: FirstWords = { kind: 'none' };
const PARTIAL: FirstWords = { kind: 'partial' };

/** @param first the first bytes of a connection, as far as they have arrived */
export function firstWordsIn(first: Buffer): FirstWords {
  if (first[0] !== NAME[0]) return NONE;
  const named = Math.min(first.length, NAME.length);
  if (!first.subarray(0, named).equals(NAME.subarray(0, named))) return NONE;
  const rest = first.toString('latin1', named, Math.min(first.length, FIRST_WORDS_BYTES_MAX));
  const found = /^(\d{1,3})(?:-(\d{1,3}))?\n/.exec(rest);
  if (found === null) return /^(\d{1,3}(-(\d{1,3})?)?)?$/.test(rest) ? PARTIAL : NONE;
  const min = Number(found[1]);
  const max = Number(found[2] ?? min);
  if (max < min) return NONE;
  const length = named + found[0].length;
  return { kind: 'peer', versions: { min, max }, hasRange: found[2] !== undefined, length };
}

/** @returns the highest version that both speak; null when there is none */
export function commonVersion(a: VersionRange, b: VersionRange): number | null {
  const version = Math.min(a.max, b.max);
  return version >= Math.max(a.min, b.min) ? version : null;
}

/** Why two controllers can't be peers, in words for both sides. @param other the versions of the other end */
export function versionRefusal(other: VersionRange): string {
  return `it speaks ${inWords(other)} of the peer protocol, and this controller speaks ${inWords(VERSIONS)}`;
}

function inWords({ min, max }: VersionRange): string {
  return min === max ? `version ${min}` : `versions ${min} to ${max}`;
}

/** A refusal that a controller of version 1 understands: the frame's length, the type, and text with its length. */
export function refusalInVersion1(reason: string): Buffer {
  const writer = new ByteWriter();
  writer.u32(1 + 4 + reason.length);
  writer.u8(1);
  writer.text(reason);
  return writer.finish();
}

/** What two ends have agreed on before the first frame. */
export interface Agreement {
  readonly version: number;
  /** The first words of both ends. Both prove the cluster secret over them, so that nobody can change them on the way. */
  readonly words: Buffer;
}

/** @returns null when there is no common version @param caller and `called`: the ranges that the ends named */
export function agreementOf(caller: VersionRange, called: VersionRange): Agreement | null {
  const version = commonVersion(caller, called);
  if (version === null) return null;
  return { version, words: Buffer.concat([firstWordsOf(caller), firstWordsOf(called)]) };
}

/** With an end that names one version: nothing else is part of what both ends prove. */
export function agreementOnOne(version: number): Agreement {
  return { version, words: firstWordsOfOne(version) };
}
