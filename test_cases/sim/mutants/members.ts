import type { Mutant } from './mutant.ts';

/** Mistakes in how controllers come to vote, and stop voting. */
export const MEMBER_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'one-majority-of-two',
    name: 'changes a configuration with a majority of the one after the change alone',
    edit: { value: '{ ...following(configuration), controllers }' },
    level: 'linearizability',
    faults: 'isolation=2,cut=3,one-way-cut=2',
    members: true,
    seeds: 300,
  },
  {
    anchor: 'members-unknown-before',
    name: 'installs a change at members that a proposer of the configuration before need not ask',
    edit: { value: 'true' },
    level: 'linearizability',
    faults: 'isolation=2,cut=3,one-way-cut=2',
    members: true,
    seeds: 600,
  },
  {
    anchor: 'forgets-newer-configuration',
    name: 'goes by the configuration that the first promise names, although another promise names a newer one',
    edit: { value: '[...promises.values()][0]?.configuration ?? null' },
    level: 'linearizability',
    faults: 'isolation=2,cut=3,one-way-cut=2',
    members: true,
    seeds: 600,
  },
  {
    anchor: 'outside-untold',
    name: 'tells no controller that it does not vote any more',
    edit: { test: 'configuration === null || this.view !== null' },
    test: {
      file: 'members.test.ts',
      name: 'controllers stop voting the one that goes is told, after a restart as well',
    },
  },
  {
    anchor: 'serves-without-voting',
    name: 'serves sequential reads although it does not vote, and so gets no more writes',
    edit: { test: "need === 'read' && this.#order.phase.isConsistent" },
    test: {
      file: 'members.test.ts',
      name: 'controllers stop voting the one that goes serves no older reads, at sequential either',
    },
  },
];
