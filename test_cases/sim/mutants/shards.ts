import type { Mutant } from './mutant.ts';

/** Mistakes between a controller and those that have the keys which it has not. */
export const SHARD_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'answer-of-another-request',
    name: 'takes an answer for that to the request which has waited longest',
    edit: { value: '[...this.#unanswered.values()][0]' },
    test: {
      file: 'shards.test.ts',
      name: 'keys spread over shards with 1 replicas are served by every controller, in the order asked for',
    },
  },
  {
    anchor: 'asks-twice',
    name: 'sends a write to another member although the first may have carried it out',
    edit: { test: 'this.#tryAnother(asked)' },
    test: {
      file: 'shards.test.ts',
      name: 'a request to a controller that dies has an unknown outcome, or is a read of another replica',
    },
  },
  {
    anchor: 'majority-of-all',
    name: 'wants a majority of all controllers for the view of a shard',
    edit: { value: 'this.#ports.configured' },
    test: {
      file: 'ordered-shards.test.ts',
      name: 'keys in ordered shards with broadcast are served by every controller',
    },
  },
  {
    anchor: 'plans-shards-anew',
    name: 'plans the groups of shards from the configuration although the controllers have agreed on them',
    edit: { value: 'undefined' },
    test: {
      file: 'shards.test.ts',
      name: 'keyspaces beside one with shards keep the groups of its shards when zones are configured later',
    },
  },
  {
    anchor: 'forgets-what-was-seen',
    name: 'does not remember which state of a shard its client has seen',
    edit: 'drop',
    test: {
      file: 'ordered-shards.test.ts',
      name: 'a client whose requests go to another member sees no older state than before',
    },
  },
];
