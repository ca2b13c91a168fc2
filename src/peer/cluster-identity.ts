import type { ControllerId } from '../base/number-kinds.ts';
import { areApart } from '../placement/forced.ts';
import { placementDifference, shardDifference } from '../placement/placement.ts';
import type { Hello } from './messages.ts';

/** What two controllers of a cluster must have in common, and the id of one of them. */
export interface ClusterIdentity {
  readonly cluster: string;
  /** See `placementText` and `placementOnLink`. */
  readonly placement: string;
  readonly peers: string;
  readonly node: ControllerId;
}

/** The first version in which views have placements. */
export const FIRST_WITH_PLACEMENTS = 4;

export const OLDER_RELEASE =
  'the levels of this cluster were changed while it ran, which the release of this controller does not know: upgrade it';

/**
 * The placement of a controller in its hello. The epoch follows, so that a peer of an older release, which can
 * only go by its configuration, refuses the link. One that was added, and one whose shards may have moved without it,
 * say that they have none yet. The names of forced changes come last.
 */
export function placementOnLink(
  placement: string,
  epoch: number,
  mayBeBehind: boolean,
  marks: readonly string[] = [],
): string {
  const agreed = epoch === 0 && !mayBeBehind ? placement : `${placement} @${epoch}`;
  return marks.length === 0 ? agreed : `${agreed} ~${marks.join()}`;
}

const FORCED_APART =
  'controllers were removed by force on both sides, so these are two clusters, and neither takes anything from the other';

/**
 * Peers that go by their configurations must have the same placement. Once one of them has an agreed one, the
 * other will get it, or a newer one, with the next view, whatever keyspaces it has now. Shards change with the
 * placement: they are the same by the same one. A controller that could never be told of other shards has to have
 * those of the peer. One that says that it has no placement yet is told: it remembers nothing, and serves nobody
 * before; or it was cut off when the shards moved, and is none of those that were waited for.
 */
function placementRefusal(hello: string, own: string, version: number): string | null {
  // mutant: greets-forced-apart
  if (areApart(marksIn(hello), marksIn(own))) return FORCED_APART;
  return agreedRefusal(withoutMarks(hello), withoutMarks(own), version);
}

/** See `marksOf`. */
function marksIn(placement: string): readonly string[] {
  return placement.split(' ~')[1]?.split(',') ?? [];
}

function withoutMarks(placement: string): string {
  return placement.split(' ~')[0]!;
}

function agreedRefusal(there: string, here: string, version: number): string | null {
  const [its, own] = [epochIn(there), epochIn(here)];
  const isAgreed = [its, own].some((epoch) => epoch !== '' && epoch !== NO_EPOCH);
  if (!isAgreed) return placementDifference(withoutEpoch(there), withoutEpoch(here));
  if (version < FIRST_WITH_PLACEMENTS) return OLDER_RELEASE;
  const mayDiffer = its !== own && its !== '' && own !== '';
  return mayDiffer ? null : shardDifference(there, here);
}

/** That of a controller which has no placement yet, and may be told one. */
const NO_EPOCH = '0';

/** The epoch at the end of what a hello says; empty where there is none. */
function epochIn(placement: string): string {
  return placement.split(' @')[1] ?? '';
}

function withoutEpoch(placement: string): string {
  return placement.split(' @')[0]!;
}

/**
 * @param version of the peer protocol that the link has
 * @returns why the sender of the hello can't be a peer, in words for both ends; null when it can
 */
export function refusalOf(hello: Hello, own: ClusterIdentity, version: number): string | null {
  if (hello.cluster !== own.cluster) return `cluster "${hello.cluster}" is not "${own.cluster}"`;
  if (hello.peers !== own.peers) return `its peers (${hello.peers}) are not the same as here (${own.peers})`;
  const difference = placementRefusal(hello.placement, own.placement, version);
  if (difference !== null) return difference;
  if (hello.node === own.node) return `two controllers claim to be number ${own.node}`;
  return null;
}

/**
 * A peer whose versions are far ahead of cluster time is refused, because every clock of the cluster would follow
 * them.
 *
 * @param aheadMs distance of a version time of the peer from cluster time, in milliseconds
 */
export function clockRefusal(aheadMs: number, maxClockSkewMs: number): string | null {
  if (aheadMs <= maxClockSkewMs) return null;
  return `its versions are ${(aheadMs / 1000).toFixed(1)} s ahead (max_clock_skew ${maxClockSkewMs / 1000} s)`;
}
