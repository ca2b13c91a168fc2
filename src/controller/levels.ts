import { POLICIES } from '../consistency/policies.ts';
import type { Membership } from '../membership/membership.ts';
import type { Placement } from '../placement/agreed-placement.ts';
import { isStronger, type Level } from '../placement/level.ts';
import { type KeyspaceSettings, placementText } from '../placement/placement.ts';
import type { LeveledKeyspace } from './groups.ts';

/** The placements that a controller's part in the views knows. */
type Placements = Pick<Membership, 'placement' | 'acceptedPlacement'>;

/**
 * The keyspaces of this controller, each with the level that this controller goes by.
 *
 * It is the level in the last view that was installed here, or the one in the view that was accepted here last,
 * whichever is stricter.
 *
 *  1. The members of a view have all accepted it before it is installed anywhere. So once a stricter level is
 *     answered as installed, every member goes by it.
 *  2. A view that is accepted here may never be installed. So a weaker level counts once it is installed.
 */
export class Levels {
  readonly keyspaces: readonly LeveledKeyspace[];
  /** The keyspaces as the configuration has them. */
  readonly configured: readonly KeyspaceSettings[];
  readonly #views: Placements;
  /** From which the levels were made. */
  #installed: Placement | null = null;
  #accepted: Placement | null = null;

  /** @param keyspaces that requests are routed by */
  constructor(
    views: Placements,
    configured: readonly KeyspaceSettings[],
    keyspaces: readonly LeveledKeyspace[],
  ) {
    this.#views = views;
    this.configured = configured;
    this.keyspaces = keyspaces;
    this.update();
  }

  /** The level of the default keyspace. */
  get ofDefault(): Level {
    return this.keyspaces.find(({ prefix }) => prefix === '')!.level;
  }

  /** See `placementText`. */
  get inWords(): string {
    const others = this.keyspaces.filter(({ prefix }) => prefix !== '');
    return placementText({ level: this.ofDefault, keyspaces: others });
  }

  /** To be called whenever another placement may have been accepted or installed. */
  update(): void {
    const { placement: installed, acceptedPlacement: accepted } = this.#views;
    if (installed === this.#installed && accepted === this.#accepted) return;
    this.#installed = installed;
    this.#accepted = accepted;
    for (const keyspace of this.keyspaces) {
      const [now, next] = [this.levelIn(installed, keyspace.name), this.levelIn(accepted, keyspace.name)];
      // mutant: weak-until-installed
      keyspace.level = isStronger(next, now) ? next : now;
      keyspace.policy = POLICIES[keyspace.level];
    }
  }

  /**
   * The level of a keyspace in this placement. That of the configuration, where the placement does not have the
   * keyspace, or has it in another group than this controller does.
   */
  levelIn(placement: Placement | null, name: string): Level {
    const isIt = (keyspace: KeyspaceSettings) => keyspace.name === name;
    const { level } = this.configured.find(isIt)!;
    const placed = placement?.keyspaces.find(isIt)?.level;
    return placed !== undefined && inOneGroup(placed, level) ? placed : level;
  }
}

/** Keyspaces of these two levels have the same group. */
export function inOneGroup(a: Level, b: Level): boolean {
  return POLICIES[a].scheme === POLICIES[b].scheme;
}
