import type { ControllerId } from '../base/number-kinds.ts';
import { placementDifference } from '../placement/placement.ts';
import type { Hello } from './messages.ts';

/** What two controllers of a cluster must have in common, and the id of one of them. */
export interface ClusterIdentity {
  readonly cluster: string;
  /** See `placementText`. */
  readonly placement: string;
  readonly peers: string;
  readonly node: ControllerId;
}

/** @returns why the sender of the hello can't be a peer, in words for both ends; null when it can */
export function refusalOf(hello: Hello, own: ClusterIdentity): string | null {
  if (hello.cluster !== own.cluster) return `cluster "${hello.cluster}" is not "${own.cluster}"`;
  if (hello.peers !== own.peers) return `its peers (${hello.peers}) are not the same as here (${own.peers})`;
  const difference = placementDifference(hello.placement, own.placement);
  if (difference !== null) return difference;
  if (hello.node === own.node) return `two controllers claim to be number ${own.node}`;
  return null;
}

/**
 * A peer whose versions are far ahead of cluster time is refused, because every clock of the cluster would follow them.
 *
 * @param aheadMs distance of a version time of the peer from cluster time, in milliseconds
 */
export function clockRefusal(aheadMs: number, maxClockSkewMs: number): string | null {
  if (aheadMs <= maxClockSkewMs) return null;
  return `its versions are ${(aheadMs / 1000).toFixed(1)} s ahead (max_clock_skew ${maxClockSkewMs / 1000} s)`;
}
