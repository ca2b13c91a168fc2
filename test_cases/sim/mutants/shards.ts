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
];
