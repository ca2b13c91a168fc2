import { describe, expect, it } from 'vitest';
import type { Durability } from '../../src/journal/durability.ts';
import type { Level } from '../../src/placement/level.ts';
import { deleteRequest } from '../../src/protocol/make-request.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SimNode } from './sim-node.ts';

/** Controllers that start empty, because no one may go on from what they know. */

const HORIZON_MS = 500;

const cluster = async (level: Level, durability: Durability, tombstoneHorizonMs?: number) => {
  const settings = tombstoneHorizonMs === undefined ? {} : { tombstoneHorizonMs };
  const made = new SimCluster({ seed: 1, level, settings: { durability, ...settings } });
  await made.start();
  return made;
};

const remove = deleteRequest('k');

function isolate({ network, nodes }: SimCluster, node: SimNode): void {
  for (const { id } of nodes) if (id !== node.id) network.cut(node.id, id);
}

function reconnect({ network, nodes }: SimCluster, node: SimNode): void {
  for (const { id } of nodes) if (id !== node.id) network.heal(node.id, id);
}

const readAll = async (made: SimCluster, key: string) => {
  const found: (string | null)[] = [];
  for (const { id } of made.nodes) found.push(await read(made, id, key));
  return found;
};

describe.each(['sequential', 'eventual'] as const)('deletions that a peer has missed, at %s', (level) => {
  describe.each(['none', 'async'] as const)('with durability %s', (durability) => {
    it('are forgotten when it is silent for long, and it starts empty when it is back', async () => {
      const made = await cluster(level, durability, HORIZON_MS);
      const [first, second, away] = made.nodes as [SimNode, SimNode, SimNode];
      await ask(made, 0, set('k', '1'));
      await ask(made, 0, set('stays', '1'));
      await made.run(300);
      isolate(made, away);
      await made.run(1_000);
      await ask(made, 0, remove);
      await made.run(HORIZON_MS + 1_000);
      expect([first, second].map(({ journal }) => journal.newest('k'))).toEqual([undefined, undefined]);
      expect(away.journal.newest('k')).toBeDefined();
      reconnect(made, away);
      await made.run(100);
      await made.runUntilReady();
      await made.run(3_000);
      expect(made.nodes.map(({ emptyStarts }) => emptyStarts)).toEqual([0, 0, 1]);
      expect(await readAll(made, 'k')).toEqual([null, null, null]);
      expect(await readAll(made, 'stays')).toEqual(['1', '1', '1']);
    });

    it('are kept for it until then, and it keeps its entries', async () => {
      const made = await cluster(level, durability, 60_000);
      const [first, , away] = made.nodes as [SimNode, SimNode, SimNode];
      await ask(made, 0, set('k', '1'));
      await made.run(300);
      isolate(made, away);
      await made.run(1_000);
      await ask(made, 0, remove);
      await made.run(3_000);
      expect(first.journal.newest('k')?.tombstone).toBe(true);
      reconnect(made, away);
      await made.run(100);
      await made.runUntilReady();
      await made.run(3_000);
      expect(made.nodes.map(({ emptyStarts }) => emptyStarts)).toEqual([0, 0, 0]);
      expect(await readAll(made, 'k')).toEqual([null, null, null]);
      expect(first.journal.newest('k')).toBeUndefined();
    });

    it('are kept while no majority knows of them', async () => {
      const made = await cluster(level, durability, HORIZON_MS);
      await ask(made, 0, set('k', '1'));
      await made.run(300);
      await ask(made, 0, remove);
      for (const node of made.nodes.slice(1)) isolate(made, node);
      await made.run(HORIZON_MS + 3_000);
      for (const node of made.nodes.slice(1)) reconnect(made, node);
      await made.runUntilReady();
      await made.run(3_000);
      expect(made.nodes.map(({ emptyStarts }) => emptyStarts)).toEqual([0, 0, 0]);
      expect(await readAll(made, 'k')).toEqual([null, null, null]);
    });
  });
});

/** For a moment a peer was silent for longer than the horizon and did not count as down yet (seed 32090). */
it('a deletion that no other controller knows of is kept, however soon peers count as absent', async () => {
  const made = await cluster('eventual', 'none', 200);
  const [first, second, third] = made.nodes as [SimNode, SimNode, SimNode];
  await ask(made, 2, set('k', '1'));
  await made.run(300);
  isolate(made, first);
  await made.run(1_000);
  made.network.block(second.id, third.id);
  made.network.block(third.id, second.id);
  await ask(made, 2, remove);
  await made.run(500);
  expect(third.journal.newest('k')?.tombstone).toBe(true);
});

/** It had taken over writes of others that all of them lost when they died. */
it.each(['none', 'async'] as const)(
  'a controller that is catching up starts empty when the controllers that it copies from have lost their state: %s',
  async (durability) => {
    const made = await cluster('linearizability', durability);
    const [first, ...others] = made.nodes;
    await ask(made, 0, set('k', 'old'));
    await made.run(300);
    made.kill(first!);
    await made.run(1_000);
    first!.start();
    for (let i = 0; i < 200 && first!.journal.newest('k')?.version.node !== 1; i++)
      await ask(made, 1, set('k', 'new'));
    expect(first!.core!.view).toBeNull();
    expect(first!.journal.newest('k')?.version.node).toBe(1);
    made.losePower(...others);
    await made.run(100);
    for (const node of others) node.start();
    await made.runUntilReady();
    await made.run(3_000);
    const [found, ...rest] = await readAll(made, 'k');
    expect(rest).toEqual([found, found]);
    expect(first!.emptyStarts).toBe(1);
  },
);

/**
 * A start empties the group that has to begin anew. The others go on from their disks. With nothing on disk they have
 * only the memory of the run that ends, so they begin anew on this controller, too, as after its death.
 */
describe.each(['none', 'async'] as const)(
  'a controller that has to start one group empty, with %s',
  (durability) => {
    it('takes what the others have, in every group, and keeps of its own what is on its disk', async () => {
      const keyspaces = [
        { name: 'sessions', prefix: 'c:', level: 'causal' },
        { name: 'views', prefix: 'e:', level: 'eventual' },
      ] as const;
      const made = new SimCluster({
        seed: 1,
        level: 'sequential',
        settings: { durability, tombstoneHorizonMs: HORIZON_MS, keyspaces },
      });
      await made.start();
      await made.run(500);
      const away = made.nodes[2]!;
      const keys = ['k', 'c:k', 'e:k'];
      for (const key of [...keys, 'c:gone']) await ask(made, 0, set(key, '1'));
      await made.run(300);
      isolate(made, away);
      await made.run(1_000);
      await ask(made, 0, deleteRequest('c:gone'));
      expect(await ask(made, 2, set('e:alone', '1'))).toMatchObject({ outcome: 'stored' });
      await made.run(HORIZON_MS + 1_000);
      reconnect(made, away);
      await made.run(100);
      await made.runUntilReady();
      await made.run(3_000);
      expect(made.nodes.map(({ emptyStarts }) => emptyStarts)).toEqual([0, 0, 1]);
      for (const key of keys) expect(await readAll(made, key)).toEqual(['1', '1', '1']);
      expect(await readAll(made, 'c:gone')).toEqual([null, null, null]);
      const kept = durability === 'none' ? null : '1';
      expect(await readAll(made, 'e:alone')).toEqual([kept, kept, kept]);
    });
  },
);
