import type { Mutant } from './mutant.ts';

/** Mistakes in how a keyspace gets from one group to another while clients write and read. */
export const MOVE_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'lets-later-ones-go-first',
    name: 'begins later requests of a client before the one that was refused last is begun anew',
    edit: { statement: 'if (mayOthersGo) this.#ports.onChange(); $' },
    test: {
      file: 'reshard.test.ts',
      name: 'a write that is refused last is begun anew before the later ones of its client',
    },
  },
  {
    anchor: 'waits-for-each-other',
    name: 'lets a request of a peer wait for late answers, while that peer waits in the same way',
    edit: { test: "access === 'none'" },
    test: {
      file: 'ordered-reshard.test.ts',
      name: 'while a keyspace with 3 shards gets two a miss is no error for a client that has sent further reads',
    },
  },
  {
    anchor: 'misses-are-not-remembered',
    name: 'takes a key for forgotten that was not there before either',
    edit: { value: 'false' },
    test: {
      file: 'ordered-reshard.test.ts',
      name: 'while a keyspace with 3 shards gets two a miss is no error for a client that has sent further reads',
    },
  },
  {
    anchor: 'order-takes-slots-in',
    name: 'moves keys into an ordered group that has had a flush of its own',
    edit: { test: 'true' },
    test: {
      file: 'ordered-reshard.test.ts',
      name: 'a shard that gets the keys of another one keeps what was written after a flush, by whatever clock',
    },
  },
  {
    anchor: 'knows-writes-of-members-alone',
    name: 'never knows the writes of a controller whose keys came to an ordered group by a move',
    edit: { statement: 'known.advanceAllTo(applied, idsEndOf(controller.configuration()));' },
    test: {
      file: 'ordered-reshard.test.ts',
      name: 'shards at linearizability, with broadcast, become more, and fewer, and no key is lost',
    },
  },
  {
    anchor: 'proof-behind-lost-barrier',
    name: 'takes what the group before proves for true, though others may serve the keys in the group after',
    edit: { value: 'OPEN' },
    test: {
      file: 'found-faults.test.ts',
      name: 'behind a barrier nothing is proven by a controller that may have been left out',
    },
  },
  {
    anchor: 'keeps-open-what-is-not-needed',
    name: 'keeps the journal of a group open that was needed for a cancelled move',
    edit: { statement: 'if (!levels.missing.some((one) => one.number === number)) return;' },
    test: {
      file: 'found-faults.test.ts',
      name: 'a journal that was opened in vain for a move can be opened for the next one',
    },
  },
  {
    anchor: 'hands-over-what-others-have-forgotten',
    name: 'brings an expired entry into an ordered group, though other controllers have forgotten it',
    edit: 'drop',
    test: {
      file: 'broadcast-apart.test.ts',
      name: 'an ordered level where none was configured regression: seed 90110, an expired entry was at some only',
    },
  },
  {
    anchor: 'broadcast-without-a-group',
    name: 'gives the entries of an ordered keyspace to a root group that can have none',
    edit: { value: '{}' },
    test: {
      file: 'broadcast-apart.test.ts',
      name: 'an ordered level where none was configured waits for a controller whose disk is full, and says so',
    },
  },
  {
    anchor: 'forgets-the-agreed-group',
    name: 'forgets with the next phase of a move in which group its keys are',
    edit: { value: '{ epoch, keyspaces, move: { ...change, phase: "settling" } }' },
    test: {
      file: 'broadcast-apart.test.ts',
      name: 'an ordered level where none was configured waits for a controller whose disk is full, and says so',
    },
  },
  {
    anchor: 'writes-behind-barrier',
    name: 'takes writes of a keyspace whose last records are being handed over',
    edit: { test: "hold === 'all'" },
    level: 'causal',
    switches: 'all',
    seeds: 300,
  },
  {
    anchor: 'waits-for-no-missing-controller',
    name: 'moves a keyspace without the controllers that it does not hear',
    edit: { value: '() => peers.ids.filter((peer) => peers.isHeard(peer))' },
    level: 'sequential',
    faults: 'isolation=2,cut=2',
    switches: 'all',
    seeds: 1000,
  },
  {
    anchor: 'hand-over-forgets-tombstones',
    name: 'hands over entries without the deletions that have come since',
    edit: { test: "effect.kind === 'delete' || !journal.record(effect)" },
    level: 'sequential',
    switches: 'all',
    seeds: 1000,
  },
  {
    anchor: 'trusts-moved-values',
    name: 'takes for granted that the store has the values of the entries that were moved',
    edit: { test: 'false' },
    test: {
      file: 'moves.test.ts',
      name: 'a keyspace that is moved while the cluster runs brings back what its store has lost unnoticed',
    },
  },
  {
    anchor: 'forgets-withheld-values',
    name: 'does not bring back the values that came while the store had those of another group',
    edit: 'drop',
    test: {
      file: 'moves.test.ts',
      name: 'a keyspace that is moved while the cluster runs brings back what came for the second group early',
    },
  },
  {
    anchor: 'serves-in-two-groups',
    name: 'goes by a placement as soon as it is accepted here, though it may never be installed',
    edit: {
      value: '{ placement: this.#views.acceptedPlacement, acceptedPlacement: this.#views.acceptedPlacement }',
    },
    test: {
      file: 'move-rules.test.ts',
      name: 'a controller that has accepted the last step of a move takes no write before it is installed',
    },
  },
  {
    anchor: 'barrier-once-installed',
    name: 'takes writes until the barrier is installed here, though it has accepted it',
    edit: { value: 'isBarred(this.#installed)' },
    test: {
      file: 'move-rules.test.ts',
      name: 'a controller that has accepted the barrier takes no write, also before it is installed',
    },
  },
  {
    anchor: 'hands-over-uncollected',
    name: 'hands over what is here, without what the peers had taken before the barrier',
    edit: { test: "hasReached(this.#step, 'handed-over')" },
    test: {
      file: 'move-rules.test.ts',
      name: 'a write that is on its way to a controller at the barrier is there before the other group serves',
    },
  },
  {
    anchor: 'writes-values-of-another-group',
    name: 'writes values into the store for which the store has those of another group',
    edit: { value: 'false' },
    test: {
      file: 'move-rules.test.ts',
      name: 'a controller at the barrier reads its own value while the other group writes newer ones',
    },
  },
  {
    anchor: 'insists-on-a-change',
    name: 'proposes a step of a move again and again in views that lack a controller for which it is',
    edit: { test: 'false' },
    test: {
      file: 'move-rules.test.ts',
      name: 'a controller that dies at the barrier costs no request, and two views',
    },
  },
  {
    anchor: 'settled-at-once',
    name: 'leaves a chain without waiting for its own writes',
    edit: { test: 'true' },
    test: {
      file: 'chain-moves.test.ts',
      name: 'a keyspace does not leave a chain while a write of it is under way',
    },
  },
  {
    anchor: 'settled-without-lease',
    name: 'leaves a chain by a state that other members may have gone beyond',
    edit: { test: '(order.asks?.settled ?? 0) < one.asked' },
    test: {
      file: 'chain-moves.test.ts',
      name: 'a controller without a lease in a chain has not all of it, and does not hand it over',
    },
  },
  {
    anchor: 'collects-before-all-are-fenced',
    name: 'leaves a chain with what it has when its own writes are settled',
    edit: { test: 'this.#hasSettled' },
    test: {
      file: 'chain-moves.test.ts',
      name: 'a write that is settled behind the barrier is handed over to linearizability/broadcast',
    },
  },
  {
    anchor: 'exchanges-before-all-are-fenced',
    name: 'claims to know what the head has written since an exchange with it',
    edit: { value: 'this.#ports.words.fencedMs(peer, this.#epoch)' },
    test: {
      file: 'chain-moves.test.ts',
      name: 'what the head of a chain writes before it stamps the last write of others is known by all',
    },
  },
  {
    anchor: 'copies-while-paused',
    name: 'goes on to copy records of a move that is paused',
    edit: { test: "!this.#haveAll('opened')" },
    test: {
      file: 'pauses.test.ts',
      name: 'a paused move copies nothing, whoever is restarted, and goes on when it is resumed',
    },
  },
];
