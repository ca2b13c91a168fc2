import { Ajv } from 'ajv';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROBLEM } from '../../../src/http/schemas/problem.ts';
import { READINESS, STATUS } from '../../../src/http/schemas/status.ts';
import { LocalControllers } from '../../support/local-controllers.ts';

const ajv = new Ajv({ allErrors: true, strict: false });

let cluster: LocalControllers;
beforeAll(async () => {
  cluster = await LocalControllers.start(2, { keyspaces: 'sessions=session::causal' });
});
afterAll(() => cluster.stop());

async function bodyOf(path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${cluster.port}${path}`);
  return response.json();
}

it.each([
  ['/v1/controllers/self', STATUS],
  ['/readyz', { type: 'object', properties: { reads: READINESS, writes: READINESS } }],
  ['/none', PROBLEM],
  ['/%ff', PROBLEM],
])('the answer to %s has the fields that its schema names, and no others', async (path, schema) => {
  const validate = ajv.compile(schema);
  const body = await bodyOf(path);
  expect(validate(body) ? [] : validate.errors).toEqual([]);
});

it('the schema of the status refuses a body that lacks a field, or has another', async () => {
  const validate = ajv.compile(STATUS);
  const body = (await bodyOf('/v1/controllers/self')) as Record<string, unknown>;
  const { view: _, ...without } = body;
  expect(validate(without)).toBe(false);
  expect(validate({ ...body, more: 1 })).toBe(false);
});
