import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOfKey } from '../../../src/http/key-text.ts';
import { LocalControllers } from '../../support/local-controllers.ts';
import { TextClient } from '../../support/text-client.ts';

let cluster: LocalControllers;
beforeAll(async () => {
  cluster = await LocalControllers.start(1, { keyspaces: 'carts=cart::causal', client_bytes_max: '8m' });
});
afterAll(() => cluster.stop());

interface Result {
  readonly status: number;
  readonly [field: string]: unknown;
}

async function batch(operations: readonly object[], headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${cluster.port}/v1/batch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ operations }),
  });
}

async function resultsOf(
  operations: readonly object[],
  headers: Record<string, string> = {},
): Promise<Result[]> {
  const answer = await batch(operations, headers);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { readonly results: Result[] }).results;
}

const statusesOf = (results: readonly Result[]) => results.map(({ status }) => status);

describe('many keys in one request', () => {
  it('are carried out in their order, each with a result of its own', async () => {
    const results = await resultsOf([
      { op: 'set', key: 'a', value: 'ä', flags: 5, ttlSeconds: 50 },
      { op: 'get', key: 'a' },
      { op: 'add', key: 'a', value: 'b' },
      { op: 'append', key: 'a', valueBase64: '/w==' },
      { op: 'get', key: 'a' },
      { op: 'replace', key: 'none', value: 'b' },
      { op: 'increment', key: 'n', initial: '7' },
      { op: 'increment', key: 'n', by: '18446744073709551615' },
      { op: 'increment', key: 'a' },
      { op: 'touch', key: 'a' },
      { op: 'get', key: 'none' },
      { op: 'delete', key: 'a' },
      { op: 'delete', key: 'a' },
    ]);
    expect(statusesOf(results)).toEqual([204, 200, 412, 204, 200, 412, 200, 200, 409, 204, 404, 204, 404]);
    expect(results[1]).toMatchObject({ value: 'ä', flags: 5, ttlSeconds: 50, token: results[0]!.token });
    expect(results[4]).toMatchObject({ valueBase64: 'w6T/' });
    expect([results[6]!.number, results[7]!.number]).toEqual(['7', '6']);
    expect(results.flatMap(({ code }) => code ?? [])).toEqual([
      'PRECONDITION_FAILED',
      'PRECONDITION_FAILED',
      'NOT_A_NUMBER',
      'NOT_FOUND',
      'NOT_FOUND',
    ]);
  });

  it('may depend on a token', async () => {
    const [{ token } = { token: '' }] = await resultsOf([{ op: 'set', key: 'c', value: '1' }]);
    const results = await resultsOf([
      { op: 'set', key: 'c', value: '2', token },
      { op: 'set', key: 'c', value: '3', token },
      { op: 'delete', key: 'c', token },
      { op: 'delete', key: 'gone', token },
    ]);
    expect(statusesOf(results)).toEqual([204, 412, 412, 412]);
  });

  it('have keys of any bytes, also those that no path can name', async () => {
    const keys = ['.', '..', '%00%FF', 'a b', 'ü/%C3%BC'];
    await resultsOf(keys.map((key, at) => ({ op: 'set', key, value: String(at) })));
    const results = await resultsOf(keys.map((key) => ({ op: 'get', key })));
    expect(results.map(({ value }) => value)).toEqual(['0', '1', '2', '3', '4']);
    const read = await fetch(`http://127.0.0.1:${cluster.port}/v1/keys/%00%ff`);
    expect(await read.text()).toBe('2');
  });

  it('are one session', async () => {
    const answer = await batch(
      [
        { op: 'set', key: 'cart:1', value: '1' },
        { op: 'get', key: 'cart:1' },
      ],
      { 'Memchorus-Session': 'new' },
    );
    const token = answer.headers.get('memchorus-session')!;
    const [result] = await resultsOf([{ op: 'get', key: 'cart:1' }], { 'Memchorus-Session': token });
    expect(result).toMatchObject({ status: 200, value: '1' });
    const refused = await resultsOf([{ op: 'get', key: 'cart:1' }], { 'Memchorus-Session': 'x' });
    expect(refused[0]).toMatchObject({ status: 400, code: expect.stringMatching(/^TOKEN_/) });
  });

  it('end with an error each where the answer becomes too large, and not with the controller', async () => {
    const value = 'x'.repeat(500_000);
    await resultsOf([{ op: 'set', key: 'large', value }]);
    const results = await resultsOf(new Array(100).fill({ op: 'get', key: 'large' }));
    expect(results[0]!.value).toBe(value);
    expect(results.at(-1)).toMatchObject({ status: 429, code: 'OUT_OF_MEMORY', mayHaveHappened: false });
    expect(statusesOf(await resultsOf([{ op: 'get', key: 'large' }]))).toEqual([200]);
  });

  it.each([
    [[]],
    [[{ op: 'get' }]],
    [[{ op: 'fly', key: 'a' }]],
    [[{ op: 'get', key: '%zz' }]],
    [[{ op: 'set', key: 'a' }]],
    [[{ op: 'set', key: 'a', value: 'a', valueBase64: 'YQ==' }]],
    [[{ op: 'set', key: 'a', valueBase64: 'no!' }]],
    [[{ op: 'set', key: 'a', value: 'a', token: '18446744073709551616' }]],
    [[{ op: 'get', key: 'a', more: 1 }]],
    [new Array(1_001).fill({ op: 'get', key: 'a' })],
  ])('are refused as a whole where one is wrong: %j', async (operations: object[]) => {
    const answer = await batch(operations);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { code: string }).code).toBe('MALFORMED');
  });
});

