import type { Effect } from '../ordering/effect.ts';
import { compareVersions, NO_VERSION, sameVersion } from '../ordering/version.ts';
import { type Ballot, compareBallots, NO_BALLOT, sameBallot } from './ballot.ts';
import type { Accept, AcceptorState, Promised, Retention } from './messages.ts';
import { type Member, quorum } from './view.ts';

/** What a new view may continue. */
export type Predecessor =
  /** This view: no newer one can have been installed anywhere. */
  | { readonly kind: 'view'; readonly ballot: Ballot }
  /** This view, from what its members have on disk: nobody knows of a newer one. */
  | { readonly kind: 'recovered'; readonly ballot: Ballot }
  /** Nothing: no controller knows of anything. */
  | { readonly kind: 'nothing' }
  /** It can't be told; more controllers have to be asked. */
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Which view a new one may continue, from what some of the controllers say of themselves.
 *
 * A view is installed only when all of its members, a majority, have accepted it. So the newest one that
 * somebody still knows in full is the newest that can have been installed, if those who can't have accepted a
 * newer one are a majority themselves. Those who can: the silent ones, and those who have forgotten.
 *
 * When that can't be told of any, it takes everybody's word, or that of a majority who know what they accepted, if one of
 * them has all that it ever acknowledged in the newest of these views (`isSufficient`). The newest view that anybody has accepted then goes on
 * from what its members have recovered: each accepted it with its state on disk. Had all of them lost that, others
 * must not go on without it. And when nobody knows anything, there is nothing to continue: a majority of controllers
 * without a memory must not begin anew beside one that has the data.
 *
 * @param mayForm somebody who knows that there is no such one has said that a majority may begin
 */
export function predecessorOf(
  acceptors: ReadonlyMap<number, AcceptorState>,
  nodes: number,
  mayForm = false,
): Predecessor {
  let newest = NO_BALLOT;
  for (const { accepted, retention } of acceptors.values()) {
    if (retention === 'intact' && compareBallots(accepted, newest) > 0) newest = accepted;
  }
  const recovered = recoveredPredecessor(acceptors, newest);
  if (recovered !== null && (acceptors.size === nodes || isSufficient(acceptors, recovered, nodes)))
    return recovered;
  if (sameBallot(newest, NO_BALLOT)) {
    if (acceptors.size === nodes || (mayForm && haveNoView(acceptors, nodes))) return { kind: 'nothing' };
    return {
      kind: 'unknown',
      reason: 'a cluster that nobody remembers is formed only with all its controllers, or with --form yes',
    };
  }
  if (countNotBeyond(acceptors, newest) >= quorum(nodes)) return { kind: 'view', ballot: newest };
  return {
    kind: 'unknown',
    reason: 'the last view may have had members that are silent or have lost their memory',
  };
}

/**
 * How many can't have accepted a view above the newest that is known: those who know what they accepted, and those
 * who were asked for that view in the run that they are still in. The choice of that view rested on the word of a
 * majority that there was none above it; what they had accepted in runs before is out of the question since then.
 */
function countNotBeyond(acceptors: ReadonlyMap<number, AcceptorState>, newest: Ballot): number {
  const known = [...acceptors.values()].find(
    ({ accepted, retention }) => retention === 'intact' && sameBallot(accepted, newest),
  );
  let sure = 0;
  for (const [node, { accepted, retention, incarnation }] of acceptors) {
    const wasAsked = known?.members.some(
      (member) => member.node === node && member.incarnation === incarnation,
    );
    if (retention === 'lost' ? wasAsked : compareBallots(accepted, newest) <= 0) sure++;
  }
  return sure;
}

/** A majority, none of which has ever accepted a view, as far as it remembers. */
function haveNoView(acceptors: ReadonlyMap<number, AcceptorState>, nodes: number): boolean {
  return (
    acceptors.size >= quorum(nodes) &&
    [...acceptors.values()].every(({ accepted }) => sameBallot(accepted, NO_BALLOT))
  );
}

