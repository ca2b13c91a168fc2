import { describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import type { StoreKind } from '../support/store-process.ts';

const KEYS = Array.from({ length: 300 }, (_, at) => `key-${at}`);

/** All three answer alike, and as expected where that is known. */
async function expectConverged(cluster: Cluster, expected: ReadonlyMap<string, string>): Promise<void> {
  const clients = await cluster.clients();
  await eventually(async () => {
    for (const client of clients) {
      const found = await client.findAll(KEYS);
      expect(new Map([...found].map(([key, { value }]) => [key, value.toString()]))).toEqual(expected);
    }
  });
  const cas = await Promise.all(clients.map((client) => client.findAll(KEYS, 'gets')));
  for (const key of expected.keys()) {
    expect(new Set(cas.map((found) => found.get(key)!.cas)).size, `versions of ${key}`).toBe(1);
  }
  for (const client of clients) client.close();
}

/** Everything is known everywhere; then, of what the others write, the one that is away sees nothing. */
async function writeAround(cluster: Cluster, away: () => Promise<void> | void): Promise<Map<string, string>> {
  const [first, second] = await cluster.clients();
  for (const key of KEYS) expect(await first!.set(key, 'old')).toBe('STORED');
  await expectConverged(cluster, new Map(KEYS.map((key) => [key, 'old'])));
  await away();
  const expected = new Map<string, string>();
  for (const [at, key] of KEYS.entries()) {
    const client = at % 2 === 0 ? first! : second!;
    if (at % 3 === 0) {
      expect(await client.ask(`delete ${key}\r\n`)).toBe('DELETED');
    } else {
      expected.set(key, at % 3 === 1 ? 'old' : `new ${at}`);
      if (at % 3 === 2) expect(await client.set(key, `new ${at}`)).toBe('STORED');
    }
  }
  return expected;
}

function convergenceTests(store: StoreKind): void {
  it('a controller that was killed gets what it missed, deletes included', async () => {
    await using cluster = await startCluster({ level: 'eventual', store });
    const expected = await writeAround(cluster, () => cluster.kill(2));
    await cluster.restart(2);
    await expectConverged(cluster, expected);
  });

  it('a controller that stood still gets what it missed', async () => {
    await using cluster = await startCluster({ level: 'eventual', store });
    const expected = await writeAround(cluster, () => cluster.pause(2));
    await eventually(async () => expect((await cluster.status(0)).peers[2]!.up).toBe(false));
    cluster.resume(2);
    await expectConverged(cluster, expected);
  });

  it('one alone goes on; what it wrote reaches the others when they are back', async () => {
    await using cluster = await startCluster({ level: 'eventual', store });
    const expected = await writeAround(cluster, () => {});
    await cluster.kill(1);
    await cluster.kill(2);
    const alone = await cluster.client(0);
    expect(await alone.set('key-0', 'alone')).toBe('STORED');
    expect(await alone.ask('delete key-1\r\n')).toBe('DELETED');
    expect(await alone.get('key-0')).toBe('alone');
    expected.set('key-0', 'alone').delete('key-1');
    cluster.start(1);
    cluster.start(2);
    await cluster.ready();
    await expectConverged(cluster, expected);
  });

  it('one that starts alone serves, and is joined', async () => {
    await using cluster = await startCluster({ level: 'eventual', store });
    for (const id of [0, 1, 2]) await cluster.kill(id);
    cluster.start(1);
    const alone = await eventually(() => cluster.client(1));
    await eventually(async () => expect(await alone.set('key-0', 'alone')).toBe('STORED'));
    expect(await alone.get('key-0')).toBe('alone');
    cluster.start(0);
    cluster.start(2);
    await cluster.ready();
    await expectConverged(cluster, new Map([['key-0', 'alone']]));
  });

  it('all write while one after the other is restarted: all end equal', async () => {
    await using cluster = await startCluster({ level: 'eventual', store });
    const expected = new Map<string, string>();
    for (let round = 0; round < 3; round++) {
      await cluster.kill(round);
      const writers = [cluster.client((round + 1) % 3), cluster.client((round + 2) % 3)];
      for (const [at, client] of (await Promise.all(writers)).entries()) {
        for (const key of KEYS.filter((_, index) => index % 2 === at)) {
          expect(await client.set(key, `${round}.${at}`)).toBe('STORED');
          expected.set(key, `${round}.${at}`);
        }
      }
      cluster.start(round);
      await cluster.ready();
      await expectConverged(cluster, expected);
    }
  });
}

describe('eventual, controllers that fail, with the embedded store', () => convergenceTests('custom'));

describeWithMemcached('eventual, controllers that fail, with memcached', () => convergenceTests('memcache'));
