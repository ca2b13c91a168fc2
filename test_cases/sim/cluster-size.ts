import { VOTERS_MAX } from '../../src/placement/configuration.ts';
import { SHARDS_MAX } from '../../src/placement/slots.ts';
import { set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimClientConnection } from './sim-run.ts';

/** What a cluster of one size costs. All of it is per controller, unless its name says otherwise. */
export interface ClusterCost {
  readonly controllers: number;
  readonly shards: number;
  /** Links to other controllers, in the mean: of the idle cluster, and after the operations. */
  readonly links: number;
  readonly linksAfter: number;
  readonly idle: Rate;
  /** What one operation adds to an idle cluster. */
  readonly operation: Rate;
  /** Of the controller and its machine in the simulator, in KiB of heap. */
  readonly heapKiB: number;
  /** Bytes a second of each type of message in the idle cluster, the largest first. */
  readonly idleByType: readonly (readonly [string, number])[];
}

/** Of messages before they are put into frames. */
export interface Rate {
  readonly messages: number;
  readonly bytes: number;
}

/** Controllers that have the entries of each shard. */
const REPLICAS = 3;

/** So long after the start links, views and exchanges are those of a cluster that stands, in virtual milliseconds. */
const SETTLE_MS = 3_000;

/** Requests of each controller's client in the loaded span. */
const REQUESTS = 20;

const VALUE = 'x'.repeat(100);

/**
 * Starts a cluster whose keys are spread over as many shards as controllers, and counts what it sends while it is idle,
 * and while each controller has one client that writes and reads keys of all shards in turn.
 */
export async function measureCluster(controllers: number, spanMs: number): Promise<ClusterCost> {
  const heapBefore = heapBytes();
  const sharded = shardsFor(controllers);
  const cluster = new SimCluster({
    seed: 1,
    level: 'linearizability',
    nodes: controllers,
    settings: {
      voters: Math.min(controllers, VOTERS_MAX),
      sharded: sharded.map(({ name, shards }) => ({
        name,
        shards,
        replicas: Math.min(REPLICAS, controllers),
      })),
      keyspaces: sharded.slice(1).map(({ name }) => ({ name, prefix: `${name}:`, level: 'linearizability' })),
    },
  });
  await cluster.start();
  await cluster.run(SETTLE_MS);
  const idle = await countDuring(cluster, () => cluster.run(spanMs));
  const links = (2 * cluster.network.links) / controllers;
  const heapKiB = (heapBytes() - heapBefore) / controllers / 1_024;
  const loaded = await countDuring(cluster, () => load(cluster, sharded, spanMs));
  const operations = controllers * REQUESTS;
  const seconds = spanMs / 1_000;
  const perController = (total: number) => total / controllers / seconds;
  return {
    controllers,
    shards: sharded.reduce((sum, { shards }) => sum + shards, 0),
    links,
    linksAfter: (2 * cluster.network.links) / controllers,
    idle: { messages: perController(idle.messages), bytes: perController(idle.bytes) },
    operation: {
      messages: (loaded.messages - idle.messages) / operations,
      bytes: (loaded.bytes - idle.bytes) / operations,
    },
    heapKiB,
    idleByType: [...idle.byType]
      .map(([type, bytes]) => [type, perController(bytes)] as const)
      .sort(([, a], [, b]) => b - a),
  };
}

interface Keyspace {
  readonly name: string;
  readonly shards: number;
}

/** About as many shards as controllers, in as many keyspaces as that takes. */
function shardsFor(controllers: number): readonly Keyspace[] {
  const wanted = Math.min(Math.max(2, controllers), 3 * SHARDS_MAX);
  const names = ['default', 'b', 'c'].slice(0, Math.ceil(wanted / SHARDS_MAX));
  return names.map((name) => ({ name, shards: Math.ceil(wanted / names.length) }));
}

interface Count extends Rate {
  readonly byType: ReadonlyMap<string, number>;
}

async function countDuring(cluster: SimCluster, run: () => Promise<void>): Promise<Count> {
  const byType = new Map<string, number>();
  let messages = 0;
  let bytes = 0;
  cluster.network.onSent = (type, length) => {
    messages++;
    bytes += length;
    byType.set(type, (byType.get(type) ?? 0) + length);
  };
  await run();
  cluster.network.onSent = null;
  return { messages, bytes, byType };
}

/** @throws when an operation fails, or is not answered within the span */
async function load(cluster: SimCluster, keyspaces: readonly Keyspace[], spanMs: number): Promise<void> {
  let answered = 0;
  const failed: string[] = [];
  const askOne = (client: SimClientConnection, number: number) => {
    const { name } = keyspaces[number % keyspaces.length]!;
    const key = `${name === 'default' ? '' : `${name}:`}key:${number >> 1}`;
    const request =
      number % 2 === 0 ? set(key, VALUE) : ({ kind: 'get', keys: [key], withCas: false } as const);
    client.submit(request, (reply) => {
      answered++;
      if (reply.kind !== 'hits' && !(reply.kind === 'outcome' && reply.outcome === 'stored'))
        failed.push(JSON.stringify(reply));
    });
  };
  for (const [at, node] of cluster.nodes.entries()) {
    const client = node.connect();
    for (let i = 0; i < REQUESTS; i++)
      cluster.scheduler.after(((i + at / cluster.nodes.length) / REQUESTS) * spanMs * 0.8, () =>
        askOne(client, at * REQUESTS + i),
      );
  }
  await cluster.run(spanMs);
  if (failed.length > 0 || answered < cluster.nodes.length * REQUESTS)
    throw new Error(`${answered} operations were answered, ${failed.length} of them wrong: ${failed[0]}`);
}

/** With `--expose-gc` what is in use; without, what has not been collected yet as well. */
function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
