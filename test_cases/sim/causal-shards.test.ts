import { describe, expect, it } from 'vitest';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';
import { shardsOfSlots, slotOf } from '../../src/placement/slots.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { set } from './ask.ts';
import { expectRight } from './expect-right.ts';
import { runScenario } from './run-scenario.ts';
import { drawScenario } from './scenario.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';
import { SimCluster, type SimOptions } from './sim-cluster.ts';
import type { SimClientConnection } from './sim-run.ts';

/** Causal order across shards: four controllers, and two shards that two of them have each. */

const SHARD_OF_SLOT = shardsOfSlots(2);
const keyOf = (shard: number): string => {
  for (let i = 0; ; i++) if (SHARD_OF_SLOT[slotOf(`k${i}`)] === shard) return `k${i}`;
};
const CAUSE = keyOf(0);
const EFFECT = keyOf(1);

const get = (key: string): Request => ({ kind: 'get', keys: [key], withCas: false });

class Stage {
  readonly cluster: SimCluster;

  constructor(given: SimOptions['settings'] = {}) {
    const settings = { sharded: [{ name: 'default', shards: 2, replicas: 2 }], ...given };
    this.cluster = new SimCluster({ seed: 1, level: 'causal', nodes: 4, settings });
  }

  async start(): Promise<void> {
    await this.cluster.start();
    await this.cluster.run(1_000);
  }

  /** The controllers that have the shard. */
  membersOf(shard: number): [number, number] {
    const all = this.cluster.nodes.filter(
      ({ core }) => core!.groups.byNumber[FIRST_SHARD_GROUP + shard] !== undefined,
    );
    return [all[0]!.id, all[1]!.id];
  }

  connect(node: number): SimClientConnection {
    return this.cluster.nodes[node]!.connect();
  }

  /** Sends all of these at once. */
  async ask(connection: SimClientConnection, ...requests: readonly Request[]): Promise<Reply[]> {
    const replies: Reply[] = [];
    for (const request of requests) connection.submit(request, (reply) => replies.push(reply));
    for (let i = 0; i < 10_000 && replies.length < requests.length; i++) await this.cluster.run(1);
    return replies;
  }

  async get(connection: SimClientConnection, key: string): Promise<string> {
    const [reply] = await this.ask(connection, get(key));
    if (reply!.kind === 'server_error') return reply!.code;
    return reply!.kind === 'hits' ? (reply!.hits[0]?.value.toString() ?? 'nothing') : reply!.kind;
  }

  /** Reads the effect until it is there, and then its cause. */
  async causeBehindEffect(connection: SimClientConnection): Promise<string> {
    for (let i = 0; i < 500 && (await this.get(connection, EFFECT)) !== 'effect'; i++)
      await this.cluster.run(5);
    expect(await this.get(connection, EFFECT)).toBe('effect');
    return this.get(connection, CAUSE);
  }

  /** Nothing gets from one controller to the other, and neither learns of it. */
  block(a: number, b: number): void {
    this.cluster.network.block(a, b);
    this.cluster.network.block(b, a);
  }

  unblock(a: number, b: number): void {
    this.cluster.network.unblock(a, b);
    this.cluster.network.unblock(b, a);
  }
}

async function staged(settings: SimOptions['settings'] = {}): Promise<Stage> {
  const stage = new Stage(settings);
  await stage.start();
  return stage;
}

