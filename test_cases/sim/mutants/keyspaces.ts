import type { Mutant } from './mutant.ts';

/** Mistakes between the groups of one controller. */
export const KEYSPACE_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'serves-by-another-group',
    name: 'serves every keyspace by the group that was made last',
    edit: { value: 'byNumber.at(-1)' },
    level: 'linearizability',
    isMixed: true,
    seeds: 50,
  },
  {
    anchor: 'announces-another-group',
    name: 'announces the progress of the ordered group as that of every other group',
    edit: { value: "{ type: 'announced', ...this.groups.withEntries[0].announcement }" },
    level: 'linearizability',
    isMixed: true,
    faults: 'slow-link=3,cut=3,link-break=2',
    seeds: 2_000,
  },
];
