import type { GroupNumber } from '../base/number-kinds.ts';
import { POLICIES } from '../consistency/policies.ts';
import type { Membership } from '../membership/membership.ts';
import { placementOnLink } from '../peer/cluster-identity.ts';
import {
  epochOf,
  type Placement,
  type Sides,
  samePlacement,
  sidesOf,
} from '../placement/agreed-placement.ts';
import {
  type AgreedShards,
  agreedShardsOf,
  isWhole,
  shardsAsPlanned,
  wholeKeyspace,
} from '../placement/agreed-shards.ts';
import { marksOf } from '../placement/forced.ts';
import { isStronger } from '../placement/level.ts';
import { levelOf, type PlacedLevel } from '../placement/placed-level.ts';
import { type KeyspaceSettings, placementText } from '../placement/placement.ts';
import { groupsLeft } from '../placement/reshard.ts';
import { FIRST_SHARD_GROUP, shardsText } from '../placement/shards.ts';
import type { Group } from '../replication/group.ts';
import { groupOfLevel, type PlannedGroup, schemeOfGroup, shardGroupsNamedBy } from './group-plan.ts';
import type { Groups } from './groups.ts';
import type { LeveledKeyspace } from './leveled-keyspace.ts';
import { groupsOf } from './moves/transfers.ts';
import { type KnownShards, shardParts } from './shard-parts.ts';

/** The placements that a controller's part in the views knows. */
type Placements = Pick<Membership, 'placement' | 'acceptedPlacement' | 'configuration' | 'installation'>;

/** The groups as far as levels need them. */
type RoutedGroups = Pick<
  Groups,
  | 'all'
  | 'entriesOf'
  | 'keyspaces'
  | 'route'
  | 'onRouted'
  | 'router'
  | 'shards'
  | 'configuredShards'
  | 'node'
  | 'has'
  | 'remove'
>;

/** One of the two placements that count, taken apart. */
interface Known {
  readonly placement: Placement | null;
  /** The keyspaces that serve by it. */
  readonly keyspaces: readonly KeyspaceSettings[];
  readonly sides: Sides;
  /** Those of the sides that serve. */
  readonly serving: Sides['before'];
  readonly hasBarrier: boolean;
}

/**
 * The keyspaces of this controller, each with the level and the group that this controller goes by. Two placements
 * count: that of the last view that was installed here, and that of the view that was accepted here last.
 *
 * A key may be in another keyspace by each of them. So the keys are taken apart by all prefixes that any of the two
 * names, and each part is routed by itself.
 *
 * Where both have a part in the same group, its level is the stricter of the two:
 *  1. The members of a view have all accepted it before it is installed anywhere. So once a stricter level is
 *     answered as installed, every member goes by it.
 *  2. A view that is accepted here may never be installed. So a weaker level counts once it is installed.
 *
 * Where they differ in the group, or one of them has a barrier for these keys, requests wait:
 *  3. A write is taken only if both placements have its key in one group, and neither has a barrier for it. So no
 *     write is taken by the group before once a member has accepted the barrier, and none by the group after before
 *     the view that gives it the key is installed here.
 *  4. A read waits while the two groups differ: the group after may have written values by then.
 */
export class Levels {
  /** The keyspaces as the configuration has them. */
  readonly configured: readonly KeyspaceSettings[];
  readonly #views: Placements;
  readonly #groups: RoutedGroups;
  #installed: Known;
  #accepted: Known;
  /** Groups that a keyspace has here, and in which this controller has no part yet. */
  #missing: readonly PlannedGroup[] = [];
  /** What was installed here last. */
  #installation: object | null = null;
  /** Placements that were accepted here since then, and may still be installed. */
  #possible: readonly Placement[] = [];
  /** The shards as the configuration has them. */
  readonly #configuredShards: readonly AgreedShards[];

  constructor(views: Placements, configured: readonly KeyspaceSettings[], groups: RoutedGroups) {
    this.#views = views;
    this.configured = configured;
    this.#groups = groups;
    this.#configuredShards = agreedShardsOf(groups.configuredShards);
    this.#installed = this.#known(null);
    this.#accepted = this.#installed;
    this.update();
  }

  /** The keyspaces, each as most of its keys are served. */
  get keyspaces(): readonly LeveledKeyspace[] {
    return this.#groups.router.named as readonly LeveledKeyspace[];
  }

  /** The level of the default keyspace. */
  get ofDefault(): PlacedLevel {
    return this.keyspaces.find(({ prefix }) => prefix === '')!.level;
  }

  /** See `placementText`. */
  get inWords(): string {
    const others = this.keyspaces.filter(({ prefix }) => prefix !== '');
    return placementText({ level: this.ofDefault, keyspaces: others });
  }

