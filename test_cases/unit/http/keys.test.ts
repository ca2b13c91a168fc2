import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOfKey } from '../../../src/http/key-text.ts';
import { LocalControllers } from '../../support/local-controllers.ts';
import { TextClient } from '../../support/text-client.ts';

let cluster: LocalControllers;
beforeAll(async () => {
  cluster = await LocalControllers.start(1, { item_size_max: '4k', keyspaces: 'carts=cart::causal' });
});
afterAll(() => cluster.stop());

type Options = Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> };

const ask = (path: string, options: Options = {}) =>
  fetch(`http://127.0.0.1:${cluster.port}/v1/keys/${path}`, options);
const put = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  ask(path, { method: 'PUT', body, headers });
const codeOf = async (response: Response) => ((await response.json()) as { readonly code: string }).code;
const statusAndCode = async (response: Response) => [response.status, await codeOf(response)];

describe('an entry over HTTP', () => {
  it('is stored, read, looked at and deleted', async () => {
    const stored = await put('a', 'value', { 'Memchorus-Flags': '7', 'Memchorus-Ttl-Seconds': '100' });
    expect(stored.status).toBe(204);
    const read = await ask('a');
    expect([read.status, await read.text()]).toEqual([200, 'value']);
    expect(read.headers.get('etag')).toBe(stored.headers.get('etag'));
    expect(read.headers.get('memchorus-flags')).toBe('7');
    expect(Number(read.headers.get('memchorus-ttl-seconds'))).toBeGreaterThan(98);
    expect(read.headers.get('content-type')).toBe('application/octet-stream');
    const looked = await ask('a', { method: 'HEAD' });
    expect([looked.status, looked.headers.get('content-length'), await looked.text()]).toEqual([
      200,
      '5',
      '',
    ]);
    expect((await ask('a', { method: 'DELETE' })).status).toBe(204);
    expect(await statusAndCode(await ask('a'))).toEqual([404, 'NOT_FOUND']);
    expect(await statusAndCode(await ask('a', { method: 'DELETE' }))).toEqual([404, 'NOT_FOUND']);
  });

  it('is the same entry as over the text protocol', async () => {
    using text = await TextClient.connect(cluster.port);
    await put('shared', 'over http', { 'Memchorus-Flags': '3' });
    const found = await text.find('shared');
    expect([found!.value.toString(), found!.flags]).toEqual(['over http', 3]);
    expect(`"${found!.cas}"`).toBe((await ask('shared')).headers.get('etag'));
    await text.store('set', 'shared', 'over text');
    expect(await (await ask('shared')).text()).toBe('over text');
  });

  it('has any bytes, in its key as in its value', async () => {
    const bytes = (maxLength: number) => fc.uint8Array({ minLength: 1, maxLength });
    await fc.assert(
      fc.asyncProperty(bytes(249), bytes(300), async (keyBytes, value) => {
        // No other test has keys that begin with this byte. Clients resolve the keys `.` and `..` in a path.
        const path = textOfKey(Buffer.from([1, ...keyBytes]).toString('latin1'));
        expect((await put(path, value as Uint8Array<ArrayBuffer>)).status).toBe(204);
        expect(Buffer.from(await (await ask(path)).arrayBuffer())).toEqual(Buffer.from(value));
      }),
      { numRuns: 100 },
    );
  });

  it('may be empty', async () => {
    expect((await put('empty', '')).status).toBe(204);
    const read = await ask('empty');
    expect([read.status, await read.text(), read.headers.get('content-length')]).toEqual([200, '', '0']);
  });

  it('takes a body as it is, whatever its type', async () => {
    for (const type of ['application/json', 'text/html', 'multipart/form-data; boundary=x']) {
      expect((await put('typed', '{broken', { 'Content-Type': type })).status).toBe(204);
      const read = await ask('typed');
      expect([await read.text(), read.headers.get('content-type')]).toEqual([
        '{broken',
        'application/octet-stream',
      ]);
      expect(read.headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('is refused with a key that no entry can have', async () => {
    expect(await statusAndCode(await put('k'.repeat(251), 'v'))).toEqual([400, 'KEY_REFUSED']);
    expect((await put('k'.repeat(250), 'v')).status).toBe(204);
    expect(await statusAndCode(await ask('%zz'))).toEqual([400, 'MALFORMED']);
    expect(await statusAndCode(await ask(''))).toEqual([400, 'KEY_REFUSED']);
  });

  it('is refused where it is too large, by its length or as it comes', async () => {
    expect(await statusAndCode(await put('large', 'x'.repeat(4_096)))).toEqual([413, 'VALUE_TOO_LARGE']);
    expect(await statusAndCode(await put('large', 'x'.repeat(100_000)))).toEqual([413, 'BODY_TOO_LARGE']);
    const chunks = new ReadableStream({
      start: (controller) => {
        for (let i = 0; i < 100; i++) controller.enqueue(Buffer.alloc(1_000));
        controller.close();
      },
    });
    const answer = await ask('large', { method: 'PUT', body: chunks, duplex: 'half' } as Options);
    expect(await statusAndCode(answer)).toEqual([413, 'BODY_TOO_LARGE']);
    expect((await ask('large')).status).toBe(404);
  });

  it.each([
    ['Memchorus-Flags', '-1'],
    ['Memchorus-Flags', '4294967296'],
    ['Memchorus-Ttl-Seconds', '0'],
    ['Memchorus-Ttl-Seconds', 'soon'],
    ['Memchorus-Timeout-Ms', '0'],
    ['If-Match', 'no-quotes'],
    ['If-None-Match', '"1"'],
  ])('is refused with %s: %s', async (name, value) => {
    expect(await statusAndCode(await put('odd', 'v', { [name]: value }))).toEqual([400, 'MALFORMED']);
  });

  it('that expires in more than 30 days still expires', async () => {
    await put('long', 'v', { 'Memchorus-Ttl-Seconds': '5000000' });
    const left = Number((await ask('long')).headers.get('memchorus-ttl-seconds'));
    expect(left).toBeGreaterThan(4_999_990);
    expect(left).toBeLessThanOrEqual(5_000_000);
  });
});

describe('conditions', () => {
  it('If-None-Match: * stores only where there is no entry', async () => {
    expect((await put('once', '1', { 'If-None-Match': '*' })).status).toBe(204);
    expect(await statusAndCode(await put('once', '2', { 'If-None-Match': '*' }))).toEqual([
      412,
      'PRECONDITION_FAILED',
    ]);
    expect(await (await ask('once')).text()).toBe('1');
  });

  it('If-Match stores and deletes only the entry with that tag', async () => {
    const first = (await put('cas', '1')).headers.get('etag')!;
    const second = (await put('cas', '2', { 'If-Match': first })).headers.get('etag')!;
    expect(second).not.toBe(first);
    for (const tag of [first, '"0"', '"x"', 'W/"1"', '"99999999999999999999"']) {
      expect((await put('cas', '3', { 'If-Match': tag })).status).toBe(412);
      expect((await ask('cas', { method: 'DELETE', headers: { 'If-Match': tag } })).status).toBe(412);
    }
    expect(await (await ask('cas')).text()).toBe('2');
    expect((await ask('cas', { method: 'DELETE', headers: { 'If-Match': second } })).status).toBe(204);
    expect((await put('cas', '4', { 'If-Match': second })).status).toBe(412);
  });

  it('If-Match: * stores only where there is an entry', async () => {
    expect((await put('replaced', '1', { 'If-Match': '*' })).status).toBe(412);
    await put('replaced', '1');
    expect((await put('replaced', '2', { 'If-Match': '*' })).status).toBe(204);
  });

  it('a read with the tag of the entry is answered without a body', async () => {
    const tag = (await put('cached', 'v')).headers.get('etag')!;
    const same = await ask('cached', { headers: { 'If-None-Match': `"1", ${tag}` } });
    expect([same.status, await same.text(), same.headers.get('etag')]).toEqual([304, '', tag]);
    expect((await ask('cached', { headers: { 'If-None-Match': '"1"' } })).status).toBe(200);
  });
});

describe('changes of an entry', () => {
  const post = (path: string, options: Options = {}) => ask(path, { method: 'POST', ...options });

  it('counts', async () => {
    expect(await statusAndCode(await post('n/increment'))).toEqual([404, 'NOT_FOUND']);
    expect(await (await post('n/increment?initial=18446744073709551615')).json()).toEqual({
      value: '18446744073709551615',
    });
    expect(await (await post('n/increment?by=6')).json()).toEqual({ value: '5' });
    const counted = await post('n/decrement?by=2');
    expect(await counted.json()).toEqual({ value: '3' });
    expect(counted.headers.get('etag')).toBe((await ask('n')).headers.get('etag'));
    expect(await (await post('n/decrement?by=9')).json()).toEqual({ value: '0' });
    expect(await statusAndCode(await post('n/increment?by=18446744073709551616'))).toEqual([
      400,
      'MALFORMED',
    ]);
    expect(await statusAndCode(await post('n/increment?by=-1'))).toEqual([400, 'MALFORMED']);
    await put('word', 'abc');
    expect(await statusAndCode(await post('word/increment'))).toEqual([409, 'NOT_A_NUMBER']);
  });

  it('adds to a value, and keeps its flags', async () => {
    expect(await statusAndCode(await post('j/append', { body: 'x' }))).toEqual([409, 'NOT_STORED']);
    await put('j', 'b', { 'Memchorus-Flags': '9' });
    expect((await post('j/append', { body: 'c' })).status).toBe(204);
    const joined = await post('j/prepend', { body: 'a' });
    const read = await ask('j');
    expect([await read.text(), read.headers.get('memchorus-flags')]).toEqual(['abc', '9']);
    expect(read.headers.get('etag')).toBe(joined.headers.get('etag'));
    expect(await statusAndCode(await post('j/append', { body: 'x'.repeat(4_030) }))).toEqual([
      409,
      'NOT_STORED',
    ]);
  });

  it('gives another expiry, or none', async () => {
    expect((await post('t/touch')).status).toBe(404);
    await put('t', 'v');
    expect((await post('t/touch', { headers: { 'Memchorus-Ttl-Seconds': '50' } })).status).toBe(204);
    expect(Number((await ask('t')).headers.get('memchorus-ttl-seconds'))).toBeGreaterThan(48);
    expect((await post('t/touch')).status).toBe(204);
    expect((await ask('t')).headers.get('memchorus-ttl-seconds')).toBeNull();
  });
});

describe('levels, bounds and sessions', () => {
  it('a read tells the level that served it, and may not ask for a stronger one', async () => {
    await put('l', 'v');
    const read = await ask('l', { headers: { 'Memchorus-Level': 'eventual' } });
    expect([read.status, read.headers.get('memchorus-level')]).toEqual([200, 'sequential']);
    const strong = await ask('l', { headers: { 'Memchorus-Level': 'linearizability' } });
    expect(await statusAndCode(strong)).toEqual([400, 'LEVEL_TOO_STRONG']);
    const unknown = await ask('l', { headers: { 'Memchorus-Level': 'strong' } });
    expect(await statusAndCode(unknown)).toEqual([400, 'LEVEL_UNKNOWN']);
  });

  it('a read with a bound tells its age', async () => {
    await put('b', 'v');
    const read = await ask('b', { headers: { 'Memchorus-Max-Stale-Ms': '5000' } });
    expect(read.status).toBe(200);
    expect(Number(read.headers.get('memchorus-age-ms'))).toBeLessThanOrEqual(5_000);
    const both = { 'Memchorus-Max-Stale-Ms': '1', 'Memchorus-Level': 'eventual' };
    expect(await statusAndCode(await ask('b', { headers: both }))).toEqual([400, 'MALFORMED']);
  });

  it('a session goes on by its token, over HTTP and over text', async () => {
    const token = (await put('cart:1', 'v', { 'Memchorus-Session': 'new' })).headers.get(
      'memchorus-session',
    )!;
    const read = await ask('cart:1', { headers: { 'Memchorus-Session': token } });
    expect(await read.text()).toBe('v');
    expect(read.headers.get('memchorus-session')).toMatch(/^\S+$/);
    using text = await TextClient.connect(cluster.port);
    expect(await text.ask(`session ${token}\r\n`)).toBe('OK');
    for (const broken of ['x', token.slice(0, -2)]) {
      const answer = await ask('cart:1', { headers: { 'Memchorus-Session': broken } });
      expect(await statusAndCode(answer)).toEqual([400, expect.stringMatching(/^TOKEN_/)]);
    }
  });

  it('a look at a stale entry leaves the right to recache it to another client', async () => {
    using text = await TextClient.connect(cluster.port);
    await put('stale', 'v');
    expect(await text.ask('md stale I\r\n')).toBe('HD');
    expect((await ask('stale')).status).toBe(200);
    expect(await text.ask('mg stale t\r\n')).toContain(' W');
  });
});
