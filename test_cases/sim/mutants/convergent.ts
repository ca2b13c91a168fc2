import type { Mutant } from './mutant.ts';

/** Controllers that are away, some of them for longer than deletions are kept for them. */
const AWAY = 'isolation=1,cut=1,kill=1,link-break=1';

/** Mistakes in how replicas that write on their own end with the same state. */
export const CONVERGENT_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'vector-before-exchange',
    name: 'moves its version vector before an exchange is complete',
    edit: {
      statement:
        '$ for (const { version } of response.effects) this.#ports.known().advance(version.node, version.time);',
    },
    level: 'eventual',
    faults: 'kill=2,link-break=3,slow-link=2,link-flaps=2',
    seeds: 4000,
  },
  {
    anchor: 'caught-up-with-one',
    name: 'takes itself for caught up after an exchange with one peer',
    edit: {
      value: 'this.#peers.some((peer) => this.#syncedWith.has(peer) || (waited && !isReachable(peer)))',
    },
    level: 'eventual',
    seeds: 300,
  },
  {
    anchor: 'vector-over-missed-pushes',
    name: 'moves its version vector over pushes that it has missed',
    edit: { test: 'run !== undefined' },
    level: 'eventual',
    seeds: 300,
  },
  {
    anchor: 'older-version-wins',
    name: 'lets an older version replace a newer one',
    edit: 'drop',
    level: 'eventual',
    seeds: 300,
  },
  {
    anchor: 'forgets-unknown-deletion',
    name: 'forgets a deletion that a peer does not know yet',
    edit: { test: 'true' },
    level: 'eventual',
    seeds: 300,
  },
  {
    anchor: 'keeps-refused-write',
    name: 'keeps a write in the journal that the store refused',
    edit: 'drop',
    level: 'eventual',
    seeds: 4000,
  },
  {
    anchor: 'flush-before-earlier-writes',
    name: 'tells its peers of a flush before the writes that came before the flush',
    edit: { test: 'true' },
    level: 'eventual',
    faults: 'store-hangs=1',
    seeds: 3_000,
  },
  {
    anchor: 'tells-unsettled-delete',
    name: 'tells its peers of a delete that the store may still refuse',
    edit: { test: 'true' },
    level: 'eventual',
    faults: 'store-hangs=1',
    seeds: 6_000,
  },
  {
    anchor: 'forgets-early-forgetting',
    name: 'does not note that it has forgotten a deletion early',
    edit: 'drop',
    level: 'eventual',
    faults: AWAY,
    horizonMs: 300,
    seeds: 300,
  },
  {
    anchor: 'takes-resurrected',
    name: 'takes writes from a peer that has missed forgotten deletions',
    edit: 'drop',
    level: 'eventual',
    faults: 'isolation=1,cut=2,slow-link=2',
    horizonMs: 300,
    seeds: 1_000,
  },
  {
    anchor: 'takes-runs-for-one',
    name: 'takes it that a peer that was restarted knows what its earlier run knew',
    edit: { value: 'true' },
    test: {
      file: 'found-faults.test.ts',
      name: 'a peer that was restarted may have it from a third that deletions are forgotten',
    },
  },
  {
    anchor: 'gives-to-outdated',
    name: 'gives writes to a peer that has missed forgotten deletions',
    edit: 'drop',
    level: 'sequential',
    faults: AWAY,
    horizonMs: 300,
    seeds: 1_000,
  },
  {
    anchor: 'claims-past-refused-write',
    name: 'claims the time after a refused write that a crash can bring back',
    edit: { test: 'true' },
    test: {
      file: 'found-faults.test.ts',
      name: 'a refused write that a crash brings back gets to all at eventual',
    },
  },
  {
    anchor: 'forgets-what-may-be-reverted',
    name: 'forgets a deletion which the store may still refuse',
    edit: { value: '({ version }) => this.#mayShowOlder(version)' },
    test: {
      file: 'causal-shards.test.ts',
      name: 'a controller alone in its shard keeps a deletion that its store may still refuse (seed 530015)',
    },
  },
];
