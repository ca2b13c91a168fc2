import type { Membership } from '../membership/membership.ts';
import type { Peers } from '../membership/peers.ts';
import type { Group } from '../replication/group.ts';
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
    peers,
    views: () => orderedViewsOf(groups),
    isCaughtUp: () => groups.withEntries.every(({ scheme }) => scheme.isCaughtUp),
    isCaughtUpAt: (peer) => groups.withEntries.every((group) => group.isCaughtUpAt(peer)),
    journalTrouble: () => journalTroubleOf(groups.withEntries),
  });
}

/** The views that ordered keyspaces are served in; null where no keyspace is ordered. */
export function orderedViewsOf({ withEntries }: Groups): Membership | null {
  return withEntries[0].scheme.views;
}

function journalTroubleOf(groups: readonly Group[]): string {
  return groups.map(({ scheme }) => scheme.journalTrouble).find((trouble) => trouble !== '') ?? '';
}
