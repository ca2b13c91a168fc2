import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { alignColumns } from '../src/base/text-table.ts';
import { type Cluster, startCluster } from '../test_cases/support/cluster.ts';
import { AnswerError, TextClient } from '../test_cases/support/text-client.ts';

/**
 * Measures how long a controller takes to refill its memcached, from its journal and from its peers, after
 * the memcached was killed and started, or flushed; the memory of the controller meanwhile; and what a client
 * sees that reads one key at a time.
 *
 *     node bench/refill.ts [--keys 1000000] [--level linearizability]
 */
const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    level: { type: 'string', default: 'linearizability' },
  },
});
const KEYS = Number(values.keys);
const VALUE = Buffer.alloc(100, 'v');
const VICTIM = 2;
const SETS_AT_ONCE = 500;
const CLIENTS = 8;
const POLL_MS = 50;
const FILL_AGAIN_MS = 50;

/** Memory of a memcached: values of 100 bytes take about 240 bytes each in it. */
const STORE_MEGABYTES = Math.max(64, Math.ceil((KEYS * 400) / 1_048_576));

const LOSSES = {
  'killed and started': async (cluster: Cluster) => {
    await cluster.memcached(VICTIM).kill();
    await cluster.memcached(VICTIM).start();
  },
  flushed: async (cluster: Cluster) => {
    using store = await TextClient.connect(cluster.memcached(VICTIM).port);
    await store.ask('flush_all\r\n');
  },
} as const;

const rows = [
  [
    'values from',
    'its memcached was',
    'filled',
    'keys/s',
    'first to last',
    'RSS before',
    'most',
    'read p50',
    'p99',
    'worst',
  ],
];
async function measure(durability: string): Promise<void> {
  const memcached = ['-m', `${STORE_MEGABYTES}`];
  await using cluster = await startCluster({ level: values.level, settings: { durability }, memcached });
  process.stdout.write(`filling three controllers, durability ${durability} …\n`);
  await fill(cluster);
  for (const [what, lose] of Object.entries(LOSSES)) {
    await untilIdle(cluster, KEYS);
    const rssBefore = rssOf(cluster);
    const reads = new Reads(await cluster.client(VICTIM));
    const startedAt = performance.now();
    const { instances, emptied } = (await cluster.status(VICTIM)).store;
    await lose(cluster);
    const { rss, refill } = await untilFilled(cluster, instances + emptied);
    const allMs = performance.now() - startedAt;
    await reads.stop();
    const held = await heldBy(cluster);
    if (held < KEYS) throw new Error(`the memcached has ${held} of ${KEYS} keys`);
    rows.push([
      refill.fromJournal > refill.fromPeers ? 'its journal' : 'its peers',
      what,
      `${seconds(refill.tookMs)}`,
      `${Math.round((refill.total * 1000) / refill.tookMs)}`,
      `${seconds(allMs)}`,
      megabytes(rssBefore),
      megabytes(rss),
      ...reads.quantiles(),
    ]);
  }
}

async function fill(cluster: Cluster): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, at) => {
      using client = await cluster.client(at % 3);
      while (next < KEYS) {
        const from = next;
        next += SETS_AT_ONCE;
        await fillPart(client, from, Math.min(KEYS, next));
      }
    }),
  );
}

/**
 * Fills in a part of the keys. A busy controller may refuse some writes, which are repeated: what counts is
 * that all keys are there in the end.
 */
async function fillPart(client: TextClient, from: number, to: number): Promise<void> {
  let left = Array.from({ length: to - from }, (_, at) => from + at);
  while (left.length > 0) {
    const answers = await Promise.all(left.map((key) => client.store('set', `key-${key}`, VALUE)));
    left = left.filter((_, at) => answers[at] !== 'STORED');
    if (left.length > 0) await sleep(FILL_AGAIN_MS);
  }
}

async function untilIdle(cluster: Cluster, keys: number): Promise<void> {
  await cluster.ready();
  for (;;) {
    const status = await cluster.status(VICTIM);
    if (status.keys === keys && status.requests.pending === 0 && !status.refill.running) return;
    await sleep(POLL_MS);
  }
}

async function untilFilled(cluster: Cluster, changesBefore: number) {
  let rss = 0;
  for (;;) {
    rss = Math.max(rss, rssOf(cluster));
    const { store, refill } = await cluster.status(VICTIM);
    if (store.instances + store.emptied > changesBefore && !refill.running) return { rss, refill };
    await sleep(POLL_MS);
  }
}

async function heldBy(cluster: Cluster): Promise<number> {
  using store = await TextClient.connect(cluster.memcached(VICTIM).port);
  return Number((await store.stats()).get('curr_items'));
}

/** Resident memory of the controller, in bytes. */
function rssOf(cluster: Cluster): number {
  const status = readFileSync(`/proc/${cluster.controllers[VICTIM]!.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

/** A client that reads random keys one after the other. A miss is a wrong answer. */
class Reads {
  readonly #times: number[] = [];
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(client: TextClient) {
    this.#done = this.#read(client);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#done;
  }

  quantiles(): string[] {
    const sorted = this.#times.sort((a, b) => a - b);
    return [0.5, 0.99, 1].map((part) => {
      const time = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
      return `${time.toFixed(1)} ms`;
    });
  }

  async #read(client: TextClient): Promise<void> {
    while (!this.#stopped) {
      const key = `key-${Math.floor(Math.random() * KEYS)}`;
      const startedAt = performance.now();
      try {
        if ((await client.get(key)) === null) throw new Error(`${key} was answered as a miss`);
        this.#times.push(performance.now() - startedAt);
      } catch (error) {
        // While the memcached is down, its controller answers with an error.
        if (!(error instanceof AnswerError)) throw error;
        await sleep(1);
      }
    }
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

for (const durability of ['async', 'none']) await measure(durability);
const load = loadavg()[0]!.toFixed(1);
process.stdout.write(`\n${values.level}, ${KEYS} keys of ${VALUE.length} bytes (load average ${load})\n`);
process.stdout.write(`${alignColumns(rows).join('\n')}\n`);
