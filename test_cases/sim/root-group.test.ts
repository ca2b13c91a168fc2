import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryOf } from '../../src/journal/data-directory.ts';
import type { Durability } from '../../src/journal/durability.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';

/** The root group of a cluster at `eventual`: it has views and no entries, and the entries never wait for it. */

async function clusterOf(durability: Durability = 'none'): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 1, level: 'eventual', settings: { durability } });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const membersSeenBy = ({ core }: SimNode) => core!.groups.views.view?.members.map(({ node }) => node) ?? null;

describe('the root group at eventual', () => {
  it('agrees on a view, whose members hold leases, and that no user sees', async () => {
    const cluster = await clusterOf();
    for (const node of cluster.nodes) {
      expect(membersSeenBy(node)).toEqual([0, 1, 2]);
      expect(node.core!.groups.views.leaseLeftMs).toBeGreaterThan(0);
      expect(node.core!.view).toBeNull();
      expect(node.core!.leaseLeftMs).toBeNull();
    }
  });

  it('leaves out a controller that is cut off, which goes on serving, and takes it back', async () => {
    const cluster = await clusterOf();
    cluster.network.cut(0, 2);
    cluster.network.cut(1, 2);
    await cluster.run(5_000);
    expect(membersSeenBy(cluster.nodes[0]!)).toEqual([0, 1]);
    expect(cluster.nodes[2]!.core!.groups.views.leaseLeftMs).toBe(0);
    expect(await ask(cluster, 2, set('k', 'alone'))).toMatchObject({ outcome: 'stored' });
    expect(await read(cluster, 2, 'k')).toBe('alone');
    cluster.network.healAll();
    await cluster.run(10_000);
    for (const node of cluster.nodes) expect(membersSeenBy(node)).toEqual([0, 1, 2]);
    expect(await read(cluster, 0, 'k')).toBe('alone');
  });

  it.each(['async', 'sync'] as const)(
    'forms its first view with data directories of a release that kept no record of views, with %s',
    async (durability) => {
      const cluster = await clusterOf(durability);
      expect(await ask(cluster, 1, set('k', 'before'))).toMatchObject({ outcome: 'stored' });
      await cluster.run(1_000);
      cluster.kill(...cluster.nodes);
      for (const { id, files } of cluster.nodes) {
        const record = `${directoryOf('/data', id)}.views.json`;
        expect(await files.list('/data')).toContain(basename(record));
        await files.remove(record);
      }
      for (const node of cluster.nodes) node.start();
      await cluster.runUntilReady();
      await cluster.run(2_000);
      for (const node of cluster.nodes) expect(membersSeenBy(node)).toEqual([0, 1, 2]);
      expect(await read(cluster, 0, 'k')).toBe('before');
    },
  );

  it('goes on after all members crashed while one was outside', async () => {
    const cluster = await clusterOf('async');
    const [first, second, third] = cluster.nodes as [SimNode, SimNode, SimNode];
    for (const member of [first, second]) cluster.network.cut(member.id, third.id);
    await cluster.run(5_000);
    expect(membersSeenBy(first)).toEqual([0, 1]);
    cluster.kill(first, second);
    first.start();
    second.start();
    cluster.network.healAll();
    await cluster.run(10_000);
    for (const node of cluster.nodes) expect(membersSeenBy(node)).toEqual([0, 1, 2]);
  });
});
