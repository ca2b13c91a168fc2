import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { LoopbackFilter, whyNoFilter } from '../support/loopback-filter.ts';
import { askNode } from '../support/node-answer.ts';
import { NodeProcesses } from '../support/node-processes.ts';
import { ShardedClient } from '../support/sharded-client.ts';

/** How much later than the one before it a node is started, in milliseconds. */
const APART_MS = 2_000;

const KEYS = 600;

const processes = new NodeProcesses('sharded');

afterEach(() => processes.killAll());

interface Started {
  readonly port: number;
  readonly view: readonly string[];
  /** Every node by its address: the same as a client takes it. */
  readonly nodes: readonly { readonly address: string }[];
  /** Also of one that was killed. */
  readonly start: (at: number) => void;
  readonly kill: (at: number) => Promise<unknown>;
}

async function cluster(count: number, shards: number): Promise<Started> {
  const port = await freePort();
  const view = Array.from({ length: count }, (_, at) => `127.0.0.${at + 2}:${port}`);
  const running = new Map<number, ReturnType<NodeProcesses['start']>>();
  return {
    port,
    view,
    nodes: view.map((address) => ({ address })),
    start: (at) => {
      const told = { SOCKET_ADDRESS: view[at]!, VIEW: view.toReversed().join(), SHARD_COUNT: String(shards) };
      running.set(at, processes.start(told));
    },
    kill: (at) => processes.end(running.get(at)!, 'SIGKILL'),
  };
}

async function told(address: string, path: string, name: string): Promise<unknown> {
  const { status, body } = await askNode(address, 'GET', `/key-value-store-${path}`);
  expect(status).toBe(200);
  return (body as Record<string, unknown>)[name];
}

async function isView(members: readonly string[]): Promise<void> {
  for (const address of members)
    await eventually(async () => expect(await told(address, 'view', 'view')).toBe(members.join()));
}

const countsAt = (address: string, shards: number) =>
  Promise.all(
    Array.from({ length: shards }, (_, at) =>
      told(address, `shard/shard-id-key-count/${at + 1}`, 'shard-id-key-count'),
    ),
  );

