import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_LEVELS } from '../support/basic-cluster-tests.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { NpmClient } from '../support/npm-memcached.ts';
import { describeWith, run, succeeds } from '../support/programs.ts';

const PYTHON = '/usr/bin/python3';
const hasPymemcache = succeeds(PYTHON, ['-c', 'import pymemcache']);
const hasMemccapable = succeeds('sh', ['-c', 'command -v memccapable']);

let cluster: Cluster;
let clients: NpmClient[];

describe.each(ALL_LEVELS)('%s: third-party clients', (level) => {
  beforeAll(async () => {
    cluster = await startCluster({ level, store: 'custom' });
  });
  afterAll(() => cluster?.stop());

  describe('memcached of npm', () => {
    beforeAll(() => {
      clients = cluster.ports.map((port) => new NpmClient([`127.0.0.1:${port}`]));
    });
    afterAll(() => {
      for (const client of clients) client.end();
    });

    entryTests(level);
    clusterTests(level);
  });

  describeWith('pymemcache (python3-pymemcache)', hasPymemcache, () => {
    it('passes every check of the script', async () => {
      const script = join(import.meta.dirname, '../support/pymemcache-check.py');
      const atOnce = level === 'linearizability' ? 'yes' : 'no';
      const { code, printed } = await run(PYTHON, [script, atOnce, ...cluster.ports.map(String)]);
      expect(printed).toBe('all well\n');
      expect(code).toBe(0);
    });
  });

  describeWith('memccapable (libmemcached-tools)', hasMemccapable, () => {
    it('passes every test of the text protocol', async () => {
      const port = cluster.ports[ALL_LEVELS.indexOf(level) % cluster.ports.length]!;
      const { code, printed } = await run('memccapable', [
        '-h',
        '127.0.0.1',
        '-p',
        `${port}`,
        '-a',
        '-t',
        '60',
      ]);
      expect(printed).toContain('All tests passed');
      expect(printed).not.toContain('[FAIL]');
      expect(code).toBe(0);
    });
  });
});

async function seenByAll(level: string, key: string, value: unknown): Promise<void> {
  for (const client of clients) {
    const check = async (): Promise<void> => expect(await client.call('get', key)).toEqual(value);
    if (level === 'linearizability') await check();
    else await eventually(check);
  }
}

function entryTests(level: string): void {
  it('stores texts, numbers and objects', async () => {
    const values = { text: 'märchen', number: 42, object: { of: ['things'] }, long: 'x'.repeat(200_000) };
    for (const [key, value] of Object.entries(values)) {
      expect(await clients[0]!.call('set', key, value, 1000)).toBe(true);
      await seenByAll(level, key, value);
    }
    expect(await clients[1]!.call('getMulti', [...Object.keys(values), 'missing'])).toEqual(values);
  });

  it('understands the replies to conditional writes', async () => {
    const [first, second, third] = clients;
    expect(await first!.call('add', 'conditional', 'one', 0)).toBe(true);
    await seenByAll(level, 'conditional', 'one');
    await expect(second!.call('add', 'conditional', 'two', 0)).rejects.toThrow('not stored');
    expect(await third!.call('replace', 'conditional', 'three', 0)).toBe(true);
    await seenByAll(level, 'conditional', 'three');
    expect(await first!.call('append', 'conditional', '!')).toBe(true);
    await seenByAll(level, 'conditional', 'three!');
    const { cas } = await first!.call<{ cas: string }>('gets', 'conditional');
    expect(await second!.call('cas', 'conditional', 'four', cas, 0)).toBe(true);
    await seenByAll(level, 'conditional', 'four');
    expect(await third!.call('cas', 'conditional', 'five', cas, 0)).toBe(false);
  });
}

function clusterTests(level: string): void {
  it('counts, touches, deletes and flushes', async () => {
    const [first, second, third] = clients;
    await first!.call('set', 'counted', 10, 0);
    await seenByAll(level, 'counted', 10);
    expect(await second!.call('incr', 'counted', 5)).toBe(15);
    await seenByAll(level, 'counted', 15);
    expect(await third!.call('touch', 'counted', 1000)).toBe(true);
    await seenByAll(level, 'counted', 15);
    expect(await first!.call('del', 'counted')).toBe(true);
    await seenByAll(level, 'counted', undefined);
    await second!.call('set', 'flushed', 'x', 0);
    await seenByAll(level, 'flushed', 'x');
    await first!.call('flush');
    await seenByAll(level, 'flushed', undefined);
  });

  it('reads the version and statistics', async () => {
    const [{ version }] = (await clients[0]!.call<{ version: string }[]>('version')) as [{ version: string }];
    expect(version).toMatch(/^1\./);
    const [stats] = await clients[0]!.call<Record<string, unknown>[]>('stats');
    expect(stats).toMatchObject({ memchorus_level: level });
  });

  it('spreads keys over all controllers, each of which serves all keys', async () => {
    const spread = new NpmClient(cluster.ports.map((port) => `127.0.0.1:${port}`));
    for (let at = 0; at < 50; at++) expect(await spread.call('set', `spread-${at}`, `${at}`, 0)).toBe(true);
    for (let at = 0; at < 50; at++) await seenByAll(level, `spread-${at}`, `${at}`);
    spread.end();
  });
}
