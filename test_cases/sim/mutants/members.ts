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
];
