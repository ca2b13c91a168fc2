import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { ShardedNode } from '../../support/sharded-node.ts';

const FLAVOURS = ['joined', 'array'] as const;

const views = new Map<(typeof FLAVOURS)[number], readonly ShardedNode[]>();

beforeAll(async () => {
  for (const flavour of FLAVOURS) views.set(flavour, await ShardedNode.startView(3, flavour));
  for (const nodes of views.values())
    for (const node of nodes) await eventually(async () => expect((await viewOf(node)).length).toBe(3));
});

afterEach(() => {
  for (const nodes of views.values()) ShardedNode.heal(nodes);
});

afterAll(() => Promise.all([...views.values()].flat().map((node) => node.stop())));

async function viewOf(node: ShardedNode): Promise<readonly string[]> {
  const { view } = (await node.ask('GET', '/key-value-store-view')).body as { readonly view: unknown };
  return typeof view === 'string' ? view.split(',') : (view as readonly string[]);
}

/** A client that sends the metadata of each answer with its next request. */
class Client {
  metadata: unknown = '';

  async ask(node: ShardedNode, method: string, key: string, value?: unknown) {
    const given = { 'causal-metadata': this.metadata, ...(value === undefined ? {} : { value }) };
    const { status, body } = await node.ask(method, `/key-value-store/${key}`, given);
    const { 'causal-metadata': metadata, version, ...rest } = body as Record<string, unknown>;
    if (status < 300) {
      expect(metadata).toEqual(expect.any(String));
      expect(version).toMatch(/^\d+$/);
      this.metadata = metadata;
    }
    return { status, body: rest };
  }
}

const errorIn = (method: string, status: number, error: string) => ({
  status,
  body: { error, message: `Error in ${method}` },
});
const missing = (method: string) => ({
  status: 404,
  body: { doesExist: false, error: 'Key does not exist', message: `Error in ${method}` },
});

