import { isOrdered } from '../../src/consistency/policies.ts';
import type { Settings } from '../../src/controller/settings.ts';
import type { Durability } from '../../src/journal/durability.ts';
import type { Level } from '../../src/placement/level.ts';
import type { KeyspaceSettings } from '../../src/placement/placement.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import { ask } from './ask.ts';
import { Newcomers } from './newcomers.ts';
import { SimCluster } from './sim-cluster.ts';

/** A cluster whose machines start as soon as they find themselves in an installed configuration. */
export async function clusterOf(
  nodes: number,
  durability: Durability = 'none',
  keyspaces: readonly KeyspaceSettings[] = [],
  level: Level = 'linearizability',
  others: Partial<Settings> = {},
): Promise<SimCluster> {
  const settings = { durability, keyspaces, ...others };
  const cluster = new SimCluster({ seed: 1, level, nodes, settings });
  startingNewcomers(cluster);
  await cluster.start();
  // Where controllers answer alone they serve before there is a view.
  if (!isOrdered(level)) await cluster.run(1_000);
  return cluster;
}

/** What a client gets to `member add` or `member remove`, in words. */
export async function member(
  cluster: SimCluster,
  node: number,
  what: 'add' | 'remove',
  word: string,
): Promise<string> {
  const change = what === 'add' ? { come: word, go: null } : { come: null, go: word };
  const reply: Reply = await ask(cluster, node, { kind: 'member', change, format: 'table' });
  return reply.kind === 'lines'
    ? reply.lines.join('\n')
    : 'text' in reply
      ? `${reply.text}`
      : JSON.stringify(reply);
}

/** Adds a controller, and waits until it votes. */
export async function added(cluster: SimCluster, node: number, address: string): Promise<void> {
  const answer = await member(cluster, node, 'add', address);
  if (!answer.includes('joins')) throw new Error(answer);
  for (let i = 0; i < 50; i++) {
    await cluster.run(100);
    if ((await member(cluster, node, 'add', address)).includes('vote')) break;
  }
  await cluster.run(1_000);
}

export const configurationAt = (cluster: SimCluster, id: number) =>
  cluster.nodeOf(id)!.core!.groups.views.configuration;

/** Has machines start as soon as they find themselves in an installed configuration. */
export function startingNewcomers(cluster: SimCluster): Newcomers {
  const newcomers = new Newcomers(cluster);
  const look = (): void => {
    for (const { core } of cluster.nodes) {
      const view = core?.groups.views.view;
      if (view?.configuration != null) newcomers.onInstalled(view.configuration, []);
    }
    cluster.scheduler.after(5, look);
  };
  look();
  return newcomers;
}
