import type { Hello } from './messages.ts';

/** What must be the same on both sides, and whom a hello may come from. */
export interface ClusterIdentity {
  readonly cluster: string;
  readonly level: string;
  readonly peers: string;
  readonly node: number;
}

/** @returns why this peer can't be one, in words for both sides; null when it can */
export function refusalOf(hello: Hello, own: ClusterIdentity): string | null {
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
export function clockRefusal(aheadMs: number, maxClockSkewMs: number): string | null {
  if (aheadMs <= maxClockSkewMs) return null;
  return `its versions are ${(aheadMs / 1000).toFixed(1)} s ahead (max_clock_skew ${maxClockSkewMs / 1000} s)`;
}
