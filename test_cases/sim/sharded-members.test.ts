import { describe, expect, it } from 'vitest';
import { type Configuration, votersOf } from '../../src/placement/configuration.ts';
import { LEVELS, type Level } from '../../src/placement/level.ts';
import { withVoters } from '../../src/placement/member-changes.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request, WantedKeyspace } from '../../src/protocol/request.ts';
import { ask, set } from './ask.ts';
import { added, clusterOf, configurationAt, member } from './joinable.ts';
import { settled } from './moving.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Controllers come and go beside shards. */

const KEYS = Array.from({ length: 60 }, (_, i) => `key:${i}`);

/** Adds a controller in a zone, and waits until it votes. */
async function addedIn(cluster: SimCluster, zone: string): Promise<void> {
  const change = { come: '127.0.0.1:9', go: null, zone };
  await ask(cluster, 0, { kind: 'member', change, format: 'table' });
  for (let i = 0; i < 50; i++) {
    await cluster.run(100);
    if ((await member(cluster, 0, 'add', '127.0.0.1:9')).includes('vote')) break;
  }
  await cluster.run(1_000);
}

/** Three controllers with two replicas of each of these shards. */
function sharded(shards = 4, level: Level = 'eventual'): Promise<SimCluster> {
  return clusterOf(3, 'sync', [], level, { sharded: [{ name: 'default', shards, replicas: 2 }] });
}

async function change(cluster: SimCluster, node: number, wanted: WantedKeyspace): Promise<string> {
  const reply: Reply = await ask(cluster, node, { kind: 'keyspace', change: wanted, format: 'table' });
  return reply.kind === 'lines' ? reply.lines.join('\n') : 'reason' in reply ? reply.reason : reply.kind;
}

const rebalance = (without: number | null = null): WantedKeyspace => {
  return { what: 'rebalance', keyspace: 'default', without };
};
const getOf = (keys: readonly string[]): Request => ({ kind: 'get', keys, withCas: true });

async function valuesAt(cluster: SimCluster, node: number): Promise<readonly (readonly string[])[]> {
  const reply = await ask(cluster, node, getOf(KEYS));
  if (reply.kind !== 'hits') throw new Error(`not read: ${JSON.stringify(reply)}`);
  return reply.hits.map(({ key, value }) => [key, value.toString()]);
}

const loadsAt = ({ nodes }: SimCluster, ids: readonly number[]) => {
  const members = nodes.at(-1)!.core!.levels.agreedShards[0]!.groups.map(([, ...ids]) => ids);
  return ids.map((id) => members.filter((one) => one.includes(id)).length);
};

describe.each(LEVELS)('shards at %s', (level) => {
  it('go to controllers that were added, and leave those that go', async () => {
    const cluster = await sharded(4, level);
    for (const key of KEYS) await ask(cluster, 0, set(key, key));
    await added(cluster, 0, 'sim:1000');
    expect(await valuesAt(cluster, 3)).toEqual(KEYS.map((key) => [key, key]));
    expect(await change(cluster, 3, rebalance())).toContain('get other controllers');
    await settled(cluster);
    expect(loadsAt(cluster, [0, 1, 2, 3])).toEqual([2, 2, 2, 2]);
    expect(await member(cluster, 1, 'remove', '0')).toContain(
      'has shards of default: first have others take them, by keyspace default rebalance without 0',
    );
    expect(await change(cluster, 1, rebalance(0))).toContain('get other controllers');
    await settled(cluster);
    expect(await member(cluster, 1, 'remove', '0')).toContain('these vote now');
    await cluster.run(1_000);
    for (const id of [1, 2, 3]) expect(await valuesAt(cluster, id)).toEqual(KEYS.map((key) => [key, key]));
    for (const key of KEYS) await ask(cluster, 3, set(key, 'later'));
    for (const node of cluster.nodes) cluster.kill(node);
    for (const node of cluster.nodes) node.start();
    await cluster.run(4_000);
    for (const id of [1, 2, 3])
      expect(await valuesAt(cluster, id)).toEqual(KEYS.map((key) => [key, 'later']));
    expect(await ask(cluster, 0, getOf(KEYS))).toMatchObject({ code: 'NOT_VOTING' });
  });
});

