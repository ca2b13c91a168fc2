import { describe, expect, it } from 'vitest';
import { directoryOf } from '../../src/journal/data-directory.ts';
import type { KeyspaceSettings } from '../../src/placement/placement.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster, type SimOptions } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';

/** A cluster with a keyspace that is replicated by broadcast, and one that is a chain. */

const CHAINED: readonly KeyspaceSettings[] = [
  { name: 'chained', prefix: 'l:', level: 'linearizability/chain' },
];

async function clusterOf(settings: SimOptions['settings'] = {}, seed = 1): Promise<SimCluster> {
  const level = 'linearizability';
  const cluster = new SimCluster({ seed, level, settings: { keyspaces: CHAINED, ...settings } });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const viewsOf = ({ core }: SimNode, group: number) =>
  core!.orderedGroups.find(({ number }) => number === group)!.views;

const membersOf = (node: SimNode, group: number) =>
  viewsOf(node, group).view?.members.map(({ node: id }) => id);

/** The controller does not see messages of this type and group any more. */
function losesMessages(node: SimNode, group: number, type: string): void {
  const onMessage = node.links.onMessage.bind(node.links);
  node.links.onMessage = (from, number, message) => {
    if (number !== group || message.type !== type) onMessage(from, number, message);
  };
}

describe('two ordered groups', () => {
  it('serve at the same time, each in views of its own', async () => {
    const cluster = await clusterOf();
    for (const { id } of cluster.nodes) {
      expect(await ask(cluster, id, set('k', `a${id}`))).toMatchObject({ outcome: 'stored' });
      expect(await ask(cluster, id, set('l:k', `b${id}`))).toMatchObject({ outcome: 'stored' });
    }
    for (const node of cluster.nodes) {
      expect([await read(cluster, node.id, 'k'), await read(cluster, node.id, 'l:k')]).toEqual(['a2', 'b2']);
      expect([[...node.journalOf(0).liveKeys()], [...node.journalOf(3).liveKeys()]]).toEqual([
        ['k'],
        ['l:k'],
      ]);
      expect(node.core!.orderedGroups.map(({ number, schemeName }) => [number, schemeName])).toEqual([
        [0, 'broadcast'],
        [3, 'chain'],
      ]);
    }
  });

  it('have leases of their own', async () => {
    const cluster = await clusterOf();
    const third = cluster.nodes[2]!;
    losesMessages(third, 3, 'granted');
    await cluster.run(1_000);
    expect(viewsOf(third, 0).leaseLeftMs).toBeGreaterThan(0);
    expect(viewsOf(third, 3).leaseLeftMs).toBe(0);
    expect(await read(cluster, 2, 'k')).toBeNull();
    await expect(read(cluster, 2, 'l:k')).rejects.toThrow('NO_LEASE');
    expect(await ask(cluster, 1, set('l:k', 'v'))).toMatchObject({ outcome: 'stored' });
  });

  it('go on after a restart of a majority, also a group that was never written to', async () => {
    const cluster = await clusterOf({ durability: 'sync' });
    const [first, second, third] = cluster.nodes;
    expect(await ask(cluster, 0, set('k', 'v'))).toMatchObject({ outcome: 'stored' });
    cluster.network.cut(0, 2);
    cluster.network.cut(1, 2);
    await cluster.run(2_000);
    expect(membersOf(first!, 3)).toEqual([0, 1]);
    cluster.kill(first!, second!);
    first!.start();
    second!.start();
    cluster.network.healAll();
    await cluster.runUntilReady();
    expect(membersOf(third!, 3)).toHaveLength(3);
    expect(await ask(cluster, 2, set('l:k', 'v'))).toMatchObject({ outcome: 'stored' });
  });

  it('go on when a controller has lost the journal of one of them', async () => {
    const cluster = await clusterOf({ durability: 'sync' });
    for (const key of ['k', 'l:k'])
      expect(await ask(cluster, 0, set(key, 'v'))).toMatchObject({ outcome: 'stored' });
    const third = cluster.nodes[2]!;
    cluster.kill(third);
    const lost = directoryOf('/data/chain', 2);
    for (const name of await third.files.list(lost)) await third.files.remove(`${lost}/${name}`);
    third.start();
    await cluster.runUntilReady();
    expect([await read(cluster, 2, 'k'), await read(cluster, 2, 'l:k')]).toEqual(['v', 'v']);
    expect([...third.journalOf(3).liveKeys()]).toEqual(['l:k']);
  });

  it('leave out a controller that is asked to end, both at once and without waiting for its leases', async () => {
    const cluster = await clusterOf();
    const third = cluster.nodes[2]!;
    cluster.isUndisturbed = true;
    cluster.stop(third, 10_000);
    await cluster.run(150);
    expect(third.running).toBe(false);
    expect([membersOf(cluster.nodes[0]!, 0), membersOf(cluster.nodes[0]!, 3)]).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(cluster.mistakes).toEqual([]);
    for (const key of ['k', 'l:k'])
      expect(await ask(cluster, 1, set(key, 'v'))).toMatchObject({ outcome: 'stored' });
  });
});
