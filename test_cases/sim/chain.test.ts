import { expect, it } from 'vitest';
import { NO_CHAIN } from '../../src/ordering/effect.ts';
import { arithmeticRequest, readItemRequest, storageRequest } from '../../src/protocol/make-request.ts';
import { ask, read, set } from './ask.ts';
import { describeReply } from './operations.ts';
import { runScenario } from './run-scenario.ts';
import { drawScenario } from './scenario.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';

/** Of the scenarios of a swarm, one for each two seeds of the other simulated tests. */
it.each(['linearizability', 'sequential'] as const)('a chain keeps %s, whatever breaks', async (level) => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 2; seed++) {
    const scenario = drawScenario(seed, { level, scheme: 'chain' });
    const { violations } = await runScenario(scenario);
    expect(violations, `npm run sim -- --replay ${seed} --level ${level} --scheme chain`).toEqual([]);
  }
});

it('a keyspace changes its level within a chain, and leaves the chain', async () => {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', settings: { scheme: 'chain' } });
  await cluster.start();
  const change = (level: string) =>
    ask(cluster, 0, {
      kind: 'keyspace',
      change: { what: 'level', keyspace: 'default', level },
      format: 'table',
    });
  const isMoving = () => cluster.nodes[0]!.core!.groups.views.placement?.move != null;
  expect(await change('sequential')).toMatchObject({ kind: 'lines' });
  expect(isMoving()).toBe(false);
  expect(await change('causal')).toMatchObject({ kind: 'lines' });
  expect(isMoving()).toBe(true);
});

it('regression: a delete that was under way when a level changed had no answer (seed 100465)', async () => {
  const { violations } = await runScenario(
    drawScenario(100_465, { level: 'linearizability', scheme: 'chain' }),
  );
  expect(violations).toEqual([]);
});

it('regression: a verdict over a new link met the same request, and it was decided twice (seed 6000124)', async () => {
  const { violations } = await runScenario(
    drawScenario(6_000_124, { level: 'linearizability', scheme: 'chain' }),
  );
  expect(violations).toEqual([]);
});

it('regression: a head that was started again decided a request a second time (seed 41013169)', async () => {
  const draw = { level: 'sequential', scheme: 'chain', durabilities: ['async'] } as const;
  expect((await runScenario(drawScenario(41_013_169, draw))).violations).toEqual([]);
});

it('regression: a read came before what the last answer rested on (seeds 46014093, 46002294)', async () => {
  const draw = { level: 'sequential', scheme: 'chain', durabilities: ['sync'] } as const;
  for (const seed of [46_014_093, 46_002_294])
    expect((await runScenario(drawScenario(seed, draw))).violations).toEqual([]);
});

it('regression: a read with a bound went by a wrong clock before the time was agreed (seed 47017087)', async () => {
  const draw = { level: 'linearizability', scheme: 'chain', durabilities: ['sync'] } as const;
  expect((await runScenario(drawScenario(47_017_087, draw))).violations).toEqual([]);
});

it('regression: a view went on from a journal that was begun anew (seeds 65000631, 65001881)', async () => {
  const draw = { level: 'linearizability', scheme: 'chain', durabilities: ['sync'] } as const;
  for (const seed of [65_000_631, 65_001_881])
    expect((await runScenario(drawScenario(seed, draw))).violations).toEqual([]);
});

it('regression: a local read went by a wrong clock before the time was agreed (seed 66003215)', async () => {
  const draw = { level: 'sequential', scheme: 'chain', durabilities: ['sync'] } as const;
  expect((await runScenario(drawScenario(66_003_215, draw))).violations).toEqual([]);
});

it('regression: a write that was left out was tried again behind a later one (seed 45006248)', async () => {
  const draw = { level: 'linearizability', scheme: 'chain', durabilities: ['none'] } as const;
  expect((await runScenario(drawScenario(45_006_248, draw))).violations).toEqual([]);
});

it('regression: a head without cluster time stamped far ahead, and was refused for ever (seed 4232)', async () => {
  const { violations } = await runScenario(
    drawScenario(4_232, { level: 'sequential', scheme: 'chain', durabilities: ['sync'] }),
  );
  expect(violations).toEqual([]);
});

