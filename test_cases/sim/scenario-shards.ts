import type { Settings } from '../../src/controller/settings.ts';
import { majorityOf } from '../../src/placement/configuration.ts';
import { DEFAULT_KEYSPACE } from '../../src/placement/placement.ts';
import type { Random } from './random.ts';

/** How the keys of a scenario are spread. */
export interface ScenarioShards {
  readonly shards: number;
  readonly replicas: number;
  /** So many controllers vote, the first ones; left out where all of them do. */
  readonly voters?: number;
  /** The keyspace has none at the start, and gets these by a step. */
  readonly isLate?: true;
}

/** How many controllers vote where some do not. */
const VOTERS = 3;

export function drawSpread(random: Random, hasFollowers: boolean): ScenarioShards {
  const shards = { shards: 2 + random.below(3), replicas: 1 + random.below(3) };
  return hasFollowers ? { ...shards, voters: VOTERS } : shards;
}

/** Of these controllers, which are to be away, those that leave a majority of the voters there. */
export function withMostVoters(away: readonly number[], { voters }: ScenarioShards): readonly number[] {
  if (voters === undefined) return away;
  const voting = away.filter((node) => node < voters).slice(0, voters - majorityOf(voters));
  return away.filter((node) => node >= voters || voting.includes(node));
}

/** The settings that say so. */
export function spreadBy(spread: ScenarioShards | undefined): Partial<Settings> {
  if (spread === undefined) return { sharded: [] };
  const { voters, isLate = false, ...shards } = spread;
  const sharded = isLate ? [] : [{ name: DEFAULT_KEYSPACE, ...shards }];
  return { sharded, ...(voters === undefined ? {} : { voters }) };
}
