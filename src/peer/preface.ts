import { ByteWriter, inOnePiece } from '../base/byte-writer.ts';

/** Versions of the peer protocol that one side speaks: all from `min` to `max`. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/**
 * The versions that this release speaks. Version 2 is that of release 0.1.0, which names no range; version 3 adds
 * ranges, and the group of a message; version 4 adds placements.
 */
export const VERSIONS: VersionRange = { min: 2, max: 4 };

/** The last version whose preface names one version, and no range. The called end does not answer such a preface. */
export const LAST_WITHOUT_RANGE = 2;

/**
 * First on a connection between controllers, before any frame: a byte that starts no other protocol of this port (no
 * text; 0x80 and 0x81 start memcached's binary protocol, 0x16 starts TLS), the name of the protocol, and the range of
 * versions. The caller sends it first; the called end answers with its own.
 */
const NAME = Buffer.from('\xfememchorus/', 'latin1');

export function prefaceOf({ min, max }: VersionRange): Buffer {
  return Buffer.concat([NAME, Buffer.from(`${min}-${max}\n`)]);
}

/** As a release without ranges sends it. */
export function prefaceOfOne(version: number): Buffer {
  return Buffer.concat([NAME, Buffer.from(`${version}\n`)]);
}

/** Longest preface. */
export const PREFACE_BYTES_MAX = NAME.length + '999-999\n'.length;

/** What the first bytes of a connection are. */
export type Preface =
  /** The bytes are of another protocol. */
  | { readonly kind: 'none' }
  /** The bytes may still become a preface. */
  | { readonly kind: 'partial' }
  | PeerPreface;

export interface PeerPreface {
  readonly kind: 'peer';
  readonly versions: VersionRange;
  /** False where the preface names one version only, as that of release 0.1.0 does. */
  readonly hasRange: boolean;
  /** Where the frames begin. */
  readonly length: number;
}

const NONE: Preface = { kind: 'none' };
const PARTIAL: Preface = { kind: 'partial' };

/** @param first the first bytes of a connection, as far as they have arrived */
export function prefaceIn(first: Buffer): Preface {
  if (first[0] !== NAME[0]) return NONE;
  const named = Math.min(first.length, NAME.length);
  if (!first.subarray(0, named).equals(NAME.subarray(0, named))) return NONE;
  const rest = first.toString('latin1', named, Math.min(first.length, PREFACE_BYTES_MAX));
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
export function versionRefusal(other: VersionRange, own: VersionRange): string {
  return `it speaks ${inWords(other)} of the peer protocol, and this controller speaks ${inWords(own)}`;
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
  return inOnePiece(writer.finish());
}

/** What two ends have agreed on before the first frame. */
export interface Agreement {
  readonly version: number;
  /** The prefaces of both ends. Both prove the cluster secret over them, so that a change on the way is found out. */
  readonly prefaces: Buffer;
}

/**
 * @returns null when there is no common version
 * @param caller range of the end that calls
 * @param called range of the other end
 */
export function agreementOf(caller: VersionRange, called: VersionRange): Agreement | null {
  const version = commonVersion(caller, called);
  if (version === null) return null;
  return { version, prefaces: Buffer.concat([prefaceOf(caller), prefaceOf(called)]) };
}

/** With an end that names one version: both ends prove the secret over the preface of that version alone. */
export function agreementOnOne(version: number): Agreement {
  return { version, prefaces: prefaceOfOne(version) };
}

/** @returns null when the caller and this controller have no version in common */
export function agreementWith({ versions, hasRange }: PeerPreface, own: VersionRange): Agreement | null {
  if (hasRange) return agreementOf(versions, own);
  const version = versions.max;
  return version >= own.min && version <= LAST_WITHOUT_RANGE ? agreementOnOne(version) : null;
}
