import { join } from 'node:path';
import { Client } from 'memjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_LEVELS } from '../support/basic-cluster-tests.ts';
import {
  counterExtras,
  exchange,
  numbered,
  packet,
  type ResponsePacket,
  u32,
} from '../support/binary-packets.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { HANGS_AFTER_MS } from '../support/hang.ts';
import { describeWith, run, succeeds } from '../support/programs.ts';

const PYTHON = '/usr/bin/python3';
const hasPylibmc = succeeds(PYTHON, ['-c', 'import pylibmc']);
const hasMemccapable = succeeds('sh', ['-c', 'command -v memccapable']);

const SUCCESS = 0;
const NOT_FOUND = 1;
const EXISTS = 2;

let cluster: Cluster;

async function ask(id: number, request: Buffer): Promise<ResponsePacket> {
  const { packets } = await exchange(cluster.ports[id]!, request);
  expect(packets).toHaveLength(1);
  return packets[0]!;
}

const set = (key: string, value: string, cas = 0n): Buffer =>
  packet(0x01, { key, value, extras: u32(0, 0), cas });
const get = (key: string): Buffer => packet(0x00, { key });

describe.each(ALL_LEVELS)('%s: the binary protocol', (level) => {
  beforeAll(async () => {
    cluster = await startCluster({ level, store: 'custom' });
  });
  afterAll(() => cluster?.stop());

  /** Expects the state at once where the level promises that, and after a while at the other levels. */
  async function soon(check: () => Promise<void>): Promise<void> {
    if (level === 'linearizability') await check();
    else await eventually(check);
  }

  async function seenByAll(key: string, value: string): Promise<void> {
    for (const id of cluster.ports.keys()) {
      await soon(async () => expect((await ask(id, get(key))).value.toString()).toBe(value));
    }
  }

  it('compares a token of one controller on the others', async () => {
    const { cas } = await ask(0, set('token', 'first'));
    await seenByAll('token', 'first');
    for (const id of [0, 1, 2]) expect((await ask(id, get('token'))).cas).toBe(cas);
    expect(await ask(1, set('token', 'second', cas))).toMatchObject({ status: SUCCESS });
    await seenByAll('token', 'second');
    for (const id of [0, 1, 2]) {
      expect(await ask(id, set('token', 'third', cas))).toMatchObject({ status: EXISTS });
      expect(await ask(id, packet(0x04, { key: 'token', cas }))).toMatchObject({ status: EXISTS });
      expect(await ask(id, set(`no-token-${id}`, 'third', cas))).toMatchObject({ status: NOT_FOUND });
    }
  });

  it('keeps the token of an entry that another controller touches', async () => {
    const { cas } = await ask(0, set('touched', 'value'));
    await seenByAll('touched', 'value');
    const touched = await ask(1, packet(0x1c, { key: 'touched', extras: u32(1000) }));
    expect([touched.status, touched.cas]).toEqual([SUCCESS, cas]);
    expect((await ask(1, packet(0x1d, { key: 'touched', extras: u32(1000) }))).cas).toBe(cas);
    expect(await ask(1, set('touched', 'again', cas))).toMatchObject({ status: SUCCESS });
  });

  it('serves statistics and the version', async () => {
    const { packets } = await exchange(cluster.ports[0]!, packet(0x10));
    const stats = new Map(packets.map(({ key, value }) => [key, value.toString()]));
    expect(stats.get('memchorus_level')).toBe(level);
    expect(packets.at(-1)).toMatchObject({ key: '', status: SUCCESS });
    expect((await ask(0, packet(0x0b))).value.toString()).toMatch(/^1\.6\.18/);
  });

  if (level !== 'causal' && level !== 'eventual') raceTests(seenByAll);
  describe('with memjs of npm', () => memjsTests(soon));
  programTests(level);
});