/** From a journal on disk, as far as it went. */
export function isRecovered(retention: Retention): boolean {
  return retention === 'recovered' || retention === 'complete';
}

/**
 * Whether others need not be asked. Any newer view that was installed had a member among a majority, who would know. And
 * what was answered in the recovered one, or in one before it, every member had acknowledged or accepted: it is on the disk
 * of one who acknowledged nothing before it was.
 */
function isSufficient(
  acceptors: ReadonlyMap<number, AcceptorState>,
  basis: Predecessor,
  nodes: number,
): boolean {
  if (basis.kind !== 'recovered') return false;
  const all = [...acceptors.values()];
  return (
    all.filter(({ retention }) => retention !== 'lost').length >= quorum(nodes) &&
    // mutant: goes-on-unasked
    all.some(({ retention, accepted }) => retention === 'complete' && sameBallot(accepted, basis.ballot))
  );
}

/** @param kept the newest view that somebody still knows in full */
function recoveredPredecessor(
  acceptors: ReadonlyMap<number, AcceptorState>,
  kept: Ballot,
): Predecessor | null {
  let accepted = NO_BALLOT;
  let recovered = NO_BALLOT;
  for (const acceptor of acceptors.values()) {
    if (compareBallots(acceptor.accepted, accepted) > 0) accepted = acceptor.accepted;
    const isNewer = compareBallots(acceptor.accepted, recovered) > 0;
    if (isRecovered(acceptor.retention) && isNewer) recovered = acceptor.accepted;
  }
  if (sameBallot(recovered, NO_BALLOT) || compareBallots(recovered, kept) <= 0) return null;
  if (compareBallots(recovered, accepted) >= 0) return { kind: 'recovered', ballot: recovered };
  return { kind: 'unknown', reason: 'those who accepted the last view have lost what they knew' };
}

/** What a view is chosen from. */
export interface ViewChoiceInput {
  readonly ballot: Ballot;
  /** For people. */
  readonly reason: string;
  readonly promises: ReadonlyMap<number, Promised>;
  /** Controllers that the view is to do without, whatever they say by now. */
  readonly without: readonly number[];
}

/** The new view: who belongs to it, and what it begins with; or why it can't be formed from these promises. */
export function chooseView(
  { ballot, reason, promises, without }: ViewChoiceInput,
  nodes: number,
  mayForm = false,
): Accept | string {
  const basis = predecessorOf(
    new Map([...promises].map(([node, promise]) => [node, promise.acceptor])),
    nodes,
    mayForm,
  );
  if (basis.kind === 'unknown') return basis.reason;
  const isSource = sourcesOf(basis, promises);
  const members = chooseMembers(promises, without, nodes, isSource);
  if (members === null) return 'no majority of the controllers hear each other';
  const applied = (node: number) => promises.get(node)!.applied;
  const donor = members
    .filter(isSource)
    .reduce((a, b) => (compareVersions(applied(a), applied(b)) >= 0 ? a : b));
  const sources = [...promises.keys()].filter(isSource).sort((a, b) => a - b);
  // It may be ahead in the same view, or have stayed behind in an older one: nothing tells which.
  const isOutsideHistory = ({ acceptor, applied: theirs }: Promised) =>
    acceptor.retention === 'lost' && compareVersions(theirs, applied(donor)) > 0;
  const astray = [...promises].find(([, promise]) => basis.kind === 'recovered' && isOutsideHistory(promise));
  if (astray !== undefined)
    return `controller ${astray[0]} has a journal but lost its record of views: move that journal away`;
  return {
    type: 'accept',
    ballot,
    members: members.map((node): Member => ({ node, incarnation: promises.get(node)!.acceptor.incarnation })),
    sources,
    donor,
    donorApplied: applied(donor),
    // mutant: loses-queues
    union: union(sources.map((node) => promises.get(node)!.queue)),
    reason,
  };
}

