import type { ControllerId } from '../base/number-kinds.ts';
import type { Effect } from '../ordering/effect.ts';
import { compareVersions, NO_VERSION, sameVersion } from '../ordering/version.ts';
import type { Placement } from '../placement/agreed-placement.ts';
import {
  areAllHeard,
  type Configuration,
  haveMajority,
  mayBeMembers,
  sameConfiguration,
  votersOf,
} from '../placement/configuration.ts';
import { isForcing } from '../placement/forced.ts';
import { type Ballot, compareBallots, NO_BALLOT, sameBallot } from './ballot.ts';
import type { Accept, AcceptorState, Promised, Retention } from './messages.ts';
import type { Member } from './view.ts';
import type { WantedChanges } from './wanted-changes.ts';

/** The predecessor: what a new view continues. */
export type Predecessor =
  /** This view, whose state some members have in full. No newer view can have been installed anywhere. */
  | { readonly kind: 'view'; readonly ballot: Ballot }
  /** This view, from what its members have recovered from disk. No controller knows of a newer one. */
  | { readonly kind: 'recovered'; readonly ballot: Ballot }
  /** Nothing: no controller remembers a view. */
  | { readonly kind: 'nothing' }
  /** The promises do not tell: more controllers have to be asked. */
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Finds the view that a new one continues, from what some of the controllers say of their part in views.
 *
 * A view that a controller still has in full:
 *  1. A view is installed only when all its members, a majority, have accepted it.
 *  2. Take the newest view that some controller still has in full. Any newer installed view would have been accepted
 *     by a majority.
 *  3. If the controllers that cannot have accepted a newer view are a majority themselves, they would share a member
 *     with that majority, which is a contradiction. The silent controllers may have accepted one, and so may those
 *     that have forgotten.
 *  4. Therefore no newer view was installed anywhere, and the new view continues this one.
 *
 * If that does not tell, a view may continue from disk:
 *  1. The word of all controllers is needed; or the word of a majority that knows what it accepted, if one of them
 *     has everything that it ever acknowledged in the newest of these views (`isSufficient`).
 *  2. The newest accepted view continues from what its members have recovered, because each of them accepted it with
 *     its state on disk.
 *  3. If all its members have lost that state, no other state may take its place: the predecessor is unknown.
 *
 * If no controller remembers a view, there is nothing to continue. A majority of such controllers must not begin an
 * empty cluster beside a controller that has the data.
 *
 * Of a forced configuration all that are left have spoken, and the newest state that any of them has is continued.
 *
 * @param mayForm a human who knows that there is no such controller has said that a majority may begin
 */
export function predecessorOf(
  acceptors: ReadonlyMap<ControllerId, AcceptorState>,
  configuration: Configuration,
  mayForm = false,
): Predecessor {
  const areAll = areAllHeard(configuration, (id) => acceptors.has(id));
  let newest = NO_BALLOT;
  for (const { accepted, retention } of acceptors.values()) {
    if (retention === 'intact' && compareBallots(accepted, newest) > 0) newest = accepted;
  }
  const isForced = isForcing(configuration);
  const recovered = recoveredPredecessor(acceptors, newest, isForced);
  if (recovered !== null && (areAll || isSufficient(acceptors, recovered, configuration))) return recovered;
  if (sameBallot(newest, NO_BALLOT)) {
    if (areAll || (mayForm && haveNoView(acceptors, configuration))) return { kind: 'nothing' };
    return {
      kind: 'unknown',
      reason: 'a cluster that nobody remembers is formed only with all its controllers, or with --form yes',
    };
  }
  const isLast = (isForced && areAll) || haveMajority(configuration, notBeyond(acceptors, newest));
  if (isLast) return { kind: 'view', ballot: newest };
  return {
    kind: 'unknown',
    reason: 'the last view may have had members that are silent or have lost their memory',
  };
}

/**
 * The controllers that cannot have accepted a view above the newest known one:
 *  - a controller that knows what it accepted;
 *  - a controller that was asked for that view, in the run that it is still in. The choice of that view rested on the
 *    word of a majority that there was none above it, so what it accepted in earlier runs does not matter.
 */