interface Page {
  readonly entries: readonly { readonly key: string; readonly token: string; readonly valueBytes: number }[];
  readonly cursor: string | null;
}

async function pageOf(query: string): Promise<Page> {
  const answer = await fetch(`http://127.0.0.1:${cluster.port}/v1/keys?${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
}

async function listed(prefix: string, limit: number): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: Page = await pageOf(`prefix=${prefix}&limit=${limit}&cursor=${cursor}`);
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    keys.push(...page.entries.map(({ key }) => key));
    cursor = page.cursor;
  }
  return keys.sort();
}

describe('a listing', () => {
  const names = Array.from({ length: 230 }, (_, i) => `list:${String(i).padStart(3, '0')}`);

  it('names each key with the prefix once, whatever the size of its pages', async () => {
    await resultsOf(names.map((key) => ({ op: 'set', key, value: 'value' })));
    await resultsOf([{ op: 'set', key: 'cart:listed', value: '1' }]);
    for (const limit of [1, 7, 100, 1_000]) expect(await listed('list:', limit)).toEqual(names);
    expect(await listed('cart:l', 10)).toEqual(['cart:listed']);
    expect(await listed('none', 10)).toEqual([]);
  });

  it('tells what is known of an entry', async () => {
    using text = await TextClient.connect(cluster.port);
    await resultsOf([{ op: 'set', key: 'told one', value: 'value', ttlSeconds: 100 }]);
    const { entries } = await pageOf('prefix=told%20o&limit=1000');
    expect(entries).toEqual([
      {
        key: textOfKey('told one'),
        token: (await fetch(`http://127.0.0.1:${cluster.port}/v1/keys/told%20one`)).headers
          .get('etag')!
          .slice(1, -1),
        expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
        valueBytes: 5,
      },
    ]);
    await text.ask('delete list:000\r\n');
    expect(await listed('list:', 1_000)).toEqual(names.slice(1));
  });

  it('refuses a cursor of another run', async () => {
    for (const cursor of ['x', '0.0.0', 'abc.0.5']) {
      const answer = await fetch(`http://127.0.0.1:${cluster.port}/v1/keys?cursor=${cursor}`);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        400,
        'CURSOR_UNKNOWN',
      ]);
    }
  });
});