function raceTests(seenByAll: (key: string, value: string) => Promise<void>): void {
  it('creates a counter once when three controllers create it at the same time', async () => {
    const increments = numbered(
      Array.from({ length: 40 }, () => packet(0x05, { key: 'counter', extras: counterExtras(1n, 1000n, 0) })),
    );
    const answers = await Promise.all(cluster.ports.map((port) => exchange(port, increments)));
    const counts = answers.flatMap(({ packets }) => packets.map(({ value }) => value.readBigUInt64BE()));
    expect(counts.toSorted()).toEqual(Array.from({ length: 120 }, (_, at) => 1000n + BigInt(at)));
    await seenByAll('counter', '1119');
  });

  it('stores the value of one `add` when three controllers get one at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      const add = packet(0x02, { key: `race-${round}`, value: 'x', extras: u32(0, 0) });
      const answers = await Promise.all(cluster.ports.map((_, id) => ask(id, add)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([SUCCESS, EXISTS, EXISTS]);
    }
  });
}

function memjsTests(soon: (check: () => Promise<void>) => Promise<void>): void {
  let clients: Client<string | Buffer, Buffer | null>[];

  beforeAll(() => {
    clients = cluster.ports.map((port) =>
      Client.create(`127.0.0.1:${port}`, { retries: 0, timeout: HANGS_AFTER_MS / 1_000 }),
    );
  });
  afterAll(() => {
    for (const client of clients) client.close();
  });

  async function seen(key: string, value: string | null): Promise<void> {
    for (const client of clients) {
      await soon(async () => expect((await client.get(key)).value?.toString() ?? null).toBe(value));
    }
  }

  // `prepend` is not tested, since memjs sends the opcode of `append` for it.
  it('stores, appends and deletes', async () => {
    const [first, second, third] = clients;
    for (const value of ['märchen', '', 'x'.repeat(300_000)]) {
      expect(await first!.set('text', value, { expires: 1000 })).toBe(true);
      await seen('text', value);
    }
    expect(await second!.add('text', 'other', {})).toBe(false);
    expect(await third!.replace('text', 'middle', {})).toBe(true);
    await seen('text', 'middle');
    expect(await first!.append('text', ' end')).toBe(true);
    await seen('text', 'middle end');
    expect(await third!.delete('text')).toBe(true);
    await seen('text', null);
    expect(await first!.delete('text')).toBe(false);
  });

  it('counts, touches and flushes', async () => {
    const [first, second, third] = clients;
    expect(await first!.increment('count', 5, { initial: 10 })).toMatchObject({ value: 10 });
    await seen('count', '10');
    expect(await second!.increment('count', 5, { initial: 10 })).toMatchObject({ value: 15 });
    await seen('count', '15');
    expect(await third!.decrement('count', 20, { initial: 10 })).toMatchObject({ value: 0 });
    await seen('count', '0 ');
    expect(await first!.touch('count', 1000)).toBe(true);
    expect(await first!.touch('missing', 1000)).toBe(false);
    await new Promise<void>((resolve, reject) => {
      first!.flush((error) => (error ? reject(error) : resolve()));
    });
    await seen('count', null);
  });
}

function programTests(level: (typeof ALL_LEVELS)[number]): void {
  describeWith('with memccapable (libmemcached-tools)', hasMemccapable, () => {
    it('passes every binary test', async () => {
      const port = `${cluster.ports[ALL_LEVELS.indexOf(level) % cluster.ports.length]}`;
      const words = ['-h', '127.0.0.1', '-p', port, '-b', '-t', '60'];
      const { code, printed } = await run('memccapable', words);
      expect(printed).toContain('All tests passed');
      expect(printed).not.toContain('[FAIL]');
      expect(code).toBe(0);
    });
  });

  describeWith('with pylibmc (python3-pylibmc)', hasPylibmc, () => {
    it('passes every check of the script', async () => {
      const script = join(import.meta.dirname, '../support/pylibmc-check.py');
      const atOnce = level === 'linearizability' ? 'yes' : 'no';
      const { code, printed } = await run(PYTHON, [script, atOnce, ...cluster.ports.map(String)]);
      expect(printed).toBe('all well\n');
      expect(code).toBe(0);
    });
  });
}
