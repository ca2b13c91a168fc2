import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MiniKvNode } from '../../support/minikv-node.ts';
import { TextClient } from '../../support/text-client.ts';

let node: MiniKvNode;

beforeAll(async () => {
  node = await MiniKvNode.start();
});

afterAll(() => node.stop());

const JSON_TYPE = 'application/json; charset=utf-8';

async function put(key: string, value: string): Promise<void> {
  const path = `/put?key=${encodeURIComponent(key)}`;
  expect(await node.post(path, `{"value":${value}}`)).toEqual({ status: 200, type: JSON_TYPE, text: '{}' });
}

async function valueAt(key: string): Promise<string> {
  const { status, type, text } = await node.get(`/get?key=${encodeURIComponent(key)}`);
  expect([status, type]).toEqual([200, JSON_TYPE]);
  return /^\{"value":(.*)\}$/s.exec(text)![1]!;
}

describe('a node of MiniKV', () => {
  it('has no entries at first', async () => {
    const { status, type, text } = await node.get('/');
    expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('<title>MiniKV</title>');
    expect(text).toContain('Found no entries in the database.');
  });

  it('answers null for a key that is not there', async () => {
    expect(await valueAt('missing')).toBe('null');
  });

  it.each([
    ['a text', '"text"'],
    ['null', 'null'],
    ['a number with a fraction of zero', '1.0'],
    ['more digits than a double has', '12345678901234567890.12345678901234567890'],
    ['a number beyond the range of doubles', '1e999'],
    ['minus zero', '-0'],
    ['an object', '{"b":[1,2.50,{"c":null}],"a":true,"__proto__":{"x":1}}'],
    ['half of a pair of surrogates', '"\\ud800"'],
    ['quotes and line ends', '"\\"\\n\\\\"'],
  ])('gives a value back as it was: %s', async (_, value) => {
    await put('value', value);
    expect(await valueAt('value')).toBe(value);
  });

  it.each([
    ['empty', ''],
    ['with a space and a plus sign', 'a b+c'],
    ['with a slash and an ampersand', 'a/b&c=d'],
    ['in another script', 'ключ 鍵 🔑'],
    ['of 10,000 characters', 'k'.repeat(10_000)],
  ])('takes a key that is %s', async (_, key) => {
    await put(key, '"one"');
    await put(key, '"two"');
    expect(await valueAt(key)).toBe('"two"');
    expect(await valueAt(`${key}x`)).toBe('null');
  });

  it('keeps a value of a megabyte, less what is stored beside it', async () => {
    const value = JSON.stringify('v'.repeat(1_048_000));
    await put('large', value);
    expect(await valueAt('large')).toBe(value);
  });
});

describe('a request that is wrong', () => {
  it.each([
    ['a read without a key', 'GET', '/get', '', 400],
    ['a read with two keys', 'GET', '/get?key=a&key=b', '', 400],
    ['a write without a key', 'POST', '/put', '{"value":1}', 400],
    ['a write without a body', 'POST', '/put?key=a', '', 400],
    ['a write without a value', 'POST', '/put?key=a', '{"valu":1}', 400],
    ['a body that is a number', 'POST', '/put?key=a', '5', 400],
    ['a body that is null', 'POST', '/put?key=a', 'null', 400],
    ['a body that is no JSON', 'POST', '/put?key=a', '{"value":', 400],
    ['a body with NaN', 'POST', '/put?key=a', '{"value":NaN}', 400],
    ['a body that is nested too deeply', 'POST', '/put?key=a', `{"value":${'['.repeat(400_000)}`, 400],
    ['a value that is too large', 'POST', '/put?key=a', `{"value":"${'v'.repeat(1_048_500)}"}`, 413],
    ['a path that is not there', 'GET', '/list', '', 404],
  ])('is answered with an error in JSON: %s', async (_, method, path, body, status) => {
    const answer = method === 'GET' ? await node.get(path) : await node.post(path, body);
    expect([answer.status, answer.type]).toEqual([status, JSON_TYPE]);
    expect(JSON.parse(answer.text)).toMatchObject({ status });
  });

  it('refuses bytes that are no text', async () => {
    const answer = await node.post('/put?key=a', Buffer.from('{"value":"\xff"}', 'latin1'));
    expect(answer.status).toBe(400);
  });
});

describe('the page of all entries', () => {
  it('lists them with the oldest key first, and lets no value be taken for HTML', async () => {
    const other = await MiniKvNode.start();
    const write = (key: string, value: string) =>
      other.post(`/put?key=${encodeURIComponent(key)}`, `{"value":${value}}`);
    await write('z', '"first"');
    await write('<script>', '"<b>&\'\\"</b>"');
    await write('a', '{"n":1.0}');
    await write('k'.repeat(300), 'null');
    await write('z', '"again"');
    const { text } = await other.get('/');
    await other.stop();
    expect(text.match(/<li>.*<\/li>/g)).toEqual([
      '<li>z: again</li>',
      '<li>&lt;script&gt;: &lt;b&gt;&amp;&#39;&quot;&lt;/b&gt;</li>',
      '<li>a: {&quot;n&quot;:1.0}</li>',
      `<li>${'k'.repeat(300)}: null</li>`,
    ]);
    expect(text).toContain('Found the following entries:');
  });

  it('leaves out what another client than MiniKV has stored', async () => {
    const other = await MiniKvNode.start();
    await other.post('/put?key=own', '{"value":1}');
    const client = await TextClient.connect(other.port);
    await client.ask('set =foreign 0 0 7\r\n[1,"x\n1\r\n');
    await client.ask('set foreign 0 0 1\r\n1\r\n');
    client.close();
    const { status, text } = await other.get('/');
    await other.stop();
    expect(status).toBe(200);
    expect(text.match(/<li>.*<\/li>/g)).toEqual(['<li>own: 1</li>']);
  });
});

it('answers the commands of its page in the documentation as shown there', async () => {
  const page = readFileSync('docs/minikv.md', 'utf8');
  const examples = [...page.matchAll(/^ {4}\$ (curl .*)\n {4}(.*)$/gm)];
  expect(examples.length).toBe(2);
  for (const [, command, shown] of examples) {
    const real = command!.replace(':8080', `:${node.httpPort}`);
    const { stdout } = await promisify(execFile)('sh', ['-c', real]);
    expect(stdout).toBe(shown);
  }
});
