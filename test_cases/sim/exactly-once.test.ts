import { describe, expect, it } from 'vitest';
import type { Level } from '../../src/consistency/level.ts';
import {
  arithmeticRequest,
  deleteRequest,
  readItemRequest,
  storeRequest,
} from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { expectRight } from './expect-right.ts';
import { forEachSeed } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';

const ORDERED: Level[] = ['linearizability', 'sequential'];

function clusterAt(level: Level, seed: number): SimCluster {
  const cluster = new SimCluster({ seed, level });
  cluster.start();
  return cluster;
}

/** Asks one controller, and waits. */
function ask(cluster: SimCluster, node: number, request: Request): Reply {
  let answer: Reply | null = null;
  cluster.nodes[node]!.connect().submit(request, (reply) => {
    answer = reply;
  });
  for (let waited = 0; answer === null && waited < 5_000; waited += 10) cluster.run(10);
  if (answer === null) throw new Error('never answered');
  return answer;
}

/** Several clients at every controller ask at about the same time. */
function askAtOnce(cluster: SimCluster, request: Request): Reply[] {
  const replies: Reply[] = [];
  for (let client = 0; client < 9; client++) {
    const connection = cluster.nodes[client % 3]!.connect();
    cluster.scheduler.after(cluster.random.between(0, 2), () => {
      connection.submit(request, (reply) => replies.push(reply));
    });
  }
  cluster.run(1_500);
  expect(replies).toHaveLength(9);
  return replies;
}

const winners = (replies: readonly Reply[]) =>
  replies.filter((reply) => reply.kind === 'item' && reply.item.won).length;

const set = (key: string, value: string): Request => storeRequest('set', key, 0, 0, Buffer.from(value));

describe.each(ORDERED)('the right to fill an entry anew, at %s', (level) => {
  it('is won once when the entry is missing', () => {
    forEachSeed((seed) => {
      const replies = askAtOnce(clusterAt(level, seed), { ...readItemRequest('k'), vivify: 30 });
      expect(replies.every((reply) => reply.kind === 'item')).toBe(true);
      expect(winners(replies)).toBe(1);
    });
  });

  it('is won once after the entry was marked stale, and once more after it was marked again', () => {
    forEachSeed((seed) => {
      const cluster = clusterAt(level, seed);
      ask(cluster, 0, set('k', 'old'));
      for (const node of [1, 2]) {
        ask(cluster, node, { ...deleteRequest('k'), invalidate: true, touch: 30 });
        expect(winners(askAtOnce(cluster, readItemRequest('k')))).toBe(1);
      }
      ask(cluster, 0, set('k', 'new'));
      expect(winners(askAtOnce(cluster, readItemRequest('k')))).toBe(0);
    });
  });

  it('is won once when the entry is about to expire', () => {
    forEachSeed((seed) => {
      const cluster = clusterAt(level, seed);
      ask(cluster, 0, storeRequest('set', 'k', 0, 20, Buffer.from('v')));
      expect(winners(askAtOnce(cluster, { ...readItemRequest('k'), recacheBelow: 10 }))).toBe(0);
      expect(winners(askAtOnce(cluster, { ...readItemRequest('k'), recacheBelow: 30 }))).toBe(1);
    });
  });
});

describe.each(ORDERED)('counting, at %s', (level) => {
  it('is exact, whatever breaks', () => {
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
    forEachSeed((seed) => expectRight(seed, { level, nodes: 3, faults, workload }));
  });

  it('is exact when all count at once', () => {
    forEachSeed((seed) => {
      const cluster = clusterAt(level, seed);
      ask(cluster, 0, set('n', '0'));
      const replies = askAtOnce(cluster, arithmeticRequest('incr', 'n', 1n));
      const numbers = replies.map((reply) => (reply.kind === 'number' ? Number(reply.value) : Number.NaN));
      expect(numbers.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
  });
});

describe.each(ORDERED)('tokens, at %s', (level) => {
  it('are one winner’s, whichever controllers race', () => {
    forEachSeed((seed) => {
      const cluster = clusterAt(level, seed);
      ask(cluster, 0, set('k', 'v'));
      const read = ask(cluster, 1, { kind: 'get', keys: ['k'], withCas: true });
      const token = read.kind === 'hits' ? read.hits[0]!.cas : 0n;
      ask(cluster, 2, { kind: 'touch', key: 'k', exptime: 100, noreply: false });
      const replies = askAtOnce(cluster, storeRequest('cas', 'k', 0, 0, Buffer.from('new'), token));
      const outcomes = replies.map((reply) => (reply.kind === 'outcome' ? reply.outcome : reply.kind));
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'exists')).toHaveLength(8);
    });
  });

  it('of the client’s own choice are what the others compare with', () => {
    const cluster = clusterAt(level, 1);
    ask(cluster, 0, { ...storeRequest('set', 'k', 0, 0, Buffer.from('v')), newToken: 77n });
    const compared = (compare: bigint) =>
      ask(cluster, 1, storeRequest('cas', 'k', 0, 0, Buffer.from('w'), compare));
    expect(compared(76n)).toMatchObject({ outcome: 'exists' });
    expect(compared(77n)).toMatchObject({ outcome: 'stored' });
    expect(compared(77n)).toMatchObject({ outcome: 'exists' });
  });
});
