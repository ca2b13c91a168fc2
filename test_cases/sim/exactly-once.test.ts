import { describe, expect, it } from 'vitest';
import type { Level } from '../../src/placement/level.ts';
import {
  arithmeticRequest,
  deleteRequest,
  readItemRequest,
  storageRequest,
} from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { ask, set } from './ask.ts';
import { expectRight } from './expect-right.ts';
import { forEachSeed } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';

const ORDERED: Level[] = ['linearizability', 'sequential'];

async function clusterAt(level: Level, seed: number): Promise<SimCluster> {
  const cluster = new SimCluster({ seed, level });
  await cluster.start();
  return cluster;
}

/** Several clients at every controller ask at about the same time. */
async function askAtOnce(cluster: SimCluster, request: Request): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let client = 0; client < 9; client++) {
    const connection = cluster.nodes[client % 3]!.connect();
    cluster.scheduler.after(cluster.random.between(0, 2), () => {
      connection.submit(request, (reply) => replies.push(reply));
    });
  }
  await cluster.run(1_500);
  expect(replies).toHaveLength(9);
  return replies;
}

const winners = (replies: readonly Reply[]) =>
  replies.filter((reply) => reply.kind === 'item' && reply.item.won).length;

describe.each(ORDERED)('the right to recache an entry, at %s', (level) => {
  it('is won once when the entry is missing', async () => {
    await forEachSeed(async (seed) => {
      const replies = await askAtOnce(await clusterAt(level, seed), { ...readItemRequest('k'), vivify: 30 });
      expect(replies.every((reply) => reply.kind === 'item')).toBe(true);
      expect(winners(replies)).toBe(1);
    });
  });

  it('is won once after the entry was marked stale, and once again after it was marked again', async () => {
    await forEachSeed(async (seed) => {
      const cluster = await clusterAt(level, seed);
      await ask(cluster, 0, set('k', 'old'));
      for (const node of [1, 2]) {
        await ask(cluster, node, { ...deleteRequest('k'), invalidate: true, touch: 30 });
        expect(winners(await askAtOnce(cluster, readItemRequest('k')))).toBe(1);
      }
      await ask(cluster, 0, set('k', 'new'));
      expect(winners(await askAtOnce(cluster, readItemRequest('k')))).toBe(0);
    });
  });

  it('is won once when the entry is about to expire', async () => {
    await forEachSeed(async (seed) => {
      const cluster = await clusterAt(level, seed);
      await ask(cluster, 0, storageRequest('set', 'k', 0, 20, Buffer.from('v')));
      expect(winners(await askAtOnce(cluster, { ...readItemRequest('k'), recacheBelow: 10 }))).toBe(0);
      expect(winners(await askAtOnce(cluster, { ...readItemRequest('k'), recacheBelow: 30 }))).toBe(1);
    });
  });
});

describe.each(ORDERED)('counting, at %s', (level) => {
  it('is exact, whatever breaks', async () => {
    const faults = { 'link-break': 4, cut: 1, kill: 0.7, pause: 0.5 };
    const workload = {
      clients: 9,
      keys: 1,
      operations: 90,
      thinkMs: 300,
      pipeline: 1,
      counting: 0.8,
      actions: ['incr', 'set'],
    } as const;
    await forEachSeed((seed) => expectRight(seed, { level, nodes: 3, faults, workload }));
  });

  it('is exact when all clients count at once', async () => {
    await forEachSeed(async (seed) => {
      const cluster = await clusterAt(level, seed);
      await ask(cluster, 0, set('n', '0'));
      const replies = await askAtOnce(cluster, arithmeticRequest('incr', 'n', 1n));
      const numbers = replies.map((reply) => (reply.kind === 'number' ? Number(reply.value) : Number.NaN));
      expect(numbers.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
  });
});

describe.each(ORDERED)('tokens, at %s', (level) => {
  it('have one winner, whichever controllers the clients ask', async () => {
    await forEachSeed(async (seed) => {
      const cluster = await clusterAt(level, seed);
      await ask(cluster, 0, set('k', 'v'));
      const read = await ask(cluster, 1, { kind: 'get', keys: ['k'], withCas: true });
      const token = read.kind === 'hits' ? read.hits[0]!.cas : 0n;
      await ask(cluster, 2, { kind: 'touch', key: 'k', exptime: 100, noreply: false });
      const replies = await askAtOnce(cluster, storageRequest('cas', 'k', 0, 0, Buffer.from('new'), token));
      const outcomes = replies.map((reply) => (reply.kind === 'outcome' ? reply.outcome : reply.kind));
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(8);
    });
  });

  it('that a client has chosen are compared with by other clients', async () => {
    const cluster = await clusterAt(level, 1);
    await ask(cluster, 0, { ...storageRequest('set', 'k', 0, 0, Buffer.from('v')), newToken: 77n });
    const compared = async (compare: bigint) =>
      await ask(cluster, 1, storageRequest('cas', 'k', 0, 0, Buffer.from('w'), compare));
    expect(await compared(76n)).toMatchObject({ outcome: 'exists' });
    expect(await compared(77n)).toMatchObject({ outcome: 'stored' });
    expect(await compared(77n)).toMatchObject({ outcome: 'exists' });
  });
});
