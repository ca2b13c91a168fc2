import {
  type Configuration,
  hasFollowers,
  idsEndOf,
  idsOf,
  isFollower,
  isJoining,
  isServer,
  majorityOf,
  VOTERS_MAX,
  votersOf,
} from '../../src/placement/configuration.ts';
import { withAdded, without, withVoters } from '../../src/placement/member-changes.ts';
import { holdersOf } from '../../src/placement/reshard.ts';
import { mayHaveVoters } from './faults.ts';
import { Newcomers } from './newcomers.ts';
import { Random } from './random.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';
import { NotLive } from './violation.ts';

/** A controller is asked to have some controllers vote, and others not. */
export interface MemberStep {
  /** Virtual milliseconds after the clients have started. */
  readonly atMs: number;
  readonly node: number;
  readonly come: readonly number[];
  readonly go: readonly number[];
  /** In place of that it is asked to give an id to a controller that joins. */
  readonly joins?: boolean;
  /** Where some controllers follow, that one follows as well. */
  readonly follows?: boolean;
  /** The least id that it is given. */
  readonly idsFrom?: number;
  /** `come` and `go` are places among the controllers that do not vote, and among those that do. */
  readonly isByPlace?: boolean;
}

/** What the controllers of a scenario are asked to do; `joins`: controllers with new ids come as well. */
export function drawMembers(
  random: Random,
  members: boolean | 'joins' | undefined,
  untilMs: number,
  nodes: number,
): { readonly members?: readonly MemberStep[] } {
  if (members === 'joins') return { members: drawJoinSteps(random, untilMs, nodes) };
  return members === true ? { members: drawMemberSteps(random, untilMs, nodes) } : {};
}

/** Draws changes, some of them asked of two controllers at the same time. */
function drawMemberSteps(random: Random, untilMs: number, nodes: number): MemberStep[] {
  const count = 2 + random.below(8);
  const some = (most: number) => Array.from({ length: random.below(most + 1) }, () => random.below(nodes));
  const drawn = Array.from({ length: count }, () => {
    return { atMs: random.between(0, untilMs), node: random.below(nodes), come: some(3), go: some(3) };
  });
  const doubled = drawn.flatMap((step) =>
    random.chance(0.2) ? [step, { ...step, node: random.below(nodes), come: some(2), go: some(2) }] : [step],
  );
  return doubled.sort((a, b) => a.atMs - b.atMs);
}

/** At most so many controllers join in one run. */
export const JOINS_MAX = 4;

/**
 * The same, with controllers that join, vote and go for good. Most of them join early. Which ones come and go is drawn
 * as places in the lists of those that can, since their ids are not known before.
 */
function drawJoinSteps(random: Random, untilMs: number, nodes: number): MemberStep[] {
  const all = nodes + JOINS_MAX;
  const places = (most: number) => Array.from({ length: random.below(most + 1) }, () => random.below(all));
  const asked = () => ({ node: random.below(all), isByPlace: true });
  const joining = Array.from({ length: 1 + random.below(JOINS_MAX) }, (): MemberStep[] => {
    const atMs = random.between(0, 0.6 * untilMs);
    const follows = new Random(Math.floor(atMs)).chance(0.6);
    const step = { atMs, come: [], go: [], joins: true, follows };
    return random.chance(0.2)
      ? [
          { ...step, ...asked() },
          { ...step, ...asked() },
        ]
      : [{ ...step, ...asked() }];
  });
  const others = Array.from({ length: 8 + random.below(16) }, (): MemberStep => {
    const come = random.chance(0.7) ? places(3) : [];
    const go = Array.from({ length: random.below(3) }, () => random.below(random.chance(0.6) ? 2 : all));
    return { atMs: random.between(0.1 * untilMs, 1.2 * untilMs), ...asked(), come, go };
  });
  return [...joining.flat(), ...others].sort((a, b) => a.atMs - b.atMs);
}

/** A step that is not carried out within this time is given up by the controller, in virtual milliseconds. */
const GIVEN_UP_AFTER_MS = 1_000;

/** How often the views are looked at, in virtual milliseconds. */
const LOOK_EVERY_MS = 5;

