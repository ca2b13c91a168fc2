import { describe, expect, it } from 'vitest';
import type { Level } from '../../src/placement/level.ts';
import { readItemRequest, storageRequest } from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';

/** Scripted scenes of reads with a bound on staleness. The swarm has them under all faults. */

async function clusterAt(level: Level): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 7, level, settings: { requestTimeoutMs: 1_000 } });
  await cluster.start();
  await cluster.run(2_000);
  return cluster;
}

async function ask(
  cluster: SimCluster,
  node: number,
  request: Request,
  forMs: number,
): Promise<Reply | null> {
  const replies: Reply[] = [];
  cluster.nodes[node]!.connect().submit(request, (reply) => replies.push(reply));
  await cluster.run(forMs);
  return replies[0] ?? null;
}

const set = (value: string): Request => storageRequest('set', 'x', 0, 0, Buffer.from(value));
const read = (maxMs: number) => ({ ...readItemRequest('x'), ageFlag: { maxMs, servedMs: 0 } });
const shownBy = (reply: Reply | null) => (reply?.kind === 'item' ? reply.item.value.toString() : reply);
const servedOf = (cluster: SimCluster, node: number) => cluster.nodes[node]!.core!.coordinator.readsServed;

describe.each(['linearizability', 'sequential'] as const)('a read with a bound at %s', (level) => {
  it('is served without waiting for the writes under way, and tells how old it is at most', async () => {
    const cluster = await clusterAt(level);
    await ask(cluster, 0, set('old'), 100);
    cluster.network.extraMs.set('2>1', 400);
    await ask(cluster, 0, set('new'), 50);
    const bounded = read(1_000);
    expect(shownBy(await ask(cluster, 1, bounded, 1))).toBe('old');
    expect(bounded.ageFlag.servedMs).toBeGreaterThanOrEqual(50);
    expect(bounded.ageFlag.servedMs).toBeLessThan(200);
    expect(servedOf(cluster, 1).bounded).toBe(1);
  });

  it('becomes a strong read where the proof is too old: it waits for the writes under way', async () => {
    const cluster = await clusterAt(level);
    await ask(cluster, 0, set('old'), 100);
    cluster.network.extraMs.set('2>1', 100);
    await ask(cluster, 0, set('new'), 50);
    const replies: Reply[] = [];
    const bounded = read(20);
    cluster.nodes[1]!.connect().submit(bounded, (reply) => replies.push(reply));
    await cluster.run(20);
    expect(replies).toEqual([]);
    await cluster.run(500);
    expect(replies.map(shownBy)).toEqual(['new']);
    expect(bounded.ageFlag.servedMs).toBe(0);
    expect(servedOf(cluster, 1)).toMatchObject({ bounded: 0, linearizability: 1 });
  });

  it('is served in a minority while the last proof is new enough, and then refused with the reason', async () => {
    const cluster = await clusterAt(level);
    await ask(cluster, 0, set('kept'), 100);
    cluster.network.cut(1, 0);
    cluster.network.cut(1, 2);
    await cluster.run(1_000);
    const bounded = read(5_000);
    expect(shownBy(await ask(cluster, 1, bounded, 5))).toBe('kept');
    expect(bounded.ageFlag.servedMs).toBeGreaterThan(500);
    expect(await ask(cluster, 1, read(400), 5)).toMatchObject({
      kind: 'server_error',
      code: 'STALE',
      reason: expect.stringMatching(
        /^not proven to be at most 400 ms old: the last proof is \d+ ms old, and no majority of the controllers without sim:0 \(down\) and sim:2 \(down\)$/,
      ),
    });
  });
});

describe.each(['causal', 'eventual'] as const)('a read with a bound at %s', (level) => {
  it('is served where the peers have answered within the bound', async () => {
    const cluster = await clusterAt(level);
    await ask(cluster, 0, set('seen'), 100);
    const bounded = read(1_000);
    expect(shownBy(await ask(cluster, 1, bounded, 1))).toBe('seen');
    expect(bounded.ageFlag.servedMs).toBeGreaterThan(0);
    expect(servedOf(cluster, 1).bounded).toBe(1);
  });

  it('asks the peers where the bound is small, and waits for their answers', async () => {
    const cluster = await clusterAt(level);
    for (const pair of ['0>1', '1>0', '2>1', '1>2']) cluster.network.extraMs.set(pair, 10);
    await cluster.run(500);
    await ask(cluster, 0, set('seen'), 9);
    const bounded = read(40);
    expect(shownBy(await ask(cluster, 1, bounded, 60))).toBe('seen');
    expect(bounded.ageFlag.servedMs).toBeGreaterThanOrEqual(20);
    expect(bounded.ageFlag.servedMs).toBeLessThanOrEqual(40);
  });

  it('is refused in time where a bound is smaller than the way to the peers and back', async () => {
    const cluster = await clusterAt(level);
    for (const pair of ['0>1', '1>0', '2>1', '1>2']) cluster.network.extraMs.set(pair, 50);
    await cluster.run(500);
    expect(await ask(cluster, 1, read(10), 1_100)).toMatchObject({ kind: 'server_error', code: 'STALE' });
  });

  it('is refused at once where a peer is not heard, and names it', async () => {
    const cluster = await clusterAt(level);
    await ask(cluster, 0, set('seen'), 100);
    cluster.network.cut(1, 2);
    await cluster.run(2_000);
    expect(await ask(cluster, 1, read(500), 5)).toMatchObject({
      kind: 'server_error',
      code: 'STALE',
      reason: expect.stringMatching(
        /^not proven to be at most 500 ms old: the last proof is \d+ ms old, and sim:2 was not heard for \d+ ms$/,
      ),
    });
    expect(shownBy(await ask(cluster, 1, read(60_000), 5))).toBe('seen');
  });

  it('has a proof again once the writes have come that were missed', async () => {
    const cluster = await clusterAt(level);
    cluster.network.cut(1, 2);
    await ask(cluster, 2, set('missed'), 1_000);
    cluster.network.heal(1, 2);
    await cluster.run(2_000);
    expect(shownBy(await ask(cluster, 1, read(500), 50))).toBe('missed');
  });
});

/** One of two clocks leaps while both controllers restart, so that nothing tells which of the two is right. */
it('a bounded read at eventual waits until the time is agreed, and misses no entry by a wrong clock', async () => {
  const settings = { requestTimeoutMs: 1_000, durability: 'sync' } as const;
  const cluster = new SimCluster({ seed: 7, level: 'eventual', nodes: 2, settings });
  await cluster.start();
  await cluster.run(2_000);
  const lasting = storageRequest('set', 'x', 0, 600, Buffer.from('there'));
  expect(await ask(cluster, 1, lasting, 200)).toMatchObject({ outcome: 'stored' });
  const [first, second] = cluster.nodes as [SimNode, SimNode];
  cluster.kill(first, second);
  first.start();
  second.start();
  second.clock.skewMs = 3 * 3_600_000;
  await cluster.run(5_000);
  expect(await ask(cluster, 1, read(2_000), 1_500)).toMatchObject({
    kind: 'server_error',
    code: 'CLOCK_UNKNOWN',
  });
  second.clock.skewMs = 0;
  await cluster.run(2_000);
  expect(shownBy(await ask(cluster, 1, read(2_000), 1_500))).toBe('there');
});
