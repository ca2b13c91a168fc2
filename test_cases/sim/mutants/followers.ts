import type { Mutant } from './mutant.ts';

/** Tests of two controllers that send each other requests alone. */
const PASSING = 'two controllers that have no shard in common, and do not vote';

/** Of clusters in which some controllers do not vote. */
export const FOLLOWER_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'waits-for-a-view-of-voters',
    name: 'has a controller that does not vote wait for a view of those that do',
    edit: { value: 'true' },
    test: {
      file: 'followers.test.ts',
      name: 'controllers that do not vote, at linearizability are members, and no voters',
    },
  },
  {
    anchor: 'silent-without-vote',
    name: 'forwards nothing from a controller that does not vote',
    edit: 'drop',
    test: {
      file: 'followers.test.ts',
      name: 'controllers that do not vote, at sequential serve what they have, and forward the rest',
    },
  },
  {
    anchor: 'suspects-idle-peers',
    name: 'breaks links on which nothing is owed, and so nothing is sent',
    edit: 'drop',
    test: {
      file: 'followers.test.ts',
      name: `${PASSING} have a link while there are requests, and for a while after them`,
    },
  },
  {
    anchor: 'looks-by-calling',
    name: 'makes links to controllers only to tell whether they can be reached',
    edit: { value: "this.gate(shard).state === 'open'" },
    test: {
      file: 'followers.test.ts',
      name: `${PASSING} are not called by one that only looks`,
    },
  },
  {
    anchor: 'hangs-up-on-answers',
    name: 'ends a link on which no requests were sent for a while, although an answer is due',
    edit: { test: 'needed.has(peer)' },
    test: {
      file: 'followers.test.ts',
      name: `${PASSING} keep a link on which an answer is due, however long it takes`,
    },
  },
  {
    anchor: 'drops-askers',
    name: 'gives up the requests of a controller to which it has lost its own link',
    edit: { test: 'true' },
    test: {
      file: 'followers.test.ts',
      name: `${PASSING} get their answers although the other one loses a link for requests of its own`,
    },
  },
];
