import { describe, expect, it } from 'vitest';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';
import { shardsOfSlots, slotOf } from '../../src/placement/slots.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { ask, set } from './ask.ts';
import { expectRight } from './expect-right.ts';
import { moveOf, settled, until } from './moving.ts';
import { FIRST_SEED, SEEDS } from './seeds.ts';
import { SimCluster, type SimOptions } from './sim-cluster.ts';
import type { SimClientConnection } from './sim-run.ts';

/** Slots move at `causal`: six controllers, whose sessions go on over the move. */

/** A key that is in these shards while there are 1, 2 and 3 of them. */
function keyIn(...shards: readonly [number, number, number]): string {
  const tables = shards.map((_, i) => shardsOfSlots(i + 1));
  for (let i = 0; ; i++) {
    const slot = slotOf(`k${i}`);
    if (tables.every((table, at) => table[slot] === shards[at])) return `k${i}`;
  }
}

/** Keys that get into shard 2 once there are three, out of each of the two before. The others stay where they are. */
const MOVES = keyIn(0, 0, 2);
const COMES = keyIn(0, 1, 2);
const STAYS = keyIn(0, 0, 0);
const ELSEWHERE = keyIn(0, 1, 1);

const get = (key: string): Request => ({ kind: 'get', keys: [key], withCas: false });

class Stage {
  readonly cluster: SimCluster;

  constructor(replicas: number, settings: SimOptions['settings']) {
    const sharded = [{ name: 'default', shards: 2, replicas }];
    this.cluster = new SimCluster({ seed: 1, level: 'causal', nodes: 6, settings: { sharded, ...settings } });
  }

  connect(node: number): SimClientConnection {
    return this.cluster.nodes[node]!.connect();
  }

  async ask(connection: SimClientConnection, request: Request): Promise<Reply> {
    let reply: Reply | null = null;
    connection.submit(request, (answer) => {
      reply = answer;
    });
    for (let i = 0; i < 10_000 && reply === null; i++) await this.cluster.run(1);
    return reply!;
  }

  async get(connection: SimClientConnection, key: string): Promise<string> {
    const reply = await this.ask(connection, get(key));
    if (reply.kind === 'server_error') return reply.code;
    return reply.kind === 'hits' ? (reply.hits[0]?.value.toString() ?? 'nothing') : reply.kind;
  }

  async set(connection: SimClientConnection, key: string, value: string): Promise<void> {
    expect(await this.ask(connection, set(key, value))).toMatchObject({ outcome: 'stored' });
  }

  async token(connection: SimClientConnection): Promise<string> {
    const reply = await this.ask(connection, { kind: 'session', token: null });
    expect(reply.kind).toBe('line');
    return (reply as Extract<Reply, { kind: 'line' }>).line.split(' ')[1]!;
  }

  async goOn(node: number, token: string): Promise<SimClientConnection> {
    const connection = this.connect(node);
    expect(await this.ask(connection, { kind: 'session', token })).toMatchObject({ kind: 'outcome' });
    return connection;
  }

  async reshard(shards: number): Promise<string> {
    const change = { what: 'shards', keyspace: 'default', shards } as const;
    const reply = await ask(this.cluster, 0, { kind: 'keyspace', change, format: 'table' });
    return reply.kind === 'lines' ? reply.lines.join('\n') : 'reason' in reply ? reply.reason : reply.kind;
  }

  async reshardedTo(shards: number): Promise<void> {
    expect(await this.reshard(shards)).toMatch(/keyspace shows/);
    await settled(this.cluster);
    await this.cluster.run(1_000);
  }

  /** Nothing gets from one controller to the other, and neither learns of it. */
  block(a: number, b: number): void {
    this.cluster.network.block(a, b);
    this.cluster.network.block(b, a);
  }

  /** These controllers forget everything, and serve again without having heard those. */
  async emptied(ids: readonly number[], without: readonly number[]): Promise<void> {
    const nodes = ids.map((id) => this.cluster.nodes[id]!);
    this.cluster.kill(...nodes);
    for (const id of ids) for (const other of without) this.block(id, other);
    for (const node of nodes) node.start();
    await this.cluster.run(3_000);
  }
}

async function staged(replicas: number, settings: SimOptions['settings'] = {}): Promise<Stage> {
  const stage = new Stage(replicas, settings);
  await stage.cluster.start();
  await stage.cluster.run(1_000);
  return stage;
}

