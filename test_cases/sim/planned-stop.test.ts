import { describe, expect, it } from 'vitest';
import { TICK_MS } from '../../src/controller/core.ts';
import type { Settings } from '../../src/controller/settings.ts';
import type { Durability } from '../../src/journal/durability.ts';
import type { Level } from '../../src/placement/level.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';

/** Planned ends of controllers: no client of the others has to notice. */

const ORDERED = ['linearizability', 'sequential'] as const;

/** The longest time that a write of the others may wait, in virtual milliseconds: three round trips and the disks. */
const WAITS_MAX_MS = 20;

/** A message that the controller does not wait for has arrived after this time, in virtual milliseconds. */
const MOMENT_MS = 30;

/** What the peers know is told by heartbeats, and once it is on their disks, in virtual milliseconds. */
const A_FEW_HEARTBEATS_MS = 500;

async function clusterOf(
  level: Level,
  durability: Durability = 'none',
  nodes = 3,
  settings: Partial<Settings> = {},
): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 1, level, nodes, settings: { durability, ...settings } });
  cluster.network.delays = { kind: 'uniform', minMs: 0.5, maxMs: 1 };
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const membersSeenBy = (cluster: SimCluster, node: number) =>
  cluster.nodes[node]!.core!.view?.members.map((member) => member.node) ?? null;

/** Starts clients that write without a pause. @returns the longest time that any of them waited, and the errors */
function writers(cluster: SimCluster, nodes: readonly number[]) {
  const seen = { longestMs: 0, errors: [] as string[], isOver: false };
  for (const node of nodes) {
    const connection = cluster.nodes[node]!.connect();
    const write = (turn: number): void => {
      const askedMs = cluster.scheduler.nowMs;
      connection.submit(set(`of-${node}`, `${turn}`), (reply) => {
        seen.longestMs = Math.max(seen.longestMs, cluster.scheduler.nowMs - askedMs);
        if (reply.kind === 'server_error') seen.errors.push(reply.reason);
        if (!seen.isOver) cluster.scheduler.after(0.5, () => write(turn + 1));
      });
    };
    write(1);
  }
  return seen;
}

/** Sends SIGTERM, and waits for the end. @returns how long that took, in virtual milliseconds */
async function stop(cluster: SimCluster, node: SimNode): Promise<number> {
  const askedMs = cluster.scheduler.nowMs;
  node.stop(() => cluster.kill(node));
  while (node.running) await cluster.run(0.5);
  return cluster.scheduler.nowMs - askedMs;
}

describe.each(ORDERED)('%s: a controller that is asked to end', (level) => {
  it.each([
    ['none', 'broadcast'],
    ['async', 'broadcast'],
    ['sync', 'broadcast'],
    ['none', 'chain'],
    ['sync', 'chain'],
  ] as const)(
    'delays no write of the others, with durability %s and scheme %s',
    async (durability, scheme) => {
      const cluster = await clusterOf(level, durability, 3, { scheme });
      for (const id of [0, 1, 2]) {
        const others = [0, 1, 2].filter((other) => other !== id);
        const seen = writers(cluster, others);
        await cluster.run(50);
        await stop(cluster, cluster.nodes[id]!);
        for (const other of others) expect(membersSeenBy(cluster, other) ?? []).not.toContain(id);
        await cluster.run(1_000);
        expect(seen.errors).toEqual([]);
        // A head that is about to end stamps nothing for the others: they wait for the next head's tick as well.
        expect(seen.longestMs).toBeLessThan(WAITS_MAX_MS + (scheme === 'chain' ? TICK_MS : 0));
        seen.isOver = true;
        cluster.nodes[id]!.start();
        await cluster.runUntilReady();
        await cluster.run(1_000);
      }
    },
  );

  it('answers the requests that it has', async () => {
    const cluster = await clusterOf(level);
    const answers: string[] = [];
    const connection = cluster.nodes[2]!.connect();
    for (let at = 0; at < 50; at++) {
      connection.submit(set(`k${at}`, 'v'), (reply) => answers.push(reply.kind));
    }
    await stop(cluster, cluster.nodes[2]!);
    expect(answers).toEqual(new Array(50).fill('outcome'));
    for (let at = 0; at < 50; at++) expect(await read(cluster, at % 2, `k${at}`)).toBe('v');
  });

  it('is taken back at once when it is started again at once, any number of times', async () => {
    const cluster = await clusterOf(level);
    for (let time = 0; time < 6; time++) {
      await stop(cluster, cluster.nodes[1]!);
      cluster.nodes[1]!.start();
      await cluster.runUntilReady(1_500);
      await cluster.run(500);
    }
  });
});