function notBeyond(
  acceptors: ReadonlyMap<ControllerId, AcceptorState>,
  newest: Ballot,
): readonly ControllerId[] {
  const known = [...acceptors.values()].find(
    ({ accepted, retention }) => retention === 'intact' && sameBallot(accepted, newest),
  );
  const sure: ControllerId[] = [];
  for (const [node, { accepted, retention, incarnation }] of acceptors) {
    const wasAsked = known?.members.some(
      (member) => member.node === node && member.incarnation === incarnation,
    );
    if (retention === 'lost' ? wasAsked : compareBallots(accepted, newest) <= 0) sure.push(node);
  }
  return sure;
}

/** A majority of the controllers, none of which remembers a view. */
function haveNoView(
  acceptors: ReadonlyMap<ControllerId, AcceptorState>,
  configuration: Configuration,
): boolean {
  return (
    haveMajority(configuration, [...acceptors.keys()]) &&
    [...acceptors.values()].every(({ accepted }) => sameBallot(accepted, NO_BALLOT))
  );
}

/** The state was recovered from a journal on disk, as far as that went. */
export function isRecovered(retention: Retention): boolean {
  return retention === 'recovered' || retention === 'complete';
}

/**
 * Whether no further controllers have to be asked.
 *
 *  1. A newer installed view would have a member in the majority that was asked, and that member would know.
 *  2. Every member had acknowledged or accepted what was answered in the recovered view or before it. So it is on the
 *     disk of the member whose acknowledgements all mean: on my disk.
 */
function isSufficient(
  acceptors: ReadonlyMap<ControllerId, AcceptorState>,
  basis: Predecessor,
  configuration: Configuration,
): boolean {
  if (basis.kind !== 'recovered') return false;
  const all = [...acceptors.values()];
  const knowing = [...acceptors].flatMap(([node, { retention }]) => (retention === 'lost' ? [] : [node]));
  return (
    haveMajority(configuration, knowing) &&
    // mutant: goes-on-unasked
    all.some(({ retention, accepted }) => retention === 'complete' && sameBallot(accepted, basis.ballot))
  );
}

/**
 * @param kept the newest view that some controller still has in full
 * @param isForced there is nobody else whose state could be newer
 */
function recoveredPredecessor(
  acceptors: ReadonlyMap<ControllerId, AcceptorState>,
  kept: Ballot,
  isForced: boolean,
): Predecessor | null {
  let accepted = NO_BALLOT;
  let recovered = NO_BALLOT;
  for (const acceptor of acceptors.values()) {
    if (compareBallots(acceptor.accepted, accepted) > 0) accepted = acceptor.accepted;
    const isNewer = compareBallots(acceptor.accepted, recovered) > 0;
    if (isRecovered(acceptor.retention) && isNewer) recovered = acceptor.accepted;
  }
  if (sameBallot(recovered, NO_BALLOT) || compareBallots(recovered, kept) <= 0) return null;
  if (isForced || compareBallots(recovered, accepted) >= 0) return { kind: 'recovered', ballot: recovered };
  return { kind: 'unknown', reason: 'those who accepted the last view have lost what they knew' };
}

/** What a view is chosen from. */
export interface ViewChoiceInput {
  readonly ballot: Ballot;
  /** Human-readable. */
  readonly reason: string;
  readonly promises: ReadonlyMap<ControllerId, Promised>;
  /** Controllers that the view is to leave out if it can, whatever they say by now. */
  readonly without: readonly ControllerId[];
  /** The members that go on keep their order, and the others follow. Otherwise all are in order of their ids. */
  readonly keepsOrder: boolean;
  /** The placement of the view, which continues one with the placement that is given. */
  readonly placementAfter: WantedChanges['placementAfter'];
  /** The configuration that holds while no view has one. */
  readonly configured: Configuration;
  /** See `ViewChangerPorts.configurationAfter`. */
  readonly configurationAfter: WantedChanges['configurationAfter'];
}

/**
 * Chooses the new view: its members, and what it begins with. @returns why there is none, if these promises allow
 * none
 */
