import { expect, it } from 'vitest';
import { sameConfiguration } from '../../src/placement/configuration.ts';
import { ask, read, set } from './ask.ts';
import { submit } from './forcing.ts';
import { Random } from './random.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';

/** Writes at any of these controllers that takes it. @returns whether one has stored it */
async function write(cluster: SimCluster, nodes: readonly number[], value: string): Promise<boolean> {
  for (const node of nodes) {
    if (cluster.nodes[node]!.core === null) continue;
    if ((await ask(cluster, node, set('k', value))).kind === 'outcome') return true;
  }
  return false;
}

/** Asks controllers that are left, one after the other, and has some of them restart or stand still meanwhile. */
async function askAll(
  cluster: SimCluster,
  random: Random,
  lost: readonly number[],
  left: readonly number[],
): Promise<void> {
  for (let asked = 0; asked < 6; asked++) {
    const node = left[random.below(left.length)]!;
    if (cluster.nodes[node]!.core !== null) submit(cluster, node, lost);
    await cluster.run(random.below(40));
    if (asked > 2 || !random.chance(0.4)) continue;
    const other = cluster.nodes[left[random.below(left.length)]!]!;
    if (cluster.durability === 'sync' && random.chance(0.5)) {
      cluster.kill(other);
      await cluster.run(random.below(50));
      other.start();
    } else {
      other.pause();
      await cluster.run(random.below(300));
      other.resume();
    }
    await cluster.run(random.below(600));
  }
}

/**
 * A majority is lost at a moment when some controllers may be outside of the view. Some of those that are left are
 * asked to go on, once or more, and one of them may be restarted or stand still just then.
 */
async function play(seed: number): Promise<void> {
  const random = new Random(seed);
  const count = 3 + random.below(4);
  const durability = random.chance(0.5) ? 'sync' : 'none';
  const level = random.chance(0.5) ? 'linearizability' : 'sequential';
  const cluster = new SimCluster({ seed, level, nodes: count, settings: { durability } });
  await cluster.start();
  await cluster.run(500);
  const all = Array.from({ length: count }, (_, id) => id);
  const order = all.map((id) => ({ id, at: random.below(1_000) })).sort((a, b) => a.at - b.at);
  const lost = order.slice(0, Math.floor(count / 2) + (count % 2) + random.below(2)).map(({ id }) => id);
  const left = all.filter((id) => !lost.includes(id));
  if (left.length === 0) return;
  // One of those that are left may have been outside for a while.
  const outside = left.length > 1 && random.chance(0.4) ? left[0]! : null;
  if (outside !== null) for (const id of all) if (id !== outside) cluster.network.cut(outside, id);
  if (outside !== null) await cluster.run(1_000);
  const isStored = await write(
    cluster,
    all.filter((id) => id !== outside),
    'before',
  );
  const isDead = random.chance(0.6);
  if (isDead) cluster.kill(...lost.map((id) => cluster.nodes[id]!));
  else for (const a of lost) for (const b of left) cluster.network.cut(a, b);
  if (outside !== null) for (const id of left) if (id !== outside) cluster.network.heal(outside, id);
  await cluster.run(random.chance(0.5) ? 1_000 : random.below(300));
  await askAll(cluster, random, lost, left);
  const configurationAt = (id: number) => cluster.nodes[id]!.core!.configuration;
  const isForced = () => left.map(configurationAt).every(({ forced }) => forced && forced.all === undefined);
  for (let tries = 0; tries < 10 && !isForced(); tries++) {
    submit(cluster, left[0]!, lost);
    await cluster.run(1_000);
  }
  expect(isForced(), 'all that are left know the forced configuration').toBe(true);
  const known = left.map(configurationAt);
  for (const one of known) expect(sameConfiguration(one, known[0]!)).toBe(true);
  if (isStored) expect(await read(cluster, left.at(-1)!, 'k')).toBe('before');
  expect(await write(cluster, left, 'after')).toBe(true);
  for (const id of lost) if (cluster.nodes[id]!.core === null) cluster.nodes[id]!.start();
  cluster.network.healAll();
  await cluster.run(3_000);
  for (const id of left) expect(await read(cluster, id, 'k')).toBe('after');
  for (const id of lost) {
    expect(cluster.nodes[id]!.core!.view).toBe(null);
    expect(await ask(cluster, id, set('k', 'x'))).toMatchObject({ code: 'NOT_VOTING' });
  }
}

it('those that are left go on with all that was answered, whoever is asked and whatever stands still', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 4; seed++)
    await play(seed).catch((error: Error) => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    });
});
