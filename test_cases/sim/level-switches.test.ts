import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryOf } from '../../src/journal/data-directory.ts';
import type { Durability } from '../../src/journal/durability.ts';
import { epochOf } from '../../src/placement/agreed-placement.ts';
import type { Level } from '../../src/placement/level.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';

/** Levels that are changed while a cluster runs, without faults and with single ones. The swarm has all of them. */

async function clusterAt(level: Level, durability: Durability = 'none', seed = 1): Promise<SimCluster> {
  const cluster = new SimCluster({ seed, level, settings: { durability } });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

async function change(
  cluster: SimCluster,
  node: number,
  level: string,
  keyspace = 'default',
): Promise<string> {
  const wanted =
    level === 'cancel' ? ({ what: level, keyspace } as const) : ({ what: 'level', keyspace, level } as const);
  return textOf(await ask(cluster, node, { kind: 'keyspace', change: wanted, format: 'table' }));
}

function textOf(reply: Reply): string {
  if (reply.kind === 'lines') return reply.lines.join('\n');
  return 'reason' in reply ? `${reply.kind} ${reply.reason}` : reply.kind;
}

const levelsOf = ({ nodes }: SimCluster) => nodes.map(({ core }) => core?.levels.ofDefault);
const epochsOf = ({ nodes }: SimCluster) => nodes.map(({ core }) => epochOf(core!.groups.views.placement));

function cutOff(cluster: SimCluster, node: number): void {
  for (const { id } of cluster.nodes) if (id !== node) cluster.network.cut(id, node);
}

describe('a level that is changed while the cluster runs', () => {
  it('holds at every controller once that is answered, and what was written stays', async () => {
    const cluster = await clusterAt('linearizability');
    await ask(cluster, 0, set('k', 'v'));
    expect(await change(cluster, 1, 'sequential')).toBe(
      'default is at sequential now, and was at linearizability',
    );
    expect(levelsOf(cluster)).toEqual(['sequential', 'sequential', 'sequential']);
    expect(await change(cluster, 2, 'linearizability')).toContain('default is at linearizability now');
    expect(levelsOf(cluster)).toEqual(['linearizability', 'linearizability', 'linearizability']);
    expect(epochsOf(cluster)).toEqual([2, 2, 2]);
    for (const { id } of cluster.nodes) expect(await read(cluster, id, 'k')).toBe('v');
  });

  it('is refused where it can not be', async () => {
    const cluster = await clusterAt('sequential');
    expect(await change(cluster, 0, 'sequential')).toBe('default is at sequential already');
    expect(await change(cluster, 0, 'cancel')).toContain(
      'client_error the keyspace default is not being changed',
    );
    expect(await change(cluster, 0, 'strong')).toContain('client_error strong is no level');
    expect(await change(cluster, 0, 'sequential', 'users')).toContain(
      'client_error there is no keyspace users',
    );
    cutOff(cluster, 0);
    await cluster.run(2_000);
    expect(await change(cluster, 0, 'linearizability')).toContain('server_error no majority');
    expect(epochsOf(cluster)).toEqual([0, 0, 0]);
  });

  it('lets a minority read when it becomes weaker, and stops that when it becomes stricter', async () => {
    const cluster = await clusterAt('linearizability');
    await ask(cluster, 0, set('k', 'v'));
    await change(cluster, 0, 'sequential');
    cutOff(cluster, 2);
    await cluster.run(2_000);
    expect(await read(cluster, 2, 'k')).toBe('v');
    cluster.network.healAll();
    await cluster.runUntilReady();
    await change(cluster, 0, 'linearizability');
    cutOff(cluster, 2);
    await cluster.run(2_000);
    expect((await ask(cluster, 2, { kind: 'get', keys: ['k'], withCas: false })).kind).toBe('server_error');
  });

  it('names the controller that is cut off and may go by the weaker level, until it is back', async () => {
    const cluster = await clusterAt('sequential');
    cutOff(cluster, 2);
    await cluster.run(2_000);
    expect(await change(cluster, 0, 'linearizability')).toContain('not yet known to sim:2');
    expect(levelsOf(cluster)).toEqual(['linearizability', 'linearizability', 'sequential']);
    const [first] = cluster.nodes;
    expect(first!.core!.groups.views.unaware).toEqual([2]);
    cluster.network.healAll();
    await cluster.runUntilReady();
    expect(first!.core!.groups.views.unaware).toEqual([]);
    expect(levelsOf(cluster)).toEqual(['linearizability', 'linearizability', 'linearizability']);
  });

  it.each([1, 2, 3, 4, 5])(
    'is one level, when two controllers are asked for different ones at once (seed %i)',
    async (seed) => {
      const cluster = await clusterAt('sequential', 'none', seed);
      const answers: string[] = [];
      for (const [node, level] of [
        [0, 'linearizability'],
        [1, 'linearizability'],
      ] as const) {
        const request = {
          kind: 'keyspace',
          change: { what: 'level', keyspace: 'default', level },
          format: 'table',
        } as const;
        cluster.nodes[node]!.connect().submit(request, (reply) => answers.push(textOf(reply)));
      }
      await cluster.run(2_000);
      expect(answers).toHaveLength(2);
      expect(levelsOf(cluster)).toEqual(['linearizability', 'linearizability', 'linearizability']);
      expect(epochsOf(cluster)).toEqual([1, 1, 1]);
    },
  );

  it.each([0, 5, 20, 30, 40, 60, 100])(
    'is the old one or the new one everywhere, when its controller dies %i ms after it was asked',
    async (afterMs) => {
      const cluster = await clusterAt('sequential', 'sync');
      const request = {
        kind: 'keyspace',
        change: { what: 'level', keyspace: 'default', level: 'linearizability' },
      } as const;
      cluster.nodes[0]!.connect().submit({ ...request, format: 'table' }, () => {});
      await cluster.run(afterMs);
      cluster.kill(cluster.nodes[0]!);
      await cluster.run(3_000);
      cluster.nodes[0]!.start();
      await cluster.runUntilReady();
      expect(new Set(levelsOf(cluster)).size).toBe(1);
      expect(new Set(epochsOf(cluster)).size).toBe(1);
    },
  );

  it.each<Durability>(['none', 'async', 'sync'])(
    'outlives a restart of all controllers, with %s',
    async (durability) => {
      const cluster = await clusterAt('linearizability', durability);
      await change(cluster, 0, 'sequential');
      cluster.kill(...cluster.nodes);
      for (const node of cluster.nodes) node.start();
      await cluster.runUntilReady();
      expect(levelsOf(cluster)).toEqual(['sequential', 'sequential', 'sequential']);
      expect(epochsOf(cluster)).toEqual([1, 1, 1]);
    },
  );

  it('comes back to a controller that has lost its record of views', async () => {
    const cluster = await clusterAt('linearizability', 'sync');
    await change(cluster, 0, 'sequential');
    const { id, files } = cluster.nodes[2]!;
    cluster.kill(cluster.nodes[2]!);
    const record = `${directoryOf('/data', id)}.views.json`;
    expect(await files.list('/data')).toContain(basename(record));
    await files.remove(record);
    cluster.nodes[2]!.start();
    await cluster.runUntilReady();
    expect(levelsOf(cluster)).toEqual(['sequential', 'sequential', 'sequential']);
  });

  it('is not taken while a disk is full, and the controller that has it can not say that it has', async () => {
    const cluster = await clusterAt('sequential', 'sync');
    cluster.nodes[2]!.files.setFull(true);
    await ask(cluster, 0, set('k', 'v'));
    await cluster.run(3_000);
    expect(await change(cluster, 0, 'linearizability')).toContain('not yet known to sim:2');
    cluster.nodes[2]!.files.setFull(false);
    await cluster.runUntilReady();
    expect(cluster.nodes[0]!.core!.groups.views.unaware).toEqual([]);
  });
});