export function chooseView(
  input: ViewChoiceInput,
  configuration: Configuration,
  mayForm = false,
): Accept | string {
  const { ballot, reason, promises, placementAfter } = input;
  const basis = predecessorOf(
    new Map([...promises].map(([node, promise]) => [node, promise.acceptor])),
    configuration,
    mayForm,
  );
  if (basis.kind === 'unknown') return basis.reason;
  const isSource = sourcesOf(basis, promises);
  const chosen = chooseRuns(input, isSource);
  if (chosen === null) return 'no majority of the controllers hear each other';
  const { members } = chosen;
  const applied = (node: ControllerId) => promises.get(node)!.applied;
  const donor = members
    .map(({ node }) => node)
    .filter(isSource)
    .reduce((a, b) => (compareVersions(applied(a), applied(b)) >= 0 ? a : b));
  const sources = [...promises.keys()].filter(isSource).sort((a, b) => a - b);
  // Such a controller may be ahead in the same view, or behind in an older one: nothing tells which.
  const isOutsideHistory = ({ acceptor, applied: theirs }: Promised) =>
    acceptor.retention === 'lost' && compareVersions(theirs, applied(donor)) > 0;
  const astray = [...promises].find(([, promise]) => basis.kind === 'recovered' && isOutsideHistory(promise));
  if (astray !== undefined)
    return `controller ${astray[0]} has a journal but lost its record of views: move that journal away`;
  return {
    type: 'accept',
    ballot,
    ...chosen,
    sources,
    donor,
    donorApplied: applied(donor),
    // mutant: loses-queues
    union: union(sources.map((node) => promises.get(node)!.queue)),
    reason,
    // mutant: forgets-placement
    placement: placementAfter(placementIn(promises), members, chosen.configuration),
  };
}

/**
 * The members, and the configuration of the view. If the view is to change the configuration, its members are chosen by
 * the one after the change; if they cannot carry the change, by the one before.
 */
function chooseRuns(
  { promises, without, keepsOrder, configured, configurationAfter }: ViewChoiceInput,
  isSource: (node: ControllerId) => boolean,
): Pick<Accept, 'members' | 'configuration'> | null {
  const before = newestConfiguration(promises);
  const placement = placementIn(promises);
  for (const configuration of [configurationAfter(before, null, placement), before]) {
    const chosen = chooseMembers(promises, without, configuration ?? configured, isSource);
    if (chosen === null) continue;
    const inOrder = keepsOrder ? bySeniority(chosen, isSource, promises) : chosen;
    const members = inOrder.map((node): Member => {
      return { node, incarnation: promises.get(node)!.acceptor.incarnation };
    });
    if (
      configuration === before ||
      sameConfiguration(configurationAfter(before, members, placement), configuration)
    )
      return { members, configuration };
  }
  return null;
}

/**
 * The configuration whose majorities the proposer has to ask, and which the view continues: that of the newest view
 * that any of these controllers has accepted. Null: that of the configuration file.
 *
 * Any promise may name a newer one. So the proposer looks again after each promise, and asks those that it names.
 */
export function newestConfiguration(promises: ReadonlyMap<ControllerId, Promised>): Configuration | null {
  // mutant: forgets-newer-configuration
  return newestPromise(promises)?.configuration ?? null;
}

/**
 * The configuration whose majority a proposer needs. A forced one that it wants does not need those that it drops.
 */
export function configurationToAsk(
  promises: ReadonlyMap<ControllerId, Promised>,
  configured: Configuration,
  configurationAfter: ViewChoiceInput['configurationAfter'],
): Configuration {
  const newest = newestConfiguration(promises);
  const wanted = configurationAfter(newest, null, placementIn(promises));
  return (isForcing(wanted) ? wanted : newest) ?? configured;
}

/** Those that continue the last view in the order that they had there, and then those that come new, by their ids. */
function bySeniority(
  members: readonly ControllerId[],
  isSource: (node: ControllerId) => boolean,
  promises: ReadonlyMap<ControllerId, Promised>,
): ControllerId[] {
  const known = members.filter(isSource).map((node) => promises.get(node)!.acceptor.members);
  const before = (known[0] ?? []).map(({ node }) => node);
  const goOn = before.filter((node) => members.includes(node) && isSource(node));
  return [...goOn, ...members.filter((node) => !goOn.includes(node))];
}