describe('processes of the sharded store, with shards', () => {
  it('are started one after the other, spread 600 keys, and give one that was killed what it missed', async () => {
    const { view, nodes, start, kill } = await cluster(6, 3);
    for (const [at] of view.entries()) {
      start(at);
      await sleep(APART_MS);
    }
    await isView(view);
    const client = new ShardedClient();
    for (let i = 0; i < KEYS; i++)
      expect((await client.ask(nodes[i % 6]!, 'PUT', `key${i}`, i)).status).toBe(201);
    const given = client.metadata;
    for (let i = 0; i < KEYS; i++)
      expect((await client.ask(nodes[(i + 1) % 6]!, 'GET', `key${i}`)).body).toMatchObject({ value: i });
    expect(client.metadata).toBe(given);
    await eventually(async () => {
      const counts = await countsAt(view[0]!, 3);
      for (const address of view) expect(await countsAt(address, 3)).toEqual(counts);
      expect(counts.reduce((sum: number, one) => sum + Number(one), 0)).toBe(KEYS);
      for (const one of counts) expect(Math.abs(Number(one) - KEYS / 3)).toBeLessThan(KEYS / 12);
    });

    // Clients go on at all other nodes while one is killed. A request is answered, whichever node it was sent to.
    const others = nodes.filter((_, at) => at !== 4);
    const clients = Array.from({ length: 5 }, (_, number) => async () => {
      const own = new ShardedClient();
      for (let i = 0; i < 60; i++) {
        const key = `client${number}key${i % 10}`;
        expect((await own.ask(others[(number + i) % 5]!, 'PUT', key, i)).status).toBeLessThan(300);
        expect(await own.ask(others[(number + i + 1) % 5]!, 'GET', key)).toMatchObject({
          status: 200,
          body: { value: i },
        });
      }
    });
    const working = Promise.all(clients.map((one) => one()));
    await kill(4);
    await working;
    await isView(view.filter((_, at) => at !== 4));
    const missed = new ShardedClient();
    for (let i = 0; i < 60; i++) await missed.ask(nodes[i % 4]!, 'PUT', `missed${i}`, i);
    start(4);
    await isView(view);
    const total = KEYS + 50 + 60;
    await eventually(async () => {
      const counts = await countsAt(view[4]!, 3);
      expect(await countsAt(view[1]!, 3)).toEqual(counts);
      expect(counts.reduce((sum: number, one) => sum + Number(one), 0)).toBe(total);
    });
    for (let i = 0; i < 60; i++)
      expect((await missed.ask(nodes[4]!, 'GET', `missed${i}`)).body).toMatchObject({ value: i });
  });

  it('answer 406 in a bounded time for a shard that is gone, and serve it again when it is back', async () => {
    const { view, nodes, start, kill } = await cluster(4, 2);
    for (const [at] of view.entries()) start(at);
    for (const address of view)
      await eventually(async () => expect(await told(address, 'view', 'view')).toBe(view.join()));
    const client = new ShardedClient();
    const shardOf = new Map<string, unknown>();
    for (let i = 0; i < 20; i++) {
      const { body } = await client.ask(nodes[i % 4]!, 'PUT', `key${i}`, i);
      shardOf.set(`key${i}`, body['shard-id']);
    }
    await Promise.all([kill(1), kill(3)]);
    await isView([view[0]!, view[2]!]);
    const ask = (key: string) => client.ask(nodes[0]!, 'GET', key);
    const [here, gone] = ['1', '2'].map((id) => [...shardOf.keys()].filter((key) => shardOf.get(key) === id));
    for (const key of here!) expect((await ask(key)).status).toBe(200);
    const before = performance.now();
    const unreachable = { status: 406, body: { message: "Couldn't find the shard" } };
    expect(await Promise.all(gone!.map(ask))).toEqual(gone!.map(() => unreachable));
    expect(performance.now() - before).toBeLessThan(20_000);
    start(1);
    start(3);
    await isView(view);
    // What the shard had was in the memory of its nodes. All of them are empty now, and serve.
    const later = new ShardedClient();
    for (const key of gone!) {
      expect((await later.ask(nodes[0]!, 'GET', key)).status).toBe(404);
      expect((await later.ask(nodes[1]!, 'PUT', key, 'new')).status).toBe(201);
      expect((await later.ask(nodes[2]!, 'GET', key)).body).toMatchObject({ value: 'new' });
    }
    // Metadata from before are good as well.
    for (const key of gone!)
      expect((await client.ask(nodes[3]!, 'GET', key)).body).toMatchObject({ value: 'new' });
  });

  it.skipIf(whyNoFilter() !== null)(
    'serve on both sides of a cut that drops packets silently, and agree once it has healed',
    async () => {
      const { port, view, nodes, start } = await cluster(4, 2);
      for (const [at] of view.entries()) start(at);
      for (const address of view)
        await eventually(async () => expect(await told(address, 'view', 'view')).toBe(view.join()));
      const keys = Array.from({ length: 12 }, (_, i) => `key${i}`);
      const first = new ShardedClient();
      for (const key of keys) await first.ask(nodes[0]!, 'PUT', key, 'before');
      for (const node of nodes)
        for (const key of keys)
          await eventually(async () =>
            expect((await new ShardedClient().ask(node, 'GET', key)).status).toBe(200),
          );
      using filter = new LoopbackFilter(port);
      // Each side has a node of each shard.
      filter.cut(['127.0.0.2', '127.0.0.3'], ['127.0.0.4', '127.0.0.5']);
      const sides = [0, 2].map((at) => new ShardedClient().ask.bind(new ShardedClient(), nodes[at]!));
      for (const [side, ask] of sides.entries())
        for (const key of keys) {
          expect((await ask('PUT', key, side)).status).toBe(200);
          expect((await ask('GET', key)).body).toMatchObject({ value: side });
        }
      await eventually(async () =>
        expect(await told(view[0]!, 'view', 'view')).toBe(view.slice(0, 2).join()),
      );
      filter.heal();
      await isView(view);
      for (const key of keys)
        await eventually(async () => {
          const answers = await Promise.all(nodes.map((node) => new ShardedClient().ask(node, 'GET', key)));
          expect(answers[0]!.status).toBe(200);
          for (const answer of answers) expect(answer).toEqual(answers[0]);
        });
    },
  );
});
