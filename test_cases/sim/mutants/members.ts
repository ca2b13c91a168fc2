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
  {
    anchor: 'id-given-twice',
    name: 'gives a controller that joins the id of one that was removed',
    edit: { value: 'configuration.controllers.at(-1)!.id + 1' },
    test: {
      file: 'joins.test.ts',
      name: 'a controller that was added is dropped when it is removed, and its id is not given again',
    },
  },
  {
    anchor: 'proposes-by-id',
    name: 'waits the longer before it proposes a view, the more controllers there were before it',
    edit: { value: 'node' },
    test: {
      file: 'joins.test.ts',
      name: 'a controller with a large id proposes a view as soon as others (seed 47)',
    },
  },
  {
    anchor: 'counts-joining',
    name: 'counts a controller that joins as one that votes',
    edit: { value: "phase !== 'leaving'" },
    level: 'linearizability',
    members: 'joins',
    seeds: 20,
  },
  {
    anchor: 'fetches-from-founders-alone',
    name: 'takes a value for lost that only a controller has which joined after the start',
    edit: { value: '((ids) => () => ids)(peers.ids)' },
    test: {
      file: 'joins.test.ts',
      name: 'a controller that was added is asked for values that no other store has any more',
    },
  },
  {
    anchor: 'follows-nobody',
    name: 'leaves the views of a chain with the voters that they had',
    edit: { value: 'null as Configuration | null' },
    test: {
      file: 'joins.test.ts',
      name: 'a keyspace with a chain comes to the voters of the root group, and serves on',
    },
  },
  {
    anchor: 'asks-while-it-ends',
    name: 'leaves it to a member that is about to end to ask for the next step of a change',
    edit: { value: '(_: ControllerId) => true' },
    test: {
      file: 'joins.test.ts',
      name: 'a keyspace with a chain settles a change whose first member is about to end (seed 7392)',
    },
  },
  {
    anchor: 'drops-while-it-counts',
    name: 'drops a controller whose majority a chain still needs',
    edit: { test: 'id === null' },
    test: {
      file: 'joins.test.ts',
      name: 'a keyspace with a chain needs a controller that is removed until its change is settled (seed 18)',
    },
  },
  {
    anchor: 'votes-before-it-heard',
    name: 'takes the voters of the root group for those of a chain, before it has heard of those',
    edit: { value: 'configured' },
    level: 'linearizability',
    scheme: 'chain',
    members: 'joins',
    seeds: 100,
  },
  {
    anchor: 'votes-before-filled',
    name: 'has a controller vote that is not heard, or has not caught up',
    edit: { value: "''" },
    test: {
      file: 'joins.test.ts',
      name: 'a controller that the cluster does not know does not vote before it is heard and has caught up',
    },
  },
  {
    anchor: 'answers-without-a-vote',
    name: 'answers alone although it does not vote, and may be dropped with what it answered',
    edit: { test: "voting.state === 'closed' && voting.code !== 'NOT_VOTING'" },
    test: {
      file: 'convergent-members.test.ts',
      name: 'at eventual a controller that was added serves nothing before it votes, and everything after',
    },
  },
  {
    anchor: 'votes-before-installed',
    name: 'answers alone because of a view that it has accepted, and that may never be installed',
    edit: { test: 'configuration.epoch === -1' },
    test: {
      file: 'convergent-members.test.ts',
      name: 'at eventual a controller that was added does not serve by a view that it only accepted',
    },
  },
  {
    anchor: 'dropped-with-its-writes',
    name: 'drops a controller that has answered writes which no other one has',
    edit: { statement: 'if (said === null) return false;' },
    test: {
      file: 'convergent-members.test.ts',
      name: 'at eventual a controller that was added is dropped once the others have what it wrote',
    },
  },
  {
    anchor: 'dropped-before-it-was-asked',
    name: 'drops a controller before an exchange has brought what it wrote',
    edit: { value: 'groups.some(() => peer < 0)' },
    test: {
      file: 'convergent-members.test.ts',
      name: 'at eventual a controller that was added is not dropped while its writes are on their way',
    },
  },
  {
    anchor: 'proves-without-lease',
    name: 'takes a state for fresh although controllers that it does not know may have answered writes',
    edit: { test: 'peer < 0' },
    test: {
      file: 'convergent-members.test.ts',
      name: 'at eventual a controller that was added may write, so nobody proves freshness without a lease',
    },
  },
  {
    anchor: 'drops-those-of-the-start',
    name: 'drops controllers that would form a cluster of their own once they are started without their data',
    edit: { value: 'toDrop(configuration, 0)' },
    test: {
      file: 'joins.test.ts',
      name: 'a controller that was added takes the place of those of the start, which stay linked',
    },
  },
  {
    anchor: 'takes-in-who-is-not-heard',
    name: 'has all controllers vote that join, also those that are not heard',
    edit: { value: 'idsOf(configuration).filter((id) => id !== come && isJoining(configuration, id))' },
    test: {
      file: 'joins.test.ts',
      name: 'a controller that the cluster does not know votes with all others that join and are heard',
    },
  },
  {
    anchor: 'forced-gives-ids-again',
    name: 'gives an id to a controller that those who were dropped may have given to another one',
    edit: { value: 'idsEndOf(configuration)' },
    test: {
      file: 'forced.test.ts',
      name: 'no id is given that those who were dropped may have given',
    },
  },
  {
    anchor: 'links-forced-apart',
    name: 'goes on from what a cluster has that was forced apart from its own',
    edit: { statement: 'return false;' },
    test: {
      file: 'forced.test.ts',
      name: 'a controller does not go on from a configuration that was forced apart from its own',
    },
  },
  {
    anchor: 'greets-forced-apart',
    name: 'links to a controller of a cluster that was forced apart from its own',
    edit: { test: 'false' },
    test: {
      file: 'forced.test.ts',
      name: 'a controller does not link to one that was forced apart from it',
    },
  },
  {
    anchor: 'forced-by-some',
    name: 'forms the first forced view with a majority of those that are left',
    edit: { value: 'majorityOf(voters.length)' },
    test: {
      file: 'forced.test.ts',
      name: 'every controller that is left has to accept the forced view: one alone may have the last writes',
    },
  },
  {
    anchor: 'forced-forgets-leases',
    name: 'installs a forced view while a dropped controller may hold a lease',
    edit: {
      value: "configuration.controllers.filter(({ phase }) => phase !== 'joining').map(({ id }) => id)",
    },
    test: {
      file: 'forced.test.ts',
      name: 'the first write of the forced view waits for the lease of a dropped controller',
    },
  },
  {
    anchor: 'serves-beside-the-forced',
    name: 'goes on to serve in its view when it is told that it was removed by force',
    edit: { test: 'false' },
    test: {
      file: 'forced.test.ts',
      name: 'those that went on beyond a partition end their view when they are told',
    },
  },
  {
    anchor: 'takes-back-the-removed',
    name: 'takes messages of a controller that was removed by force',
    edit: { value: 'peer < 0' },
    test: {
      file: 'forced.test.ts',
      name: 'those that went on beyond a partition end their view when they are told',
    },
  },
  {
    anchor: 'forces-the-root-alone',
    name: 'forces controllers out of the root group, and not out of a chain',
    edit: { test: 'false' },
    test: {
      file: 'forced.test.ts',
      name: 'a chain goes on with those that are left as well, and ends where the controller was removed',
    },
  },
  {
    anchor: 'forced-while-heard',
    name: 'drops controllers by force although one of them is heard again',
    edit: { test: 'true' },
    test: {
      file: 'forced.test.ts',
      name: 'what was forced is given up when a controller is heard that it drops',
    },
  },
  {
    anchor: 'forces-beside-a-majority',
    name: 'drops controllers by force while a majority could agree',
    edit: { test: 'false' },
    test: {
      file: 'forced.test.ts',
      name: 'what the controllers can agree on is not forced',
    },
  },
  {
    anchor: 'forces-past-followers',
    name: 'goes on by force without what controllers that follow were told',
    edit: { test: 'true' },
    test: {
      file: 'forced-followers.test.ts',
      name: 'nothing is forced past what others were told that follow',
    },
  },
  {
    anchor: 'forces-past-silent-followers',
    name: 'goes on by force without asking all controllers that follow',
    edit: { test: 'false' },
    test: {
      file: 'forced-followers.test.ts',
      name: 'every controller that follows has to say what it goes by, or to be named as well',
    },
  },
  {
    anchor: 'forces-beside-those-that-hear',
    name: 'goes on by force while a controller may still be told something by those that are dropped',
    edit: { test: 'false' },
    test: {
      file: 'forced-followers.test.ts',
      name: 'nothing is forced while one that follows still hears a controller that is to be dropped',
    },
  },
  {
    anchor: 'forces-the-last-replica',
    name: 'drops the only controller of a shard, and the keys with it',
    edit: { test: 'false' },
    test: { file: 'forced-shards.test.ts', name: 'the last controller of a shard is not forced out' },
  },
  {
    anchor: 'forces-no-shard',
    name: 'forces controllers out of the root group, and not out of a shard',
    edit: { test: 'false' },
    test: {
      file: 'forced-shards.test.ts',
      name: 'a controller with shards at linearizability that votes is forced out, and the others take its shards',
    },
  },
  {
    anchor: 'waits-for-the-forced-out',
    name: 'waits in a move for a controller that is gone for good',
    edit: { value: 'this.#mates ?? this.#ports.peers()' },
    test: {
      file: 'forced-shards.test.ts',
      name: 'a controller with shards at eventual is forced out while its shards move, and the move goes on',
    },
  },
  {
    anchor: 'hands-over-beside-the-forced-out',
    name: 'hands keys over while a controller that is gone for good may still read them',
    edit: { test: 'false' },
    test: {
      file: 'forced-shards.test.ts',
      name: 'one that serves on beyond a partition reads nothing of a shard once others have taken it',
    },
  },
  {
    anchor: 'keeps-the-barrier-when-forced',
    name: 'counts what was said behind a barrier before a controller was dropped',
    edit: { test: 'next === null || move === null || next.epoch >= 0' },
    test: { file: 'forced-shards.test.ts', name: 'a barrier is lifted by the view that drops a controller' },
  },
  {
    anchor: 'leaves-the-forced-out-untold',
    name: 'calls nobody who was removed by force where controllers follow',
    edit: { value: 'hasFollowers() && !standing.has(peer)' },
    test: {
      file: 'forced-shards.test.ts',
      name: 'one that was cut off and dropped is told so where controllers follow',
    },
  },
  {
    anchor: 'fills-shards-before-the-vote',
    name: 'waits with a vote until a controller has caught up in shards that it has no part in',
    edit: {
      value:
        '[groups.views, ...groups.furtherViews.map(({ views }) => views)].every(({ parts }) => parts.of(peer)?.caughtUp === true) ? "" : "is catching up"',
    },
    test: {
      file: 'sharded-members.test.ts',
      name: 'shards at linearizability go to controllers that were added, and leave those that go',
    },
  },
  {
    anchor: 'forced-unconfirmed',
    name: 'drops controllers by force before anybody has confirmed it',
    edit: { test: 'false' },
    test: {
      file: 'forced.test.ts',
      name: 'nothing is done before it is confirmed',
    },
  },
];
