import type { Hello } from './messages.ts';

/**
 * First on a connection of a peer, before any frame: a byte that starts no other protocol of this port (no
 * text, 0x80 and 0x81 are memcached's binary, 0x16 is TLS), then the name and the version of this one.
 */
export const PREFACE = Buffer.from('\xfememchorus/1\n', 'latin1');

/** What must be the same on both sides, and whom a hello may come from. */
export interface Belonging {
  readonly cluster: string;
  readonly level: string;
  readonly peers: string;
  readonly node: number;
  /** Milliseconds by which a version time is ahead of the wall clock here. */
  readonly aheadMs: (time: number) => number;
  readonly maxClockSkewMs: number;
}

/** @returns why this peer can't be one, in words for both sides; null when it can */
export function refusalOf(hello: Hello, own: Belonging): string | null {
  if (hello.cluster !== own.cluster) return `cluster "${hello.cluster}" is not "${own.cluster}"`;
  if (hello.peers !== own.peers) return `its peers (${hello.peers}) are not the same as here (${own.peers})`;
  if (hello.level !== own.level) return `level ${hello.level} is not ${own.level}`;
  if (hello.node === own.node) return `two controllers claim to be number ${own.node}`;
  return clockRefusal(hello.wallTime, own);
}

/**
 * A clock that is far ahead would drag every version of the cluster with it. Wall clocks are compared, not readings
 * of the hybrid clock: those stay ahead for as long as a clock once was, in controllers whose own are right.
 */
export function clockRefusal(
  wallTime: number,
  own: Pick<Belonging, 'aheadMs' | 'maxClockSkewMs'>,
): string | null {
  const aheadMs = own.aheadMs(wallTime);
  if (aheadMs <= own.maxClockSkewMs) return null;
  return `its clock is ${(aheadMs / 1000).toFixed(1)} s ahead (max_clock_skew ${own.maxClockSkewMs / 1000} s)`;
}
