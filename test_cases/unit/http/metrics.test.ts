import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAMILIES } from '../../../src/controller/metrics/exposition/exposition.ts';
import { SLOW_REQUESTS } from '../../../src/http/schemas/slow-requests.ts';
import { LocalControllers } from '../../support/local-controllers.ts';
import { describeWith } from '../../support/programs.ts';
import { parseExposition, parserObstacle } from '../../support/prometheus-parser.ts';
import { HAS_PROMTOOL, promtool } from '../../support/promtool.ts';
import { TextClient } from '../../support/text-client.ts';

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0';

let cluster: LocalControllers;
beforeAll(async () => {
  cluster = await LocalControllers.start(2, {
    consistency: 'linearizability',
    keyspaces: 'sessions=session::eventual',
    slow_request_time: '0.001',
  });
  using client = await TextClient.connect(cluster.port);
  await client.set('greeting', 'hello');
  await client.set('session:1', 'hello');
  await client.get('greeting');
  await client.get('nothing');
});
afterAll(() => cluster.stop());

const url = (path: string) => `http://127.0.0.1:${cluster.port}${path}`;

async function exposed(accept = 'text/plain'): Promise<string> {
  const response = await fetch(url('/metrics'), { headers: { accept } });
  expect(response.status).toBe(200);
  return response.text();
}

/** The value of each sample, by its name and labels as they are written. */
async function samples(): Promise<ReadonlyMap<string, number>> {
  const lines = (await exposed()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ [^ ]+$/, ''), Number(line.split(' ').at(-1))]));
}

it('requests are counted by command and status as memcached_exporter does, and by command and level', async () => {
  const values = await samples();
  expect(values.get('memcached_up')).toBe(1);
  expect(values.get('memcached_commands_total{command="get",status="hit"}')).toBe(1);
  expect(values.get('memcached_commands_total{command="get",status="miss"}')).toBe(1);
  expect(values.get('memcached_commands_total{command="set",status="hit"}')).toBe(2);
  expect(values.get('memcached_current_items')).toBe(2);
  const counts = (labels: string) => values.get(`memchorus_request_duration_seconds_count{${labels}}`);
  expect(counts('command="get",level="linearizability"')).toBe(2);
  expect(counts('command="set",level="linearizability"')).toBe(1);
  expect(counts('command="set",level="eventual"')).toBe(1);
  expect(values.get('memchorus_agreement_duration_seconds_count')).toBe(1);
  expect(values.get('memchorus_keyspace_writes_total{keyspace="sessions"}')).toBe(1);
  expect(values.get('memchorus_reads_total{level="linearizability"}')).toBe(2);
});

it('the cluster is described: the view, the peers by their addresses, the keyspaces', async () => {
  const values = await samples();
  expect(values.get('memchorus_ready')).toBe(1);
  expect(values.get('memchorus_view_members')).toBe(2);
  expect(values.get('memchorus_views_installed_total')).toBeGreaterThan(0);
  expect(values.get(`memchorus_peer_up{peer="127.0.0.1:${cluster.ports[1]}"}`)).toBe(1);
  const labels = 'keyspace="sessions",prefix="session:",level="eventual",scheme="convergent"';
  expect(values.get(`memchorus_keyspace_info{${labels}}`)).toBe(1);
  expect(values.get('memchorus_event_loop_delay_seconds_count')).toBeGreaterThan(0);
});

it('names follow the conventions, each has HELP and TYPE once, and no sample comes twice', async () => {
  const names = FAMILIES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const wrong = FAMILIES.filter(({ name, type, help }) => {
    const isOwn = name.startsWith('memchorus_');
    const hasEnding = !isOwn || (type === 'counter') === name.endsWith('_total');
    const hasUnit = type !== 'histogram' || name.endsWith('_seconds');
    const isPlain = !/_(ms|milliseconds|count|sum|bucket)$|:/.test(name) && /^[a-z][a-z0-9_]+$/.test(name);
    return !hasEnding || !hasUnit || !isPlain || !/^[A-Z][^\n]*\.$/.test(help);
  });
  expect(wrong).toEqual([]);
  const lines = (await exposed()).split('\n');
  for (const word of ['# HELP', '# TYPE']) {
    const told = lines.filter((line) => line.startsWith(word)).map((line) => line.split(' ')[2]);
    expect(new Set(told).size).toBe(told.length);
  }
  const keys = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ [^ ]+$/, ''));
  expect(new Set(keys).size).toBe(keys.length);
});

describe('the format', () => {
  it('is what the client asks for', async () => {
    const plain = await fetch(url('/metrics'));
    expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(plain.headers.get('vary')).toBe('accept');
    const open = await fetch(url('/metrics'), { headers: { accept: OPENMETRICS } });
    expect(open.headers.get('content-type')).toBe(`${OPENMETRICS}; charset=utf-8`);
    expect(await open.text()).toMatch(/\n# EOF\n$/);
  });

  it.skipIf(parserObstacle !== null).each(['text', 'openmetrics'] as const)(
    `%s is read by a parser that is not ours ${parserObstacle ?? ''}`,
    async (format) => {
      const families = parseExposition(await exposed(format === 'text' ? 'text/plain' : OPENMETRICS), format);
      const known = new Set(FAMILIES.map(({ name }) => name));
      const all = families.flatMap((family) => family.samples);
      expect(families.length).toBeGreaterThan(80);
      expect(
        all.filter(
          ({ name }) => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count|total)$/, '')),
        ),
      ).toEqual([]);
      expect(families.filter(({ type }) => type === 'histogram').length).toBeGreaterThan(5);
    },
  );
});

describeWith('promtool (Debian: prometheus)', HAS_PROMTOOL, () => {
  it('has one complaint, about a name that memcached_exporter has as well', async () => {
    const { printed } = promtool(['check', 'metrics'], await exposed('text/plain'));
    expect(printed.trim().split('\n')).toEqual([
      'memcached_uptime_seconds counter metrics should have "_total" suffix',
    ]);
  });
});

describe('the slow requests', () => {
  it('are told as their schema says, as many as asked for, and forgotten', async () => {
    using client = await TextClient.connect(cluster.port);
    await client.set('large', 'x'.repeat(900_000));
    await client.set('large', 'x'.repeat(900_000));
    const validate = new Ajv({ strict: false }).compile(SLOW_REQUESTS);
    const report = async (query = '') => (await fetch(url(`/v1/slow-requests${query}`))).json();
    const all = (await report()) as { readonly kept: number; readonly requests: readonly unknown[] };
    expect(validate(all) ? [] : validate.errors).toEqual([]);
    expect(all.requests.length).toBe(all.kept);
    expect(all.kept).toBeGreaterThan(1);
    expect(await report('?count=1')).toMatchObject({
      kept: all.kept,
      requests: all.requests.slice(0, 1),
    });
    expect((await fetch(url('/v1/slow-requests'), { method: 'DELETE' })).status).toBe(204);
    expect(await report()).toMatchObject({ kept: 0, requests: [] });
  });

  it.each(['?count=0', '?count=x', '?count=-1'])('%s is refused', async (query) => {
    const response = await fetch(url(`/v1/slow-requests${query}`));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'MALFORMED' });
  });
});
