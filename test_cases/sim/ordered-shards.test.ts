import { describe, expect, it } from 'vitest';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';
import { shardsOfSlots, slotOf } from '../../src/placement/slots.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { ask, read, set } from './ask.ts';
import { runScenario } from './run-scenario.ts';
import { drawScenario } from './scenario.ts';
import { SimCluster, type SimOptions } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';

/** A cluster of six controllers whose keys are spread over two ordered groups of three. */

const SHARDS = 2;
const KEYS = Array.from({ length: 12 }, (_, i) => `key:${i}`);
const SHARD_OF_SLOT = shardsOfSlots(SHARDS);

const shardOf = (key: string): number => SHARD_OF_SLOT[slotOf(key)]!;
const keyOf = (shard: number): string => KEYS.find((key) => shardOf(key) === shard)!;

async function sharded(level: SimOptions['level'], scheme: 'broadcast' | 'chain'): Promise<SimCluster> {
  const cluster = new SimCluster({
    seed: 1,
    level,
    nodes: 6,
    settings: { scheme, durability: 'sync', sharded: [{ name: 'default', shards: SHARDS, replicas: 3 }] },
  });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const get = (key: string): Request => ({ kind: 'get', keys: [key], withCas: false });

const memberOf = (shard: number) => (node: SimNode) =>
  node.core!.groups.byNumber[FIRST_SHARD_GROUP + shard] !== undefined;

function valueIn(reply: Reply | null): string {
  return reply?.kind === 'hits' ? (reply.hits[0]?.value.toString() ?? 'none') : `${reply?.kind}`;
}

describe.each(['broadcast', 'chain'] as const)('keys in ordered shards with %s', (scheme) => {
  it('are served by every controller', async () => {
    const cluster = await sharded('linearizability', scheme);
    for (const [i, key] of KEYS.entries())
      expect(await ask(cluster, i % 6, set(key, `${i}`))).toMatchObject({ outcome: 'stored' });
    for (const { id } of cluster.nodes)
      for (const [i, key] of KEYS.entries()) expect(await read(cluster, id, key)).toBe(`${i}`);
    for (let shard = 0; shard < SHARDS; shard++)
      for (const node of cluster.nodes.filter(memberOf(shard)))
        expect([...node.journalOf(FIRST_SHARD_GROUP + shard).liveKeys()].sort()).toEqual(
          KEYS.filter((key) => shardOf(key) === shard).sort(),
        );
  });

  it('are served while a controller of each shard is gone, and not without a majority', async () => {
    const cluster = await sharded('linearizability', scheme);
    for (const key of KEYS) await ask(cluster, 0, set(key, 'v'));
    const [first, second, last] = cluster.nodes.filter(memberOf(0));
    cluster.kill(first!);
    await cluster.run(2_000);
    const others = cluster.nodes.filter((node) => node !== first);
    for (const { id } of others) {
      for (const key of KEYS) expect(await read(cluster, id, key)).toBe('v');
      expect(await ask(cluster, id, set(keyOf(0), 'v'))).toMatchObject({ outcome: 'stored' });
    }
    cluster.kill(second!);
    await cluster.run(2_000);
    for (const { id } of others.filter((node) => node !== second)) {
      expect(await ask(cluster, id, get(keyOf(0)))).toMatchObject({ code: 'NO_MAJORITY' });
      expect(await read(cluster, id, keyOf(1))).toBe('v');
      expect(await ask(cluster, id, set(keyOf(1), 'v'))).toMatchObject({ outcome: 'stored' });
    }
    first!.start();
    second!.start();
    await cluster.runUntilReady();
    expect(await read(cluster, last!.id, keyOf(0))).toBe('v');
  });
});

describe('a client whose requests go to another member', () => {
  it('sees no older state than before', async () => {
    const cluster = await sharded('sequential', 'broadcast');
    const key = keyOf(0);
    await ask(cluster, 0, set(key, 'old'));
    await cluster.run(1_000);
    const members = cluster.nodes.filter(memberOf(0));
    const asking = cluster.nodes.find((node) => !members.includes(node))!;
    const behind = members[(asking.id + 1) % 3]!;
    for (const member of members) if (member !== behind) cluster.network.cut(member.id, behind.id);
    await cluster.run(2_000);
    const connection = asking.connect();
    const reply = async (request: Request): Promise<Reply> => {
      let answer: Reply | null = null;
      connection.submit(request, (one) => {
        answer = one;
      });
      for (let waited = 0; answer === null && waited < 5_000; waited += 10) await cluster.run(10);
      return answer!;
    };
    expect(await reply(set(key, 'new'))).toMatchObject({ outcome: 'stored' });
    expect(await read(cluster, behind.id, key)).toBe('old');
    for (const member of members) if (member !== behind) cluster.network.cut(member.id, asking.id);
    await cluster.run(1_000);
    expect(await reply(get(key))).toMatchObject({ kind: 'server_error', code: 'TIMED_OUT' });
    expect(await read(cluster, asking.id, key)).toBe('old');
    for (const member of members) cluster.network.heal(member.id, behind.id);
    await cluster.run(2_000);
    expect(valueIn(await reply(get(key)))).toBe('new');
  });
});

describe('scenarios with ordered shards', () => {
  it.each([
    ['linearizability', 'broadcast'],
    ['linearizability', 'chain'],
    ['sequential', 'broadcast'],
    ['sequential', 'chain'],
  ] as const)('keep %s with %s', { timeout: 60_000 }, async (level, scheme) => {
    for (let seed = 1; seed <= 3; seed++) {
      const { violations } = await runScenario(drawScenario(seed, { level, scheme, sharded: true }));
      expect({ seed, violations }).toEqual({ seed, violations: [] });
    }
  });
});
