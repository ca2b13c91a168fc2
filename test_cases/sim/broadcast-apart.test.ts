import { describe, expect, it } from 'vitest';
import { DURABILITIES, type Durability } from '../../src/journal/durability.ts';
import type { KeyspaceSettings } from '../../src/placement/placement.ts';
import { storageRequest } from '../../src/protocol/make-request.ts';
import type { WantedKeyspace } from '../../src/protocol/request.ts';
import { ask, read, set } from './ask.ts';
import { change, levelsOf, moveOf, settled } from './moving.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';

/** An ordered level, by broadcast, in a cluster that was configured without one: its root group has no entries. */

const CAUSAL = 2;
const APART = 4;

async function clusterAt(
  level: 'causal' | 'eventual',
  durability: Durability = 'none',
  keyspaces: readonly KeyspaceSettings[] = [],
): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 1, level, settings: { durability, keyspaces } });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const ask1 = (cluster: SimCluster, wanted: WantedKeyspace) =>
  ask(cluster, 1, { kind: 'keyspace', change: wanted, format: 'table' });

const orderedGroupsOf = ({ core }: SimNode) => core!.orderedGroups.map(({ number }) => number);

describe('an ordered level where none was configured', () => {
  it.each(DURABILITIES)(
    'outlives restarts, and can be left again, with durability %s',
    async (durability) => {
      const cluster = await clusterAt('causal', durability);
      await ask(cluster, 0, set('k', 'v'));
      await change(cluster, 1, 'linearizability');
      await settled(cluster);
      for (const node of cluster.nodes) expect(orderedGroupsOf(node)).toEqual([APART]);
      for (const { id } of cluster.nodes) expect(await read(cluster, id, 'k')).toBe('v');
      await ask(cluster, 1, set('l', 'w'));
      for (const node of cluster.nodes) {
        node.kill();
        node.start();
        await cluster.runUntilReady();
      }
      expect(levelsOf(cluster)).toEqual(['linearizability', 'linearizability', 'linearizability']);
      if (durability === 'sync') {
        cluster.kill(...cluster.nodes);
        for (const node of cluster.nodes) node.start();
        await cluster.runUntilReady();
      }
      await change(cluster, 2, 'eventual');
      await settled(cluster);
      for (const node of cluster.nodes) expect(orderedGroupsOf(node)).toEqual([]);
      for (const { id } of cluster.nodes)
        expect([await read(cluster, id, 'k'), await read(cluster, id, 'l')]).toEqual(['v', 'w']);
    },
  );

  it('serves on, when a majority restarts before it has any key', async () => {
    const cluster = await clusterAt('eventual', 'sync');
    expect(
      await ask1(cluster, { what: 'add', keyspace: 'carts', prefix: 'c:', level: 'sequential' }),
    ).toMatchObject({ kind: 'lines' });
    await settled(cluster);
    const [first, second, third] = cluster.nodes as [SimNode, SimNode, SimNode];
    cluster.kill(first, second, third);
    first.start();
    second.start();
    await cluster.run(10_000);
    expect(await ask(cluster, 0, set('c:k', 'v'))).toMatchObject({ outcome: 'stored' });
    third.start();
    await cluster.runUntilReady();
    expect(await read(cluster, 2, 'c:k')).toBe('v');
  });

  it('can be that of an added keyspace, whose keys have entries by then, and of several', async () => {
    const cluster = await clusterAt('eventual', 'async', [{ name: 'a', prefix: 'a:', level: 'causal' }]);
    await ask(cluster, 0, set('c:k', 'v'));
    await ask(cluster, 2, set('a:k', 'w'));
    await ask1(cluster, { what: 'add', keyspace: 'carts', prefix: 'c:', level: 'sequential' });
    await settled(cluster);
    await ask1(cluster, { what: 'level', keyspace: 'a', level: 'linearizability' });
    await settled(cluster);
    for (const node of cluster.nodes) {
      expect([...node.journalOf(APART).liveKeys()].sort()).toEqual(['a:k', 'c:k']);
      expect([await read(cluster, node.id, 'c:k'), await read(cluster, node.id, 'a:k')]).toEqual(['v', 'w']);
    }
    await ask1(cluster, { what: 'remove', keyspace: 'carts' });
    await settled(cluster);
    for (const { id } of cluster.nodes) expect(await read(cluster, id, 'c:k')).toBe('v');
  });

  it.each([0, 5, 15, 25, 35, 50, 70, 100, 140])(
    'is the level before or the one after, when a controller dies %i ms after the change was begun',
    async (afterMs) => {
      const cluster = await clusterAt('eventual', 'sync');
      for (let i = 0; i < 20; i++) await ask(cluster, i % 3, set(`k${i}`, `v${i}`));
      await cluster.run(1_000);
      expect(await change(cluster, 0, 'sequential')).toContain('default moves from eventual to sequential');
      await cluster.run(afterMs);
      cluster.kill(cluster.nodes[2]!);
      await cluster.run(1_000);
      cluster.nodes[2]!.start();
      await cluster.runUntilReady();
      await settled(cluster);
      expect(levelsOf(cluster)).toEqual(['sequential', 'sequential', 'sequential']);
      for (let i = 0; i < 20; i++) expect(await read(cluster, 2, `k${i}`)).toBe(`v${i}`);
    },
  );

  it('regression: seed 90110, an expired entry was at some only', async () => {
    const cluster = await clusterAt('eventual', 'none', [{ name: 'carts', prefix: 'c:', level: 'causal' }]);
    const second = cluster.nodes[1]!;
    const onMessage = second.links.onMessage.bind(second.links);
    // It does not hear what the others know, and so forgets nothing.
    second.links.onMessage = (from, group, message) => {
      if (message.type !== 'announced') onMessage(from, group, message);
    };
    await ask(cluster, 0, storageRequest('set', 'c:k', 0, 1, Buffer.from('old')));
    await cluster.run(6_000);
    expect(cluster.nodes.map((node) => node.journalOf(CAUSAL).newest('c:k') !== undefined)).toEqual([
      false,
      true,
      false,
    ]);
    await ask1(cluster, { what: 'level', keyspace: 'carts', level: 'linearizability' });
    await settled(cluster);
    const added = await ask(cluster, 0, storageRequest('add', 'c:k', 0, 0, Buffer.from('v')));
    expect(added).toMatchObject({ outcome: 'stored' });
    for (const { id } of cluster.nodes) expect(await read(cluster, id, 'c:k')).toBe('v');
  });

  it('waits for a controller whose disk is full, and says so', async () => {
    const cluster = await clusterAt('eventual', 'async');
    await ask(cluster, 0, set('k', 'v'));
    await cluster.run(1_000);
    await change(cluster, 0, 'linearizability');
    cluster.nodes[2]!.files.setFull(true);
    await cluster.run(3_000);
    expect(moveOf(cluster)?.phase).toBe('preparing');
    expect(await read(cluster, 0, 'k')).toBe('v');
    cluster.nodes[2]!.files.setFull(false);
    await settled(cluster);
    expect(levelsOf(cluster)).toEqual(['linearizability', 'linearizability', 'linearizability']);
  });
});