/** Carries out the steps, and looks whether two configurations are installed with one epoch. */
export class MemberSteps {
  readonly #cluster: SimCluster;
  /** When the last step is taken, in virtual milliseconds after the clients have started. */
  readonly lastMs: number;
  readonly #isIdle: boolean;
  /** Configurations that were seen installed, by their epochs. */
  readonly #installed = new Map<number, string>();
  readonly #newcomers: Newcomers;
  #joined = 0;
  #twoInstalled: string | null = null;

  constructor(cluster: SimCluster, steps: readonly MemberStep[]) {
    this.#cluster = cluster;
    this.#newcomers = new Newcomers(cluster);
    this.lastMs = Math.max(0, ...steps.map(({ atMs }) => atMs));
    this.#isIdle = steps.length === 0;
    if (!this.#isIdle) this.#look();
    for (const step of steps) cluster.scheduler.after(step.atMs, () => this.#take(step));
  }

  /** Two configurations of one epoch, or what is wrong with one, in words; null when there is nothing. */
  get violation(): string | null {
    return this.#twoInstalled ?? this.#newcomers.violation;
  }

  /** Has all controllers vote again, as at the start. To be called after all faults were healed. */
  async untilAllVote(withinMs: number): Promise<void> {
    if (this.#isIdle) return;
    const { scheduler } = this.#cluster;
    const untilMs = scheduler.nowMs + withinMs;
    while (!this.#haveAllVote()) {
      if (scheduler.nowMs > untilMs) throw new NotLive('the controllers did not all become voters again');
      await this.#cluster.run(20);
    }
  }

  #haveAllVote(): boolean {
    const { nodes } = this.#cluster;
    const voting = nodes.filter(({ id, core }) => core === null || !isFollower(core.configuration, id));
    const isWhole = (node: SimNode) =>
      viewOf(node)?.members.length === voting.length && isAtRest(node) && areFollowing(node, voting.length);
    if (voting.every(isWhole) && !this.#newcomers.areStarting) return true;
    // One that is about to end asks for no change any more, and may have to wait for others to come.
    const serving = nodes.find((node) => viewOf(node) !== null && !node.isStopping);
    if (serving === undefined) return false;
    const { configuration } = serving.core!.groups.views;
    const voters = votersOf(configuration);
    const isAway = idsOf(configuration).filter((id) => !isServer(configuration, id));
    const outside = serving.core!.groups.views.placement?.move == null ? isAway : [];
    const isFull = voters.length === VOTERS_MAX;
    if (outside.length > 0 && isFull) this.#drop(serving, outside);
    else if (outside.length > 0) this.#ask(serving, outside.slice(0, VOTERS_MAX - voters.length), []);
    return false;
  }

  #look(): void {
    this.#cluster.scheduler.after(LOOK_EVERY_MS, () => this.#look());
    for (const node of [...this.#cluster.nodes, ...this.#cluster.former]) {
      const view = viewOf(node);
      if (view === null || view.configuration === null) continue;
      const { configuration, members } = view;
      this.#newcomers.onInstalled(
        configuration,
        members.map((member) => member.node),
      );
      const text = JSON.stringify(configuration);
      const before = this.#installed.get(configuration.epoch!);
      this.#installed.set(configuration.epoch!, text);
      if (before !== undefined && before !== text) this.#twoInstalled = `${before} and ${text} are installed`;
    }
  }

  #take({
    node: id,
    come,
    go,
    joins = false,
    follows = false,
    isByPlace = false,
    idsFrom = 0,
  }: MemberStep): void {
    const { nodes } = this.#cluster;
    const node = isByPlace ? nodes[id % nodes.length] : this.#cluster.nodeOf(id);
    if (node === undefined || viewOf(node) === null) return;
    if (joins) return this.#join(node, idsFrom, follows);
    if (!isByPlace) return this.#ask(node, come, go);
    const { configuration } = node.core!.groups.views;
    const voters = votersOf(configuration);
    const outside = idsOf(configuration).filter((one) => !isServer(configuration, one));
    // Of those that vote, the last ones came last.
    const going = at([...voters.toReversed(), ...followersIn(configuration)], go);
    const following = going.find((one) => isFollower(configuration, one));
    if (following !== undefined) return this.#change(node, (from) => without(from, following), []);
    this.#ask(node, at(outside, come), going);
  }

