import type { ControllerId } from '../../base/number-kinds.ts';
import type { AcceptorState } from '../../membership/messages.ts';
import { ballotName } from '../../membership/view.ts';
import {
  type Configuration,
  haveMajority,
  idsOf,
  isCounted,
  isFollower,
  majorityOf,
  votersOf,
} from '../../placement/configuration.ts';
import { forcedWithout, withoutLost } from '../../placement/forced.ts';
import { nameOfShard, type PlannedShard } from '../../placement/shards.ts';
import { inShards } from '../status/levels-report.ts';
import { idNamed, nameIn, whyUnknown } from './member-changes.ts';

/** What has to be known to drop controllers that are gone for good. */
export interface ForcedSituation {
  /** This controller. */
  readonly node: ControllerId;
  readonly configuration: Configuration;
  /** Peers that are heard. */
  readonly heard: readonly ControllerId[];
  /** The controllers that vote and that the peer hears. The peer follows. */
  readonly hearsOf: (peer: ControllerId) => readonly ControllerId[];
  /** See `FollowersWord.isKnownOf`. */
  readonly isKnownOf: (peer: ControllerId) => boolean | null;
  /** This controller's part in the views of the root group. */
  readonly acceptor: AcceptorState;
  /** The controller has a shard, or gets one by a move that is under way. */
  readonly hasShards: (peer: ControllerId) => boolean;
  /** The shards that serve. */
  readonly shards: readonly PlannedShard[];
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
  const isAgreed = haveMajority(configuration, [situation.node, ...situation.heard]);
  const to = isAgreed ? withoutLost(configuration, lost) : forcedWithout(configuration, lost, mark);
  return typeof to === 'string' ? refused(to) : { kind: 'possible', to, lines: linesOf(lost, to, situation) };
}

/**
 * Nothing is forced that the controllers can agree on, and nothing without the word of every controller that is left:
 * it may be the only one that has the last writes. With a majority they can agree on the removal of a controller
 * without shards; one that has shards first gives them away, which one that is gone for good never does.
 */
function whyNot(lost: readonly ControllerId[], situation: ForcedSituation): string | null {
  const { node, configuration, heard, acceptor, hasShards } = situation;
  const able = [node, ...heard];
  const named = (ids: readonly ControllerId[]) => ids.map((id) => nameIn(configuration, id)).join(', ');
  if (!isCounted(configuration, node)) return 'this controller does not vote: ask one that does';
  if (lost.includes(node))
    return `${nameIn(configuration, node)} does not remove itself: ask another controller`;
  const back = lost.filter((id) => heard.includes(id));
  if (back.length > 0)
    return `${named(back)} can be reached: only controllers that are gone for good are forced out`;
  const isAgreed = haveMajority(configuration, able);
  const idle = lost.filter((id) => !hasShards(id));
  // mutant: forces-beside-a-majority
  if (isAgreed && idle.length > 0)
    return `a majority of the controllers can be reached: remove ${named(idle)} without force`;
  const silent = idsOf(configuration).filter(
    (id) => isCounted(configuration, id) && !able.includes(id) && !lost.includes(id),
  );
  if (silent.length > 0)
    return `${named(silent)} can not be reached either: start it, or name it as well if it is gone for good`;
  const unknown = isAgreed ? null : whyUnknownOf(lost, situation, named);
  if (unknown !== null) return unknown;
  if (acceptor.members.length === 0)
    return 'this controller remembers no view: start the controllers that have the data, and ask one of them';
  const gone = shardsLosing(lost, situation, (left) => left === 0);
  // mutant: forces-the-last-replica
  if (gone.length > 0)
    return (
      `the keys of ${gone.map(nameOfShard).join(', ')} would be gone: ` +
      'bring one of its controllers back from its disk or a backup, under its id'
    );
  return null;
}

/**
 * Those that vote and are left may not know what controllers that follow were told, unless they are a majority. So each
 * of these has to say what it goes by, when the lost ones tell it nothing more, and that has to be known here.
 */