describe.each(FLAVOURS)('a view of nodes with lists that are %s', (flavour) => {
  const nodes = () => views.get(flavour)!;
  const id = flavour === 'joined' ? '1' : 1;
  const added = { status: 201, body: { message: 'Added successfully', replaced: false, 'shard-id': id } };
  const updated = { status: 200, body: { message: 'Updated successfully', replaced: true, 'shard-id': id } };
  const deleted = {
    status: 200,
    body: { doesExist: true, message: 'Deleted successfully', 'shard-id': id },
  };
  const found = (value: unknown) => ({
    status: 200,
    body: { doesExist: true, message: 'Retrieved successfully', value, 'shard-id': id },
  });

  it('answers for a key at every node, the metadata handed on', async () => {
    const client = new Client();
    for (const [at, node] of nodes().entries()) {
      const [second, third] = [nodes()[(at + 1) % 3]!, nodes()[(at + 2) % 3]!];
      expect(await client.ask(node, 'GET', 'k')).toEqual(missing('GET'));
      expect(await client.ask(second, 'DELETE', 'k')).toEqual(missing('DELETE'));
      expect(await client.ask(node, 'PUT', 'k', { a: [1.5, null] })).toEqual(added);
      expect(await client.ask(second, 'PUT', 'k', 'two')).toEqual(updated);
      expect(await client.ask(third, 'GET', 'k')).toEqual(found('two'));
      expect(await client.ask(node, 'DELETE', 'k')).toEqual(deleted);
      expect(await client.ask(second, 'GET', 'k')).toEqual(missing('GET'));
    }
  });

  it('takes requests without metadata, and without a body', async () => {
    const [node] = nodes();
    expect((await node!.ask('PUT', '/key-value-store/bare', { value: 1 })).status).toBe(201);
    expect(await node!.ask('GET', '/key-value-store/bare')).toMatchObject({
      status: 200,
      body: { value: 1 },
    });
    expect((await node!.ask('DELETE', '/key-value-store/bare')).status).toBe(200);
    expect((await node!.ask('DELETE', '/key-value-store/bare')).status).toBe(404);
  });

  it('refuses what is no write, the value first', async () => {
    const [node] = nodes();
    const long = 'k'.repeat(51);
    const put = async (key: string, body?: unknown) => node!.ask('PUT', `/key-value-store/${key}`, body);
    for (const body of [undefined, {}, { value: null }])
      for (const key of ['a', long])
        expect(await put(key, body)).toEqual(errorIn('PUT', 400, 'Value is missing'));
    expect(await put(long, { value: 1 })).toEqual(errorIn('PUT', 400, 'Key is too long'));
    expect((await put('k'.repeat(50), { value: 1 })).status).toBe(201);
    expect((await node!.ask('DELETE', `/key-value-store/${'k'.repeat(50)}`)).status).toBe(200);
    expect(await put('', { value: 1 })).toEqual(errorIn('PUT', 400, 'Key not specified'));
    expect(await put('a', '{')).toEqual(errorIn('PUT', 400, 'Bad json format'));
    for (const metadata of ['forged', 7, { a: 1 }])
      expect(await put('a', { value: 1, 'causal-metadata': metadata })).toEqual(
        errorIn('PUT', 400, 'Causal metadata is not valid'),
      );
  });

  it('tells of its nodes, and refuses to change them', async () => {
    const addresses = nodes().map(({ address }) => address);
    const list = flavour === 'joined' ? addresses.join() : addresses;
    const path = '/key-value-store-view';
    for (const node of nodes())
      expect(await node.ask('GET', path)).toEqual({
        status: 200,
        body: { message: 'View retrieved successfully', view: list },
      });
    const [node] = nodes();
    for (const name of ['SA', 'socket-address']) {
      const [known, unknown] = [{ [name]: addresses[1] }, { [name]: '127.0.0.1:1' }];
      expect(await node!.ask('PUT', path, known)).toEqual(
        errorIn('PUT', 404, 'Socket address already exists in the view'),
      );
      expect(await node!.ask('DELETE', path, unknown)).toEqual(
        errorIn('DELETE', 404, 'Socket address does not exist in the view'),
      );
      expect(await node!.ask('PUT', path, unknown)).toEqual(errorIn('PUT', 503, 'Unable to satisfy request'));
      expect(await node!.ask('DELETE', path, known)).toEqual(
        errorIn('DELETE', 503, 'Unable to satisfy request'),
      );
    }
    for (const method of ['PUT', 'DELETE'])
      expect(await node!.ask(method, path, {})).toEqual(errorIn(method, 404, "Socket address wasn't sent"));
    expect((await viewOf(node!)).length).toBe(3);
  });

  it('tells of its shard', async () => {
    const addresses = nodes().map(({ address }) => address);
    const list = flavour === 'joined' ? addresses.join() : addresses;
    const client = new Client();
    await client.ask(nodes()[0]!, 'PUT', 'counted', 1);
    const path = (rest: string) => `/key-value-store-shard/${rest}`;
    const count = (await nodes()[0]!.ask('GET', path('shard-id-key-count/1'))).body;
    for (const node of nodes()) {
      const get = (rest: string) => node.ask('GET', path(rest));
      expect(await get('shard-ids')).toEqual({
        status: 200,
        body: { message: 'Shard IDs retrieved successfully', 'shard-ids': flavour === 'joined' ? '1' : [1] },
      });
      expect(await get('node-shard-id')).toEqual({
        status: 200,
        body: { message: 'Shard ID of the node retrieved successfully', 'shard-id': id },
      });
      expect(await get('shard-id-members/1')).toEqual({
        status: 200,
        body: { message: 'Members of shard ID retrieved successfully', 'shard-id-members': list },
      });
      await eventually(async () => expect((await get('shard-id-key-count/1')).body).toEqual(count));
      expect((await get('shard-id-members/2')).status).toBe(404);
    }
    expect(count).toEqual({
      message: 'Key count of shard ID retrieved successfully',
      'shard-id-key-count': flavour === 'joined' ? expect.stringMatching(/^\d+$/) : expect.any(Number),
    });
  });

  it('keeps its one shard', async () => {
    const [node, other] = nodes();
    const path = (rest: string) => `/key-value-store-shard/${rest}`;
    const member = { 'socket-address': other!.address };
    expect(await node!.ask('PUT', path('add-member/1'), member)).toEqual({
      status: 404,
      body: { message: 'Node already in shard 1' },
    });
    expect((await node!.ask('PUT', path('add-member/2'), member)).status).toBe(401);
    expect((await node!.ask('PUT', path('add-member/1'), { 'socket-address': '127.0.0.1:1' })).status).toBe(
      503,
    );
    expect(await node!.ask('PUT', path('reshard'), { 'shard-count': 1 })).toEqual({
      status: 200,
      body: { message: 'Resharding done successfully' },
    });
    expect(await node!.ask('PUT', path('reshard'), { 'shard-count': 2 })).toEqual({
      status: 400,
      body: { message: 'Not enough nodes to provide fault-tolerance with the given shard count!' },
    });
    expect((await node!.ask('PUT', path('reshard'), {})).status).toBe(400);
  });

  it.each([
    ['POST', '/key-value-store/a', 405, 'This method is unsupported.'],
    ['POST', '/key-value-store-view', 405, 'This method is unsupported.'],
    ['DELETE', '/key-value-store-shard/shard-ids', 405, 'This method is unsupported.'],
    ['GET', '/key-value-store-shard/add-member/1', 405, 'This method is unsupported.'],
    ['GET', '/', 404, 'Visit the /key-value-store/{key_query} endpoint to query the key store table'],
    ['GET', '/other/a', 404, 'Visit the /key-value-store/{key_query} endpoint to query the key store table'],
  ])('answers %s %s in words', async (method, path, status, body) => {
    expect(await nodes()[0]!.ask(method, path)).toEqual({ status, body });
  });

  it('returns metadata unchanged where a read teaches nothing new, and of a bounded size', async () => {
    const client = new Client();
    for (let i = 0; i < 40; i++) await client.ask(nodes()[i % 3]!, 'PUT', `bounded${i}`, i);
    const { metadata } = client;
    expect(String(metadata).length).toBeLessThan(400);
    for (const node of nodes()) {
      await client.ask(node, 'GET', 'bounded39');
      expect(client.metadata).toBe(metadata);
    }
  });

  it('loses a node that is cut off, waits for what that one has, and takes it back', async () => {
    const [alone, ...others] = nodes();
    ShardedNode.cut([alone!], others);
    await eventually(async () =>
      expect(await viewOf(others[0]!)).toEqual(others.map(({ address }) => address)),
    );
    await eventually(async () => expect(await viewOf(alone!)).toEqual([alone!.address]));
    const client = new Client();
    expect((await client.ask(alone!, 'PUT', 'far', 1)).status).toBe(201);
    const asked = [
      ['GET', undefined],
      ['DELETE', undefined],
      ['PUT', 2],
    ] as const;
    const refusals = await Promise.all(
      asked.map(([method, value]) => client.ask(others[0]!, method, 'far', value)),
    );
    expect(refusals).toEqual(asked.map(([method]) => errorIn(method, 503, 'Unable to satisfy request')));
    expect(await new Client().ask(others[0]!, 'GET', 'far')).toEqual(missing('GET'));
    const waiting = client.ask(others[1]!, 'GET', 'far');
    ShardedNode.heal(nodes());
    expect([200, 503]).toContain((await waiting).status);
    for (const node of nodes()) await eventually(async () => expect((await viewOf(node)).length).toBe(3));
    expect(await client.ask(others[1]!, 'GET', 'far')).toEqual(found(1));
    expect(await client.ask(others[0]!, 'DELETE', 'far')).toEqual(deleted);
    expect(await client.ask(alone!, 'GET', 'far')).toEqual(missing('GET'));
  });

  it('shows with a write what it depends on, and ends concurrent writes with one value', async () => {
    const writers = nodes().map(async (node, at) => {
      const client = new Client();
      for (let i = 0; i < 20; i++) {
        expect((await client.ask(node, 'PUT', `cause${at}`, i)).status).toBeLessThan(300);
        expect((await client.ask(nodes()[(at + 1) % 3]!, 'PUT', `effect${at}`, i)).status).toBeLessThan(300);
        await client.ask(node, 'PUT', 'contended', `${at} ${i}`);
      }
    });
    const readers = nodes().map(async (node, at) => {
      for (let i = 0; i < 40; i++) {
        const client = new Client();
        const effect = (await client.ask(node, 'GET', `effect${at}`)).body.value as number | undefined;
        if (effect === undefined) continue;
        const cause = (await client.ask(nodes()[(at + 2) % 3]!, 'GET', `cause${at}`)).body.value as number;
        expect(cause).toBeGreaterThanOrEqual(effect);
      }
    });
    await Promise.all([...writers, ...readers]);
    await eventually(async () => {
      const values = await Promise.all(nodes().map((node) => new Client().ask(node, 'GET', 'contended')));
      for (const value of values) expect(value).toEqual(values[0]);
    });
  });
});

