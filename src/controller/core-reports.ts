import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import type { Membership } from '../membership/membership.ts';
import type { Peers } from '../membership/peers.ts';
import { isFollower } from '../placement/configuration.ts';
import { FIRST_SHARD_GROUP } from '../placement/shards.ts';
import type { Group } from '../replication/group.ts';
import type { SchemeName } from '../replication/schemes.ts';
import type { CorePorts } from './core-ports.ts';
import type { Groups } from './groups.ts';
import { Health } from './health.ts';
import { Roles } from './roles.ts';

/** What the groups of a controller amount to. Which of them have entries may change while the controller runs. */

export function healthOf({ clock }: CorePorts, groups: Groups, tickMs: number): Health {
  return new Health({
    clock,
    tickMs,
    journalTrouble: () => journalTroubleOf(groups.all),
    storeTrouble: () => groups.withEntries[0].scheme.storeTrouble() ?? '',
    storeAnswerMs: () => groups.withEntries[0].recovery.storeAnswerMs,
  });
}

export function rolesOf(peers: Peers, groups: Groups): Roles {
  return new Roles({
    node: groups.node,
    peers,
    viewsWith: (node) => servingWith(groups, node).flatMap(({ scheme: { views } }) => views ?? []),
    isCaughtUp: () => servingIn(groups).every(({ scheme }) => scheme.isCaughtUp),
    isCaughtUpAt: (peer) => servingWith(groups, peer).every((group) => group.isCaughtUpAt(peer)),
    journalTrouble: () => journalTroubleOf(groups.withEntries),
  });
}

/** A group with the entries of ordered keyspaces. */
export interface OrderedGroup {
  readonly number: GroupNumber;
  readonly schemeName: SchemeName;
  readonly views: Membership;
}

export function orderedGroupsOf(groups: Groups): readonly OrderedGroup[] {
  return servingIn(groups).flatMap(({ number, schemeName, scheme: { views } }) =>
    views === null ? [] : [{ number, schemeName, views }],
  );
}

/** The groups with entries in which this controller serves. */
function servingIn(groups: Groups): readonly Group[] {
  return servingWith(groups, groups.node);
}

/**
 * Those of them in which the other controller serves as well. One that follows is in no view of the groups that voters
 * have for whole keyspaces. None of these has keys then: each keyspace has shards.
 */
function servingWith({ withEntries, views, node }: Groups, other: ControllerId): readonly Group[] {
  const isFollowed = [node, other].some((id) => isFollower(views.configuration, id));
  const isServing = ({ number, scheme }: Group): boolean => {
    // mutant: waits-for-a-view-of-voters
    return !isFollowed || number >= FIRST_SHARD_GROUP || scheme.views === null;
  };
  return withEntries.filter((group) => group.has(other) && isServing(group));
}

function journalTroubleOf(groups: readonly Group[]): string {
  return groups.map(({ scheme }) => scheme.journalTrouble).find((trouble) => trouble !== '') ?? '';
}

/** Why some requests cannot be served yet; empty when all can. */
export function notReadyBecauseOf(groups: Groups): string {
  for (const { scheme } of servingIn(groups)) {
    const gate = scheme.gate('strong-read');
    if (gate.state !== 'open') return gate.reason;
  }
  return groups.withEntries[0].scheme.storeTrouble() ?? '';
}