describe('the effect has moved', () => {
  it.each([
    ['in their old shard, by a member of both shards', MOVES, STAYS, 0],
    ['in their old shard, by others', COMES, ELSEWHERE, 3],
    ['in another shard', MOVES, ELSEWHERE, 3],
  ])('and its lost cause is waited for %s', async (_, effect, cause, has) => {
    const stage = await staged(3);
    const writer = stage.connect(0);
    await stage.set(writer, cause, 'cause');
    await stage.set(writer, effect, 'effect');
    await stage.reshardedTo(3);
    const shards = stage.cluster.nodes[0]!.core!.levels.agreedShards[0]!.groups;
    expect(shards.map(([, ...members]) => members)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
      [0, 1, 2],
    ]);
    await stage.emptied([has + 1, has + 2], [has]);
    const first = stage.connect(0);
    expect(await stage.get(first, effect)).toBe('effect');
    const reader = await stage.goOn(has + 1, await stage.token(first));
    expect(await stage.get(reader, cause)).toBe('SESSION_AHEAD');
  });

  it.each([
    ['that have seen it before', 3],
    ['that know nothing but a shard that is gone', 1],
  ])('and a controller that has lost it lets sessions wait %s', async (_, shards) => {
    const key = shards === 1 ? ELSEWHERE : MOVES;
    const stage = await staged(3);
    const writer = stage.connect(0);
    await stage.set(writer, key, 'effect');
    await stage.reshardedTo(shards);
    const token = await stage.token(writer);
    await stage.emptied([1], [0, 2]);
    const reader = await stage.goOn(1, token);
    expect(await stage.get(reader, key)).toBe('SESSION_AHEAD');
    stage.cluster.network.unblock(1, 2);
    stage.cluster.network.unblock(2, 1);
    await stage.cluster.run(2_000);
    expect(await stage.get(reader, key)).toBe('effect');
  });
});

describe.each(['none', 'async', 'sync'] as const)('with durability %s', (durability) => {
  it('a session goes on over moves to more and fewer shards, on every controller', async () => {
    const stage = await staged(2, { durability });
    let token = '';
    let at = stage.connect(0);
    const keys = [MOVES, STAYS, ELSEWHERE];
    for (const [round, shards] of [3, 1, 2, 4, 1, 5, 2].entries()) {
      for (const key of keys) await stage.set(at, key, `${round}`);
      token = await stage.token(at);
      await stage.reshardedTo(shards);
      for (const { id } of stage.cluster.nodes) {
        const there = await stage.goOn(id, token);
        for (const key of keys) expect(await stage.get(there, key)).toBe(`${round}`);
        for (const key of keys) expect(await stage.get(at, key)).toBe(`${round}`);
      }
      at = await stage.goOn(round % 6, await stage.token(at));
    }
    expect(await stage.token(at)).not.toBe(token);
  });
});

it('a token names no shard that is gone, however often a connection has seen others', async () => {
  const stage = await staged(1);
  const client = stage.connect(0);
  const keys = Array.from({ length: 20 }, (_, i) => `key:${i}`);
  for (const shards of [5, 1, 5, 1, 5]) {
    await stage.reshardedTo(shards);
    for (const key of keys) await stage.set(client, key, `${shards}`);
  }
  const token = await stage.token(client);
  // The number of groups, behind the format and the cluster.
  expect(Buffer.from(token, 'base64url')[5]).toBe(5);
  for (const { id } of stage.cluster.nodes) {
    const there = await stage.goOn(id, token);
    for (const key of keys) expect(await stage.get(there, key)).toBe('5');
  }
});

it('what writes depend on in a shard that is gone keeps nobody waiting', async () => {
  const stage = await staged(2, { durability: 'sync' });
  const writer = stage.connect(0);
  await stage.set(writer, ELSEWHERE, 'cause');
  await stage.set(writer, STAYS, 'effect');
  const token = await stage.token(writer);
  await stage.reshardedTo(1);
  for (const node of stage.cluster.nodes) {
    stage.cluster.kill(node);
    node.start();
  }
  await stage.cluster.run(3_000);
  for (const { id } of stage.cluster.nodes) {
    const reader = await stage.goOn(id, token);
    expect(await stage.get(reader, STAYS)).toBe('effect');
    expect(await stage.get(reader, ELSEWHERE)).toBe('cause');
    const alone = stage.connect(id);
    expect(await stage.get(alone, STAYS)).toBe('effect');
    expect(await stage.get(alone, ELSEWHERE)).toBe('cause');
  }
  const attached = stage.cluster.nodes.flatMap(({ core }) => [
    ...(core!.groups.byNumber[FIRST_SHARD_GROUP]?.replica.journal.attached.keys() ?? []),
  ]);
  expect(attached).not.toContain(` ${FIRST_SHARD_GROUP + 1}`);
});

it('a write that has moved is waited for by no session after all were restarted at the end of the move', async () => {
  const stage = await staged(2, { durability: 'sync' });
  await stage.set(stage.connect(0), MOVES, 'moved');
  await stage.reshard(3);
  const { nodes } = stage.cluster;
  await until(stage.cluster, () =>
    nodes.every(({ core }) => core!.groups.views.acceptedPlacement?.move?.phase === 'settling'),
  );
  stage.cluster.kill(...nodes);
  for (const node of nodes) node.start();
  await stage.cluster.run(3_000);
  await settled(stage.cluster);
  const group = nodes[0]!.core!.levels.agreedShards[0]!.groups[2]!;
  const [first, second] = group.slice(1);
  const before = stage.connect(first!);
  expect(await stage.get(before, MOVES)).toBe('moved');
  const there = await stage.goOn(second!, await stage.token(before));
  expect(await stage.get(there, MOVES)).toBe('moved');
});

it('sessions of all keyspaces go over seven shards at most', async () => {
  const stage = await staged(1);
  expect(await stage.reshard(8)).toMatch(
    /would have 8 groups while that is done.*, and sessions go over 7 at most$/,
  );
  expect(moveOf(stage.cluster)).toBeNull();
  await stage.reshardedTo(7);
});

it('causal order holds while slots move, whatever breaks', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS / 16; seed++)
    await expectRight(seed, { level: 'causal', sharded: true, switches: 'all' });
});