const [withOneShard, withTwo] = readFileSync('docs/sharded.md', 'utf8').split('## Shards\n');

it.each([
  { part: withOneShard!, count: 4, nodes: 2, shards: 1 },
  { part: withTwo!, count: 3, nodes: 4, shards: 2 },
])('answers the commands of its page as shown there, with $shards shards', async (examplesOf) => {
  const view = await ShardedNode.startView(examplesOf.nodes, 'joined', examplesOf.shards);
  for (const node of view)
    await eventually(async () => expect((await viewOf(node)).length).toBe(view.length));
  const examples = [...examplesOf.part.matchAll(/^ {4}\$ (curl .*)\n {4}(.*)$/gm)];
  expect(examples.length).toBe(examplesOf.count);
  const names = view.map((_, at) => `127.0.0.${at + 2}:8080`);
  let metadata = 'none yet';
  for (const [, command, shown] of examples) {
    const real = names.reduce(
      (text, name, at) => text.replaceAll(name, view[at]!.address),
      command!.replace('…', metadata),
    );
    const { stdout } = await promisify(execFile)('sh', ['-c', real]);
    metadata = /"causal-metadata":"([^"]+)"/.exec(stdout)?.[1] ?? metadata;
    const named = names.reduce(
      (text, name, at) => text.replaceAll(view[at]!.address, name),
      stdout.replace(metadata, '…').replace(/"version":"\d+"/, '"version":"…"'),
    );
    expect(named).toBe(shown);
  }
  await Promise.all(view.map((node) => node.stop()));
});
