import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALL_LEVELS } from '../support/basic-cluster-tests.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import type { TextClient } from '../support/text-client.ts';

const MEBIBYTE = 1_048_576;
const UNREAD_BYTES = 50 * 1_000_000;
const CONTROLLER_GROWTH_MAX = 150 * MEBIBYTE;

let cluster: Cluster;
let client: TextClient;
let other: TextClient;

describe.each(ALL_LEVELS)('%s: the text protocol of a controller', (level) => {
  beforeAll(async () => {
    cluster = await startCluster({ level, store: 'custom' });
  });
  afterAll(() => cluster?.stop());
  beforeEach(async () => {
    [client, other] = await Promise.all([cluster.client(0), cluster.client(1)]);
  });
  afterEach(() => {
    client.close();
    other.close();
  });

  requestTests();
  valueTests();
  connectionTests();
  reportTests(level);
});

function requestTests(): void {
  it('keeps the order of replies when requests with noreply stand between', async () => {
    client.send('set quiet 0 0 1 noreply\r\n1\r\n');
    client.send('add quiet 0 0 1 noreply\r\n2\r\nappend quiet 0 0 1 noreply\r\n3\r\n');
    client.send('incr quiet 4 noreply\r\ntouch quiet 0 noreply\r\nverbosity 1 noreply\r\n');
    expect(await client.get('quiet')).toBe('17');
    client.send('delete quiet noreply\r\n');
    expect(await client.get('quiet')).toBeNull();
    client.send('set quiet 0 0 1 noreply\r\n1\r\nflush_all noreply\r\n');
    expect(await client.get('quiet')).toBeNull();
    expect(await client.ask('version\r\n')).toMatch(/^VERSION \d/);
  });

  it('answers a get of many keys in their order, without the missing ones', async () => {
    const keys = Array.from({ length: 100 }, (_, at) => `many-${at}`);
    for (const key of keys.filter((_, at) => at % 2 === 0)) await client.set(key, key);
    const found = await client.findAll(keys);
    expect([...found.keys()]).toEqual(keys.filter((_, at) => at % 2 === 0));
    for (const [key, { value, cas }] of found) expect([value.toString(), cas]).toEqual([key, '']);
  });

  it('refuses a get with a key that is too long, after it has read the keys before that one', async () => {
    const tooLong = 'l'.repeat(251);
    const refused = 'CLIENT_ERROR bad command line format';
    await client.set('looked-at', 'x');
    expect(await client.ask(`get ${tooLong} looked-at\r\n`)).toBe(refused);
    expect(await client.ask('mg looked-at h\r\n')).toBe('HD h0');
    expect(await client.ask(`get looked-at ${tooLong}\r\n`)).toBe(refused);
    expect(await client.ask('mg looked-at h\r\n')).toBe('HD h1');
    expect(await client.ask(`gat 100 looked-at ${tooLong}\r\n`)).toBe(refused);
    expect(await client.ask('mg looked-at t\r\n')).toMatch(/^HD t(100|9\d)$/);
  });

  it('applies the flags of an mg that creates an entry in their order, so that t shows what N set', async () => {
    const inAnHour = Math.floor(Date.now() / 1000) + 3600;
    expect(await client.ask(`mg made-here N${inAnHour} t T0\r\n`)).toMatch(/^HD t(3600|359\d) W$/);
    expect(await client.ask('mg made-here t\r\n')).toBe('HD t-1 Z');
  });
}

function valueTests(): void {
  it('stores values of any bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, at) => at % 256));
    const tricky = Buffer.from('END\r\nVALUE x 0 1\r\n\r\n\0');
    for (const [key, value] of [
      ['bytes', bytes],
      ['tricky', tricky],
      ['nothing', Buffer.alloc(0)],
    ] as const) {
      expect(await client.set(key, value)).toBe('STORED');
      for (const one of [client, other]) {
        await eventually(async () => expect((await one.find(key))?.value.equals(value)).toBe(true));
      }
    }
  });

  it('takes a value of a megabyte, and a key of 250 bytes but no longer one', async () => {
    const key = 'k'.repeat(250);
    const value = Buffer.alloc(1_000_000, 'megabyte ');
    expect(await client.set(key, value)).toBe('STORED');
    await eventually(async () => expect((await other.find(key))?.value.equals(value)).toBe(true));
    expect(await client.set(`${key}k`, '')).toBe('CLIENT_ERROR bad command line format');
  });

  it('answers 1,000 mixed commands of one pipeline in their order', async () => {
    const answers: Promise<unknown>[] = [];
    const expected: unknown[] = [];
    const step = (answer: Promise<unknown>, value: unknown): void => {
      answers.push(answer);
      expected.push(value);
    };
    for (let round = 0; round < 125; round++) {
      const key = `mixed-${round % 10}`;
      step(client.set(key, `${round}`), 'STORED');
      step(client.get(key), `${round}`);
      step(client.ask(`incr ${key} 1\r\n`), `${round + 1}`);
      step(client.store('append', key, '0'), 'STORED');
      step(client.get(key), `${round + 1}0`);
      step(client.ask(`delete ${key}\r\n`), 'DELETED');
      step(client.store('replace', key, 'x'), 'NOT_STORED');
      step(client.ask('nonsense\r\n'), 'ERROR');
    }
    expect(await Promise.all(answers)).toEqual(expected);
  });
}

