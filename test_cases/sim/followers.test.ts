import { describe, expect, it } from 'vitest';
import type { Level } from '../../src/placement/level.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';
import { Transcript } from './transcript.ts';

/** Nine controllers, of which three vote. Their keys are spread over six shards, most of them without a voter. */

const VOTERS = 3;
const KEYS = Array.from({ length: 30 }, (_, i) => `key:${i}`);

async function started(level: Level): Promise<SimCluster> {
  const cluster = new SimCluster({
    seed: 1,
    level,
    nodes: 9,
    settings: { voters: VOTERS, sharded: [{ name: 'default', shards: 6, replicas: 3 }] },
  });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const LEVELS: readonly Level[] = ['linearizability', 'sequential', 'causal', 'eventual'];

describe.each(LEVELS)('controllers that do not vote, at %s', (level) => {
  it('serve what they have, and forward the rest', async () => {
    const cluster = await started(level);
    for (const [i, key] of KEYS.entries())
      expect(await ask(cluster, i % 9, set(key, `${i}`))).toMatchObject({ outcome: 'stored' });
    await cluster.run(2_000);
    for (const { id } of cluster.nodes)
      for (const [i, key] of KEYS.entries()) expect(await read(cluster, id, key)).toBe(`${i}`);
  });

  it('are members, and no voters', async () => {
    const { nodes } = await started(level);
    for (const { core } of nodes) {
      expect(core!.roles.own).toBe('member');
      for (const peer of core!.peers.ids) expect(core!.roles.of(peer)).toBe('member');
    }
    const { view } = nodes[0]!.core!.groups.views;
    expect(view!.members.map(({ node }) => node)).toEqual([0, 1, 2]);
    expect(nodes[8]!.core!.groups.views.view).toBeNull();
  });

  it('go on while no majority of the voters is there', async () => {
    const cluster = await started(level);
    cluster.nodes[0]!.kill();
    cluster.nodes[1]!.kill();
    await cluster.run(3_000);
    const withVoter = (key: string) =>
      cluster.nodes[8]!.core!.router.partOf(key).elsewhere?.members.some((id) => id < 2) === true;
    const others = KEYS.filter((key) => !withVoter(key));
    expect(others.length).toBeGreaterThan(5);
    for (const key of others)
      expect(await ask(cluster, 8, set(key, 'x')), key).toMatchObject({ outcome: 'stored' });
  });
});

describe('two controllers that have no shard in common, and do not vote', () => {
  /** One of them has the shard of the key, the other asks it. */
  function pairIn({ nodes }: SimCluster): {
    readonly asker: number;
    readonly key: string;
    readonly asked: number;
  } {
    for (const { id, core } of nodes.filter((node) => node.id >= VOTERS))
      for (const key of KEYS) {
        const { members } = core!.router.partOf(key).elsewhere ?? { members: [] };
        const asked = members[id % members.length];
        if (asked !== undefined && core!.passing.has(asked)) return { asker: id, key, asked };
      }
    throw new Error('every controller has a shard in common with every other one');
  }

  it('send each other nothing while they are idle', async () => {
    const cluster = await started('eventual');
    const { asker, asked } = pairIn(cluster);
    const transcript = new Transcript(cluster.scheduler, { leaveOut: [], arrivals: true });
    cluster.transcript = transcript;
    await cluster.run(2_000);
    const { lines } = transcript;
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => line.includes(` n${asked}  → n${asker} `))).toEqual([]);
  });

  it('miss each other when a request is not answered', async () => {
    const cluster = await started('eventual');
    const { asker, asked, key } = pairIn(cluster);
    expect(await ask(cluster, asker, set(key, 'x'))).toMatchObject({ outcome: 'stored' });
    await cluster.run(100);
    cluster.network.block(asked, asker);
    expect(await read(cluster, asker, key)).toBe('x');
    expect(cluster.nodes[asker]!.core!.serving.hop!.askedAgain).toBeGreaterThan(0);
  });

  const linked = (cluster: SimCluster, asker: number, asked: number) =>
    [cluster.network.isUp(asker, asked), cluster.nodes[asked]!.core!.passing.askers.includes(asker)] as const;

  it('have a link while there are requests, and for a while after them', async () => {
    const cluster = await started('eventual');
    const { asker, asked, key } = pairIn(cluster);
    expect(linked(cluster, asker, asked)).toEqual([false, false]);
    expect(cluster.nodes[asker]!.core!.passing.isUp(asked)).toBeNull();
    expect(await ask(cluster, asker, set(key, 'x'))).toMatchObject({ outcome: 'stored' });
    expect(linked(cluster, asker, asked)).toEqual([true, true]);
    // The one that is asked has no requests for the other.
    expect(linked(cluster, asked, asker)).toEqual([false, false]);
    for (let i = 0; i < 20; i++) {
      await cluster.run(100);
      expect(await read(cluster, asker, key)).toBe('x');
    }
    const transcript = new Transcript(cluster.scheduler, { leaveOut: [], arrivals: true });
    cluster.transcript = transcript;
    await cluster.run(360);
    expect(linked(cluster, asker, asked)).toEqual([true, true]);
    expect(transcript.lines.filter((line) => line.includes('is down'))).toEqual([]);
    await cluster.run(1_000);
    expect(linked(cluster, asker, asked)).toEqual([false, false]);
    expect(await read(cluster, asker, key)).toBe('x');
  });

  it('are not called by one that only looks', async () => {
    const cluster = await started('eventual');
    const { asker, asked, key } = pairIn(cluster);
    const { router, serving } = cluster.nodes[asker]!.core!;
    expect(serving.hop.troubleOf(router.partOf(key).elsewhere!)).toBe('');
    await cluster.run(200);
    expect(linked(cluster, asker, asked)).toEqual([false, false]);
    for (const id of router.partOf(key).elsewhere!.members) cluster.nodes[id]!.kill();
    expect(await ask(cluster, asker, set(key, 'x'))).toMatchObject({ code: 'SHARD_UNAVAILABLE' });
    expect(serving.hop.troubleOf(router.partOf(key).elsewhere!)).toContain('can be reached');
  });

  it('keep a link on which an answer is due, however long it takes', async () => {
    const cluster = await started('eventual');
    const { asker, asked, key } = pairIn(cluster);
    expect(await ask(cluster, asker, set(key, 'x'))).toMatchObject({ outcome: 'stored' });
    cluster.nodes[asked]!.store.delayMs = [480, 490];
    expect(await ask(cluster, asker, set(key, 'y'))).toMatchObject({ outcome: 'stored' });
    expect(cluster.nodes[asker]!.core!.serving.hop!.askedAgain).toBe(0);
  });

  it('get their answers although the other one loses a link for requests of its own', async () => {
    const cluster = await started('eventual');
    const { asker, asked, key } = pairIn(cluster);
    expect(await ask(cluster, asker, set(key, 'x'))).toMatchObject({ outcome: 'stored' });
    cluster.nodes[asked]!.store.delayMs = [480, 490];
    cluster.scheduler.after(100, () => cluster.nodes[asked]!.links.onPeerDown(asker));
    expect(await ask(cluster, asker, set(key, 'y'))).toMatchObject({ outcome: 'stored' });
    expect(cluster.nodes[asker]!.core!.serving.hop!.askedAgain).toBe(0);
  });

  it('call another one where the first is gone, and do not wait for it again and again', async () => {
    const cluster = await started('eventual');
    const { asker, asked, key } = pairIn(cluster);
    cluster.nodes[asked]!.kill();
    await cluster.run(1_000);
    for (let i = 0; i < 20; i++) {
      const before = cluster.scheduler.nowMs;
      expect(await ask(cluster, asker, set(key, `${i}`))).toMatchObject({ outcome: 'stored' });
      expect(cluster.scheduler.nowMs - before).toBeLessThan(i === 0 ? 1_000 : 100);
    }
    expect(cluster.nodes[asker]!.core!.passing.isUp(asked)).toBe(false);
  });
});
