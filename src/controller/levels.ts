import type { GroupNumber } from '../base/number-kinds.ts';
import { POLICIES } from '../consistency/policies.ts';
import type { Membership } from '../membership/membership.ts';
import type { Move, Placement } from '../placement/agreed-placement.ts';
import { isStronger } from '../placement/level.ts';
import { levelOf, type PlacedLevel } from '../placement/placed-level.ts';
import { type KeyspaceSettings, placementText } from '../placement/placement.ts';
import type { Group } from '../replication/group.ts';
import { groupOfLevel } from './group-plan.ts';
import type { Groups, LeveledKeyspace } from './groups.ts';

/** The placements that a controller's part in the views knows. */
type Placements = Pick<Membership, 'placement' | 'acceptedPlacement'>;

/** The groups as far as levels need them. */
type RoutedGroups = Pick<Groups, 'all' | 'entriesOf' | 'keyspaces' | 'onRouted' | 'router'>;

/**
 * The keyspaces of this controller, each with the level and the group that this controller goes by. Two placements
 * count: that of the last view that was installed here, and that of the view that was accepted here last.
 *
 * Where both have the keyspace in the same group, its level is the stricter of the two:
 *  1. The members of a view have all accepted it before it is installed anywhere. So once a stricter level is
 *     answered as installed, every member goes by it.
 *  2. A view that is accepted here may never be installed. So a weaker level counts once it is installed.
 *
 * Where they differ in the group, or one of them has a barrier, requests wait:
 *  3. A write is taken only if both placements have the keyspace in one group, and neither has a barrier. So no
 *     write is taken by the group before once a member has accepted the barrier, and none by the group after before
 *     the view that gives it the keyspace is installed here.
 *  4. A read waits while the two groups differ: the group after may have written values by then.
 */
export class Levels {
  /** The keyspaces as the configuration has them. */
  readonly configured: readonly KeyspaceSettings[];
  readonly #views: Placements;
  readonly #groups: RoutedGroups;
  /** From which the levels were made. */
  #installed: Placement | null = null;
  #accepted: Placement | null = null;
  /** Groups that a keyspace has here, and in which this controller has no part yet. */
  #missing: readonly GroupNumber[] = [];

  constructor(views: Placements, configured: readonly KeyspaceSettings[], groups: RoutedGroups) {
    this.#views = views;
    this.configured = configured;
    this.#groups = groups;
    this.update();
  }

  /** The keyspaces that requests are routed by. */
  get keyspaces(): readonly LeveledKeyspace[] {
    return this.#groups.keyspaces;
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
  get missing(): readonly GroupNumber[] {
    return this.#missing;
  }

  /** To be called whenever another placement may have been accepted or installed. */
  update(): void {
    // mutant: serves-in-two-groups
    const { placement: installed, acceptedPlacement: accepted } = this.#views;
    if (installed === this.#installed && accepted === this.#accepted) return;
    this.#installed = installed;
    this.#accepted = accepted;
    this.onGroups();
  }

  /** To be called when this controller takes part in one more group. */
  onGroups(): void {
    const [installed, accepted] = [this.#installed, this.#accepted];
    const { all, router } = this.#groups;
    const missing = new Set<GroupNumber>();
    for (const keyspace of this.keyspaces) this.#route(keyspace, missing);
    for (const move of [installed?.move, accepted?.move])
      for (const level of move ? [move.from, move.to] : [])
        if (this.groupOf(level) === undefined) missing.add(groupOfLevel(level));
    this.#missing = [...missing];
    const isMoving = (installed?.move ?? accepted?.move ?? null) !== null;
    const ownerOf = (key: string) => (router.of(key) as LeveledKeyspace).owner;
    for (const group of all)
      group.replica.guardBy(isMoving ? { owns: (key) => ownerOf(key) === group } : null);
    this.#groups.onRouted();
  }

  #route(keyspace: LeveledKeyspace, missing: Set<GroupNumber>): void {
    const now = this.levelIn(this.#installed, keyspace.name);
    const next = this.levelIn(this.#accepted, keyspace.name);
    const isOneGroup = inOneGroup(now, next);
    // mutant: weak-until-installed
    const level = isOneGroup && isStronger(levelOf(next), levelOf(now)) ? next : now;
    const group = this.groupOf(level);
    if (group === undefined) missing.add(groupOfLevel(level));
    keyspace.level = level;
    keyspace.policy = POLICIES[level];
    keyspace.group = group ?? keyspace.group;
    keyspace.owner = this.groupOf(next) ?? keyspace.group;
    if (group === undefined || !isOneGroup) keyspace.hold = 'all';
    else keyspace.hold = this.#isBarred(keyspace.name) ? 'writes' : 'nothing';
  }

  #isBarred(name: string): boolean {
    const isBarrier = (move: Move | null | undefined) => move?.name === name && move.phase === 'barrier';
    // mutant: barrier-once-installed
    return isBarrier(this.#installed?.move) || isBarrier(this.#accepted?.move);
  }

  /** The level of a keyspace in this placement; that of the configuration, where the placement does not have it. */
  levelIn(placement: Placement | null, name: string): PlacedLevel {
    const isIt = (keyspace: KeyspaceSettings) => keyspace.name === name;
    return (placement?.keyspaces.find(isIt) ?? this.configured.find(isIt)!).level;
  }

  /** Whether the key is in the keyspace with this name. */
  isOf(name: string): (key: string) => boolean {
    return (key) => this.#groups.router.of(key).name === name;
  }

  /** The group of a level; undefined while this controller has no part in it. */
  groupOf(level: PlacedLevel): Group | undefined {
    return this.#groups.entriesOf(groupOfLevel(level));
  }
}

/** Keyspaces of these two levels have the same group. */
export function inOneGroup(a: PlacedLevel, b: PlacedLevel): boolean {
  return POLICIES[a].scheme === POLICIES[b].scheme;
}