/**
 * The placement that the view continues: that of the newest view that any of the controllers has accepted.
 *
 *  1. Let P be the placement of a view that was installed. All members of that view, a majority, had accepted it.
 *  2. A view with a higher ballot rests on the promises of a majority, which has one of these members. So the newest
 *     accepted view among the promises is the installed one, or one that was chosen after it.
 *  3. By induction the placement of that view is P, or comes from P by changes. Therefore no change that was
 *     installed is lost.
 *
 * Controllers that have lost their record do not count: `predecessorOf` asks for others in their place.
 */
function placementIn(promises: ReadonlyMap<ControllerId, Promised>): Placement | null {
  return newestPromise(promises)?.placement ?? null;
}

/** The promise that names the newest accepted view. */
function newestPromise(promises: ReadonlyMap<ControllerId, Promised>): Promised | undefined {
  const all = [...promises.values()];
  // mutant: old-placement
  const newest = (a: Promised, b: Promised) => compareBallots(a.acceptor.accepted, b.acceptor.accepted) >= 0;
  return all.length === 0 ? undefined : all.reduce((a, b) => (newest(a, b) ? a : b));
}

/**
 * The controllers whose state and queue the view begins with.
 *
 * Recovered states may each lack some of the last writes, but all are prefixes of one history, so the longest has
 * what the others have. The same holds when no controller remembers a view: one state may have been restored from a
 * backup. A partial state is never a source.
 */
function sourcesOf(
  basis: Exclude<Predecessor, { kind: 'unknown' }>,
  promises: ReadonlyMap<ControllerId, Promised>,
): (node: ControllerId) => boolean {
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
 * Chooses a majority whose members all hear each other, with a source among them. Controllers that could acknowledge
 * nothing are left out, unless there is no majority without them. The same goes for controllers that are far behind:
 * they catch up while the others serve.
 *
 * @returns in order of their ids
 */
function chooseMembers(
  promises: ReadonlyMap<ControllerId, Promised>,
  without: readonly ControllerId[],
  configuration: Configuration,
  isSource: (node: ControllerId) => boolean,
): number[] | null {
  const hears = (a: number, b: number) =>
    promises.get(a)!.hears.includes(b) && promises.get(b)!.hears.includes(a);
  const all = votersOf(configuration).filter((id) => promises.has(id));
  const ready = all.filter((node) => isSource(node) || promises.get(node)!.caughtUp);
  const isAble = (node: ControllerId) => !promises.get(node)!.journalFails && !without.includes(node);
  for (const candidates of [ready.filter(isAble), all.filter(isAble), ready, all]) {
    const groups = groupsOf(candidates, hears).filter(
      (group) => mayBeMembers(configuration, group) && group.some(isSource),
    );
    const sources = (group: readonly ControllerId[]) => group.filter(isSource).length;
    groups.sort((a, b) => b.length - a.length || sources(b) - sources(a));
    if (groups.length > 0) return groups[0]!;
  }
  return null;
}

/** Whether these controllers contain a majority of the configured ones whose members all hear each other. */
export function hasMajority(
  candidates: readonly ControllerId[],
  configuration: Configuration,
  hears: (a: number, b: number) => boolean,
): boolean {
  return groupsOf(candidates, hears).some((group) => mayBeMembers(configuration, group));
}

/** All maximal sets of controllers that all hear each other (Bron and Kerbosch 1973), lower ids first. */
function groupsOf(nodes: readonly number[], hears: (a: number, b: number) => boolean): number[][] {
  const groups: number[][] = [];
  const grow = (group: readonly ControllerId[], open: readonly number[], seen: readonly number[]): void => {
    if (open.length === 0 && seen.length === 0) groups.push([...group].sort((a, b) => a - b));
    let rest = open;
    let done = seen;
    for (const node of open) {
      const near = (other: ControllerId) => hears(node, other);
      rest = rest.filter((other) => other !== node);
      grow([...group, node], rest.filter(near), done.filter(near));
      done = [...done, node];
    }
  };
  grow([], nodes, []);
  return groups;
}

/** Everything that is queued at any source, once each, in version order. */
function union(queues: readonly (readonly Effect[])[]): Effect[] {
  const all = queues.flat().sort((a, b) => compareVersions(a.version, b.version));
  return all.filter((effect, i) => i === 0 || !sameVersion(effect.version, all[i - 1]!.version));
}
