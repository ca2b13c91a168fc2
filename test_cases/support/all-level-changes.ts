import type { Level } from '../../src/placement/level.ts';

/** The levels that a keyspace that begins at `linearizability` gets in turn, so that each changes to each other one. */
export const ALL_LEVEL_CHANGES: readonly Level[] = [
  'sequential',
  'linearizability',
  'causal',
  'linearizability',
  'eventual',
  'sequential',
  'causal',
  'sequential',
  'eventual',
  'causal',
  'eventual',
  'linearizability',
];
