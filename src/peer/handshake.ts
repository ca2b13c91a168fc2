import { ByteWriter } from '../base/byte-writer.ts';
import type { Hello } from './messages.ts';

/**
 * First on a connection of a peer, before any frame: a byte that starts no other protocol of this port (no
 * text, 0x80 and 0x81 are memcached's binary, 0x16 is TLS), then the name and the version of this one.
 */
const PREFACE_NAME = Buffer.from('\xfememchorus/', 'latin1');

/** Of the frames and messages that follow: a controller that speaks another one is refused. */
export const PROTOCOL_VERSION = 2;

export const PREFACE = Buffer.concat([PREFACE_NAME, Buffer.from(`${PROTOCOL_VERSION}\n`)]);

/** A preface whose version takes more digits than this is none. */
const VERSION_DIGITS_MAX = 3;

export interface Preface {
  /** `partial`: the bytes may still become a preface; `none`: they can't. */
  readonly kind: 'none' | 'partial' | 'peer';
  /** Of a `peer`: the version that it speaks. */
  readonly version: number;
  /** Of a `peer`: where the frames begin. */
  readonly length: number;
}

const NONE: Preface = { kind: 'none', version: 0, length: 0 };
const PARTIAL: Preface = { kind: 'partial', version: 0, length: 0 };

/** @param first the first bytes of a connection, as far as they have arrived */
export function prefaceIn(first: Buffer): Preface {
  if (first[0] !== PREFACE_NAME[0]) return NONE;
  const named = Math.min(first.length, PREFACE_NAME.length);
  if (!first.subarray(0, named).equals(PREFACE_NAME.subarray(0, named))) return NONE;
  const rest = first.subarray(named, named + VERSION_DIGITS_MAX + 1).toString('latin1');
  const version = /^\d+(?=\n)/.exec(rest)?.[0];
  if (version !== undefined) {
    return { kind: 'peer', version: Number(version), length: named + version.length + 1 };
  }
  return rest.length <= VERSION_DIGITS_MAX && /^\d*$/.test(rest) ? PARTIAL : NONE;
}

/** A refusal that a controller of version 1 understands: length, type, text with its length. */
export function refusalInVersion1(reason: string): Buffer {
  const writer = new ByteWriter();
  writer.u32(1 + 4 + reason.length);
  writer.u8(1);
  writer.text(reason);
  return writer.finish();
}

/** What must be the same on both sides, and whom a hello may come from. */
export interface Belonging {
  readonly cluster: string;
  readonly level: string;
  readonly peers: string;
  readonly node: number;
}

/** @returns why this peer can't be one, in words for both sides; null when it can */
export function refusalOf(hello: Hello, own: Belonging): string | null {
  if (hello.cluster !== own.cluster) return `cluster "${hello.cluster}" is not "${own.cluster}"`;
  if (hello.peers !== own.peers) return `its peers (${hello.peers}) are not the same as here (${own.peers})`;
  if (hello.level !== own.level) return `level ${hello.level} is not ${own.level}`;
  if (hello.node === own.node) return `two controllers claim to be number ${own.node}`;
  return null;
}

/**
 * Versions that are far ahead would drag every version of the cluster with them.
 *
 * @param aheadMs by how much a version time of the peer is ahead of cluster time, in milliseconds
 */
export function versionRefusal(aheadMs: number, maxClockSkewMs: number): string | null {
  if (aheadMs <= maxClockSkewMs) return null;
  return `its versions are ${(aheadMs / 1000).toFixed(1)} s ahead (max_clock_skew ${maxClockSkewMs / 1000} s)`;
}