  /** Groups that this controller needs, and has no part in yet. */
  get missing(): readonly PlannedGroup[] {
    return this.#missing;
  }

  /**
   * What a hello says of all that: the keyspaces, their shards, the zones, and the epoch.
   *
   * @param mayBeBehind this controller may go by its configuration while its peers have agreed on other shards
   */
  onLink(zones: readonly string[], mayBeBehind: boolean): string {
    const shards = shardsText(shardsAsPlanned(this.agreedShards), zones);
    const inWords = shards === '' ? this.inWords : `${this.inWords} ${shards}`;
    return placementOnLink(
      inWords,
      epochOf(this.#views.placement),
      mayBeBehind,
      marksOf(this.#views.configuration),
    );
  }

  /**
   * To be called whenever another placement may have been accepted or installed.
   *
   * @returns the groups of shards that may have lost keys to others
   */
  update(): ReadonlySet<GroupNumber> {
    // mutant: serves-in-two-groups
    const { placement: installed, acceptedPlacement: accepted } = this.#views;
    const isKnown = installed === this.#installed.placement && accepted === this.#accepted.placement;
    if (!this.#dropImpossible() && isKnown) return NO_GROUPS;
    const before = this.agreedShards;
    this.#installed = this.#known(installed);
    this.#accepted = this.#known(accepted);
    this.#takeApart();
    this.#knowShards();
    this.onGroups();
    return groupsLeft(before, this.agreedShards);
  }

  /** The shards that serve by the installed placement. */
  get agreedShards(): readonly AgreedShards[] {
    return this.#shardsIn(this.#installed);
  }

  /** To be called when this controller takes part in one more group. */
  onGroups(): void {
    const known = [this.#installed, this.#accepted];
    const numbers = new Set<GroupNumber>();
    for (const part of this.#groups.keyspaces) {
      this.#route(part);
      for (const number of known.flatMap(({ sides }) => groupsOf(sides, part.prefix))) numbers.add(number);
    }
    const { shards, node } = this.#groups;
    const levels = [...numbers].map((number) => ({ number, scheme: schemeOfGroup(number), shard: null }));
    const here = shards.filter(({ shard }) => shard.members.includes(node));
    const needed: readonly PlannedGroup[] = [...levels, ...here];
    this.#missing = needed.filter(({ number }) => this.#groups.entriesOf(number) === undefined);
    this.#guardValues();
    this.#groups.onRouted();
  }

  /**
   * Knows the groups that any of the placements names, and ends those of shards that none of them names. A placement
   * that was accepted here, and whose view was given up, may still be agreed on: others may have said so to each other,
   * and count on what this controller has told them in the groups that it names.
   */
  #knowShards(): void {
    const groups = this.#groups;
    const [accepted, installed] = [this.#accepted.placement, this.#installed.placement];
    if (accepted !== null && epochOf(accepted) > epochOf(installed)) this.#keep(accepted);
    const placements = [accepted, installed, ...this.#possible];
    const configured = { shards: groups.configuredShards, keyspaces: this.configured };
    groups.shards = shardGroupsNamedBy(placements, configured);
    const stay = new Set(groups.shards.filter((one) => groups.has(one)).map(({ number }) => number));
    const ended = groups.all.filter(({ number }) => number >= FIRST_SHARD_GROUP && !stay.has(number));
    for (const { number } of ended) groups.remove(number);
  }

  #keep(accepted: Placement): void {
    const others = this.#possible.filter((one) => !samePlacement(one, accepted));
    this.#possible = [accepted, ...others].slice(0, POSSIBLE_MAX);
  }

  /** Views are accepted in the order of their ballots. Once one is installed, none that was accepted before it can be. */
  #dropImpossible(): boolean {
    const { installation } = this.#views;
    if (installation === null || installation === this.#installation) return false;
    this.#installation = installation;
    const hadOthers = this.#possible.length > 0;
    this.#possible = [];
    return hadOthers;
  }

  #shardsIn({ placement }: Known): readonly AgreedShards[] {
    return placement?.shards ?? this.#configuredShards;
  }

  /** What a placement says of the shards of a keyspace. */
  #knownShards(known: Known, { name, level }: KeyspaceSettings): KnownShards {
    const own = this.#shardsIn(known).find(({ keyspace }) => keyspace === name);
    const serving = own ?? wholeKeyspace(name, groupOfLevel(level, known.sides.broadcastApart));
    const reshard = known.placement?.move?.reshard;
    const isOfThis = reshard?.from.keyspace === name;
    return { serving, reshard: isOfThis ? reshard : null, hasBarrier: isOfThis && known.hasBarrier };
  }

  /** While a key has records in two groups, the store has the value of one of them. */
  #guardValues(): void {
    const { all, router } = this.#groups;
    const isMoving = (this.#installed.placement?.move ?? this.#accepted.placement?.move ?? null) !== null;
    const isBehindBarrier = this.#installed.hasBarrier || this.#accepted.hasBarrier;
    const partOf = (key: string) => router.partOf(key) as LeveledKeyspace;
    for (const group of all) {
      const owns = (key: string) => partOf(key).owner === group;
      const serves = (key: string) => partOf(key).serving === group;
      // mutant: feeds-by-what-may-never-hold
      const tells = (key: string) => serves(key) || partOf(key).group === group;
      group.replica.guardBy(isMoving ? { owns, serves, tells, isBehindBarrier } : null);
    }
  }

  #known(placement: Placement | null): Known {
    const sides = sidesOf(placement, this.configured);
    const phase = placement?.move?.phase;
    return {
      placement,
      keyspaces: this.keyspacesIn(placement),
      sides,
      serving: phase === 'settling' ? sides.after : sides.before,
      hasBarrier: phase === 'barrier',
    };
  }

  /**
   * Routes by the parts that the two placements need. Parts that stay are the same objects. A part that is new gets its
   * shards when it is routed.
   */
  #takeApart(): void {
    const { keyspaces: parts } = this.#groups;
    const needed = [this.#installed, this.#accepted].flatMap(({ keyspaces, placement }) => {
      return [...keyspaces, placement?.move?.before, placement?.move?.after];
    });
    const prefixes = new Set(needed.flatMap((keyspace) => keyspace?.prefix ?? []));
    if (prefixes.size === parts.length && parts.every(({ prefix }) => prefixes.has(prefix))) return;
    const known = new Map(parts.map((part) => [part.prefix, part]));
    const fallback = known.get('')!;
    const inOrder = [...prefixes].sort();
    this.#groups.route(inOrder.map((prefix) => known.get(prefix) ?? { ...fallback, prefix, shards: null }));
  }

  #route(part: LeveledKeyspace): void {
    const now = this.#installed.serving.of(part.prefix);
    const next = this.#accepted.serving.of(part.prefix);
    const isOneGroup = inOneGroup(now.level, next.level);
    // mutant: weak-until-installed
    const level = isOneGroup && isStronger(levelOf(next.level), levelOf(now.level)) ? next.level : now.level;
    const group = this.#groupOf(level, level === now.level ? this.#installed : this.#accepted);
    part.name = now.name;
    part.level = level;
    part.policy = POLICIES[level];
    part.group = group ?? part.group;
    part.owner = this.#groupOf(next.level, this.#accepted) ?? part.group;
    part.serving = part.owner;
    if (group === undefined || !isOneGroup) part.hold = 'all';
    else part.hold = this.#isBarred(part.prefix) ? 'writes' : 'nothing';
    this.#routeShards(part, now, next);
  }

  /** @param nowIn the keyspace that has the part by the installed placement, and by the accepted one */
  #routeShards(part: LeveledKeyspace, nowIn: KeyspaceSettings, nextIn: KeyspaceSettings): void {
    const now = this.#knownShards(this.#installed, nowIn);
    const next = this.#knownShards(this.#accepted, nextIn);
    const areWhole = [now, next].every(({ serving, reshard }) => isWhole(serving) && reshard === null);
    // mutant: keeps-the-old-epoch
    part.shards = areWhole
      ? null
      : shardParts(part, now, next, {
          node: this.#groups.node,
          entriesOf: (number) => this.#groups.entriesOf(number),
        });
  }

  #isBarred(prefix: string): boolean {
    const isBarred = ({ hasBarrier, sides }: Known): boolean => {
      const [before, after] = groupsOf(sides, prefix);
      return hasBarrier && before !== after;
    };
    // mutant: barrier-once-installed
    return isBarred(this.#installed) || isBarred(this.#accepted);
  }

  /** The keyspaces that serve by this placement; those of the configuration where there is none. */
  keyspacesIn(placement: Placement | null): readonly KeyspaceSettings[] {
    return placement?.keyspaces ?? this.configured;
  }

  /** The group of a level by this placement; undefined while this controller has no part in it. */
  #groupOf(level: PlacedLevel, { sides }: Known): Group | undefined {
    return this.#groups.entriesOf(groupOfLevel(level, sides.broadcastApart));
  }
}

/**
 * Keyspaces of these two levels have the same group. Two placements of which one alone has broadcast apart have no
 * keyspace with broadcast in common.
 */
export function inOneGroup(a: PlacedLevel, b: PlacedLevel): boolean {
  return POLICIES[a].scheme === POLICIES[b].scheme;
}

/** Further placements are accepted without any of them being installed only if views are given up again and again. */
const POSSIBLE_MAX = 4;

const NO_GROUPS: ReadonlySet<GroupNumber> = new Set();
