import { BROADCAST_MUTANTS } from './broadcast.ts';
import { CAUSAL_MUTANTS } from './causal.ts';
import { CHAIN_MUTANTS } from './chain.ts';
import { CONVERGENT_MUTANTS } from './convergent.ts';
import { DISK_MUTANTS } from './disk.ts';
import { FOLLOWER_MUTANTS } from './followers.ts';
import { KEYSPACE_MUTANTS } from './keyspaces.ts';
import { MEMBER_MUTANTS } from './members.ts';
import { MOVE_MUTANTS } from './moves.ts';
import { MOVING_FOLLOWER_MUTANTS } from './moving-followers.ts';
import type { Mutant } from './mutant.ts';
import { PLACEMENT_MUTANTS } from './placement.ts';
import { READ_MUTANTS } from './reads.ts';
import { SHARD_MUTANTS } from './shards.ts';
import { STORE_MUTANTS } from './stores.ts';
import { TIME_MUTANTS } from './time.ts';
import { VIEW_MUTANTS } from './views.ts';

/** Every mistake that the simulator has to find. */
export const MUTANTS: readonly Mutant[] = [
  ...BROADCAST_MUTANTS,
  ...CHAIN_MUTANTS,
  ...TIME_MUTANTS,
  ...READ_MUTANTS,
  ...CONVERGENT_MUTANTS,
  ...CAUSAL_MUTANTS,
  ...KEYSPACE_MUTANTS,
  ...SHARD_MUTANTS,
  ...FOLLOWER_MUTANTS,
  ...MOVING_FOLLOWER_MUTANTS,
  ...STORE_MUTANTS,
  ...VIEW_MUTANTS,
  ...PLACEMENT_MUTANTS,
  ...MEMBER_MUTANTS,
  ...MOVE_MUTANTS,
  ...DISK_MUTANTS,
];
