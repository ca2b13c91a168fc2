import { Ajv2020 as Ajv } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalControllers } from '../../support/local-controllers.ts';

interface Described {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly responses: Readonly<Record<string, Described>>;
}

interface OpenApi {
  readonly openapi: string;
  readonly components: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let cluster: LocalControllers;
let openapi: OpenApi;
beforeAll(async () => {
  cluster = await LocalControllers.start(1, { keyspaces: 'carts=cart::causal' });
  openapi = (await (await ask('/openapi.json')).json()) as OpenApi;
});
afterAll(() => cluster.stop());

const ask = (path: string, options: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${cluster.port}${path}`, {
    ...options,
    headers: { Accept: '*/*', ...options.headers },
  });

const operations = () => Object.values(openapi.paths).flatMap((methods) => Object.values(methods));

/** The first bytes of an answer that does not end. */
async function beginningOf({ body }: Response): Promise<string> {
  const reader = body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Buffer.from(value!).toString();
}

/** What is wrong with an answer, by the description of its operation. */
async function flawsOf(path: string, method: string, answer: Response): Promise<unknown[]> {
  const operation = openapi.paths[path]?.[method];
  const described = operation?.responses[answer.status] ?? operation?.responses.default;
  if (described === undefined) return [`${answer.status} of ${method} ${path} is not described`];
  const isStream = answer.headers.get('content-type') === 'text/event-stream';
  const text = isStream ? await beginningOf(answer) : await answer.text();
  if (described.content === undefined) return text === '' ? [] : [`a body that is not described: ${text}`];
  const type = (answer.headers.get('content-type') ?? '').split(';')[0]!;
  const schema = described.content[type]?.schema;
  if (schema === undefined) return [`a body of type ${type}`];
  if (!type.endsWith('json')) return [];
  const validate = new Ajv({ strict: false }).compile({ ...schema, components: openapi.components });
  return validate(JSON.parse(text)) ? [] : [...(validate.errors ?? []), text];
}

it('is OpenAPI 3.1, with an id and words for every operation, and something to resolve every reference', () => {
  expect(openapi.openapi).toMatch(/^3\.1\./);
  const ids = operations().map(({ operationId }) => operationId);
  expect(ids.length).toBeGreaterThan(10);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { summary, responses } of operations()) {
    expect(summary).not.toBe('');
    for (const described of Object.values(responses)) expect(described.description).toBeTypeOf('string');
  }
  const references = [...JSON.stringify(openapi).matchAll(/"\$ref":"([^"]*)"/g)].map(([, name]) => name);
  expect(new Set(references)).toEqual(new Set(['#/components/schemas/Problem']));
  expect(openapi.components).toHaveProperty('schemas.Problem.properties.code');
});

it('describes what every route without a parameter answers', async () => {
  const paths = Object.keys(openapi.paths).filter(
    (path) => !path.includes('{') && 'get' in openapi.paths[path]!,
  );
  expect(paths).toContain('/v1/controllers/self');
  for (const path of paths) expect([path, await flawsOf(path, 'get', await ask(path))]).toEqual([path, []]);
});

it.each([
  ['put', '/v1/keys/{key}', '/v1/keys/a', { body: 'v' }],
  ['get', '/v1/keys/{key}', '/v1/keys/a', {}],
  ['get', '/v1/keys/{key}', '/v1/keys/none', {}],
  ['put', '/v1/keys/{key}', '/v1/keys/a', { body: 'v', headers: { 'If-None-Match': '*' } }],
  ['put', '/v1/keys/{key}', '/v1/keys/a', { body: 'v', headers: { 'Memchorus-Flags': 'x' } }],
  ['post', '/v1/keys/{key}/append', '/v1/keys/a/append', { body: 'w' }],
  ['post', '/v1/keys/{key}/increment', '/v1/keys/a/increment', {}],
  ['post', '/v1/keys/{key}/increment', '/v1/keys/n/increment?initial=5', {}],
  ['post', '/v1/keys/{key}/touch', '/v1/keys/n/touch', {}],
  ['delete', '/v1/keys/{key}', '/v1/keys/a', {}],
  ['delete', '/v1/keys/{key}', '/v1/keys/a', {}],
  ['put', '/v1/keyspaces/{name}', '/v1/keyspaces/default', json({ level: 'linearizability' })],
  ['put', '/v1/keyspaces/{name}', '/v1/keyspaces/default', json({ level: 'cancel' })],
  ['put', '/v1/keyspaces/{name}', '/v1/keyspaces/default', json({ level: 'pause' })],
  ['put', '/v1/keyspaces/{name}', '/v1/keyspaces/pages', json({ level: 'sequential', prefix: 'page:' })],
  ['put', '/v1/keyspaces/{name}', '/v1/keyspaces/default', json({})],
  ['delete', '/v1/keyspaces/{name}', '/v1/keyspaces/pages', {}],
  ['delete', '/v1/keyspaces/{name}', '/v1/keyspaces/none', {}],
  ['delete', '/v1/keyspaces/{name}', '/v1/keyspaces/default', {}],
  ['put', '/v1/keyspaces/{name}', '/v1/keyspaces/none', json({ level: 'causal' })],
  ['put', '/v1/keyspaces/{name}', '/v1/keyspaces/default', json({ level: 'none' })],
  ['put', '/v1/keyspaces/{name}', '/v1/keyspaces/default', { body: 'level=causal' }],
  ['get', '/v1/members', '/v1/members', {}],
  ['post', '/v1/members', '/v1/members', json({ controller: '0' })],
  ['post', '/v1/members', '/v1/members', json({ controller: 'nobody' })],
  ['post', '/v1/members', '/v1/members', json({})],
  ['post', '/v1/members/forced-removal', '/v1/members/forced-removal', json({ controllers: ['1'] })],
  ['post', '/v1/members/forced-removal', '/v1/members/forced-removal', json({})],
  ['delete', '/v1/members/{controller}', '/v1/members/0', {}],
  ['delete', '/v1/members/{controller}', '/v1/members/9', {}],
] as const)('describes the answer to %s %s (%s)', async (method, path, url, options: RequestInit) => {
  const answer = await ask(url, { ...options, method: method.toUpperCase() });
  expect(answer.status).not.toBe(500);
  expect(await flawsOf(path, method, answer)).toEqual([]);
});

function json(body: object): RequestInit {
  return { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

it('keyspaces are added, changed and removed, and what cannot be changed is refused', async () => {
  const change = async (name: string, body: object | null) => {
    const options = body === null ? { method: 'DELETE' } : { method: 'PUT', ...json(body) };
    const answer = await ask(`/v1/keyspaces/${name}`, options);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const changed = await change('default', { level: 'sequential' });
  expect([changed.status, changed.body.keyspaces]).toEqual([
    200,
    expect.arrayContaining([expect.objectContaining({ name: 'default', level: 'sequential' })]),
  ]);
  const prefixOfUsers = async (body: object) => {
    const { keyspaces } = (await change('users', body)).body as {
      keyspaces: { name: string; prefix: string }[];
    };
    return keyspaces.find(({ name }) => name === 'users')?.prefix;
  };
  expect(await prefixOfUsers({ level: 'sequential', prefix: 'user:' })).toBe('user:');
  expect(await prefixOfUsers({ prefix: 'u:' })).toBe('u:');
  const both = await change('users', { level: 'linearizability', prefix: 'user:' });
  expect([both.status, both.body.code]).toEqual([409, 'KEYSPACE_FIXED']);
  const chained = await change('users', { level: 'causal', scheme: 'chain' });
  expect([chained.status, chained.body.code]).toEqual([409, 'KEYSPACE_FIXED']);
  expect((await change('users', { scheme: 'broadcast' })).status).toBe(200);
  expect((await change('users', null)).status).toBe(200);
  expect((await change('users', null)).status).toBe(404);
  const fixed = await change('default', null);
  expect([fixed.status, fixed.body.code]).toEqual([409, 'KEYSPACE_FIXED']);
  expect((await change('none', { level: 'causal' })).status).toBe(404);
});