describe.each(ORDERED)('%s: a controller that is asked to end, beside other failures,', (level) => {
  it('ends at once when the others are no majority, and when all are asked to end at the same time', async () => {
    const cluster = await clusterOf(level);
    cluster.kill(cluster.nodes[0]!);
    await cluster.run(1_500);
    expect(await stop(cluster, cluster.nodes[1]!)).toBeLessThan(MOMENT_MS);
    for (const node of cluster.nodes) if (!node.running) node.start();
    await cluster.runUntilReady();
    await cluster.run(1_000);
    const askedMs = cluster.scheduler.nowMs;
    for (const node of cluster.nodes) node.stop(() => node.kill());
    while (cluster.nodes.some(({ running }) => running)) await cluster.run(0.5);
    expect(cluster.scheduler.nowMs - askedMs).toBeLessThan(MOMENT_MS);
  });

  it('is left out like any other when it dies or stands still before its end', async () => {
    const cluster = await clusterOf(level);
    cluster.nodes[2]!.stop(() => {});
    await cluster.run(3);
    cluster.kill(cluster.nodes[2]!);
    await cluster.run(1_500);
    expect(membersSeenBy(cluster, 0)).toEqual([0, 1]);
    expect(await ask(cluster, 0, set('a', '1'))).toMatchObject({ outcome: 'stored' });
    cluster.nodes[2]!.start();
    await cluster.runUntilReady();
    await cluster.run(1_000);
    let isGone = false;
    cluster.nodes[2]!.stop(() => {
      isGone = true;
    });
    cluster.nodes[2]!.pause();
    await cluster.run(2_500);
    expect(membersSeenBy(cluster, 0)).toEqual([0, 1]);
    expect(await ask(cluster, 0, set('a', '2'))).toMatchObject({ outcome: 'stored' });
    expect(isGone).toBe(false);
    cluster.nodes[2]!.resume();
    await cluster.run(MOMENT_MS);
    expect(isGone).toBe(true);
    expect(membersSeenBy(cluster, 2)).toBeNull();
  });

  it('leaves together with another, where the rest is a majority', async () => {
    const cluster = await clusterOf(level, 'none', 5);
    const seen = writers(cluster, [0, 1, 2]);
    await cluster.run(50);
    for (const id of [3, 4]) cluster.nodes[id]!.stop(() => cluster.kill(cluster.nodes[id]!));
    while (cluster.nodes.some(({ running }, id) => running && id > 2)) await cluster.run(0.5);
    await cluster.run(1_000);
    expect(membersSeenBy(cluster, 0)).toEqual([0, 1, 2]);
    expect(seen.errors).toEqual([]);
    expect(seen.longestMs).toBeLessThan(2 * WAITS_MAX_MS);
    seen.isOver = true;
  });
});

describe('eventual: a controller that is asked to end', () => {
  it('ends when its peers have its writes, and does not wait for a peer that is not heard', async () => {
    const cluster = await clusterOf('eventual', 'none');
    for (let at = 0; at < 20; at++) await ask(cluster, 2, set(`k${at}`, 'v'));
    cluster.network.extraMs.set('2>0', 60);
    cluster.network.extraMs.set('2>1', 60);
    await ask(cluster, 2, set('last', 'v'));
    await stop(cluster, cluster.nodes[2]!);
    for (const id of [0, 1]) expect(await read(cluster, id, 'last')).toBe('v');
    cluster.kill(cluster.nodes[0]!);
    await cluster.run(1_000);
    expect(await stop(cluster, cluster.nodes[1]!)).toBeLessThan(MOMENT_MS);
  });
});

describe.each(['causal', 'eventual'] as const)('%s: a controller that is asked to end', (level) => {
  it.each(['none', 'async', 'sync'] as const)(
    'does not wait for the next exchange of sync_interval, with %s',
    async (durability) => {
      const cluster = await clusterOf(level, durability, 3, { syncIntervalMs: 60_000 });
      for (let at = 0; at < 20; at++) await ask(cluster, 2, set(`k${at}`, 'v'));
      await cluster.run(1_000);
      expect(await stop(cluster, cluster.nodes[2]!)).toBeLessThan(A_FEW_HEARTBEATS_MS);
      for (const id of [0, 1]) expect(await read(cluster, id, 'k19')).toBe('v');
    },
  );

  it('ends at once where its clients have written nothing', async () => {
    const cluster = await clusterOf(level, 'async', 3, { syncIntervalMs: 300 });
    await cluster.run(3_000);
    expect(await stop(cluster, cluster.nodes[2]!)).toBeLessThan(MOMENT_MS);
  });

  it('hands over what a link that broke has kept from a peer', async () => {
    const cluster = await clusterOf(level, 'async', 3, { syncIntervalMs: 60_000 });
    cluster.network.cut(2, 0);
    await ask(cluster, 2, set('k', 'v'));
    await cluster.run(200);
    cluster.network.heal(2, 0);
    await cluster.run(200);
    await ask(cluster, 2, set('last', 'v'));
    expect(await stop(cluster, cluster.nodes[2]!)).toBeLessThan(A_FEW_HEARTBEATS_MS);
    for (const id of [0, 1]) expect(await read(cluster, id, 'last')).toBe('v');
    expect(await read(cluster, 0, 'k')).toBe('v');
  });
});