  #join(node: SimNode, idsFrom: number, follows: boolean): void {
    const address = { host: 'sim', port: FIRST_PORT + this.#joined++ };
    const from = (one: Configuration) => ({ ...one, nextId: Math.max(idsFrom, one.nextId ?? idsEndOf(one)) });
    const phaseIn = (one: Configuration) => (follows && hasFollowers(one) ? 'following' : 'joining');
    this.#change(node, (one) => withAdded(from(one), address, phaseIn(one)), []);
  }

  /** One that has voted is asked to go once what it wrote is at the others. */
  #drop(node: SimNode, outside: readonly number[]): void {
    const { retirement, groups } = node.core!;
    const { configuration } = groups.views;
    const id = outside.findLast((one) => isJoining(configuration, one) || !retirement.isAwaited(one));
    if (id !== undefined) this.#change(node, (from) => without(from, id), []);
  }

  #ask(node: SimNode, come: readonly number[], go: readonly number[]): void {
    this.#change(node, (configuration) => nextOf(configuration, come, go), come);
  }

  /** @param come those of them that vote afterwards have to be members of the view that carries the change */
  #change(
    node: SimNode,
    nextOf: (from: Configuration) => Configuration | string,
    come: readonly number[],
  ): void {
    const view = viewOf(node);
    if (view === null) return;
    const { views } = node.core!.groups;
    if (views.isReconfiguring) return;
    const to = nextOf(views.configuration);
    if (typeof to === 'string' || !mayHaveVoters(this.#cluster, votersOf(to).length)) return;
    if (isHeldByShards(node, to) || wouldEnd(this.#cluster, to)) return;
    views.reconfigure({
      from: view.configuration,
      to,
      reason: `from ${idsOf(views.configuration)} to ${idsOf(to)}, of whom ${votersOf(to)} vote`,
      deadlineMs: node.clock.nowMs() + GIVEN_UP_AFTER_MS,
      isFor: (members) =>
        votersOf(to).every((id) => !come.includes(id) || members.some((one) => one.node === id)),
      done: () => {},
    });
  }
}

/** As `member` refuses it. */
function isHeldByShards({ core }: SimNode, to: Configuration): boolean {
  const { levels, groups } = core!;
  const { placement } = groups.views;
  const stay = (ids: Iterable<number>) => [...ids].every((id) => isServer(to, id));
  if (groups.shards.length === 0) return false;
  return placement?.move != null || !stay(holdersOf(levels.agreedShards));
}

/** The same: of those that would vote, too many are about to end. */
function wouldEnd(cluster: SimCluster, to: Configuration): boolean {
  const voters = votersOf(to);
  const staying = voters.filter((id) => cluster.nodeOf(id)?.isStopping !== true);
  return staying.length < majorityOf(voters.length);
}

function followersIn(configuration: Configuration): readonly number[] {
  return idsOf(configuration).filter((id) => isFollower(configuration, id));
}

/** The port of the first controller that joins. */
const FIRST_PORT = 1_000;

function at(ids: readonly number[], places: readonly number[]): readonly number[] {
  return ids.length === 0 ? [] : [...new Set(places.map((place) => ids[place % ids.length]!))];
}

function viewOf({ core, paused }: SimNode) {
  return paused ? null : (core?.groups.views.view ?? null);
}

function isAtRest({ core }: SimNode): boolean {
  const { isReconfiguring, configuration } = core!.groups.views;
  return !isReconfiguring && configuration.before === undefined;
}

/** Each group with views of its own has a view with all controllers. */
function areFollowing({ core }: SimNode, nodes: number): boolean {
  const { furtherViews, byNumber } = core!.groups;
  const ofAll = furtherViews.filter(({ group }) => byNumber[group]!.members === null);
  return ofAll.every(({ views: { view, configuration } }) => {
    return view?.members.length === nodes && configuration.before === undefined;
  });
}

function nextOf(
  configuration: Configuration,
  come: readonly number[],
  go: readonly number[],
): Configuration | string {
  const voters = votersOf(configuration);
  const known = idsOf(configuration);
  const coming = come.filter((id) => known.includes(id) && !isServer(configuration, id));
  const going = go.filter((id) => voters.includes(id) && !come.includes(id));
  if (coming.length + going.length === 0) return 'nothing would change';
  return withVoters(configuration, coming, going);
}
