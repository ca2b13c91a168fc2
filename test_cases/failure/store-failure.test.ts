import { describe, expect, it } from 'vitest';
import { ALL_LEVELS } from '../support/basic-cluster-tests.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { TextClient } from '../support/text-client.ts';

const KEYS = Array.from({ length: 100 }, (_, at) => `key-${at}`);
const STORE_OUTAGES = 3;

/** The refusal names the store, and the reason why it can't be used. */
const STORE_REFUSAL = /SERVER_ERROR .*(store|memcached).*connection (refused|reset|closed)/;

async function fill(cluster: Cluster): Promise<void> {
  const client = await cluster.client(0);
  for (const key of KEYS) expect(await client.set(key, `value of ${key}`)).toBe('STORED');
  await eventually(() => expectAll(cluster, 2));
}

async function expectAll(cluster: Cluster, id: number): Promise<void> {
  const found = await (await cluster.client(id)).findAll(KEYS);
  expect([...found].map(([key, { value }]) => [key, value.toString()])).toEqual(
    KEYS.map((key) => [key, `value of ${key}`]),
  );
}

/** Counts the lines that begin with this message; other lines may quote it as their reason. */
function countInLog(cluster: Cluster, id: number, message: string): number {
  return cluster.controllers[id]!.log().filter((line) => line.includes(`[${id}] ${message}`)).length;
}

/** Talks to the memcached of a controller behind its back. */
async function directly(cluster: Cluster, id: number, command: string): Promise<string> {
  using client = await TextClient.connect(cluster.memcached(id).port);
  return await client.ask(`${command}\r\n`);
}

describeWithMemcached('failures of memcacheds', () => {
  describe.each(ALL_LEVELS)('%s', (level) => {
    outageTests(level);
    lossTests(level);
  });
});

function outageTests(level: string): void {
  it('a memcached that ends makes its controller refuse writes, and go on reading', async () => {
    await using cluster = await startCluster({ level });
    await fill(cluster);
    const [client, , there] = await cluster.clients();
    const address = `127.0.0.1:${cluster.memcached(2).port}`;
    for (let outage = 1; outage <= STORE_OUTAGES; outage++) {
      await cluster.memcached(2).kill();
      await eventually(async () => expect(await there!.set('refused', 'x')).toMatch(STORE_REFUSAL));
      await expectAll(cluster, 2);
      expect(await there!.get('never-written')).toBeNull();
      expect((await cluster.status(2)).store).toMatchObject({ up: false, address });
      expect((await cluster.status(2)).ready).toBe(false);
      expect(await client!.set('beside', `${outage}`)).toBe('STORED');
      expect(await client!.get('beside')).toBe(`${outage}`);
      await eventually(async () => expect(await there!.get('beside')).toBe(`${outage}`));
      await cluster.memcached(2).start();
      await cluster.ready();
      expect(await there!.set('again', `${outage}`)).toBe('STORED');
      await expectAll(cluster, 2);
      await eventually(async () => expect(await there!.get('beside')).toBe(`${outage}`));
      await eventually(() => expect(countInLog(cluster, 2, 'store is down')).toBe(outage));
      await eventually(() => expect(countInLog(cluster, 2, 'store is back')).toBe(outage));
    }
  });

  it('a memcached that is missing at the start makes writes fail with the reason, until it is there', async () => {
    await using cluster = await startCluster({ level });
    await cluster.memcached(1).kill();
    await cluster.kill(1);
    cluster.start(1);
    const client = await eventually(() => cluster.client(1));
    await eventually(async () => expect(await client.set('key', 'x')).toContain('connection refused'));
    await expect(cluster.status(1)).resolves.toMatchObject({ ready: false, store: { up: false } });
    await cluster.memcached(1).start();
    await cluster.ready();
    expect(await client.set('key', 'x')).toBe('STORED');
    expect(await client.get('key')).toBe('x');
  });
}

function lossTests(level: string): void {
  it('reads get values from the memcacheds of the other controllers when journals have no values', async () => {
    await using cluster = await startCluster({ level, settings: { durability: 'none' } });
    await fill(cluster);
    await cluster.memcached(2).kill();
    await expectAll(cluster, 2);
    await cluster.memcached(1).kill();
    await expectAll(cluster, 2);
    await cluster.memcached(0).kill();
    const client = await cluster.client(2);
    await expect(client.get('key-0')).rejects.toThrow(STORE_REFUSAL);
  });

  it('a memcached that was restarted empty, or flushed behind the controller, causes no miss', async () => {
    await using cluster = await startCluster({ level });
    await fill(cluster);
    await cluster.memcached(2).kill();
    await cluster.memcached(2).start();
    await eventually(() => expectAll(cluster, 2));
    expect(await directly(cluster, 1, 'flush_all')).toBe('OK');
    await expectAll(cluster, 1);
    // `delete` on the memcached itself finds the key: the value is back in the store.
    expect(await directly(cluster, 1, 'delete key-0')).toBe('DELETED');
    expect(await (await cluster.client(1)).ask('incr key-0 1\r\n')).toMatch(/^CLIENT_ERROR cannot increment/);
  });

  it('a memcached that stands still makes its controller refuse writes, until it answers again', async () => {
    await using cluster = await startCluster({ level });
    await fill(cluster);
    const client = await cluster.client(2);
    await cluster.memcached(2).pause();
    expect(await client.get('key-0')).toBe('value of key-0');
    expect(await client.set('key-0', 'x')).toMatch(/^SERVER_ERROR/);
    expect(await (await cluster.client(0)).get('key-1')).toBe('value of key-1');
    cluster.memcached(2).resume();
    await cluster.ready();
    await eventually(async () => expect(await client.set('key-0', 'value of key-0')).toBe('STORED'));
    await eventually(() => expectAll(cluster, 0));
    await eventually(() => expectAll(cluster, 2));
  });

  it('a memcached that evicts causes no miss', async () => {
    await using cluster = await startCluster({ level });
    expect(await directly(cluster, 2, 'cache_memlimit 8')).toBe('OK');
    const client = await cluster.client(0);
    const keys = Array.from({ length: 40 }, (_, at) => `large-${at}`);
    for (const key of keys) expect(await client.set(key, key.padEnd(500_000, '.'))).toBe('STORED');
    using store = await TextClient.connect(cluster.memcached(2).port);
    await eventually(async () => expect(Number((await store.stats()).get('evictions'))).toBeGreaterThan(0));
    const there = await cluster.client(2);
    for (const key of keys) {
      await eventually(async () => expect((await there.get(key))?.slice(0, 20)).toBe(key.padEnd(20, '.')));
    }
  });
}
