import type { Mutant } from './mutant.ts';

/** Mistakes between the groups of one controller. */
export const KEYSPACE_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'flushes-ordered-groups-first',
    name: 'flushes the ordered group before the others, so that a later write may be older than their flush',
    edit: { value: 'groups.toSorted((a, b) => Number(isOrderedGroup(b)) - Number(isOrderedGroup(a)))' },
    test: {
      file: 'keyspace-changes.test.ts',
      name: 'keyspaces that change while the cluster runs are flushed in the ordered group last',
    },
  },
  {
    anchor: 'fences-one-group',
    name: 'is fenced when its writes in the groups that keys leave are settled, and not those where the keys go',
    edit: { value: 'new Set(routes.flatMap(({ from }) => from ?? []))' },
    test: {
      file: 'keyspace-changes.test.ts',
      name: 'a controller behind the barrier is fenced once its own writes in both groups are settled',
    },
  },
  {
    anchor: 'feeds-newcomers-without-copies',
    name: 'feeds a controller that starts empty behind the barrier, though not the records of the keys that move',
    edit: { value: 'false' },
    test: {
      file: 'keyspace-changes.test.ts',
      name: 'a controller behind the barrier starts empty and gets what was copied with what it claims to know',
    },
  },
  {
    anchor: 'feeds-by-what-may-never-hold',
    name: 'leaves records out of exchanges by a placement that it has accepted and that is not installed',
    edit: { value: 'owns' },
    test: {
      file: 'keyspace-changes.test.ts',
      name: 'a controller behind the barrier goes on telling what it has in either group, until that is settled',
    },
  },
  {
    anchor: 'feeds-no-later-writes',
    name: 'leaves out of exchanges what the group after has written, where it knows of the barrier alone',
    edit: { value: '(_: Effect) => false' },
    test: {
      file: 'keyspace-changes.test.ts',
      name: 'a controller behind the barrier tells what is written in the group after, restarted: true',
    },
  },
  {
    anchor: 'feeds-what-is-copied',
    name: 'takes copied records for writes of the group after, and sends them to peers that copy them as well',
    edit: 'drop',
    test: {
      file: 'keyspace-changes.test.ts',
      name: 'a controller behind the barrier sends no peer what each controller copies by itself',
    },
  },
  {
    anchor: 'nothing-where-a-key-was',
    name: 'takes for a miss that a group has forgotten the keys which were moved while a read waited',
    edit: { value: 'false' },
    test: {
      file: 'found-faults.test.ts',
      name: 'a read that waits while its keyspace is moved finds the value in the other group',
    },
  },
  {
    anchor: 'waits-for-unheard-exchanges',
    name: 'waits for the answer of a peer that had not begun the group when it was asked',
    edit: 'drop',
    test: {
      file: 'keyspace-changes.test.ts',
      name: 'keyspaces that change while the cluster runs wait for no exchange that the peer could not answer',
    },
  },
  {
    anchor: 'serves-by-another-group',
    name: 'serves every keyspace by the group of those at causal',
    edit: { value: 'entriesOf(2)' },
    level: 'linearizability',
    isMixed: true,
    seeds: 50,
  },
  {
    anchor: 'announces-another-group',
    name: 'announces the progress of the ordered group as that of every other group',
    edit: {
      value: "{ group: number, message: { type: 'announced', ...groups.withEntries[0].announcement } }",
    },
    level: 'linearizability',
    isMixed: true,
    faults: 'slow-link=3,cut=3,link-break=2',
    seeds: 2_000,
  },
  {
    anchor: 'promise-of-another-group',
    name: 'counts a promise of one group in all groups',
    edit: {
      statement:
        "if (message.type === 'promised') for (const one of this.groups.all) one.onMessage(from, message); else $",
    },
    level: 'linearizability',
    isMixed: true,
    seeds: 100,
  },
  {
    anchor: 'lease-of-another-group',
    name: 'holds a lease in all groups that was granted in one',
    edit: {
      statement:
        "$ if (message.type === 'granted') for (const one of this.groups.all) one.onMessage(from, message);",
    },
    test: {
      file: 'ordered-groups.test.ts',
      name: 'two ordered groups have leases of their own',
    },
  },
  {
    anchor: 'one-record-for-all-groups',
    name: 'keeps what it has promised in all groups in one record',
    edit: { value: "'views'" },
    level: 'linearizability',
    isMixed: true,
    durability: 'sync',
    seeds: 100,
  },
  {
    anchor: 'begins-without-a-write',
    name: 'leaves a group without any write, so that a restart finds no state to go on from',
    edit: { test: 'false' },
    test: {
      file: 'ordered-groups.test.ts',
      name: 'two ordered groups go on after a restart of a majority, also a group that was never written to',
    },
  },
];
