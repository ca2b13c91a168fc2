import type { GroupNumber } from '../base/number-kinds.ts';
import type { Membership } from '../membership/membership.ts';
import type { Peers } from '../membership/peers.ts';
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
    peers,
    views: () => orderedGroupsOf(groups).map(({ views }) => views),
    isCaughtUp: () => groups.withEntries.every(({ scheme }) => scheme.isCaughtUp),
    isCaughtUpAt: (peer) => groups.withEntries.every((group) => !group.has(peer) || group.isCaughtUpAt(peer)),
    journalTrouble: () => journalTroubleOf(groups.withEntries),
  });
}

/** A group with the entries of ordered keyspaces. */
export interface OrderedGroup {
  readonly number: GroupNumber;
  readonly schemeName: SchemeName;
  readonly views: Membership;
}

export function orderedGroupsOf({ withEntries }: Groups): readonly OrderedGroup[] {
  return withEntries.flatMap(({ number, schemeName, scheme: { views } }) =>
    views === null ? [] : [{ number, schemeName, views }],
  );
}

function journalTroubleOf(groups: readonly Group[]): string {
  return groups.map(({ scheme }) => scheme.journalTrouble).find((trouble) => trouble !== '') ?? '';
}

/** Why some requests cannot be served yet; empty when all can. */
export function notReadyBecauseOf({ withEntries }: Groups): string {
  for (const { scheme } of withEntries) {
    const gate = scheme.gate('strong-read');
    if (gate.state !== 'open') return gate.reason;
  }
  return withEntries[0].scheme.storeTrouble() ?? '';
}