it('a contended incr takes one request and one pass, however many clients want the same key', async () => {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', settings: { scheme: 'chain' } });
  cluster.network.delays = { kind: 'uniform', minMs: 1, maxMs: 1 };
  await cluster.start();
  await ask(cluster, 0, set('n', '0'));
  const { scheme } = cluster.nodes[0]!.core!.groups.withEntries[0];
  const before = scheme.completed;
  const startedMs = cluster.scheduler.nowMs;
  const values: string[] = [];
  let endedMs = 0;
  for (let client = 0; client < CLIENTS; client++)
    cluster.nodes[client % 3]!.connect().submit(arithmeticRequest('incr', 'n', 1n), (reply) => {
      values.push(describeReply(reply));
      endedMs = cluster.scheduler.nowMs;
    });
  while (values.length < CLIENTS) await cluster.run(1);
  expect(values.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: CLIENTS }, (_, i) => i + 1));
  await cluster.run(20);
  expect(scheme.completed - before).toBe(CLIENTS);
  // To the head, down the chain, and back from the tail: four hops of a millisecond, and what the processes take.
  expect(endedMs - startedMs).toBeLessThan(10);
});

it('appends go along a chain as what they add, and are put together alike at every member', async () => {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', settings: { scheme: 'chain' } });
  await cluster.start();
  await ask(cluster, 0, set('k', 'x'.repeat(2_000)));
  let answers = 0;
  for (let client = 0; client < CLIENTS; client++)
    cluster.nodes[client % 3]!.connect().submit(append('k', `,${client}`), () => answers++);
  while (answers < CLIENTS) await cluster.run(1);
  await cluster.run(20);
  const values: (string | null)[] = [];
  for (const id of [0, 1, 2]) values.push(await read(cluster, id, 'k'));
  const parts = values[0]!.split(',').slice(1).map(Number);
  expect(parts.sort((a, b) => a - b)).toEqual(Array.from({ length: CLIENTS }, (_, client) => client));
  expect(values).toEqual([values[0], values[0], values[0]]);
  for (const { core } of cluster.nodes)
    expect(core!.groups.withEntries[0].chainOf('k')).not.toEqual(NO_CHAIN);
});

it('a member has the values that it asked for, though they are not sent back to it', async () => {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', settings: { scheme: 'chain' } });
  cluster.network.delays = { kind: 'uniform', minMs: 5, maxMs: 5 };
  await cluster.start();
  for (const id of [0, 1, 2]) {
    await ask(cluster, id, set(`k${id}`, `value of ${id}`));
    // Nothing that the member might fetch arrives.
    for (const peer of [0, 1, 2]) if (peer !== id) cluster.network.block(peer, id);
    await cluster.run(20);
    expect(`${cluster.nodes[id]!.store.items.get(`k${id}`)}`).toContain(`value of ${id}`);
    for (const peer of [0, 1, 2]) if (peer !== id) cluster.network.unblock(peer, id);
  }
});

it('a request that needs the value does not wait for ever behind appends that do not end', async () => {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', settings: { scheme: 'chain' } });
  cluster.network.delays = { kind: 'uniform', minMs: 1, maxMs: 3 };
  await cluster.start();
  await ask(cluster, 0, set('k', 'x'.repeat(200_000)));
  const appendOn = (id: number): void => {
    cluster.nodes[id]!.connect().submit(append('k', ','), () => appendOn(id));
  };
  for (let client = 0; client < CLIENTS; client++) {
    appendOn(client % 3);
    await cluster.run(0.3);
  }
  const startedMs = cluster.scheduler.nowMs;
  await ask(cluster, 1, { kind: 'touch', key: 'k', exptime: 100, noreply: false });
  expect(cluster.scheduler.nowMs - startedMs).toBeLessThan(50);
});

it('regression: a read that touches an entry was told of itself as of a read before', async () => {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability', settings: { scheme: 'chain' } });
  await cluster.start();
  await ask(cluster, 1, set('k', 'v'));
  await cluster.run(20);
  const touched = { ...readItemRequest('k'), touch: 0 };
  expect(await ask(cluster, 1, touched)).toMatchObject({ kind: 'item', item: { hitBefore: false } });
  expect(await ask(cluster, 1, touched)).toMatchObject({ kind: 'item', item: { hitBefore: true } });
});

const CLIENTS = 60;

const append = (key: string, value: string) => storageRequest('append', key, 0, 0, Buffer.from(value));
