import { expect, it } from 'vitest';
import { compareVersions } from '../../src/ordering/version.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { hasReached } from '../../src/placement/moving.ts';
import type { KeyspaceSettings } from '../../src/placement/placement.ts';
import { ask, read, set } from './ask.ts';
import { moveOf, until } from './moving.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';

/** The rules by which a keyspace leaves a chain: what is under way when the barrier comes. */

const CHAINED: readonly KeyspaceSettings[] = [
  { name: 'chained', prefix: 'l:', level: 'linearizability/chain' },
  { name: 'others', prefix: 'e:', level: 'eventual' },
];

const CHAIN = 3;
const EVENTUAL = 1;

async function clusterOf(): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', settings: { keyspaces: CHAINED } });
  await cluster.start();
  await ask(cluster, 0, set('l:before', 'v'));
  await cluster.run(1_000);
  return cluster;
}

const moveTo = (cluster: SimCluster, level: string) =>
  ask(cluster, 0, {
    kind: 'keyspace',
    change: { what: 'level', keyspace: 'chained', level },
    format: 'table',
  });

/** Keeps messages of this type from a group of the controller. @returns hands them over, and all later ones */
function hold(node: SimNode, type: PeerMessage['type'], of = CHAIN): () => void {
  const onMessage = node.links.onMessage.bind(node.links);
  const held: (() => void)[] = [];
  let isHolding = true;
  node.links.onMessage = (from, group, message) => {
    const isKept = isHolding && group === of && message.type === type;
    if (isKept) held.push(() => onMessage(from, group, message));
    else onMessage(from, group, message);
  };
  return () => {
    isHolding = false;
    for (const handOver of held.splice(0)) handOver();
  };
}

it('a keyspace does not leave a chain while a write of it is under way', async () => {
  const cluster = await clusterOf();
  hold(cluster.nodes[1]!, 'chain-down');
  let answer = '';
  cluster.nodes[2]!.connect().submit(set('l:k', 'v'), (reply) => {
    answer = reply.kind;
  });
  await cluster.run(20);
  await moveTo(cluster, 'eventual');
  for (let i = 0; i < 30; i++) {
    await cluster.run(50);
    expect(moveOf(cluster)?.phase).not.toBe('settling');
    expect(cluster.nodes[2]!.core!.mover.wordOf(2)?.step).not.toBe('handed-over');
  }
  expect(answer).not.toBe('outcome');
});

it('a controller without a lease in a chain has not all of it, and does not hand it over', async () => {
  const cluster = await clusterOf();
  hold(cluster.nodes[2]!, 'granted');
  await cluster.run(1_000);
  await moveTo(cluster, 'eventual');
  for (let i = 0; i < 30; i++) {
    await cluster.run(50);
    expect(moveOf(cluster)?.phase).not.toBe('settling');
    expect(hasReached(cluster.nodes[2]!.core!.mover.wordOf(2)!.step, 'fenced')).toBe(false);
  }
});

it.each([
  ['eventual', EVENTUAL],
  ['linearizability/broadcast', 0],
])('a write that is settled behind the barrier is handed over to %s', async (to, group) => {
  const cluster = await clusterOf();
  const release = hold(cluster.nodes[0]!, 'chain-ask');
  let answer = '';
  cluster.nodes[2]!.connect().submit(set('l:k', 'v'), (reply) => {
    answer = reply.kind === 'outcome' ? reply.outcome : reply.kind;
  });
  await cluster.run(20);
  await moveTo(cluster, to);
  await until(cluster, () => moveOf(cluster)?.phase === 'barrier');
  await cluster.run(100);
  const journals = () => cluster.nodes.map((node) => node.journalOf(group)?.newest('l:k') !== undefined);
  expect(journals()).toEqual([false, false, false]);
  release();
  await until(cluster, () => moveOf(cluster)?.phase === 'settling');
  expect(journals()).toEqual([true, true, true]);
  expect(answer).toBe('stored');
  for (const { id } of cluster.nodes) expect(await read(cluster, id, 'l:k')).toBe('v');
});

it('what the head of a chain writes before it stamps the last write of others is known by all', async () => {
  const cluster = await clusterOf();
  const release = hold(cluster.nodes[0]!, 'chain-ask');
  cluster.nodes[2]!.connect().submit(set('l:k', 'v'), () => {});
  await cluster.run(20);
  await moveTo(cluster, 'eventual');
  const stepOf = (node: number) => cluster.nodes[0]!.core!.mover.wordOf(node)?.step;
  await until(cluster, () => stepOf(0) === 'fenced' && stepOf(1) === 'fenced');
  for (const { id, core } of cluster.nodes)
    for (const { id: peer } of cluster.nodes)
      if (peer !== id) core!.groups.byNumber[EVENTUAL]!.scheme.exchange.pull(peer);
  await cluster.run(100);
  // The head writes to the group that gets the keys, and nobody hears of that.
  for (const node of [1, 2]) hold(cluster.nodes[node]!, 'push', EVENTUAL);
  expect(await ask(cluster, 0, set('e:k', 'w'))).toMatchObject({ outcome: 'stored' });
  release();
  await until(cluster, () => moveOf(cluster) === null);
  const version = (key: string) => cluster.nodes[0]!.journalOf(EVENTUAL).newest(key)!.version;
  expect(compareVersions(version('e:k'), version('l:k'))).toBeLessThan(0);
  await cluster.run(3_000);
  for (const { id } of cluster.nodes) expect(await read(cluster, id, 'e:k')).toBe('w');
});