/**
 * Those whose state and queue the view begins with. States that were recovered may each lack some of the last
 * writes, but are beginnings of one history: the longest has what the others have. So it is when nobody remembers a
 * view: one may have been restored from a backup. Half of another's state, which somebody was taking over, is none.
 */
function sourcesOf(
  basis: Exclude<Predecessor, { kind: 'unknown' }>,
  promises: ReadonlyMap<number, Promised>,
): (node: number) => boolean {
  const hasIt = (retention: Retention) =>
    basis.kind === 'view' ? retention === 'intact' : isRecovered(retention);
  const knows = ({ acceptor, partial }: Promised) =>
    !partial &&
    (basis.kind === 'nothing' || (hasIt(acceptor.retention) && sameBallot(acceptor.accepted, basis.ballot)));
  if (basis.kind === 'view') return (node) => knows(promises.get(node)!);
  const longest = [...promises.values()]
    .filter(knows)
    .map(({ applied }) => applied)
    .reduce((a, b) => (compareVersions(a, b) >= 0 ? a : b), NO_VERSION);
  return (node) => knows(promises.get(node)!) && sameVersion(promises.get(node)!.applied, longest);
}

/**
 * A majority in which everyone hears everyone, with a source in it. Those that could acknowledge nothing are left out,
 * and those that are far behind, to catch up while the others serve, unless there is no majority without them.
 *
 * @returns in order of their ids
 */
function chooseMembers(
  promises: ReadonlyMap<number, Promised>,
  without: readonly number[],
  nodes: number,
  isSource: (node: number) => boolean,
): number[] | null {
  const hears = (a: number, b: number) =>
    promises.get(a)!.hears.includes(b) && promises.get(b)!.hears.includes(a);
  const all = [...promises.keys()].sort((a, b) => a - b);
  const ready = all.filter((node) => isSource(node) || promises.get(node)!.caughtUp);
  const isAble = (node: number) => !promises.get(node)!.journalFails && !without.includes(node);
  for (const candidates of [ready.filter(isAble), all.filter(isAble), ready, all]) {
    const groups = groupsOf(candidates, hears).filter(
      (group) => group.length >= quorum(nodes) && group.some(isSource),
    );
    const sources = (group: readonly number[]) => group.filter(isSource).length;
    groups.sort((a, b) => b.length - a.length || sources(b) - sources(a));
    if (groups.length > 0) return groups[0]!;
  }
  return null;
}

/** Whether a majority of the configured controllers is among these, in which everyone hears everyone. */
export function hasMajority(
  candidates: readonly number[],
  nodes: number,
  hears: (a: number, b: number) => boolean,
): boolean {
  return groupsOf(candidates, hears).some((group) => group.length >= quorum(nodes));
}

/** All maximal groups in which everyone hears everyone (Bron and Kerbosch 1973), lower ids first. */
function groupsOf(nodes: readonly number[], hears: (a: number, b: number) => boolean): number[][] {
  const groups: number[][] = [];
  const grow = (group: readonly number[], open: readonly number[], seen: readonly number[]): void => {
    if (open.length === 0 && seen.length === 0) groups.push([...group].sort((a, b) => a - b));
    let rest = open;
    let done = seen;
    for (const node of open) {
      const near = (other: number) => hears(node, other);
      rest = rest.filter((other) => other !== node);
      grow([...group, node], rest.filter(near), done.filter(near));
      done = [...done, node];
    }
  };
  grow([], nodes, []);
  return groups;
}

/** Everything queued at any source, once each, in version order. */
function union(queues: readonly (readonly Effect[])[]): Effect[] {
  const all = queues.flat().sort((a, b) => compareVersions(a.version, b.version));
  return all.filter((effect, i) => i === 0 || !sameVersion(effect.version, all[i - 1]!.version));
}
