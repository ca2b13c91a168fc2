import { expect, it } from 'vitest';
import { placementOnLink, refusalOf } from '../../src/peer/cluster-identity.ts';
import type { Hello } from '../../src/peer/messages.ts';
import { type Configuration, votersOf } from '../../src/placement/configuration.ts';
import { follows, forcedWithout, marksOf } from '../../src/placement/forced.ts';
import { withAdded } from '../../src/placement/member-changes.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import { configurationOfSize } from '../support/configurations.ts';
import { ask, read, set } from './ask.ts';
import { force, submit } from './forcing.ts';
import { change, moveOf, until } from './moving.ts';
import { SimCluster, type SimOptions } from './sim-cluster.ts';

async function clusterOf(nodes: number, options: Partial<SimOptions> = {}): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', nodes, ...options });
  await cluster.start();
  return cluster;
}

const votersAt = (cluster: SimCluster, node: number) =>
  votersOf(cluster.nodes[node]!.core!.groups.views.configuration);

const membersAt = (cluster: SimCluster, node: number) =>
  cluster.nodes[node]!.core!.view?.members.map((member) => member.node) ?? null;

const cutOff = (cluster: SimCluster, some: readonly number[], others: readonly number[]) => {
  for (const a of some) for (const b of others) cluster.network.cut(a, b);
};

it('the last of three goes on alone, with all that was answered', async () => {
  const cluster = await clusterOf(3);
  await ask(cluster, 1, set('k', 'v'));
  cluster.kill(cluster.nodes[1]!, cluster.nodes[2]!);
  await cluster.run(1_000);
  expect(await force(cluster, 0, [1, 2])).toMatchObject({ kind: 'lines' });
  expect(membersAt(cluster, 0)).toEqual([0]);
  expect(await read(cluster, 0, 'k')).toBe('v');
  expect(await ask(cluster, 0, set('k', 'w'))).toEqual({ kind: 'outcome', outcome: 'stored' });
});

it('nothing is done before it is confirmed', async () => {
  const cluster = await clusterOf(3);
  cluster.kill(cluster.nodes[1]!, cluster.nodes[2]!);
  await cluster.run(1_000);
  const told = await force(cluster, 0, [1, 2], false);
  expect(told).toMatchObject({ kind: 'lines' });
  expect((told as Reply & { kind: 'lines' }).lines.join('\n')).toContain('may be lost');
  expect(votersAt(cluster, 0)).toEqual([0, 1, 2]);
});

it('what the controllers can agree on is not forced', async () => {
  const cluster = await clusterOf(3);
  cluster.kill(cluster.nodes[2]!);
  await cluster.run(1_000);
  expect(await force(cluster, 0, [2])).toMatchObject({ reason: expect.stringContaining('a majority') });
  expect(await force(cluster, 0, [1, 2])).toMatchObject({
    reason: expect.stringContaining('can be reached'),
  });
  expect(await force(cluster, 0, [0])).toMatchObject({ reason: expect.stringContaining('itself') });
});

it('a change of a keyspace goes on without those that were forced out', async () => {
  const cluster = await clusterOf(3);
  await ask(cluster, 0, set('k', 'v'));
  await change(cluster, 0, 'eventual');
  await until(cluster, () => moveOf(cluster)?.phase === 'preparing');
  cluster.kill(cluster.nodes[1]!, cluster.nodes[2]!);
  await cluster.run(1_000);
  expect(await force(cluster, 0, [1, 2])).toMatchObject({ kind: 'lines' });
  await until(cluster, () => moveOf(cluster) === null);
  expect(cluster.nodes[0]!.core!.levels.ofDefault).toBe('eventual');
  expect(await read(cluster, 0, 'k')).toBe('v');
});

it('every controller that is not named has to be there', async () => {
  const cluster = await clusterOf(5);
  cluster.kill(...[1, 2, 3].map((id) => cluster.nodes[id]!));
  await cluster.run(1_000);
  const reply = await force(cluster, 0, [1, 2]);
  expect(reply).toMatchObject({ reason: expect.stringContaining('controller 3') });
});

it('all that are left come to the forced configuration, with the newest state among them', async () => {
  const cluster = await clusterOf(5);
  cutOff(cluster, [4], [0, 1, 2, 3]);
  await cluster.run(1_000);
  await ask(cluster, 0, set('k', 'v'));
  cluster.kill(...[0, 1, 2].map((id) => cluster.nodes[id]!));
  cluster.network.heal(3, 4);
  await cluster.run(1_000);
  expect(await force(cluster, 4, [0, 1, 2])).toMatchObject({ kind: 'lines' });
  for (const node of [3, 4]) {
    expect(votersAt(cluster, node)).toEqual([3, 4]);
    expect(membersAt(cluster, node)).toEqual([3, 4]);
    expect(await read(cluster, node, 'k')).toBe('v');
  }
});