function whyUnknownOf(
  lost: readonly ControllerId[],
  { configuration, heard, hearsOf, isKnownOf }: ForcedSituation,
  named: (ids: readonly ControllerId[]) => string,
): string | null {
  const following = idsOf(configuration).filter((id) => isFollower(configuration, id) && !lost.includes(id));
  const silent = following.filter((id) => !heard.includes(id) || isKnownOf(id) === null);
  // mutant: forces-past-silent-followers
  if (silent.length > 0)
    return (
      `${named(silent)} can not be reached either, and may go by what only the lost ones have agreed on: ` +
      'start it, or name it as well if it is gone for good'
    );
  const hearing = following.filter((id) => hearsOf(id).some((peer) => lost.includes(peer)));
  // mutant: forces-beside-those-that-hear
  if (hearing.length > 0)
    return `${named(hearing)} still hears a controller that is to be dropped: only those that are gone for good are`;
  const ahead = following.filter((id) => isKnownOf(id) === false);
  // mutant: forces-past-followers
  if (ahead.length === 0) return null;
  return (
    `${named(ahead)} goes by a change that this controller does not know: ask another one that votes. ` +
    'If none knows it, bring one of the lost ones back from its disk or a backup, under its id'
  );
}

/** The shards that lose a controller. @param which told how many controllers a shard has left, and how many it had */
function shardsLosing(
  lost: readonly ControllerId[],
  { shards }: ForcedSituation,
  which: (left: number, had: number) => boolean,
): readonly PlannedShard[] {
  return shards.filter(({ members }) => {
    const left = members.filter((id) => !lost.includes(id)).length;
    return left < members.length && which(left, members.length);
  });
}

function linesOf(lost: readonly ControllerId[], to: Configuration, situation: ForcedSituation): string[] {
  const { configuration } = situation;
  const names = (ids: readonly ControllerId[], of: Configuration) =>
    ids.map((id) => nameIn(of, id)).join(', ');
  const voters = votersOf(to);
  return [
    `dropped for good: ${names(lost, configuration)}`,
    `go on: ${names(voters, to)}; a majority is then ${majorityOf(voters.length)}`,
    ...lossesOf(lost, situation),
    ...countsOf(shardsLosing(lost, situation, () => true)).map(
      ([keyspace, count]) =>
        `with fewer controllers: ${inShards(count)} of ${keyspace}; give them others by keyspace ${keyspace} rebalance`,
    ),
    'make sure first that the dropped controllers have ended, and are never started with their data again: ' +
      'one that still runs elsewhere goes on to serve its clients, and all that it answers is lost',
  ];
}

/** What may be lost, where something may. */
function lossesOf(lost: readonly ControllerId[], situation: ForcedSituation): string[] {
  const { node, heard, configuration, acceptor, shards, ordered, convergent, isSync } = situation;
  const members = acceptor.members.map((member) => member.node).join(', ');
  const view = `${ballotName(acceptor.accepted)} of controllers ${members}`;
  const lines: string[] = [];
  const whole = ordered.filter((name) => !shards.some(({ keyspace }) => keyspace === name));
  if (whole.length > 0 && !haveMajority(configuration, [node, ...heard]))
    lines.push(
      `may be lost in ${whole.join(', ')}: all writes of views after the newest one that a remaining controller ` +
        `knows (here ${view})${lostOnDisk(acceptor, isSync)}`,
    );
  const couldAgree = shardsLosing(lost, situation, (left, had) => had - left >= majorityOf(had));
  const noMajority = shardsLosing(lost, situation, (left, had) => left < majorityOf(had));
  for (const [which, what] of [
    [couldAgree, 'writes that only the dropped controllers have agreed on'],
    [isSync ? [] : noMajority, 'what those that are left have forgotten by a restart'],
  ] as const)
    for (const [keyspace, count] of countsOf(which))
      if (ordered.includes(keyspace))
        lines.push(`may be lost in ${keyspace}: in ${inShards(count)}, ${what}`);
  if (convergent.length > 0)
    lines.push(
      `may be lost in ${convergent.join(', ')}: writes that a dropped controller had told nobody yet`,
    );
  return lines;
}

/** How many of the shards each keyspace has, by the names of the keyspaces. */
function countsOf(shards: readonly PlannedShard[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { keyspace } of shards) counts.set(keyspace, (counts.get(keyspace) ?? 0) + 1);
  return [...counts];
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
