import { describe, expect, it } from 'vitest';
import { DURABILITIES } from '../../src/journal/durability.ts';
import { epochOf } from '../../src/placement/agreed-placement.ts';
import { LEVELS } from '../../src/placement/level.ts';
import type { PlacedLevel } from '../../src/placement/placed-level.ts';
import { deleteRequest } from '../../src/protocol/make-request.ts';
import { ask, read, set } from './ask.ts';
import { change, clusterAt, isHeld, levelsOf, moveOf, settled, until } from './moving.ts';
import { runScenario } from './run-scenario.ts';
import { drawScenario } from './scenario.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';

/** Keyspaces that are moved between groups while a cluster runs, without faults and with single ones. */

const LEVELS_IN_TURN: readonly PlacedLevel[] = [
  'linearizability/chain',
  'eventual',
  'causal',
  'linearizability',
  'causal',
  'sequential',
  'eventual',
  'sequential',
  'sequential/chain',
  'causal',
];

describe('a keyspace that is moved while the cluster runs', () => {
  it.each([
    ...DURABILITIES.map((durability) => ['linearizability', durability] as const),
    ['causal', 'async'] as const,
  ])('keeps its entries through all schemes from %s on, with durability %s', async (level, durability) => {
    const cluster = await clusterAt(level, durability);
    for (let i = 0; i < 40; i++) await ask(cluster, i % 3, set(`k${i}`, `v${i}`));
    for (const [turn, level] of LEVELS_IN_TURN.entries()) {
      const word = level === 'sequential' ? 'sequential/broadcast' : level;
      expect(await change(cluster, turn % 3, word)).toContain(`default moves from`);
      await settled(cluster);
      expect(levelsOf(cluster)).toEqual([level, level, level]);
      await ask(cluster, turn % 3, set(`k${turn}`, `w${turn}`));
      expect(await ask(cluster, turn % 3, deleteRequest(`k${turn + 20}`, false))).toMatchObject({
        outcome: 'deleted',
      });
      await cluster.run(1_500);
      for (let i = 0; i < 40; i++) {
        const expected = i <= turn ? `w${i}` : i >= 20 && i <= turn + 20 ? null : `v${i}`;
        expect([i, await read(cluster, (i + turn) % 3, `k${i}`)]).toEqual([i, expected]);
      }
    }
    expect(epochOf(cluster.nodes[0]!.core!.groups.views.placement)).toBe(4 * LEVELS_IN_TURN.length);
  });

  it.each([1, 2, 3, 4, 5, 6])('takes less than an exchange that is not answered (seed %i)', async (seed) => {
    const cluster = await clusterAt('sequential', 'none', seed);
    for (const level of ['eventual', 'causal', 'sequential'] as const) {
      const begunMs = cluster.scheduler.nowMs;
      await change(cluster, 0, level);
      await settled(cluster);
      expect(cluster.scheduler.nowMs - begunMs).toBeLessThan(1_000);
    }
  });

  it('waits for a controller that is away, is served meanwhile, and says what it waits for', async () => {
    const cluster = await clusterAt('sequential');
    await ask(cluster, 0, set('k', 'v'));
    cluster.nodes[2]!.kill();
    await cluster.run(2_000);
    expect(await change(cluster, 0, 'eventual')).toContain('default moves from sequential to eventual');
    await cluster.run(2_000);
    expect(moveOf(cluster)?.phase).toBe('preparing');
    const { core } = cluster.nodes[0]!;
    expect([0, 1, 2].map((node) => core!.mover.wordOf(node)?.step ?? null)).toEqual([
      'opened',
      'opened',
      null,
    ]);
    await ask(cluster, 1, set('k', 'w'));
    cluster.nodes[2]!.start();
    await settled(cluster);
    expect(levelsOf(cluster)).toEqual(['eventual', 'eventual', 'eventual']);
    for (const { id } of cluster.nodes) expect(await read(cluster, id, 'k')).toBe('w');
  });

  it('stays where it is when that is cancelled, and can be moved later', async () => {
    const cluster = await clusterAt('sequential');
    await ask(cluster, 0, set('k', 'v'));
    await ask(cluster, 0, set('gone', 'v'));
    expect(await change(cluster, 0, 'cancel')).toContain(
      'client_error the keyspace default is not being changed',
    );
    cluster.nodes[2]!.kill();
    await cluster.run(2_000);
    await change(cluster, 0, 'causal');
    await cluster.run(100);
    expect(await change(cluster, 1, 'eventual')).toContain(
      'server_error the keyspace default is being changed',
    );
    expect(await change(cluster, 1, 'cancel')).toBe('cancelled: default is at sequential');
    expect(await change(cluster, 1, 'cancel')).toContain('client_error default is at sequential by now');
    cluster.nodes[2]!.start();
    await settled(cluster);
    expect(levelsOf(cluster)).toEqual(['sequential', 'sequential', 'sequential']);
    for (const node of [0, 1]) expect(cluster.nodes[node]!.journalOf(2).records).toBe(0);
    await cluster.runUntilReady();
    await ask(cluster, 1, deleteRequest('gone'));
    await change(cluster, 2, 'causal');
    await settled(cluster);
    for (const { id } of cluster.nodes) expect(await read(cluster, id, 'gone')).toBe(null);
    for (const { id } of cluster.nodes) expect(await read(cluster, id, 'k')).toBe('v');
  });

  it.each([0, 5, 15, 25, 30, 35, 40, 50, 60, 80, 100, 120])(
    'has one level in the end, when a controller dies %i ms after the change was begun',
    async (afterMs) => {
      for (const node of [0, 1]) {
        const cluster = await clusterAt('linearizability', 'sync', afterMs + node);
        for (let i = 0; i < 10; i++) await ask(cluster, i % 3, set(`k${i}`, `v${i}`));
        await change(cluster, 0, 'eventual');
        await cluster.run(afterMs);
        cluster.nodes[node]!.kill();
        await cluster.run(3_000);
        cluster.nodes[node]!.start();
        await cluster.runUntilReady();
        await settled(cluster);
        expect(levelsOf(cluster)).toEqual(['eventual', 'eventual', 'eventual']);
        for (let i = 0; i < 10; i++)
          for (const { id } of cluster.nodes) expect(await read(cluster, id, `k${i}`)).toBe(`v${i}`);
      }
    },
  );

  it('brings back what its store has lost unnoticed', async () => {
    // A group looks at its store once a second.
    for (const waitMs of [0, 300, 600]) {
      const cluster = await clusterAt('sequential');
      const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
      for (const [i, key] of keys.entries()) await ask(cluster, i % 3, set(key, 'v'));
      await cluster.run(waitMs);
      cluster.nodes[1]!.store.empty();
      // The second group finds the store before it has any records.
      cluster.network.extraMs.set('2>1', 50);
      await change(cluster, 0, 'eventual');
      await settled(cluster);
      await cluster.run(5_000);
      expect(keys.filter((key) => !isHeld(cluster, 1, key))).toEqual([]);
    }
  });

  it('brings back what came for the second group early', async () => {
    const cluster = await clusterAt('sequential');
    await ask(cluster, 0, set('k', 'v'));
    cluster.network.extraMs.set('0>2', 30);
    await change(cluster, 0, 'eventual');
    await until(
      cluster,
      () => cluster.nodes[1]!.core!.groups.views.acceptedPlacement?.move?.phase === 'settling',
    );
    for (const peer of [0, 1]) cluster.network.cut(peer, 2);
    await until(cluster, () => [0, 1].every((node) => moveOf(cluster, node)?.phase === 'settling'));
    expect(await ask(cluster, 0, set('k', 'w'))).toMatchObject({ outcome: 'stored' });
    expect(moveOf(cluster, 2)?.phase).toBe('barrier');
    cluster.network.extraMs.clear();
    for (const peer of [0, 1]) cluster.network.heal(peer, 2);
    await settled(cluster);
    await cluster.run(3_000);
    expect(isHeld(cluster, 2, 'k')).toBe(true);
  });

  it('takes no write at a controller that is cut off behind the barrier, until it hears the others', async () => {
    const cluster = await clusterAt('sequential');
    await change(cluster, 0, 'eventual');
    await settled(cluster);
    await change(cluster, 0, 'causal');
    const { scheduler } = cluster;
    const untilMs = scheduler.nowMs + 5_000;
    while (moveOf(cluster, 2)?.phase !== 'barrier' && scheduler.nowMs < untilMs) await cluster.run(1);
    expect(moveOf(cluster, 2)?.phase).toBe('barrier');
    for (const peer of [0, 1]) cluster.network.cut(peer, 2);
    expect(await ask(cluster, 2, set('k', 'alone'))).toMatchObject({ code: 'LEVELS_CHANGING' });
    expect(await ask(cluster, 0, set('k', 'v'))).toMatchObject({ outcome: 'stored' });
    for (const peer of [0, 1]) cluster.network.heal(peer, 2);
    await settled(cluster);
    expect(levelsOf(cluster)).toEqual(['causal', 'causal', 'causal']);
    expect(await read(cluster, 2, 'k')).toBe('v');
  });
});

it.each(LEVELS)(
  'a keyspace that starts at %s keeps what it promises through moves and faults',
  async (level) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 8; seed++) {
      const scenario = drawScenario(seed, { level, switches: 'all' });
      const { violations } = await runScenario(scenario);
      expect(violations, `npm run sim -- --replay ${seed} --level ${level} --switches all`).toEqual([]);
    }
  },
);
