import type { Mutant } from './mutant.ts';

/** Mistakes with stores that are away, or that have lost entries. */
export const STORE_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'joins-any-base',
    name: 'adds the bytes of an append to another version than the one that they were added to',
    edit: { test: 'false' },
    level: 'linearizability',
    seeds: 1_000,
  },
  {
    anchor: 'misses-emptied-store',
    name: 'does not notice that its store was emptied',
    edit: { value: 'false' },
    level: 'eventual',
    faults: 'store-emptied=2',
    seeds: 100,
  },
  {
    anchor: 'trusts-unmarked-store',
    name: 'trusts the entries that were in a store before it was marked',
    edit: { test: 'this.#startsEmpty' },
    level: 'eventual',
    faults: 'store-gone=2,store-hangs=1,store-emptied=2,kill=1,isolation=1',
    seeds: 3_000,
  },
  {
    anchor: 'forgets-unstored',
    name: 'forgets the writes that its store did not take while it was away',
    edit: 'drop',
    level: 'linearizability',
    faults: 'store-gone=2,store-hangs=1',
    seeds: 300,
  },
  {
    anchor: 'forgets-unstored-values',
    name: 'lets go of values that neither its store nor its journal has',
    edit: 'drop',
    test: {
      file: 'only-voter.test.ts',
      name: 'a write that the only store does not take in time ends no older value, with nothing on disk',
    },
  },
  {
    anchor: 'shows-unstored-write-taken-back',
    name: 'shows the value of a write that it took back because its store refused it',
    edit: { test: 'kept !== null' },
    level: 'eventual',
    faults: 'store-gone=2,store-hangs=1,store-emptied=2,kill=1,isolation=1',
    seeds: 300,
  },
  {
    anchor: 'gives-up-unsettled',
    name: 'gives up at once a lost value that a peer may have which is away',
    edit: 'drop',
    level: 'eventual',
    faults: 'store-emptied=3,isolation=2,kill=1',
    seeds: 1_000,
  },
];
