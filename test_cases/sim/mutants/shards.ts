import type { Mutant } from './mutant.ts';

/** Mistakes between a controller and those that have the keys which it has not. */
export const SHARD_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'all-wait-for-a-bound',
    name: 'holds up all clients for a read whose key has moved, and whose bound on staleness takes long to keep',
    edit: { value: 'this.#waiting.length > 0' },
    test: {
      file: 'reshard.test.ts',
      name: 'regression: all clients waited for one whose bound on staleness took long to keep (seed 400000070)',
    },
  },
  {
    anchor: 'overtaken-when-asked-again',
    name: 'begins later requests of a client although one before them is asked of a second member',
    edit: 'drop',
    test: {
      file: 'ordered-reshard.test.ts',
      name: 'regression: a read that was sent to a second member was overtaken by a later write (seed 305000043)',
    },
  },
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
    edit: { value: 'configured' },
    test: {
      file: 'ordered-shards.test.ts',
      name: 'keys in ordered shards with broadcast are served by every controller',
    },
  },
  {
    anchor: 'plans-shards-anew',
    name: 'plans the groups of shards from the configuration although the controllers have agreed on them',
    edit: { value: '[]' },
    test: {
      file: 'shards.test.ts',
      name: 'keyspaces beside one with shards keep the groups of its shards when zones are configured later',
    },
  },
  {
    anchor: 'keeps-the-old-epoch',
    name: 'goes on routing by the shards of the placement before',
    edit: 'drop',
    test: { file: 'reshard.test.ts', name: 'with 2 replicas, from 2 shards to 3 no key is lost' },
  },
  {
    anchor: 'reshards-without-barrier',
    name: 'takes writes of slots that move while their last records are copied',
    edit: { value: 'false' },
    test: {
      file: 'reshard.test.ts',
      name: 'every write that was answered while slots moved is there afterwards',
    },
  },
  {
    anchor: 'ends-a-copy-before-the-barrier',
    name: 'says that all records have been sent while their group still takes writes',
    edit: { value: 'true' },
    test: { file: 'reshard.test.ts', name: 'a write that comes late in the copying is not lost' },
  },
  {
    anchor: 'fetch-forgets-tombstones',
    name: 'copies entries to their new shard, and no deletions',
    edit: {
      statement: "for (const effect of part.effects) if (effect.kind !== 'delete') this.#take(effect);",
    },
    test: { file: 'reshard.test.ts', name: 'a key that is deleted while it is copied stays deleted' },
  },
  {
    anchor: 'feeds-what-is-fetched',
    name: 'takes fetched records for writes of their new shard, and sends them to the members that fetch them as well',
    edit: 'drop',
    test: {
      file: 'reshard.test.ts',
      name: 'the members of a new shard send each other nothing of what each of them fetches',
    },
  },
  {
    anchor: 'answers-wrong-shard',
    name: 'tells a client that the controller which was asked does not have the key any more',
    edit: { test: 'false' },
    test: {
      file: 'reshard.test.ts',
      name: 'a request that comes to a shard which has lost the key is carried out in the other one',
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
  {
    anchor: 'hop-forgets-session',
    name: 'asks for a key of another shard without saying what the session has seen',
    edit: { value: '[]' },
    test: {
      file: 'causal-shards.test.ts',
      name: 'no effect without its cause in another shard where the controller lacks the cause',
    },
  },
  {
    anchor: 'answer-without-session',
    name: 'does not take over what the session has seen by the answer of another controller',
    edit: 'drop',
    test: {
      file: 'causal-shards.test.ts',
      name: 'no effect without its cause in another shard where the controller lacks the cause',
    },
  },
  {
    anchor: 'reader-takes-no-foreign',
    name: 'reads what depends on writes of other groups, and does not wait for those',
    edit: 'drop',
    test: {
      file: 'causal-shards.test.ts',
      name: 'no effect without its cause in another shard where the controller lacks the cause',
    },
  },
  {
    anchor: 'tells-no-foreign',
    name: 'tells a peer of writes without what they depend on in other groups',
    edit: 'drop',
    test: {
      file: 'causal-shards.test.ts',
      name: 'no effect without its cause in another shard at another member of the shard',
    },
  },
  {
    anchor: 'recovered-without-foreign',
    name: 'forgets with a restart what the writes of a group depend on elsewhere',
    edit: 'drop',
    test: {
      file: 'causal-shards.test.ts',
      name: 'no effect without its cause in another shard after those with the effect were killed',
    },
  },
  {
    anchor: 'writes-without-foreign',
    name: 'forgets what a write depends on in other groups',
    edit: 'drop',
    test: {
      file: 'causal-shards.test.ts',
      name: 'no effect without its cause in another shard where the controller lacks the cause',
    },
  },
  {
    anchor: 'hop-overtaken-at-causal',
    name: 'begins a request before it is known what the one before depends on',
    edit: 'drop',
    test: {
      file: 'causal-shards.test.ts',
      name: 'no effect without its cause in another shard although the write was sent behind the read',
    },
  },
  {
    anchor: 'waits-past-the-asker',
    name: 'waits for what a session has seen for longer than its asker waits',
    edit: { value: 'gate' },
    test: {
      file: 'causal-shards.test.ts',
      name: 'no effect without its cause in another shard told over a slow link',
    },
  },
  {
    anchor: 'copy-forgets-dependencies',
    name: 'copies keys to their new shard without what they depend on',
    edit: 'drop',
    test: {
      file: 'causal-reshard.test.ts',
      name: 'the effect has moved and its lost cause is waited for in their old shard, by a member of both shards',
    },
  },
  {
    anchor: 'feed-forgets-dependencies',
    name: 'sends the keys of a new shard without what they depend on',
    edit: { value: '[]' },
    test: {
      file: 'causal-reshard.test.ts',
      name: 'the effect has moved and its lost cause is waited for in their old shard, by others',
    },
  },
  {
    anchor: 'keeps-what-ended-groups-had',
    name: 'remembers for ever what writes depend on in a shard that is gone',
    edit: { test: 'true' },
    test: {
      file: 'causal-reshard.test.ts',
      name: 'what writes depend on in a shard that is gone keeps nobody waiting',
    },
  },
  {
    anchor: 'token-names-ended-groups',
    name: 'gives tokens that name shards which are gone',
    edit: { value: 'parts' },
    test: {
      file: 'causal-reshard.test.ts',
      name: 'a token names no shard that is gone, however often a connection has seen others',
    },
  },
  {
    anchor: 'waits-for-origins-that-are-gone',
    name: 'waits for writes of a controller that had a part in the shard before alone',
    edit: { value: 'isKnown' },
    test: {
      file: 'causal-reshard.test.ts',
      name: 'a write that has moved is waited for by no session after all were restarted at the end of the move',
    },
  },
  {
    anchor: 'blank-to-sessions',
    name: 'answers sessions of earlier shards although it has lost the keys that it got from them',
    edit: { value: 'false' },
    test: {
      file: 'causal-reshard.test.ts',
      name: 'the effect has moved and a controller that has lost it lets sessions wait that have seen it before',
    },
  },
  {
    anchor: 'alone-claims-nothing',
    name: 'lets a controller that is alone in its group never say that a time is over in which it wrote nothing',
    edit: 'drop',
    test: {
      file: 'causal-shards.test.ts',
      name: 'a write that is lost with its shard keeps no session waiting for ever (seed 109)',
    },
  },
  {
    anchor: 'keeps-its-old-group',
    name: 'gives a shard other controllers, and leaves it in the group of those before',
    edit: { test: 'known !== undefined' },
    test: {
      file: 'moved-shards.test.ts',
      name: 'a shard moves to controllers that had no part in it no key is lost, and nothing is left behind',
    },
  },
  {
    anchor: 'waits-for-keys-that-stay',
    name: 'begins no request while one is owed whose key has not moved',
    edit: { test: 'asked.isLate || !groups.has(group)' },
    test: {
      file: 'moved-shards.test.ts',
      name: 'a read that waits for a bound on staleness holds up nobody whose keys move',
    },
  },
  {
    anchor: 'goes-with-its-shards',
    name: 'has a controller vote no more that has shards',
    edit: 'drop',
    test: {
      file: 'sharded-members.test.ts',
      name: 'shards at eventual go to controllers that were added, and leave those that go',
    },
  },
  {
    anchor: 'waits-for-who-has-no-shards',
    name: 'moves shards only while all controllers are there, also those that vote no more',
    edit: { value: 'peers' },
    test: {
      file: 'sharded-members.test.ts',
      name: 'shards move while a controller that votes no more is gone for good',
    },
  },
  {
    anchor: 'asks-by-what-it-was-configured',
    name: 'sends requests on by the shards of its configuration before it votes',
    edit: 'drop',
    test: {
      file: 'sharded-members.test.ts',
      name: 'a controller that is added after the shards changed learns of them before it serves',
    },
  },
  {
    anchor: 'sends-lost-values',
    name: 'hands a record over without its value, which a controller has that is about to forget it',
    edit: { test: 'true' },
    test: {
      file: 'moved-shards.test.ts',
      name: 'a value that the controller which stays has lost comes from the one that goes',
    },
  },
  {
    anchor: 'reads-again-what-was-found',
    name: 'reads values that other controllers had from its own store again, which may have evicted them',
    edit: { statement: 'readValues(ports, batch, (again) => end(again, STORE_SILENT));' },
    test: {
      file: 'moved-shards.test.ts',
      name: 'a value that was found for a controller that gets it is not lost with the next eviction',
    },
  },
  {
    anchor: 'serves-shards-by-an-empty-disk',
    name: 'serves the shards of the configuration with a disk that remembers nothing',
    edit: { value: 'gate' },
    test: {
      file: 'moved-shards.test.ts',
      name: 'a controller with another disk serves no shards before a view tells which there are',
    },
  },
  {
    anchor: 'goes-on-with-an-ended-copy',
    name: 'goes on with a copy although deletions were forgotten since it was ended',
    edit: 'drop',
    test: {
      file: 'moved-shards.test.ts',
      name: 'keys that are deleted while nothing is sent to one of the controllers do not come back',
    },
  },
  {
    anchor: 'removes-who-gets-shards',
    name: 'removes a controller that has shards, since nothing forbade it when it was asked for',
    edit: { value: 'true' },
    test: {
      file: 'sharded-members.test.ts',
      name: 'of a removal and a change of shards that are asked for at once one happens, or none',
    },
  },
  {
    anchor: 'gives-shards-to-who-leaves',
    name: 'gives shards to a controller that has just been removed',
    edit: { value: 'true' },
    test: {
      file: 'sharded-members.test.ts',
      name: 'of a removal and a change of shards that are asked for at once one happens, or none',
    },
  },
  {
    anchor: 'no-shards-at-the-start',
    name: 'sends no request on for a keyspace that had no shards when the controller was started',
    edit: 'drop',
    test: {
      file: 'first-shards.test.ts',
      name: 'at eventual, a keyspace that gets 3 shards with 2 controllers each loses no key',
    },
  },
  {
    anchor: 'first-shards-not-agreed',
    name: 'forgets with the last phase which first shards a keyspace has got',
    edit: { value: 'shards.map((one) => (one.keyspace === to.keyspace ? to : one))' },
    test: {
      file: 'first-shards.test.ts',
      name: 'at eventual, a keyspace that gets 3 shards with 2 controllers each loses no key',
    },
  },
  {
    anchor: 'first-shards-from-nowhere',
    name: 'refuses the journal whose entries are on their way to the first shards of their keyspace',
    edit: { value: '(name: string) => !isSpread(name)' },
    test: {
      file: 'first-shards.test.ts',
      name: 'all are restarted at any step, at durability sync',
    },
  },
  {
    anchor: 'first-shards-without-all',
    name: 'gives a keyspace its first shards without a controller that votes no more and has its entries',
    edit: { test: 'reshard === undefined' },
    test: {
      file: 'first-shards.test.ts',
      name: 'a controller that votes no more is waited for',
    },
  },
  {
    anchor: 'added-without-a-zone',
    name: 'places replicas without the zones of controllers that were added',
    edit: { value: 'undefined as string | undefined' },
    test: {
      file: 'sharded-members.test.ts',
      name: 'replicas go by the zone of a controller that was added',
    },
  },
];