it('shards move while a controller that votes no more is gone for good', async () => {
  const cluster = await sharded(3);
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  await added(cluster, 0, 'sim:1000');
  await change(cluster, 0, rebalance(2));
  await settled(cluster);
  await member(cluster, 0, 'remove', '2');
  cluster.kill(cluster.nodes[2]!);
  await cluster.run(1_000);
  expect(votersOf(configurationAt(cluster, 0))).toEqual([0, 1, 3]);
  expect(await change(cluster, 0, { what: 'shards', keyspace: 'default', shards: 5 })).toContain(
    'gets 5 shards',
  );
  for (let i = 0; i < 100; i++) {
    await cluster.run(100);
    if (cluster.nodes[0]!.core!.groups.views.placement?.move === null) break;
  }
  expect(cluster.nodes[0]!.core!.levels.agreedShards[0]!.shards).toBe(5);
  for (const id of [0, 1, 3]) expect(await valuesAt(cluster, id)).toEqual(KEYS.map((key) => [key, key]));
});

/** Asks one controller to remove another one, and so many milliseconds later a third one for more shards. */
async function bothAtOnce(afterMs: number): Promise<SimCluster> {
  const cluster = await sharded(3);
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  const { scheduler, nodes } = cluster;
  // `member remove` would refuse it, had not both been begun before either is known.
  scheduler.after(Math.max(0, -afterMs), () => {
    const { views } = nodes[1]!.core!.groups;
    if (views.view === null) return;
    views.reconfigure({
      from: views.view.configuration,
      to: withVoters(views.configuration, [], [2]) as Configuration,
      reason: 'a client has asked',
      deadlineMs: nodes[1]!.clock.nowMs() + 1_000,
      isFor: () => true,
      done: () => {},
    });
  });
  scheduler.after(Math.max(0, afterMs), () => {
    const wanted: WantedKeyspace = { what: 'shards', keyspace: 'default', shards: 4 };
    nodes[0]!.connect().submit({ kind: 'keyspace', change: wanted, format: 'table' }, () => {});
  });
  await cluster.run(4_000);
  return cluster;
}

it('of a removal and a change of shards that are asked for at once one happens, or none', async () => {
  const outcomes = new Set<string>();
  for (let afterMs = -40; afterMs <= 80; afterMs += 10) {
    const cluster = await bothAtOnce(afterMs);
    const { views, shards } = cluster.nodes[0]!.core!.groups;
    expect(views.placement?.move ?? null).toBeNull();
    const voters = votersOf(configurationAt(cluster, 0));
    const isRemoved = voters.length === 2;
    const isChanged = views.placement !== null;
    expect([isRemoved, isChanged]).not.toEqual([true, true]);
    outcomes.add(`${isRemoved} ${isChanged} ${shards.length}`);
    if (!isChanged) continue;
    for (const id of voters) expect(await valuesAt(cluster, id)).toEqual(KEYS.map((key) => [key, key]));
  }
  expect([...outcomes].sort()).toEqual(['false true 4', 'true false 3']);
});

it('a controller that is added after the shards changed learns of them before it serves', async () => {
  const cluster = await sharded(2);
  for (const key of KEYS) await ask(cluster, 0, set(key, key));
  await change(cluster, 0, { what: 'shards', keyspace: 'default', shards: 3 });
  await settled(cluster);
  expect(await member(cluster, 0, 'add', 'sim:1000')).toContain('joins');
  await cluster.run(2_000);
  expect(await ask(cluster, 3, getOf(KEYS))).toMatchObject({ code: 'NOT_VOTING' });
  await added(cluster, 0, 'sim:1000').catch(() => {});
  expect(await member(cluster, 0, 'add', 'sim:1000')).toContain('vote');
  await cluster.run(1_000);
  expect(await valuesAt(cluster, 3)).toEqual(KEYS.map((key) => [key, key]));
});

it('replicas go by the zone of a controller that was added', async () => {
  const shardsIn = { sharded: [{ name: 'default', shards: 4, replicas: 2 }], zones: ['a', 'b', 'b'] };
  const cluster = await clusterOf(3, 'sync', [], 'eventual', shardsIn);
  await addedIn(cluster, 'b');
  expect(configurationAt(cluster, 1).controllers.at(-1)).toMatchObject({ id: 3, zone: 'b' });
  expect(await change(cluster, 0, rebalance())).not.toContain('already');
  await settled(cluster);
  const groups = cluster.nodes[0]!.core!.levels.agreedShards[0]!.groups.map(([, ...ids]) => ids);
  for (const ids of groups) expect(ids).toContain(0);
  expect(groups.flat()).toContain(3);
});