function connectionTests(): void {
  it('sends all replies to a client that closes its half of the connection after its requests', async () => {
    const socket = connect({ port: cluster.ports[0]!, host: '127.0.0.1', allowHalfOpen: true });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const requests = Array.from(
      { length: 3000 },
      (_, at) => `set half 0 0 4\r\n${1000 + at}\r\nget half\r\n`,
    );
    socket.end(requests.join(''));
    await once(socket, 'end');
    const expected = requests.map((_, at) => `STORED\r\nVALUE half 0 4\r\n${1000 + at}\r\nEND\r\n`);
    expect(Buffer.concat(chunks).toString()).toBe(expected.join(''));
  });

  it('spends bounded memory on a client that does not read its replies, and delays no other client', async () => {
    const value = Buffer.alloc(500_000, 'v');
    await client.set('large', value);
    const pid = cluster.controllers[0]!.pid;
    const before = residentBytes(pid);
    const slow = await cluster.client(0);
    slow.socket.pause();
    slow.send('get large\r\n'.repeat(UNREAD_BYTES / value.length));
    for (let at = 0; at < 300; at++) {
      expect(await client.set('beside', `${at}`)).toBe('STORED');
      expect(await client.get('beside')).toBe(`${at}`);
    }
    expect(residentBytes(pid) - before).toBeLessThan(CONTROLLER_GROWTH_MAX);
    let readBytes = 0;
    slow.socket.on('data', (chunk: Buffer) => {
      readBytes += chunk.length;
    });
    slow.socket.resume();
    await eventually(() => readBytes >= UNREAD_BYTES);
    slow.close();
  });

  it('answers version and verbosity, and closes the connection on quit', async () => {
    expect(await client.ask('version\r\n')).toMatch(/^VERSION \d+\.\d+/);
    expect(await client.ask('verbosity 1\r\n')).toBe('OK');
    const ended = once(client.socket, 'end');
    client.send('quit\r\n');
    await ended;
  });
}

function reportTests(level: string): void {
  it('counts every operation once in stats, at the controller that was asked', async () => {
    const count = async (one: TextClient, name: string): Promise<number> =>
      Number((await one.stats()).get(name));
    const before = await other.stats();
    await client.ask('flush_all\r\n');
    expect(await client.ask('stats reset\r\n')).toBe('RESET');
    await client.set('counted', '1');
    await client.store('add', 'counted', 'x');
    await client.get('counted');
    await client.get('uncounted');
    await client.ask('incr counted 1\r\n');
    await client.ask('touch counted 0\r\n');
    await client.ask('delete counted\r\n');
    await client.ask('delete counted\r\n');
    const expected = {
      cmd_set: 2,
      cmd_get: 2,
      get_hits: 1,
      get_misses: 1,
      incr_hits: 1,
      cmd_touch: 1,
      touch_hits: 1,
      delete_hits: 1,
      delete_misses: 1,
    };
    const stats = await client.stats();
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, Number(stats.get(name))]))).toEqual(
      expected,
    );
    for (const name of ['cmd_set', 'cmd_get', 'delete_hits']) {
      expect(await count(other, name)).toBe(Number(before.get(name)));
    }
    expect(stats.get('memchorus_level')).toBe(level);
  });

  it('describes the cluster in the replies to show, show json and who', async () => {
    const table = (await client.lines('show')).join('\n');
    for (const port of cluster.ports) expect(table).toContain(`127.0.0.1:${port}`);
    expect(table).toContain(level);
    const status = await cluster.status(1);
    expect(status).toMatchObject({ controller: 1, level, ready: true, cluster: 'memchorus' });
    expect(status.peers.map(({ up, role }) => [up, role])).toEqual(Array(3).fill([true, 'member']));
    expect(await other.ask('who\r\n')).toBe(`CONTROLLER 1 127.0.0.1:${cluster.ports[1]}`);
  });
}

function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4096;
}
