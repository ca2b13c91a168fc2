import { expect, it } from 'vitest';
import { shardsNamedIn } from '../../src/placement/agreed-placement.ts';
import { VOTERS_MAX } from '../../src/placement/configuration.ts';
import type { Level } from '../../src/placement/level.ts';
import { holdersOf } from '../../src/placement/reshard.ts';
import type { WantedKeyspace } from '../../src/protocol/request.ts';
import { ask, read, set } from './ask.ts';
import { submit } from './forcing.ts';
import { changeKeyspace, moveOf } from './moving.ts';
import { Random } from './random.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';
import { SimCluster } from './sim-cluster.ts';

const KEYS = Array.from({ length: 12 }, (_, i) => `key:${i}`);
const LEVELS: readonly Level[] = ['linearizability', 'sequential', 'causal', 'eventual'];

interface Play {
  readonly cluster: SimCluster;
  readonly random: Random;
  readonly level: Level;
  readonly replicas: number;
  readonly lost: number;
  readonly left: readonly number[];
  /** Those of them that vote. */
  readonly voting: readonly number[];
}

function begin(seed: number): Play {
  const random = new Random(seed);
  const level = LEVELS[random.below(LEVELS.length)]!;
  const replicas = 2 + random.below(2);
  const nodes = replicas + 2 + random.below(4);
  const voters = random.chance(0.4) && nodes > 4 ? 3 : Math.min(nodes, VOTERS_MAX);
  const durability = random.chance(0.5) ? 'sync' : 'none';
  const scheme = random.chance(0.3) ? 'chain' : 'broadcast';
  const sharded = [{ name: 'default', shards: 2 + random.below(4), replicas }];
  const cluster = new SimCluster({ seed, level, nodes, settings: { sharded, durability, scheme, voters } });
  const lost = random.below(nodes);
  const left = cluster.nodes.map(({ id }) => id).filter((id) => id !== lost);
  return { cluster, random, level, replicas, lost, left, voting: left.filter((id) => id < voters) };
}

const one = (random: Random, of: readonly number[]) => of[random.below(of.length)]!;

/** Writes all keys, each at any controller of these that takes it. */
async function writeAll({ cluster, random, left }: Play, value: string, tries: number): Promise<void> {
  for (const key of KEYS) {
    let isStored = false;
    for (let tried = 0; !isStored && tried < tries; tried++) {
      const reply = await ask(cluster, one(random, left), set(key, value));
      isStored = reply.kind === 'outcome' && reply.outcome === 'stored';
      if (!isStored) await cluster.run(200);
    }
    expect(isStored, `${key} takes ${value}`).toBe(true);
  }
}

/**
 * The controller that was dropped may go on to serve beyond a partition, but it reads nothing old at the strongest
 * level, where the others are a majority of each shard.
 */
async function lookAtLost({ cluster, level, replicas, lost }: Play): Promise<void> {
  if (level !== 'linearizability' || replicas < 3 || cluster.nodes[lost]!.core === null) return;
  for (const key of KEYS) {
    const reply = await ask(cluster, lost, { kind: 'get', keys: [key], withCas: false });
    if (reply.kind === 'hits') expect(reply.hits[0]?.value.toString(), 'no old value').toBe('new');
  }
}

/**
 * A controller with shards is lost, dead or beyond a partition that may be partial, and perhaps while shards move. The
 * others are asked to go on without it; some of them may be restarted or stand still just then. Then its shards are
 * given to others.
 */
async function play(seed: number): Promise<void> {
  const all = begin(seed);
  const { cluster, random, lost, left, voting } = all;
  const { nodes, network } = cluster;
  await cluster.start();
  await cluster.run(1_500);
  const agreed = nodes[0]!.core!.levels.agreedShards;
  if (!holdersOf(agreed).has(lost)) return;
  await writeAll(all, 'old', 5);
  await cluster.run(500);
  const anyMove: WantedKeyspace = { what: 'rebalance', keyspace: 'default', without: lost };
  if (random.chance(0.5)) await changeKeyspace(cluster, anyMove, 0);
  await cluster.run(random.below(150));
  if (random.chance(0.5)) nodes[lost]!.kill();
  else for (const id of left) if (id < 3 || random.chance(0.6)) network.cut(lost, id);
  await cluster.run(random.chance(0.5) ? 1_500 : random.below(400));
  const { placement } = nodes[one(random, voting)]!.core!.groups.views;
  if (placement !== null && !holdersOf(shardsNamedIn(placement)).has(lost)) return;
  const isOut = (id: number) =>
    nodes[id]!.core?.configuration.controllers.every((other) => other.id !== lost);
  for (let asked = 0; asked < 40 && !left.every(isOut); asked++) {
    // Where one hears it that others do not hear, the view may be one with it, and nothing is agreed.
    if (asked === 15) for (const id of left) network.cut(lost, id);
    submit(cluster, one(random, voting), [lost]);
    await cluster.run(random.below(1_200));
    if (asked > 1 || !random.chance(0.3)) continue;
    const other = nodes[one(random, left)]!;
    other.pause();
    await cluster.run(random.below(300));
    other.resume();
  }
  expect(left.every(isOut), 'all that are left know that it is gone').toBe(true);
  for (
    let asked = 0;
    asked < 20 && holdersOf(nodes[voting[0]!]!.core!.levels.agreedShards).has(lost);
    asked++
  ) {
    if (moveOf(cluster, voting[0]!) === null)
      await changeKeyspace(cluster, { what: 'rebalance', keyspace: 'default', without: null }, voting[0]!);
    await cluster.run(500);
    if (random.chance(0.3)) break;
  }
  for (const id of left) for (const key of KEYS) expect(await read(cluster, id, key)).toBe('old');
  await writeAll(all, 'new', 20);
  await lookAtLost(all);
  if (nodes[lost]!.core === null) nodes[lost]!.start();
  network.healAll();
  await cluster.run(3_000);
  for (const key of KEYS)
    expect(await ask(cluster, lost, set(key, 'older'))).toMatchObject({ kind: 'server_error' });
  for (const id of left) for (const key of KEYS) expect(await read(cluster, id, key)).toBe('new');
}

it('the others go on with all that was answered, and take its shards', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 4; seed++)
    await play(seed).catch((error: Error) => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    });
});