it('those that were removed come back with their data, form no view and serve nothing', async () => {
  for (const durability of ['none', 'sync'] as const) {
    const cluster = await clusterOf(3, { settings: { durability } });
    cluster.kill(cluster.nodes[1]!, cluster.nodes[2]!);
    await cluster.run(1_000);
    await force(cluster, 0, [1, 2]);
    await ask(cluster, 0, set('k', 'new'));
    for (const id of [1, 2]) cluster.nodes[id]!.start();
    await cluster.run(3_000);
    for (const id of [1, 2]) {
      expect(membersAt(cluster, id)).toBe(null);
      expect(await ask(cluster, id, set('k', 'old'))).toMatchObject({
        code: 'NOT_VOTING',
        reason: expect.stringContaining('removed by force'),
      });
    }
    expect(membersAt(cluster, 0)).toEqual([0]);
    expect(await read(cluster, 0, 'k')).toBe('new');
  }
});

it('those that went on beyond a partition end their view when they are told', async () => {
  for (const level of ['linearizability', 'eventual'] as const) {
    const cluster = await clusterOf(3, { level });
    await cluster.run(1_000);
    cutOff(cluster, [0], [1, 2]);
    await cluster.run(1_000);
    expect(await force(cluster, 0, [1, 2])).toMatchObject({ kind: 'lines' });
    expect(await ask(cluster, 1, set('k', 'lost'))).toEqual({ kind: 'outcome', outcome: 'stored' });
    for (const other of [1, 2]) cluster.network.heal(0, other);
    await cluster.run(2_000);
    for (const id of [1, 2])
      expect(await ask(cluster, id, set('k', 'w'))).toMatchObject({ code: 'NOT_VOTING' });
    expect(await read(cluster, 0, 'k')).toBe(null);
    // They know it after a restart as well, without hearing anybody.
    cutOff(cluster, [0], [1, 2]);
    cluster.kill(cluster.nodes[1]!, cluster.nodes[2]!);
    for (const id of [1, 2]) cluster.nodes[id]!.start();
    await cluster.run(3_000);
    for (const id of [1, 2]) expect(membersAt(cluster, id)).toBe(null);
  }
});

it('two that were forced apart do not go on as one cluster', async () => {
  const cluster = await clusterOf(3, { settings: { durability: 'sync' } });
  cutOff(cluster, [0], [1, 2]);
  cutOff(cluster, [1], [2]);
  await cluster.run(1_000);
  await force(cluster, 0, [1, 2]);
  await force(cluster, 1, [0, 2]);
  for (const [node, value] of [
    [0, 'a'],
    [1, 'b'],
  ] as const)
    expect(await ask(cluster, node, set('k', value))).toEqual({ kind: 'outcome', outcome: 'stored' });
  cluster.network.healAll();
  await cluster.run(3_000);
  expect(await read(cluster, 0, 'k')).toBe('a');
  expect(await read(cluster, 1, 'k')).toBe('b');
  for (const node of [0, 1]) {
    expect(membersAt(cluster, node)).toEqual([node]);
    expect(cluster.network.isUp(node, 1 - node)).toBe(false);
  }
});

it('two commands at once, of which each drops the other one, make one cluster', async () => {
  const cluster = await clusterOf(5);
  cluster.kill(...[2, 3, 4].map((id) => cluster.nodes[id]!));
  await cluster.run(1_000);
  const both = [force(cluster, 0, [2, 3, 4]), force(cluster, 1, [2, 3, 4])];
  await Promise.all(both);
  await cluster.run(1_000);
  const [a, b] = [0, 1].map((id) => cluster.nodes[id]!.core!.groups.views.configuration);
  expect(a).toEqual(b);
  expect(a!.forced!.marks).toHaveLength(1);
  expect(membersAt(cluster, 0)).toEqual([0, 1]);
});

it('the first write of the forced view waits for the lease of a dropped controller', async () => {
  const cluster = await clusterOf(3);
  await ask(cluster, 0, set('k', 'old'));
  cluster.kill(cluster.nodes[2]!);
  cluster.network.cut(0, 1);
  while ([1, 2].some((id) => cluster.network.isUp(0, id))) await cluster.run(1);
  submit(cluster, 0, [1, 2]);
  while (cluster.nodes[0]!.core!.view?.members.length !== 1) await cluster.run(1);
  expect(await ask(cluster, 0, set('k', 'new'))).toEqual({ kind: 'outcome', outcome: 'stored' });
  expect(await ask(cluster, 1, { kind: 'get', keys: ['k'], withCas: false })).toMatchObject({
    kind: 'server_error',
  });
});

