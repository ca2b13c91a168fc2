import { describe, expect, it } from 'vitest';
import type { KeyspaceSettings } from '../../src/placement/placement.ts';
import type { Request } from '../../src/protocol/request.ts';
import { ask, read, set } from './ask.ts';
import { runScenario } from './run-scenario.ts';
import { drawScenario } from './scenario.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';
import { SimCluster, type SimOptions } from './sim-cluster.ts';

/** A cluster with keyspaces of all levels at once. */

const KEYSPACES: readonly KeyspaceSettings[] = [
  { name: 'plain', prefix: 's:', level: 'sequential' },
  { name: 'sessions', prefix: 'c:', level: 'causal' },
  { name: 'views', prefix: 'e:', level: 'eventual' },
];

/** One key of each keyspace. */
const KEYS = ['k', 's:k', 'c:k', 'e:k'];

async function mixed(settings: SimOptions['settings'] = {}, seed = 1): Promise<SimCluster> {
  const level = 'linearizability';
  const cluster = new SimCluster({ seed, level, settings: { keyspaces: KEYSPACES, ...settings } });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const getOf = (keys: readonly string[]): Request => ({ kind: 'get', keys, withCas: false });
const flush: Request = { kind: 'flush_all', delay: 0, noreply: false };

async function readAll(cluster: SimCluster, node: number): Promise<(string | null)[]> {
  const values: (string | null)[] = [];
  for (const key of KEYS) values.push(await read(cluster, node, key));
  return values;
}

async function writeAll(cluster: SimCluster, node: number, value: string): Promise<void> {
  for (const key of KEYS)
    expect(await ask(cluster, node, set(key, value)), key).toMatchObject({ outcome: 'stored' });
}

function cutOff(cluster: SimCluster, node: number): void {
  for (const { id } of cluster.nodes) if (id !== node) cluster.network.cut(id, node);
}

const TWO = ['two', 'two', 'two', 'two'];

describe('keyspaces of all levels in one cluster', () => {
  it('have their keys in the group of their scheme, and nowhere else', async () => {
    const cluster = await mixed();
    await writeAll(cluster, 1, 'one');
    await cluster.run(1_000);
    for (const node of cluster.nodes) {
      expect([...node.journalOf(0).liveKeys()].sort()).toEqual(['k', 's:k']);
      expect([...node.journalOf(1).liveKeys()]).toEqual(['e:k']);
      expect([...node.journalOf(2).liveKeys()]).toEqual(['c:k']);
    }
    for (const { id } of cluster.nodes)
      expect(await readAll(cluster, id)).toEqual(['one', 'one', 'one', 'one']);
  });

  it('are read together by one request, and an ordered one that errs makes the request an error', async () => {
    const cluster = await mixed();
    await writeAll(cluster, 0, 'one');
    await cluster.run(1_000);
    const reply = await ask(cluster, 2, getOf([...KEYS, 'none']));
    expect(reply.kind === 'hits' && reply.hits.map(({ key }) => key)).toEqual(KEYS);
    cutOff(cluster, 2);
    await cluster.run(2_000);
    expect(await ask(cluster, 2, getOf(['c:k', 'e:k']))).toMatchObject({ kind: 'hits' });
    expect(await ask(cluster, 2, getOf(KEYS))).toMatchObject({ kind: 'server_error' });
  });

  it('are served by their own levels on both sides of a cut', async () => {
    const cluster = await mixed();
    await writeAll(cluster, 0, 'one');
    await cluster.run(1_000);
    cutOff(cluster, 2);
    await cluster.run(2_000);
    expect(await ask(cluster, 2, set('k', 'alone'))).toMatchObject({ kind: 'server_error' });
    expect(await ask(cluster, 2, set('s:k', 'alone'))).toMatchObject({ kind: 'server_error' });
    expect(await ask(cluster, 2, getOf(['k']))).toMatchObject({ kind: 'server_error' });
    expect(await read(cluster, 2, 's:k')).toBe('one');
    for (const key of ['c:k', 'e:k']) {
      expect(await ask(cluster, 2, set(key, 'alone'))).toMatchObject({ outcome: 'stored' });
      expect(await read(cluster, 2, key)).toBe('alone');
    }
    expect(await ask(cluster, 0, set('k', 'others'))).toMatchObject({ outcome: 'stored' });
    cluster.network.healAll();
    await cluster.run(10_000);
    for (const { id } of cluster.nodes)
      expect(await readAll(cluster, id)).toEqual(['others', 'one', 'alone', 'alone']);
  });

  it('are all ended by flush_all, which is refused as a whole where one of them takes no writes', async () => {
    const cluster = await mixed();
    await writeAll(cluster, 0, 'one');
    await cluster.run(1_000);
    cutOff(cluster, 2);
    await cluster.run(2_000);
    expect(await ask(cluster, 2, flush)).toMatchObject({ kind: 'server_error' });
    expect(await read(cluster, 2, 'e:k')).toBe('one');
    cluster.network.healAll();
    await cluster.run(10_000);
    expect(await ask(cluster, 1, flush)).toMatchObject({ outcome: 'ok' });
    await cluster.run(2_000);
    for (const { id } of cluster.nodes) expect(await readAll(cluster, id)).toEqual([null, null, null, null]);
  });

  it.each(['async', 'sync'] as const)(
    'are all there when every controller was killed, with %s',
    async (durability) => {
      const cluster = await mixed({ durability });
      await writeAll(cluster, 1, 'two');
      await cluster.run(1_000);
      cluster.kill(...cluster.nodes);
      for (const node of cluster.nodes) node.start();
      await cluster.runUntilReady();
      await cluster.run(2_000);
      for (const { id } of cluster.nodes) expect(await readAll(cluster, id)).toEqual(TWO);
    },
  );

  it('give versions of one clock, so that no two writes of a controller have the same token', async () => {
    const cluster = await mixed();
    const tokens: (bigint | null)[] = [];
    for (const key of [...KEYS, ...KEYS]) {
      await ask(cluster, 0, set(key, 'v'));
      const reply = await ask(cluster, 0, { kind: 'get', keys: [key], withCas: true });
      if (reply.kind === 'hits') tokens.push(reply.hits[0]!.cas ?? null);
    }
    expect(new Set(tokens).size).toBe(8);
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a! < b! ? -1 : 1)));
  });
});

it.each([
  ['with nothing on disk', ['none']],
  ['with a disk', ['async', 'sync']],
] as const)(
  'keyspaces of all levels keep their promises in a swarm of faults, %s',
  async (_, durabilities) => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 2; seed++) {
      const switches = seed % 2 === 0 ? 'all' : false;
      const scenario = drawScenario(seed, { mixed: true, durabilities, switches });
      const { violations } = await runScenario(scenario);
      const others = switches === 'all' ? ' --switches all' : '';
      const again = `npm run sim -- --replay ${seed} --durability ${scenario.durability} --mixed${others}`;
      expect(violations, again).toEqual([]);
    }
  },
);
