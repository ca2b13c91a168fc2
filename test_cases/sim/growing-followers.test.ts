import { describe, expect, it } from 'vitest';
import { isFollower, isVoter } from '../../src/placement/configuration.ts';
import type { WantedKeyspace } from '../../src/protocol/request.ts';
import { ask, read, set } from './ask.ts';
import { added, clusterOf, configurationAt, member } from './joinable.ts';
import { settled } from './moving.ts';
import type { SimCluster } from './sim-cluster.ts';

const KEYS = Array.from({ length: 30 }, (_, i) => `key:${i}`);

/** So many controllers whose only keyspace has shards. */
async function spread(nodes: number, voters: number): Promise<SimCluster> {
  const sharded = [{ name: 'default', shards: 4, replicas: 2 }];
  const cluster = await clusterOf(nodes, 'async', [], 'eventual', { sharded, voters });
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  return cluster;
}

async function rebalance(cluster: SimCluster, without: number | null): Promise<void> {
  const change: WantedKeyspace = { what: 'rebalance', keyspace: 'default', without };
  expect(await ask(cluster, 0, { kind: 'keyspace', change, format: 'table' })).toMatchObject({
    kind: 'lines',
  });
  await settled(cluster);
  await cluster.run(500);
}

const holdersAt = (cluster: SimCluster, node: number) =>
  cluster.nodeOf(node)!.core!.levels.agreedShards[0]!.groups.flatMap(([, ...members]) => members);

async function replace(cluster: SimCluster, go: number, come: string): Promise<string> {
  const reply = await ask(cluster, 0, { kind: 'member', change: { come, go: `${go}` }, format: 'table' });
  return reply.kind === 'lines' ? reply.lines.join('\n') : 'reason' in reply ? reply.reason : reply.kind;
}

describe('a cluster of which seven vote', () => {
  it('takes further controllers in as ones that follow, gives them shards, and lets them go', async () => {
    const cluster = await spread(7, 7);
    expect(await member(cluster, 0, 'add', 'sim:1000')).toContain(
      'controller 7 (sim:1000) follows: start it there',
    );
    await cluster.run(1_000);
    expect(isFollower(configurationAt(cluster, 0), 7)).toBe(true);
    for (const key of KEYS) expect(await read(cluster, 7, key)).toBe(key);
    await rebalance(cluster, null);
    expect(holdersAt(cluster, 7)).toContain(7);
    for (const key of KEYS)
      expect(await ask(cluster, 7, set(key, `${key}!`))).toMatchObject({ outcome: 'stored' });
    expect(await member(cluster, 0, 'remove', '7')).toContain(
      'has shards of default: first have others take them',
    );
    await rebalance(cluster, 7);
    expect(await member(cluster, 0, 'remove', '7')).toContain(
      'controller 7 (sim:1000) is none of the cluster any more',
    );
    await cluster.run(500);
    expect(cluster.nodes.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const key of KEYS) expect(await read(cluster, 3, key)).toBe(`${key}!`);
  });

  it('gives no shards to one that can not be reached', async () => {
    const cluster = await spread(7, 7);
    expect(await member(cluster, 0, 'add', 'sim:1000')).toContain('follows: start it there');
    await cluster.run(1_000);
    cluster.nodeOf(7)!.kill();
    await cluster.run(500);
    const asked = async (change: WantedKeyspace) => {
      const reply = await ask(cluster, 0, { kind: 'keyspace', change, format: 'table' });
      return reply.kind === 'lines' ? reply.lines.join('\n') : 'reason' in reply ? reply.reason : reply.kind;
    };
    const keyspace = 'default';
    expect(await asked({ what: 'rebalance', keyspace, without: null })).toContain('spread evenly already');
    expect(await asked({ what: 'move', keyspace, shard: 0, controllers: [0, 7] })).toContain(
      'can not be reached',
    );
  });

  it('has no controllers follow where a keyspace is at all of them', async () => {
    const cluster = await clusterOf(7);
    expect(await member(cluster, 0, 'add', 'sim:1000')).toContain(
      'need a cluster whose keyspaces all have shards',
    );
  });
});

describe('a cluster in which some controllers follow', () => {
  it('takes in one that votes', async () => {
    const cluster = await spread(6, 3);
    await added(cluster, 0, 'sim:1000');
    expect(isVoter(configurationAt(cluster, 0), 6)).toBe(true);
    for (const key of KEYS) expect(await read(cluster, 6, key)).toBe(key);
  });

  it('has one that follows replaced by another one', async () => {
    const cluster = await spread(6, 3);
    expect(await replace(cluster, 4, 'sim:1000')).toContain(
      'keyspace NAME rebalance without 4 gives the shards of 4 to 6',
    );
    await cluster.run(1_000);
    await rebalance(cluster, 4);
    expect(holdersAt(cluster, 6)).toContain(6);
    expect(await member(cluster, 0, 'remove', '4')).toContain('is none of the cluster any more');
    await cluster.run(500);
    // Controller 6 is at the place of the fifth by now.
    for (const key of KEYS) expect(await read(cluster, 5, key)).toBe(key);
    expect(configurationAt(cluster, 6).controllers.map(({ id }) => id)).toEqual([0, 1, 2, 3, 5, 6]);
  });

  it('has one that votes and has no shards replaced by a new one, and not by one that follows', async () => {
    const cluster = await spread(6, 3);
    expect(await replace(cluster, 2, '5')).toContain('name an address at which there is none yet');
    await rebalance(cluster, 2);
    expect(await replace(cluster, 2, 'sim:1000')).toContain('joins');
    for (let i = 0; i < 50 && !isVoter(configurationAt(cluster, 0), 6); i++) {
      await cluster.run(100);
      await replace(cluster, 2, 'sim:1000');
    }
    await cluster.run(500);
    expect([2, 6].map((id) => isVoter(configurationAt(cluster, 5), id))).toEqual([false, true]);
    for (const key of KEYS) expect(await read(cluster, 5, key)).toBe(key);
  });

  it('gives a controller that was removed nothing, and takes nothing from it', async () => {
    const cluster = await spread(6, 3);
    await rebalance(cluster, 5);
    for (const node of [0, 1, 2]) cluster.network.cut(5, node);
    await cluster.run(500);
    expect(await member(cluster, 0, 'remove', '5')).toContain('is none of the cluster any more');
    await rebalance(cluster, null);
    for (const key of KEYS) await ask(cluster, 0, set(key, 'new'));
    cluster.network.healAll();
    await cluster.run(1_000);
    for (const key of KEYS) expect(await read(cluster, 4, key)).toBe('new');
  });
});
