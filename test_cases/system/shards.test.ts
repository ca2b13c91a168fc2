import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { describeWith, run, succeeds } from '../support/programs.ts';
import type { TextClient } from '../support/text-client.ts';

/**
 * Six controllers with memcacheds: three shards on two controllers each, and two keyspaces with one replica of each, of
 * which one is at causal.
 */

const PYTHON = '/usr/bin/python3';
const hasPymemcache = succeeds(PYTHON, ['-c', 'import pymemcache']);
const hasMemccapable = succeeds('sh', ['-c', 'command -v memccapable']);

const CONTROLLERS = 6;
const KEYS = Array.from({ length: 30 }, (_, i) => `key:${i}`);
const ALL = [...KEYS, ...KEYS.map((key) => `one:${key}`)];

interface ShardSeen {
  readonly keyspace: string;
  readonly shard: number;
  readonly controllers: readonly number[];
  readonly keys: number | null;
}

let cluster: Cluster;
let clients: TextClient[];

async function shardsOf(id: number): Promise<readonly ShardSeen[]> {
  return (await cluster.status(id)).shards;
}

async function httpValue(id: number, key: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${cluster.ports[id]}/v1/keys/${encodeURIComponent(key)}`);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer()).toString();
}

describeWithMemcached('keys that are spread over shards', () => {
  beforeAll(async () => {
    const flags = ['--keyspace', 'one=one::eventual/3x1', '--keyspace', 'together=together::causal/3x1'];
    cluster = await startCluster({
      level: 'eventual',
      controllers: CONTROLLERS,
      settings: { shards: '3', replicas: '2', durability: 'sync' },
      flags: Object.fromEntries(Array.from({ length: CONTROLLERS }, (_, id) => [id, flags])),
    });
    clients = await cluster.clients();
  });
  afterAll(() => cluster?.stop());

  it('are written and read at every controller, and each is where its shard is', async () => {
    for (const [i, key] of ALL.entries())
      expect(await clients[i % CONTROLLERS]!.set(key, `${i}`)).toBe('STORED');
    for (const client of clients)
      for (const [i, key] of ALL.entries())
        await eventually(async () => expect(await client.get(key)).toBe(`${i}`));
    for (const client of clients) {
      const found = await client.findAll(ALL.toReversed());
      expect([...found.keys()]).toEqual(ALL.toReversed());
    }
    const seen = (await Promise.all(clients.map((_, id) => shardsOf(id)))).flat();
    const copies = (keyspace: string) =>
      seen.filter((shard) => shard.keyspace === keyspace).reduce((sum, { keys }) => sum + (keys ?? 0), 0);
    expect([copies('default'), copies('one')]).toEqual([2 * KEYS.length, KEYS.length]);
  });

  it('are served over the meta commands and over HTTP', async () => {
    for (const [id, client] of clients.entries()) {
      expect(await client.ask('ms one:meta 2 F7\r\nhi\r\n')).toMatch(/^HD/);
      await eventually(async () => {
        expect(await client.ask('mg one:meta v f\r\n')).toBe('VA 2 f7');
        expect(await client.takeLine()).toBe('hi');
      });
      expect(await client.ask('mg one:none v\r\n')).toBe('EN');
      expect(await httpValue(id, 'one:meta')).toBe('hi');
    }
    expect(await clients[3]!.ask('md one:meta\r\n')).toBe('HD');
  });

  it('are told of by stats and by the metrics', async () => {
    let taken = 0;
    for (const [id, client] of clients.entries()) {
      const stats = new Map(await client.stats());
      const here = (await shardsOf(id)).filter(({ keys }) => keys !== null);
      for (const { keyspace, shard, controllers, keys } of here) {
        expect(stats.get(`memchorus_shard:${keyspace}:${shard}:controllers`)).toBe(controllers.join(','));
        expect(stats.get(`memchorus_shard:${keyspace}:${shard}:keys`)).toBe(`${keys}`);
        expect(stats.get(`memchorus_shard:${keyspace}:${shard}:ready`)).toBe('1');
      }
      expect(Number(stats.get('memchorus_hop_requests'))).toBeGreaterThan(0);
      taken += Number(stats.get('memchorus_hop_taken'));
      const metrics = await (await fetch(`http://127.0.0.1:${cluster.ports[id]}/metrics`)).text();
      expect(metrics).toContain('memchorus_shard_ready{keyspace="default",shard="2"} 1');
      expect(metrics).toMatch(/memchorus_hop_duration_seconds_count\{keyspace="one"\} [1-9]/);
    }
    // Which members of a shard are asked depends on who was heard when.
    expect(taken).toBeGreaterThan(0);
  });

  it('keep the order of pipelined requests for one key', async () => {
    for (const client of clients) {
      const key = 'one:order';
      client.send(`set ${key} 0 0 1\r\n1\r\nincr ${key} 1\r\nget ${key}\r\ndelete ${key}\r\nget ${key}\r\n`);
      const lines: string[] = [];
      while (lines.length < 7) lines.push(await client.takeLine());
      expect(lines).toEqual(['STORED', '2', `VALUE ${key} 0 1`, '2', 'END', 'DELETED', 'END']);
    }
  });

  describe('at causal', () => {
    const [cause, effect] = ['together:cause', 'together:effect'];

    it('show no effect before its cause, in whichever shards and on whichever controllers they are', async () => {
      for (let i = 0; i < 60; i++) {
        const [writer, reader] = [clients[i % CONTROLLERS]!, clients[(i + 1 + (i % 5)) % CONTROLLERS]!];
        expect(await writer.set(`${cause}:${i}`, `${i}`)).toBe('STORED');
        expect(await writer.set(`${effect}:${i}`, `${i}`)).toBe('STORED');
        await eventually(async () => expect(await reader.get(`${effect}:${i}`)).toBe(`${i}`));
        expect(await reader.get(`${cause}:${i}`)).toBe(`${i}`);
      }
    });

    it('are read by a session that a token carries to another controller', async () => {
      for (const [id, client] of clients.entries()) {
        for (const key of [cause, effect]) expect(await client.set(`${key}:token`, `${id}`)).toBe('STORED');
        const [, token] = (await client.ask('session\r\n')).split(' ');
        const other = clients[(id + 1) % CONTROLLERS]!;
        expect(await other.ask(`session ${token}\r\n`)).toBe('OK');
        expect(await other.get(`${effect}:token`)).toBe(`${id}`);
        expect(await other.get(`${cause}:token`)).toBe(`${id}`);
      }
    });
  });

  it('are all ended by a flush', async () => {
    expect(await clients[4]!.ask('flush_all\r\n')).toBe('OK');
    for (const client of clients)
      await eventually(async () => expect(await client.findAll(ALL)).toEqual(new Map()));
  });

  it('keep the level of their keyspace', async () => {
    expect(await clients[0]!.ask('keyspace one causal\r\n')).toMatch(/^CLIENT_ERROR .*several shards/);
  });

  describeWith('pymemcache (python3-pymemcache)', hasPymemcache, () => {
    it('passes every check of the script', async () => {
      const script = join(import.meta.dirname, '../support/pymemcache-check.py');
      const ports = cluster.ports.slice(0, 3).map(String);
      const { code, printed } = await run(PYTHON, [script, 'no', ...ports]);
      expect(printed).toBe('all well\n');
      expect(code).toBe(0);
    });
  });

  describeWith('memccapable (libmemcached-tools)', hasMemccapable, () => {
    it.each([['-a'], ['-b']])('passes every test of the protocol, %s', async (protocol) => {
      const words = ['-h', '127.0.0.1', '-p', `${cluster.ports[0]}`, protocol, '-t', '60'];
      const { code, printed } = await run('memccapable', words);
      expect(printed).toContain('All tests passed');
      expect(printed).not.toContain('[FAIL]');
      expect(code).toBe(0);
    });
  });

  describe('of which a group dies', () => {
    it('fail with a reason, and no others do', async () => {
      for (const [i, key] of KEYS.entries()) await clients[i % CONTROLLERS]!.set(key, 'v');
      const [, gone] = (await shardsOf(0)).filter(({ keyspace }) => keyspace === 'default');
      await Promise.all(gone!.controllers.map((id) => cluster.kill(id)));
      const left = clients.flatMap((client, id) => (gone!.controllers.includes(id) ? [] : [client]));
      expect(left).toHaveLength(4);
      for (const client of left) {
        const answers = new Map<string, string>();
        for (const key of KEYS) answers.set(key, await client.ask(`mg ${key} s\r\n`));
        const failed = [...answers.values()].filter((answer) => answer.startsWith('SERVER_ERROR'));
        expect(failed.length).toBeGreaterThan(0);
        for (const answer of failed)
          expect(answer).toMatch(/no controller with shard 1 of default can be reached/);
        expect([...answers.values()].filter((answer) => answer.startsWith('HD')).length).toBeGreaterThan(0);
        expect(answers.size).toBe(KEYS.length);
      }
      for (const id of gone!.controllers) cluster.start(id);
      await cluster.ready();
      for (const key of KEYS) await eventually(async () => expect(await left[0]!.get(key)).toBe('v'));
    });
  });
});