it('every controller that is left has to accept the forced view: one alone may have the last writes', async () => {
  const cluster = await clusterOf(7);
  cluster.kill(...[0, 1, 2, 3].map((id) => cluster.nodes[id]!));
  await cluster.run(1_000);
  // All three are heard when one is asked, and controller 6 stands still right after that.
  submit(cluster, 4, [0, 1, 2, 3]);
  cluster.nodes[6]!.pause();
  await cluster.run(1_000);
  expect(votersAt(cluster, 4)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

it('what was forced is given up when a controller is heard that it drops', async () => {
  const cluster = await clusterOf(5);
  cluster.kill(cluster.nodes[2]!, cluster.nodes[4]!);
  cutOff(cluster, [1], [0, 3]);
  await cluster.run(1_000);
  submit(cluster, 0, [1, 2, 4]);
  cluster.network.cut(0, 3);
  cluster.network.heal(0, 1);
  await cluster.run(100);
  cluster.network.heal(0, 3);
  cluster.network.heal(1, 3);
  await cluster.run(3_000);
  expect(votersAt(cluster, 0)).toEqual([0, 1, 2, 3, 4]);
  expect(membersAt(cluster, 0)).toEqual([0, 1, 3]);
});

it('one that knows that it was removed promises nothing to one that does not', async () => {
  const cluster = await clusterOf(3, { settings: { durability: 'sync' } });
  cluster.kill(cluster.nodes[1]!, cluster.nodes[2]!);
  await cluster.run(1_000);
  await force(cluster, 0, [1, 2]);
  cutOff(cluster, [2], [0, 1]);
  for (const id of [1, 2]) cluster.nodes[id]!.start();
  await cluster.run(1_000);
  cluster.network.heal(1, 2);
  await cluster.run(3_000);
  for (const id of [1, 2]) expect(membersAt(cluster, id)).toBe(null);
});

it('those that were forced apart follow neither the other one nor the one that was forced more often', async () => {
  const cluster = await clusterOf(4, { settings: { durability: 'sync' } });
  cutOff(cluster, [0], [1, 2, 3]);
  cutOff(cluster, [1, 2], [3]);
  await cluster.run(1_000);
  await force(cluster, 0, [1, 2, 3]);
  await force(cluster, 1, [0, 3]);
  cluster.kill(cluster.nodes[2]!);
  await cluster.run(1_000);
  await force(cluster, 1, [2]);
  expect(membersAt(cluster, 1)).toEqual([1]);
  cluster.network.healAll();
  await cluster.run(3_000);
  for (const node of [0, 1]) expect(membersAt(cluster, node)).toEqual([node]);
});

it('no id is given that those who were dropped may have given', async () => {
  const cluster = await clusterOf(3);
  cutOff(cluster, [0], [1, 2]);
  await cluster.run(1_000);
  await force(cluster, 0, [1, 2]);
  const idAt = (node: number) => {
    const to = withAdded(
      cluster.nodes[node]!.core!.groups.views.configuration,
      { host: 'new', port: 1 },
      'joining',
    );
    return typeof to === 'string' ? to : to.controllers.at(-1)!.id;
  };
  expect(idAt(1)).toBe(3);
  expect(idAt(0)).toBeGreaterThan(10);
});

it('a chain goes on with those that are left as well, and ends where the controller was removed', async () => {
  const keyspaces = [{ name: 'chained', prefix: 'l:', level: 'linearizability/chain' }] as const;
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', settings: { keyspaces } });
  await cluster.start();
  await cluster.run(1_000);
  await ask(cluster, 1, set('l:k', 'v'));
  await ask(cluster, 1, set('k', 'v'));
  cutOff(cluster, [0], [1, 2]);
  await cluster.run(1_000);
  await force(cluster, 0, [1, 2]);
  for (const key of ['k', 'l:k']) {
    expect(await read(cluster, 0, key)).toBe('v');
    expect(await ask(cluster, 0, set(key, 'w'))).toEqual({ kind: 'outcome', outcome: 'stored' });
    expect(await ask(cluster, 1, set(key, 'x'))).toEqual({ kind: 'outcome', outcome: 'stored' });
  }
  cluster.network.healAll();
  await cluster.run(3_000);
  for (const key of ['k', 'l:k']) {
    expect(await read(cluster, 0, key)).toBe('w');
    for (const id of [1, 2])
      expect(await ask(cluster, id, set(key, 'x'))).toMatchObject({ code: 'NOT_VOTING' });
  }
});

/** Two that were forced from one, and one that follows the second. */
const FORMED = configurationOfSize(3);
const [a, b] = [forcedWithout(FORMED, [1, 2], 'a'), forcedWithout(FORMED, [0, 2], 'b')] as Configuration[];
const twice = forcedWithout(b!, [], 'c') as Configuration;

it('a controller does not go on from a configuration that was forced apart from its own', () => {
  expect(follows(a!, FORMED)).toBe(true);
  expect(follows(FORMED, a!)).toBe(false);
  expect(follows(twice, b!)).toBe(true);
  expect(follows(twice, a!)).toBe(false);
});

it('a controller does not link to one that was forced apart from it', () => {
  const identityOf = (configuration: Configuration, node: number) => {
    const placement = placementOnLink('eventual', 0, false, marksOf(configuration));
    return { cluster: 'c', peers: 'p', placement, node };
  };
  const refusal = (there: Configuration, here: Configuration) =>
    refusalOf(identityOf(there, 1) as unknown as Hello, identityOf(here, 0), 4);
  expect(refusal(b!, a!)).toContain('two clusters');
  expect(refusal(twice, a!)).toContain('two clusters');
  expect(refusal(FORMED, a!)).toBe(null);
  expect(refusal(twice, b!)).toBe(null);
});
