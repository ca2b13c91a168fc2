import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { TextClient } from '../../support/text-client.ts';
import { ViewChangeNode } from '../../support/view-change-node.ts';

const ADDED = { status: 201, body: { message: 'Added successfully', replaced: false } };
const UPDATED = { status: 200, body: { message: 'Updated successfully', replaced: true } };
const DELETED = { status: 200, body: { doesExist: true, message: 'Deleted successfully' } };
const errorIn = (method: string, status: number, error: string) => ({
  status,
  body: { error, message: `Error in ${method}` },
});
const missing = (method: string) => ({
  status: 404,
  body: { doesExist: false, error: 'Key does not exist', message: `Error in ${method}` },
});
const found = (value: unknown) => ({
  status: 200,
  body: { doesExist: true, message: 'Retrieved successfully', value },
});

let main: ViewChangeNode;
let follower: ViewChangeNode;
let node: ViewChangeNode;

beforeAll(async () => {
  main = await ViewChangeNode.start('forward');
  follower = await ViewChangeNode.follow(main.port);
  node = await ViewChangeNode.start('both');
});

afterAll(async () => {
  await follower.stop();
  await main.stop();
  await node.stop();
});

describe.each([
  ['the main instance of forward', () => main, '/kvs/'],
  ['a follower', () => follower, '/kvs/'],
  ['a node that is its own view', () => node, '/kvs/keys/'],
])('a key at %s', (name, at, path) => {
  const key = (rest: string) => `${path}${encodeURIComponent(`${name} ${rest}`.slice(0, 50))}`;

  it('is new, replaced, read, deleted, and new again', async () => {
    const url = key('1');
    expect(await at().ask('GET', url)).toEqual(missing('GET'));
    expect(await at().ask('DELETE', url)).toEqual(missing('DELETE'));
    expect(await at().ask('PUT', url, { value: 'one' })).toEqual(ADDED);
    expect(await at().ask('PUT', url, { value: { b: [1, null] } })).toEqual(UPDATED);
    expect(await at().ask('GET', url)).toEqual(found({ b: [1, null] }));
    expect(await at().ask('DELETE', url)).toEqual(DELETED);
    expect(await at().ask('GET', url)).toEqual(missing('GET'));
    expect(await at().ask('PUT', url, { value: 'two' })).toEqual(ADDED);
  });

  it.each(['text', 0, -1.5, false, null, [], {}, 'half of a pair \ud800'])(
    'has the value that was put: %j',
    async (value) => {
      const url = key(`2 ${JSON.stringify(value)}`);
      await at().ask('PUT', url, { value });
      expect(await at().ask('GET', url)).toEqual(found(value));
    },
  );

  it('is refused when it is too long, after the value was looked for', async () => {
    const long = `${path}${'k'.repeat(51)}`;
    for (const longest of ['k'.repeat(50), '🔑'.repeat(50)]) {
      const url = path + encodeURIComponent(longest);
      expect(await at().ask('PUT', url, { value: 1 })).toEqual(ADDED);
      expect(await at().ask('DELETE', url)).toEqual(DELETED);
    }
    expect(await at().ask('PUT', long, { value: 1 })).toEqual(errorIn('PUT', 400, 'Key is too long'));
    expect(await at().ask('PUT', long, {})).toEqual(errorIn('PUT', 400, 'Value is missing'));
    expect(await at().ask('GET', long)).toEqual(missing('GET'));
  });

  it.each(['{}', '', '[1]', '"value"', 'null', '{"values":1}'])(
    'is refused without a value: %s',
    async (body) => {
      expect(await at().ask('PUT', key('3'), body)).toEqual(errorIn('PUT', 400, 'Value is missing'));
    },
  );

  it.each(['{', '{"value":}', 'value', '{"value":1}}', '['.repeat(200_000)])(
    'is refused with a body that is no JSON',
    async (body) => {
      expect(await at().ask('PUT', key('4'), body)).toEqual(errorIn('PUT', 400, 'Bad json format'));
    },
  );

  it('is not used by other methods', async () => {
    expect(await at().ask('POST', key('5'), {})).toEqual({
      status: 405,
      body: 'This method is unsupported.',
    });
  });

  it('is added once by clients at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, value) => at().ask('PUT', key('6'), { value })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...new Array(19).fill(200), 201]);
  });
});

describe('the main instance of forward', () => {
  it.each([
    ['GET', '/', 200, 'Hello, world!'],
    ['POST', '/', 200, 'Hello, world!'],
    ['GET', '/hello', 200, 'Hello, world!'],
    ['POST', '/hello/Ann%20<b>', 200, 'Hello, Ann <b>!'],
    ['POST', '/echo/text', 200, 'POST message received: text'],
    ['GET', '/echo/text', 405, 'This method is unsupported.'],
  ])('answers %s %s, also through a follower', async (method, path, status, body) => {
    for (const asked of [main, follower]) expect(await asked.ask(method, path)).toEqual({ status, body });
  });
});

