import type { Durability } from '../../src/journal/durability.ts';
import type { Level } from '../../src/placement/level.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { WantedKeyspace } from '../../src/protocol/request.ts';
import { ask } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';

/** A cluster whose default keyspace is moved, for tests with a timing of their own. */

export async function clusterAt(
  level: Level,
  durability: Durability = 'none',
  seed = 1,
  nodes = 3,
): Promise<SimCluster> {
  const cluster = new SimCluster({ seed, level, nodes, settings: { durability } });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

export async function change(cluster: SimCluster, node: number, level: string): Promise<string> {
  const reply: Reply = await ask(cluster, node, {
    kind: 'keyspace',
    change:
      level === 'cancel'
        ? { what: level, keyspace: 'default' }
        : { what: 'level', keyspace: 'default', level },
    format: 'table',
  });
  if (reply.kind === 'lines') return reply.lines.join('\n');
  return 'reason' in reply ? `${reply.kind} ${reply.reason}` : reply.kind;
}

/** Asks a controller for a change of a keyspace. @returns its answer */
export async function changeKeyspace(cluster: SimCluster, wanted: WantedKeyspace, node = 0): Promise<string> {
  const reply: Reply = await ask(cluster, node, { kind: 'keyspace', change: wanted, format: 'table' });
  return reply.kind === 'lines' ? reply.lines.join('\n') : 'reason' in reply ? reply.reason : reply.kind;
}

export const moveOf = ({ nodes }: SimCluster, node = 0) =>
  nodes[node]!.core!.groups.views.placement?.move ?? null;
export const levelsOf = ({ nodes }: SimCluster) => nodes.map(({ core }) => core?.levels.ofDefault);

/** Waits until no keyspace is being moved. */
export async function settled(cluster: SimCluster, withinMs = 20_000): Promise<void> {
  const untilMs = cluster.scheduler.nowMs + withinMs;
  while (cluster.nodes.some((_, node) => moveOf(cluster, node) !== null)) {
    if (cluster.scheduler.nowMs > untilMs)
      throw new Error(
        JSON.stringify(cluster.nodes.map(({ core }) => [core!.groups.views.placement, core!.mover.word])),
      );
    await cluster.run(20);
  }
}

/** Waits for a moment of the cluster. */
export async function until(
  cluster: SimCluster,
  isThere: () => boolean,
  withinMs = 10_000,
  everyMs = 0.2,
): Promise<void> {
  const untilMs = cluster.scheduler.nowMs + withinMs;
  while (!isThere()) {
    if (cluster.scheduler.nowMs > untilMs) throw new Error('the moment has not come');
    await cluster.run(everyMs);
  }
}

/** The store of the controller has the newest value of the key. */
export function isHeld({ nodes }: SimCluster, node: number, key: string): boolean {
  const { store } = nodes[node]!;
  return store.holds(key, nodes[node]!.newest(key)!.version);
}

/** In each phase of the move that is under way all controllers are killed and started again, and once more at its end. */
export async function restartAllInEachPhase(cluster: SimCluster): Promise<void> {
  const restartAll = async (thenMs: number): Promise<void> => {
    for (const node of cluster.nodes) node.kill();
    for (const node of cluster.nodes) node.start();
    await cluster.run(thenMs);
  };
  for (const phase of ['preparing', 'barrier', 'settling']) {
    await until(cluster, () => {
      const move = moveOf(cluster);
      return move === null || move.phase === phase;
    });
    await cluster.run(phase === 'preparing' ? 100 : 1);
    await restartAll(3_000);
  }
  await settled(cluster);
  await restartAll(4_000);
}