describe('no effect without its cause in another shard', () => {
  it('where the controller lacks the cause', async () => {
    const stage = await staged();
    const [has, lacks] = stage.membersOf(0);
    stage.block(has, lacks);
    await stage.ask(stage.connect(has), set(CAUSE, 'cause'));
    const writer = stage.connect(has);
    expect(await stage.get(writer, CAUSE)).toBe('cause');
    expect((await stage.ask(writer, set(EFFECT, 'effect')))[0]).toMatchObject({ outcome: 'stored' });
    const reader = stage.connect(lacks);
    expect(await stage.causeBehindEffect(reader)).toBe('SESSION_AHEAD');
    stage.unblock(has, lacks);
    await stage.cluster.run(2_000);
    expect(await stage.get(reader, CAUSE)).toBe('cause');
  });

  it('at another member of the shard', async () => {
    const stage = await staged();
    const [has, lacks] = stage.membersOf(0);
    const [first, second] = stage.membersOf(1);
    stage.block(has, lacks);
    // Each of the members of the other shard can ask one member of this one.
    stage.cluster.network.cut(first, lacks);
    stage.cluster.network.cut(second, has);
    await stage.cluster.run(1_000);
    await stage.ask(stage.connect(has), set(CAUSE, 'cause'));
    const writer = stage.connect(first);
    expect(await stage.get(writer, CAUSE)).toBe('cause');
    await stage.ask(writer, set(EFFECT, 'effect'));
    await stage.cluster.run(500);
    expect(await stage.causeBehindEffect(stage.connect(second))).toBe('SESSION_AHEAD');
  });

  it('told over a slow link', async () => {
    const stage = await staged();
    const [has, lacks] = stage.membersOf(0);
    const [first, second] = stage.membersOf(1);
    stage.block(has, lacks);
    stage.cluster.network.cut(first, lacks);
    stage.cluster.network.cut(second, has);
    stage.cluster.network.extraMs.set(`${lacks}>${second}`, 30);
    await stage.cluster.run(1_000);
    await stage.ask(stage.connect(has), set(CAUSE, 'cause'));
    const writer = stage.connect(first);
    expect(await stage.get(writer, CAUSE)).toBe('cause');
    await stage.ask(writer, set(EFFECT, 'effect'));
    await stage.cluster.run(500);
    expect(await stage.causeBehindEffect(stage.connect(second))).toBe('SESSION_AHEAD');
  });

  it('after those with the effect were killed', async () => {
    const stage = await staged({ durability: 'sync' });
    const [has, lacks] = stage.membersOf(0);
    const others = stage.membersOf(1);
    stage.block(has, lacks);
    await stage.ask(stage.connect(has), set(CAUSE, 'cause'));
    const writer = stage.connect(has);
    expect(await stage.get(writer, CAUSE)).toBe('cause');
    await stage.ask(writer, set(EFFECT, 'effect'));
    await stage.cluster.run(500);
    const nodes = others.map((id) => stage.cluster.nodes[id]!);
    stage.cluster.kill(...nodes);
    for (const node of nodes) node.start();
    await stage.cluster.run(2_000);
    expect(await stage.causeBehindEffect(stage.connect(lacks))).toBe('SESSION_AHEAD');
  });

  it('although the write was sent behind the read', async () => {
    const stage = await staged();
    const [has, lacks] = stage.membersOf(0);
    const [first] = stage.membersOf(1);
    stage.block(has, lacks);
    stage.cluster.network.cut(first, lacks);
    await stage.cluster.run(1_000);
    await stage.ask(stage.connect(has), set(CAUSE, 'cause'));
    const [seen] = await stage.ask(stage.connect(first), get(CAUSE), set(EFFECT, 'effect'));
    expect(seen).toMatchObject({ kind: 'hits', hits: [{ key: CAUSE }] });
    expect(await stage.causeBehindEffect(stage.connect(lacks))).toBe('SESSION_AHEAD');
  });
});

/** Its only member never said that the time of a write which it had lost was over. */
it('a write that is lost with its shard keeps no session waiting for ever (seed 109)', async () => {
  const scenario = drawScenario(109, { level: 'causal', sharded: true });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

/** The deletion was forgotten at once, since there is no peer that could lack it. Then the store refused it. */
it('a controller alone in its shard keeps a deletion that its store may still refuse (seed 530015)', async () => {
  const scenario = drawScenario(530_015, { level: 'causal', sharded: true });
  expect((await runScenario(scenario)).violations).toEqual([]);
});

it('causal order holds across shards, whatever breaks', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 16; seed++)
    await expectRight(seed, { level: 'causal', sharded: true });
});