describe('a follower without its main instance', () => {
  it('answers within its time, for each method', async () => {
    const alone = await ViewChangeNode.follow(await freePort());
    for (const method of ['PUT', 'GET', 'DELETE'])
      expect(await alone.ask(method, '/kvs/a', method === 'PUT' ? { value: 1 } : undefined)).toEqual(
        errorIn(method, 503, 'Main instance is down'),
      );
    await alone.stop();
  });

  it('does not wait for a main instance that stands still', async () => {
    const silent = createServer(() => {});
    const port = await freePort();
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve));
    const waiting = await ViewChangeNode.follow(port, 200);
    expect(await waiting.ask('GET', '/kvs/a')).toEqual(errorIn('GET', 503, 'Main instance is down'));
    await waiting.stop();
    silent.close();
  });
});

describe('a node that is its own view', () => {
  const count = async () => (await node.ask('GET', '/kvs/key-count')).body as Record<string, unknown>;

  it('counts its keys, without those that are deleted', async () => {
    const before = (await count())['key-count'] as number;
    await node.ask('PUT', '/kvs/keys/counted', { value: 1 });
    await node.ask('PUT', '/kvs/keys/counted', { value: 2 });
    expect(await count()).toEqual({ message: 'Key count retrieved successfully', 'key-count': before + 1 });
    await node.ask('DELETE', '/kvs/keys/counted');
    expect((await count())['key-count']).toBe(before);
  });

  it('changes to the view that it is, and to no other', async () => {
    const { 'key-count': keys } = await count();
    expect(await node.ask('PUT', '/kvs/view-change', { view: node.address })).toEqual({
      status: 200,
      body: { message: 'View change successful', shards: [{ address: node.address, 'key-count': keys }] },
    });
    const other = { view: `${node.address},127.0.0.1:1` };
    expect(await node.ask('PUT', '/kvs/view-change', other)).toEqual(
      errorIn('PUT', 503, 'Unable to satisfy request'),
    );
    expect((await node.ask('PUT', '/kvs/view-change', {})).status).toBe(400);
    expect((await node.ask('PUT', '/kvs/view-change', '{')).status).toBe(400);
  });

  it('has the keys of the main instance of forward on the same paths', async () => {
    await node.ask('PUT', '/kvs/keys/shared', { value: 1 });
    expect(await node.ask('GET', '/kvs/shared')).toEqual(found(1));
    expect(await node.ask('GET', '/hello')).toEqual({ status: 200, body: 'Hello, world!' });
  });

  it('takes what another client has stored, and is no JSON, for nothing', async () => {
    const client = await TextClient.connect(node.port);
    await client.set('=foreign', 'text');
    expect(await node.ask('GET', '/kvs/keys/foreign')).toEqual(missing('GET'));
    client.close();
  });
});

it('answers the commands of its page in the documentation as shown there', async () => {
  const page = readFileSync('docs/view-change.md', 'utf8');
  const inShards = await ViewChangeNode.startView(4, 2);
  const view = [
    ...(await ViewChangeNode.startView(2)),
    ...(await ViewChangeNode.startView(2, 2)),
    ...inShards,
  ];
  // Each node has heard all others for so long that it asks those of another shard which it asks first.
  const same = { view: inShards.map(({ address }) => address).join() };
  for (const node of inShards)
    await eventually(async () => expect((await node.ask('PUT', '/kvs/view-change', same)).status).toBe(200));
  await sleep(500);
  let session = 'none yet';
  // A view is changed by real processes alone, in `view-changes.test.ts`.
  const examples = [...page.matchAll(/^ {4}\$ (curl .*)\n {4}(.*)$/gm)].filter(
    ([, command]) => !command!.includes('127.0.0.12:'),
  );
  expect(examples.length).toBe(12);
  for (const [, command, shown] of examples) {
    const { stdout } = await promisify(execFile)('sh', ['-c', named(command!, 1).replace('…', session)]);
    session = /"session":"([^"]+)"/.exec(stdout)?.[1] ?? session;
    expect(named(stdout, 0).replace(session, '…')).toBe(shown);
  }
  await Promise.all(view.map((one) => one.stop()));

  /** The text with the names of the page in place of the real ones (0), or the other way round (1). */
  function named(text: string, to: 0 | 1): string {
    const names = [
      ['127.0.0.2:13800', main.address],
      ['127.0.0.3:13800', follower.address],
      ['127.0.0.4:13800', view[0]!.address],
      ['127.0.0.5:13800', view[1]!.address],
      ['127.0.0.6:13800', view[2]!.address],
      ['127.0.0.7:13800', view[3]!.address],
      ['127.0.0.8:13800', view[4]!.address],
      ['127.0.0.9:13800', view[5]!.address],
      ['127.0.0.10:13800', view[6]!.address],
      ['127.0.0.11:13800', view[7]!.address],
    ] as const;
    return names.reduce((all, pair) => all.replaceAll(pair[1 - to]!, pair[to]), text);
  }
});
