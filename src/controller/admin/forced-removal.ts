import type { ControllerId } from '../../base/number-kinds.ts';
import type { AcceptorState } from '../../membership/messages.ts';
import { ballotName } from '../../membership/view.ts';
import {
  type Configuration,
  hasFollowers,
  haveMajority,
  idsOf,
  isCounted,
  majorityOf,
  votersOf,
} from '../../placement/configuration.ts';
import { forcedWithout } from '../../placement/forced.ts';
import { idNamed, nameIn, whyUnknown } from './member-changes.ts';

/** What has to be known to drop controllers that are gone for good, without a majority. */
export interface ForcedSituation {
  /** This controller. */
  readonly node: ControllerId;
  readonly configuration: Configuration;
  /** Peers that are heard. */
  readonly heard: readonly ControllerId[];
  /** This controller's part in the views of the root group. */
  readonly acceptor: AcceptorState;
  /** The names of the keyspaces that have shards on the controller. */
  readonly spreadOver: (peer: ControllerId) => readonly string[];
  /** The names of the keyspaces where all members of a view acknowledge, and of those where one controller answers. */
  readonly ordered: readonly string[];
  readonly convergent: readonly string[];
  /** Every acknowledgement means: on disk. */
  readonly isSync: boolean;
  /** The name of the change: no other one ever has it. */
  readonly mark: string;
}

export type ParsedRemoval =
  | { readonly kind: 'refused'; readonly reason: string }
  /** @param lines what the change drops, and what may be lost with it */
  | { readonly kind: 'possible'; readonly to: Configuration; readonly lines: readonly string[] };

/** Whether these controllers may be dropped by force here and now, and what that costs. */
export function forcedRemovalOf(words: readonly string[], situation: ForcedSituation): ParsedRemoval {
  const { configuration, mark } = situation;
  const lost: ControllerId[] = [];
  for (const word of words) {
    const id = idNamed(word, configuration);
    if (id === null) return refused(whyUnknown(word, configuration));
    if (!lost.includes(id)) lost.push(id);
  }
  const reason = whyNot(lost, situation);
  if (reason !== null) return refused(reason);
  const to = forcedWithout(configuration, lost, mark);
  return typeof to === 'string' ? refused(to) : { kind: 'possible', to, lines: linesOf(lost, to, situation) };
}

/**
 * Nothing is forced that the controllers can agree on, and nothing without the word of every controller that is left:
 * it may be the only one that has the last writes.
 */
function whyNot(
  lost: readonly ControllerId[],
  { node, configuration, heard, acceptor, spreadOver }: ForcedSituation,
): string | null {
  const able = [node, ...heard];
  const named = (ids: readonly ControllerId[]) => ids.map((id) => nameIn(configuration, id)).join(', ');
  if (!isCounted(configuration, node)) return 'this controller does not vote: ask one that does';
  if (lost.includes(node))
    return `${nameIn(configuration, node)} does not remove itself: ask another controller`;
  const back = lost.filter((id) => heard.includes(id));
  if (back.length > 0)
    return `${named(back)} can be reached: only controllers that are gone for good are forced out`;
  // mutant: forces-beside-a-majority
  if (haveMajority(configuration, able))
    return 'a majority of the controllers can be reached: remove controllers one by one, without force';
  const silent = idsOf(configuration).filter(
    (id) => isCounted(configuration, id) && !able.includes(id) && !lost.includes(id),
  );
  if (silent.length > 0)
    return `${named(silent)} can not be reached either: start it, or name it as well if it is gone for good`;
  // Those that are left may not know what followers were told.
  // mutant: forces-past-followers
  if (hasFollowers(configuration))
    return (
      'some controllers of this cluster follow, and may go by what only the lost ones have agreed on: ' +
      'bring one that votes back from its disk or a backup, under its id'
    );
  if (acceptor.members.length === 0)
    return 'this controller remembers no view: start the controllers that have the data, and ask one of them';
  const spread = [...new Set(lost.flatMap((id) => spreadOver(id)))];
  if (spread.length > 0)
    return (
      `controllers with shards of ${spread.join(', ')} can not be forced out: the keys of a shard would be gone with ` +
      'them. Bring one controller of each shard back from its disk or a backup, under its id'
    );
  return null;
}

function linesOf(
  lost: readonly ControllerId[],
  to: Configuration,
  { configuration, acceptor, ordered, convergent, isSync }: ForcedSituation,
): string[] {
  const names = (ids: readonly ControllerId[], of: Configuration) =>
    ids.map((id) => nameIn(of, id)).join(', ');
  const voters = votersOf(to);
  const members = acceptor.members.map((member) => member.node).join(', ');
  const view = `${ballotName(acceptor.accepted)} of controllers ${members}`;
  const lines = [
    `dropped for good: ${names(lost, configuration)}`,
    `go on: ${names(voters, to)}; a majority is then ${majorityOf(voters.length)}`,
  ];
  if (ordered.length > 0)
    lines.push(
      `may be lost in ${ordered.join(', ')}: all writes of views after the newest one that a remaining controller ` +
        `knows (here ${view})${lostOnDisk(acceptor, isSync)}`,
    );
  if (convergent.length > 0)
    lines.push(
      `may be lost in ${convergent.join(', ')}: writes that a dropped controller had told nobody yet`,
    );
  lines.push(
    'make sure first that the dropped controllers have ended, and are never started with their data again: ' +
      'one that still runs elsewhere goes on to serve its clients, and all that it answers is lost',
  );
  return lines;
}

/** What of the newest view itself may be missing here. */
function lostOnDisk({ retention }: AcceptorState, isSync: boolean): string {
  if (retention === 'intact' || (isSync && retention === 'complete'))
    return '; nothing of that view is missing here';
  if (retention === 'recovered' || retention === 'complete')
    return ', and of that view what was not on disk yet when this controller ended';
  return ', and of that view all that no other remaining controller has';
}

function refused(reason: string): ParsedRemoval {
  return { kind: 'refused', reason };
}
