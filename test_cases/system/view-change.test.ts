import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { askNode } from '../support/node-answer.ts';
import { NodeProcesses } from '../support/node-processes.ts';

const nodesOfDialect = new NodeProcesses('view-change');
const start = nodesOfDialect.start.bind(nodesOfDialect);
const end = nodesOfDialect.end.bind(nodesOfDialect);

afterEach(() => nodesOfDialect.killAll());

async function served(address: string, path = '/kvs/any'): Promise<void> {
  await eventually(async () => (await askNode(address, 'GET', path)).status === 404 && 'served');
}

const KEYS = 300;

/** The keys in turn, for several clients at the same time. */
async function forEachKey(check: (key: string, at: number) => Promise<void>, clients = 8): Promise<void> {
  const one = async (first: number) => {
    for (let at = first; at < KEYS; at += clients) await check(`key${at}`, at);
  };
  await Promise.all(Array.from({ length: clients }, (_, first) => one(first)));
}

describe('processes of the store with view change', () => {
  it('spread keys over a view, go on without one node, and take it back empty', async () => {
    const port = await freePort();
    const view = [2, 3, 4].map((host) => `127.0.0.${host}:${port}`);
    const startNode = (at: number) => start({ ADDRESS: view[at]!, VIEW: view.join() });
    const nodes = view.map((_, at) => startNode(at));
    for (const address of view) await served(address, '/kvs/keys/any');
    const homes = new Map<string, string>();
    const homeOf = (asked: string, { body }: { readonly body: unknown }) =>
      (body as { readonly address?: string }).address ?? asked;
    await forEachKey(async (key, at) => {
      const asked = view[at % 3]!;
      const answer = await askNode(asked, 'PUT', `/kvs/keys/${key}`, { value: at });
      expect(answer.status).toBe(201);
      homes.set(key, homeOf(asked, answer));
    });
    const keysOf = (address: string) => [...homes.values()].filter((home) => home === address).length;
    const shards = view.map((address) => ({ address, 'key-count': keysOf(address) }));
    expect(await askNode(view[1]!, 'PUT', '/kvs/view-change', { view: view.join() })).toEqual({
      status: 200,
      body: { message: 'View change successful', shards },
    });
    for (const { 'key-count': keys } of shards) expect(Math.abs(keys - KEYS / 3)).toBeLessThan(KEYS / 12);
    await end(nodes[2]!, 'SIGKILL');
    // A key whose node is down is waited for, so a few of those are enough.
    let waited = 0;
    await forEachKey(async (key, at) => {
      const isDown = homes.get(key) === view[2];
      if (isDown && waited++ >= 8) return;
      const { status } = await askNode(view[at % 2]!, 'GET', `/kvs/keys/${key}`);
      expect(status).toBe(isDown ? 503 : 200);
    });
    startNode(2);
    await served(view[2]!, '/kvs/keys/any');
    for (const address of view)
      await eventually(async () => (await askNode(address, 'GET', '/kvs/keys/any')).status === 404);
    await forEachKey(async (key, at) => {
      const asked = view[at % 3]!;
      const answer = await askNode(asked, 'PUT', `/kvs/keys/${key}`, { value: -at });
      expect(answer.status).toBe(homes.get(key) === view[2] ? 201 : 200);
      expect(homeOf(asked, answer)).toBe(homes.get(key));
    });
  });

  it('pass requests on to a main instance that is killed, and comes back empty', async () => {
    const port = await freePort();
    const [mainAt, followerAt] = [`127.0.0.2:${port}`, `127.0.0.3:${port}`];
    const followed = { ADDRESS: followerAt, FORWARDING_ADDRESS: mainAt };
    const follower = start(followed);
    const down = { status: 503, body: { error: 'Main instance is down', message: 'Error in GET' } };
    await eventually(async () => expect(await askNode(followerAt, 'GET', '/kvs/a')).toEqual(down));
    const main = start({ ADDRESS: mainAt, FORWARDING_ADDRESS: '' });
    await served(followerAt);
    expect((await askNode(followerAt, 'PUT', '/kvs/a', { value: 1 })).status).toBe(201);
    const found = { doesExist: true, message: 'Retrieved successfully', value: 1 };
    for (const address of [mainAt, followerAt])
      expect(await askNode(address, 'GET', '/kvs/a')).toEqual({ status: 200, body: found });
    await end(main, 'SIGKILL');
    expect(await askNode(followerAt, 'GET', '/kvs/a')).toEqual(down);
    start({ ADDRESS: mainAt, FORWARDING_ADDRESS: '' });
    await served(followerAt, '/kvs/a');
    expect(await end(follower, 'SIGTERM')).toBe(0);
  });

  it('are nodes that are their own view, and leave an address alone that another one has', async () => {
    const address = `127.0.0.2:${await freePort()}`;
    const node = start({ ADDRESS: address, VIEW: address });
    await served(address, '/kvs/keys/any');
    expect((await askNode(address, 'PUT', '/kvs/keys/a', { value: [1] })).status).toBe(201);
    const second = start({ ADDRESS: address });
    const [code] = (await once(second.child, 'exit')) as [number | null];
    expect(code).toBe(1);
    expect(second.said()).toContain(address);
    expect(await askNode(address, 'GET', '/kvs/key-count')).toEqual({
      status: 200,
      body: { message: 'Key count retrieved successfully', 'key-count': 1 },
    });
    expect(await end(node, 'SIGTERM')).toBe(0);
  });
});
