import { describe, expect, it } from 'vitest';
import { FIRST_SHARD_GROUP } from '../../src/placement/shards.ts';
import { shardsOfSlots, slotOf } from '../../src/placement/slots.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request, WantedKeyspace } from '../../src/protocol/request.ts';
import { ask, read, set } from './ask.ts';
import { SimCluster, type SimOptions } from './sim-cluster.ts';

/** A cluster of six controllers whose keys are spread over three groups. */

const SHARDS = 3;
const KEYS = Array.from({ length: 24 }, (_, i) => `key:${i}`);
const SHARD_OF_SLOT = shardsOfSlots(SHARDS);

const shardOf = (key: string): number => SHARD_OF_SLOT[slotOf(key)]!;
const keyOf = (shard: number): string => KEYS.find((key) => shardOf(key) === shard)!;

async function sharded(replicas: number, settings: SimOptions['settings'] = {}): Promise<SimCluster> {
  const cluster = new SimCluster({
    seed: 1,
    level: 'eventual',
    nodes: 6,
    settings: { sharded: [{ name: 'default', shards: SHARDS, replicas }], ...settings },
  });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

const getOf = (keys: readonly string[]): Request => ({ kind: 'get', keys, withCas: true });
const flush: Request = { kind: 'flush_all', delay: 0, noreply: false };

function valuesIn(reply: Reply): readonly (readonly [string, string])[] {
  if (reply.kind !== 'hits') throw new Error(`not read: ${JSON.stringify(reply)}`);
  return reply.hits.map(({ key, value }) => [key, value.toString()]);
}

/** The controllers that have the shard. */
function membersOf(cluster: SimCluster, shard: number): number[] {
  const hasIt = ({ core }: SimCluster['nodes'][number]) =>
    core!.groups.byNumber[FIRST_SHARD_GROUP + shard] !== undefined;
  return cluster.nodes.filter(hasIt).map(({ id }) => id);
}

describe.each([1, 2])('keys spread over shards with %i replicas', (replicas) => {
  it('are in the journals of their group alone', async () => {
    const cluster = await sharded(replicas);
    for (const key of KEYS) expect(await ask(cluster, 0, set(key, key))).toMatchObject({ outcome: 'stored' });
    await cluster.run(2_000);
    for (let shard = 0; shard < SHARDS; shard++) {
      const members = membersOf(cluster, shard);
      expect(members).toHaveLength(replicas);
      for (const member of members)
        expect([...cluster.nodes[member]!.journalOf(FIRST_SHARD_GROUP + shard).liveKeys()].sort()).toEqual(
          KEYS.filter((key) => shardOf(key) === shard).sort(),
        );
    }
    const copies = cluster.nodes.reduce((sum, node) => sum + node.liveKeys().length, 0);
    expect(copies).toBe(KEYS.length * replicas);
  });

  it('are served by every controller, in the order asked for', async () => {
    const cluster = await sharded(replicas);
    for (const [i, key] of KEYS.entries()) await ask(cluster, i % 6, set(key, `${i}`));
    await cluster.run(2_000);
    const asked = [...KEYS.toReversed(), 'none', KEYS[3]!];
    for (const { id } of cluster.nodes) {
      for (const [i, key] of KEYS.entries()) expect(await read(cluster, id, key)).toBe(`${i}`);
      const found = valuesIn(await ask(cluster, id, getOf(asked)));
      expect(found).toEqual(
        asked.filter((key) => key !== 'none').map((key) => [key, `${KEYS.indexOf(key)}`]),
      );
    }
  });

  it('are counted where they take the hop, at both ends', async () => {
    const cluster = await sharded(replicas);
    for (const key of KEYS) await ask(cluster, 0, set(key, key));
    const away = KEYS.filter((key) => !membersOf(cluster, shardOf(key)).includes(0)).length;
    const { hop } = cluster.nodes[0]!.core!.serving;
    expect([hop!.asked, hop!.askedAgain, hop!.unanswered]).toEqual([away, 0, 0]);
    expect(hop!.times.get('default')!.count).toBe(away);
    const taken = cluster.nodes.reduce((sum, { core }) => sum + core!.serving.asked!.taken, 0);
    expect(taken).toBe(away);
  });

  it('take part in conditional requests, with one token everywhere', async () => {
    const cluster = await sharded(replicas);
    await ask(cluster, 0, set(KEYS[0]!, '5'));
    await cluster.run(500);
    const tokens: bigint[] = [];
    for (const { id } of cluster.nodes) {
      const reply = await ask(cluster, id, getOf([KEYS[0]!]));
      if (reply.kind === 'hits') tokens.push(reply.hits[0]!.cas);
    }
    expect(new Set(tokens).size).toBe(1);
    const incr = {
      kind: 'arithmetic',
      verb: 'incr',
      key: KEYS[0]!,
      delta: 2n,
      initial: null,
      touch: null,
    } as const;
    const options = { compare: null, newToken: null, wantsToken: false, noreply: false };
    for (const [i, { id }] of cluster.nodes.entries()) {
      expect(await ask(cluster, id, { ...incr, ...options })).toMatchObject({ value: BigInt(7 + 2 * i) });
      await cluster.run(200);
    }
  });

  it('are all ended by a flush at any controller', async () => {
    const cluster = await sharded(replicas);
    for (const key of KEYS) await ask(cluster, 2, set(key, 'v'));
    await cluster.run(1_000);
    expect(await ask(cluster, 5, flush)).toMatchObject({ outcome: 'ok' });
    await cluster.run(2_000);
    for (const { id } of cluster.nodes) expect(valuesIn(await ask(cluster, id, getOf(KEYS)))).toEqual([]);
  });
});

describe('a group that fails', () => {
  it('makes its own keys fail, and no others', async () => {
    const cluster = await sharded(2, { durability: 'sync' });
    for (const key of KEYS) await ask(cluster, 0, set(key, 'v'));
    await cluster.run(1_000);
    const gone = membersOf(cluster, 1);
    cluster.kill(...gone.map((id) => cluster.nodes[id]!));
    await cluster.run(2_000);
    const others = cluster.nodes.filter(({ running }) => running);
    expect(others).toHaveLength(4);
    for (const { id } of others) {
      const failed = await ask(cluster, id, getOf([keyOf(1)]));
      expect(failed).toMatchObject({ kind: 'server_error', code: 'SHARD_UNAVAILABLE' });
      expect(await ask(cluster, id, set(keyOf(1), 'x'))).toMatchObject({ code: 'SHARD_UNAVAILABLE' });
      for (const shard of [0, 2]) {
        expect(await read(cluster, id, keyOf(shard))).toBe('v');
        expect(await ask(cluster, id, set(keyOf(shard), 'v'))).toMatchObject({ outcome: 'stored' });
      }
    }
    for (const id of gone) cluster.nodes[id]!.start();
    await cluster.runUntilReady();
    await cluster.run(2_000);
    for (const { id } of cluster.nodes) expect(await read(cluster, id, keyOf(1))).toBe('v');
  });

  it('goes on with the replica that is left', async () => {
    const cluster = await sharded(2);
    for (const key of KEYS) await ask(cluster, 0, set(key, 'v'));
    await cluster.run(1_000);
    cluster.kill(cluster.nodes[membersOf(cluster, 1)[0]!]!);
    await cluster.run(2_000);
    for (const { id, running } of cluster.nodes) {
      if (!running) continue;
      expect(await read(cluster, id, keyOf(1))).toBe('v');
      expect(await ask(cluster, id, set(keyOf(1), 'v'))).toMatchObject({ outcome: 'stored' });
    }
  });
});

describe('a member that stands still, and keeps its links', () => {
  it('is not waited for once it is silent', async () => {
    const cluster = await sharded(2);
    await ask(cluster, 0, set(keyOf(1), 'v'));
    await cluster.run(1_000);
    const members = membersOf(cluster, 1);
    const asking = cluster.nodes.find(({ id }) => !members.includes(id))!;
    const preferred = cluster.nodes[members[asking.id % 2]!]!;
    preferred.pause();
    const replies: Reply[] = [];
    const connection = asking.connect();
    const other = KEYS.findLast((key) => shardOf(key) === 1)!;
    for (const request of [set(other, 'w'), getOf([keyOf(1)])])
      connection.submit(request, (reply) => replies.push(reply));
    await cluster.run(1_000);
    // The write may have happened. The read is behind it, and was sent to the member that stands still, too.
    expect(replies[0]).toMatchObject({ kind: 'server_error', code: 'CONTROLLER_LOST' });
    expect(valuesIn(replies[1]!)).toEqual([[keyOf(1), 'v']]);
    expect(await ask(cluster, asking.id, set(keyOf(1), 'x'))).toMatchObject({ outcome: 'stored' });
    preferred.resume();
    await cluster.run(100);
    expect(await read(cluster, asking.id, keyOf(1))).toBe('x');
  });
});

describe('keyspaces beside one with shards', () => {
  const BESIDE: SimOptions['settings'] = { keyspaces: [{ name: 'carts', prefix: 'cart:', level: 'causal' }] };
  const change = (wanted: WantedKeyspace): Request => ({ kind: 'keyspace', change: wanted, format: 'table' });

  it.each([
    { what: 'level', keyspace: 'default', level: 'causal' },
    { what: 'add', keyspace: 'more', prefix: 'more:', level: 'eventual' },
    { what: 'prefix', keyspace: 'carts', prefix: 'basket:' },
    { what: 'remove', keyspace: 'carts' },
  ] as const)('neither take keys from it nor give it some: %j', async (wanted) => {
    const cluster = await sharded(2, BESIDE);
    expect(await ask(cluster, 0, change(wanted))).toMatchObject({
      kind: 'client_error',
      reason: 'default has several shards: it keeps its keys and its level while the cluster runs',
    });
  });

  it('get another level, and a keyspace of their own keys is added, while shards serve', async () => {
    const cluster = await sharded(2, BESIDE);
    const keys = [...KEYS, 'cart:1', 'cart:big:1'];
    for (const key of keys) await ask(cluster, 0, set(key, key));
    await cluster.run(1_000);
    for (const wanted of [
      { what: 'level', keyspace: 'carts', level: 'eventual' },
      { what: 'add', keyspace: 'big', prefix: 'cart:big:', level: 'causal' },
    ] as const) {
      expect(await ask(cluster, 1, change(wanted))).toMatchObject({ kind: 'lines' });
      await cluster.run(3_000);
      for (const { id } of cluster.nodes)
        for (const key of keys) expect(await read(cluster, id, key)).toBe(key);
    }
    const levels = cluster.nodes.map(({ core }) => core!.levels.inWords);
    expect(new Set(levels)).toEqual(new Set(['eventual carts=cart::eventual big=cart:big::causal']));
  });

  it('keep the groups of its shards when zones are configured later', async () => {
    const zones: string[] = [];
    const cluster = await sharded(2, { ...BESIDE, durability: 'sync', zones });
    for (const key of KEYS) await ask(cluster, 0, set(key, key));
    await ask(cluster, 0, change({ what: 'level', keyspace: 'carts', level: 'eventual' }));
    await cluster.run(3_000);
    const groups = () => cluster.nodes.map(({ core }) => core!.groups.shards.map(({ shard }) => shard));
    const agreed = groups();
    zones.push(...cluster.nodes.map((_, id) => (id < 2 ? 'a' : 'b')));
    for (const node of cluster.nodes) {
      cluster.kill(node);
      await cluster.run(500);
      node.start();
    }
    await cluster.run(5_000);
    expect(groups()).toEqual(agreed);
    for (const { id } of cluster.nodes)
      for (const key of KEYS) expect(await read(cluster, id, key)).toBe(key);
  });
});

describe('a request to a controller that dies', () => {
  it('has an unknown outcome, or is a read of another replica', async () => {
    const cluster = await sharded(2);
    await ask(cluster, 0, set(keyOf(1), 'v'));
    await cluster.run(1_000);
    const members = membersOf(cluster, 1);
    const asking = cluster.nodes.find(({ id }) => !members.includes(id))!;
    const target = cluster.nodes[members[asking.id % 2]!]!;
    const replies: Reply[] = [];
    const connection = asking.connect();
    target.pause();
    connection.submit(set(keyOf(1), 'w'), (reply) => replies.push(reply));
    asking.connect().submit(getOf([keyOf(1)]), (reply) => replies.push(reply));
    await cluster.run(50);
    expect(replies).toEqual([]);
    cluster.kill(target);
    await cluster.run(100);
    const [first, second] = replies.toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
    expect(valuesIn(first!)).toEqual([[keyOf(1), 'v']]);
    expect(second).toMatchObject({ kind: 'server_error', code: 'CONTROLLER_LOST' });
  });
});
