import { expect, it } from 'vitest';
import { compareBallots } from '../../src/membership/ballot.ts';
import type { MovePhase } from '../../src/placement/agreed-placement.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import { ask, read, set } from './ask.ts';
import { change, clusterAt, levelsOf, moveOf, settled, until } from './moving.ts';
import type { SimCluster } from './sim-cluster.ts';

/** The rules of a move that hold by the order of a few messages, which a swarm hardly ever finds: forced here. */

const viewsOf = ({ nodes }: SimCluster, node: number) => nodes[node]!.core!.groups.views;
const acceptedPhase = (cluster: SimCluster, node: number): MovePhase | undefined =>
  viewsOf(cluster, node).acceptedPlacement?.move?.phase;
const acceptorOf = (cluster: SimCluster, node: number) => viewsOf(cluster, node).part.acceptor;

/** The controller has promised a view above the one that it has accepted last. */
const hasPromised = (cluster: SimCluster, node: number): boolean => {
  const { promised, accepted } = acceptorOf(cluster, node);
  return compareBallots(promised, accepted) > 0;
};

const stepOf = ({ nodes }: SimCluster, node: number) => nodes[node]!.core!.mover.word?.step;

it('a controller that has accepted the last step of a move takes no write before it is installed', async () => {
  const cluster = await clusterAt('sequential', 'none', 1, 5);
  const { network } = cluster;
  await change(cluster, 0, 'eventual');
  await until(cluster, () => cluster.nodes.every((_, node) => stepOf(cluster, node) === 'handed-over'));
  await until(cluster, () => [2, 3, 4].every((node) => hasPromised(cluster, node)), 10_000, 0.05);
  // Only controller 1 is asked to accept the step. Then its proposer dies, and controller 1 is alone.
  for (const peer of [2, 3, 4]) network.block(0, peer);
  await until(cluster, () => acceptedPhase(cluster, 1) === 'settling', 1_000, 0.05);
  cluster.nodes[0]!.kill();
  for (const peer of [2, 3, 4]) network.cut(1, peer);
  expect([2, 3, 4].map((node) => acceptedPhase(cluster, node))).toEqual(['barrier', 'barrier', 'barrier']);
  expect(await ask(cluster, 1, set('k', 'alone'))).toMatchObject({ code: 'LEVELS_CHANGING' });
  await cluster.run(3_000);
  expect(await ask(cluster, 2, set('k', 'others'))).toMatchObject({ outcome: 'stored' });
  network.healAll();
  cluster.nodes[0]!.start();
  await cluster.runUntilReady();
  await settled(cluster);
  expect(new Set(levelsOf(cluster))).toEqual(new Set(['eventual']));
  for (const { id } of cluster.nodes) expect(await read(cluster, id, 'k')).toBe('others');
});

it('a controller that has accepted the barrier takes no write, also before it is installed', async () => {
  const cluster = await clusterAt('sequential');
  await change(cluster, 0, 'eventual');
  await settled(cluster);
  await change(cluster, 0, 'causal');
  // Controller 2 is late with its acceptance, so that nothing is installed.
  const haveBothPromised = () => [1, 2].every((node) => hasPromised(cluster, node));
  await until(cluster, () => moveOf(cluster)?.phase === 'preparing' && haveBothPromised(), 10_000, 0.05);
  cluster.network.extraMs.set('0>2', 100);
  await until(cluster, () => acceptedPhase(cluster, 1) === 'barrier', 1_000, 0.05);
  const replies: Reply[] = [];
  cluster.nodes[1]!.connect().submit(set('k', 'v'), (reply) => replies.push(reply));
  await cluster.run(50);
  expect(moveOf(cluster, 1)?.phase).toBe('preparing');
  expect(replies).toEqual([]);
  cluster.network.extraMs.clear();
  await settled(cluster);
  expect(replies).toMatchObject([{ outcome: 'stored' }]);
  for (const { id } of cluster.nodes) expect(await read(cluster, id, 'k')).toBe('v');
});

it('a write that is on its way to a controller at the barrier is there before the other group serves', async () => {
  const cluster = await clusterAt('sequential');
  await change(cluster, 0, 'eventual');
  await settled(cluster);
  await change(cluster, 0, 'sequential');
  await until(
    cluster,
    () => viewsOf(cluster, 0).isChanging && moveOf(cluster)?.phase === 'preparing',
    10_000,
    0.05,
  );
  cluster.network.extraMs.set('2>1', 150);
  const replies: Reply[] = [];
  cluster.nodes[2]!.connect().submit(set('k', 'v'), (reply) => replies.push(reply));
  await until(cluster, () => moveOf(cluster, 1)?.phase === 'barrier', 2_000);
  expect(replies).toMatchObject([{ outcome: 'stored' }]);
  await settled(cluster);
  expect(levelsOf(cluster)).toEqual(['sequential', 'sequential', 'sequential']);
  for (const { id } of cluster.nodes) expect(await read(cluster, id, 'k')).toBe('v');
});

it('a controller at the barrier reads its own value while the other group writes newer ones', async () => {
  const cluster = await clusterAt('sequential');
  await ask(cluster, 0, set('k', 'v'));
  cluster.network.extraMs.set('0>2', 30);
  await change(cluster, 0, 'eventual');
  await until(cluster, () => acceptedPhase(cluster, 1) === 'settling');
  for (const peer of [0, 1]) cluster.network.cut(peer, 2);
  await until(cluster, () => [0, 1].every((node) => moveOf(cluster, node)?.phase === 'settling'));
  expect(await ask(cluster, 0, set('k', 'w'))).toMatchObject({ outcome: 'stored' });
  cluster.network.extraMs.clear();
  for (const peer of [0, 1]) cluster.network.heal(peer, 2);
  const timeAt = (node: number) => cluster.nodes[node]!.journalOf(1).newest('k')?.version.time;
  await until(cluster, () => timeAt(2) === timeAt(0));
  expect(moveOf(cluster, 2)?.phase).toBe('barrier');
  expect(await read(cluster, 2, 'k')).toBe('v');
  await settled(cluster);
  expect(await read(cluster, 2, 'k')).toBe('w');
});

it('a controller that dies at the barrier costs no request, and two views', async () => {
  const cluster = await clusterAt('sequential', 'sync');
  await change(cluster, 0, 'eventual');
  await until(cluster, () => cluster.nodes.every((_, node) => stepOf(cluster, node) === 'handed-over'));
  // The next step is being agreed, and is for all controllers as they run now.
  await until(cluster, () => viewsOf(cluster, 0).isChanging);
  const { counter } = viewsOf(cluster, 0).view!.ballot;
  cluster.nodes[2]!.kill();
  const replies: Reply[] = [];
  cluster.nodes[1]!.connect().submit(set('k', 'v'), (reply) => replies.push(reply));
  await cluster.run(900);
  expect(replies).toMatchObject([{ outcome: 'stored' }]);
  expect(moveOf(cluster)?.phase).toBe('preparing');
  expect(viewsOf(cluster, 0).view!.ballot.counter - counter).toBeLessThanOrEqual(4);
  cluster.nodes[2]!.start();
  await settled(cluster);
  for (const { id } of cluster.nodes) expect(await read(cluster, id, 'k')).toBe('v');
});
