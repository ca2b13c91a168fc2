import { describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import type { StoreKind } from '../support/store-process.ts';

const KEYS = Array.from({ length: 300 }, (_, at) => `key-${at}`);

/** Expects the same values and versions from all three controllers. */
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

/**
 * Writes all keys everywhere, takes controller 2 away, and then changes two thirds of the keys at the other
 * two.
 */
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
  it('a controller that was killed catches up with all writes that it missed, deletions included', async () => {
    await using cluster = await startCluster({ level: 'eventual', store });
    const expected = await writeAround(cluster, () => cluster.kill(2));
    await cluster.restart(2);
    await expectConverged(cluster, expected);
  });

  it('a controller that stood still catches up with all writes that it missed', async () => {
    await using cluster = await startCluster({ level: 'eventual', store });
    const expected = await writeAround(cluster, () => cluster.pause(2));
    await eventually(async () => expect((await cluster.status(0)).peers[2]!.up).toBe(false));
    cluster.resume(2);
    await expectConverged(cluster, expected);
  });

  it('a controller goes on without its peers, and its writes reach them once they are back', async () => {
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

  it('a controller that starts alone serves, and its peers join it', async () => {
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

  it('all controllers end with the same state when each was restarted in turn while the others wrote', async () => {
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

describe('eventual: failures of controllers, with the embedded store', () => convergenceTests('custom'));

describeWithMemcached('eventual: failures of controllers, with memcached', () =>
  convergenceTests('memcache'),
);
