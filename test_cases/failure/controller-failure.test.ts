import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ORDERED_LEVELS } from '../support/basic-cluster-tests.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import type { StoreKind } from '../support/store-process.ts';
import { Workload } from '../support/workload.ts';

const PAUSE_MS = 2_000;
const RESTARTS = 5;
const MANY_KEYS = 20_000;
const KEYS_PER_GET = 500;

/** Waits until the load has had this many further writes acknowledged. */
async function moreWrites(load: Workload, count = 200): Promise<void> {
  const from = load.writes;
  await eventually(() => load.writes >= from + count);
}

async function expectNothingLost(cluster: Cluster, load: Workload): Promise<void> {
  await load.stop();
  for (const [id, { isRunning }] of cluster.controllers.entries()) if (isRunning) await load.verify(id);
  expect(load.violations).toEqual([]);
}

/** The quick tests, which run for every level and store. */
function shortFailureTests(level: (typeof ORDERED_LEVELS)[number], store: StoreKind): void {
  it('a killed controller costs no write: the others go on, and it catches up when it is back', async () => {
    await using cluster = await startCluster({ level, store });
    const clients = await cluster.clients();
    const quietKeys = Array.from({ length: 60 }, (_, at) => `quiet-${at}`);
    for (const [at, key] of quietKeys.entries()) expect(await clients[at % 3]!.set(key, key)).toBe('STORED');
    const load = await Workload.start(cluster, { level });
    await moreWrites(load);
    await cluster.kill(1);
    const survivor = clients[0]!;
    await eventually(async () => {
      expect(await survivor.set('meanwhile', 'x')).toBe('STORED');
    });
    await moreWrites(load);
    const { view, peers } = await cluster.status(0);
    expect(peers[1]).toMatchObject({ up: false, role: 'down' });
    expect(view).toMatchObject({
      members: [0, 2],
      suspected: [1],
      reason: `127.0.0.1:${cluster.ports[1]} is down`,
    });
    for (const key of quietKeys) {
      for (const id of [0, 2]) expect(await clients[id]!.get(key)).toBe(key);
    }
    await cluster.restart(1);
    await moreWrites(load);
    const returned = await cluster.client(1);
    for (const key of quietKeys) expect(await returned.get(key)).toBe(key);
    expect(await returned.get('meanwhile')).toBe('x');
    await expectNothingLost(cluster, load);
  });

  it('the last of three controllers refuses writes, and serves again once another is back', async () => {
    await using cluster = await startCluster({ level, store });
    const client = await cluster.client(0);
    expect(await client.set('k', 'v')).toBe('STORED');
    await cluster.kill(1);
    await eventually(async () => expect((await cluster.status(0)).view.members).toEqual([0, 2]));
    await cluster.kill(2);
    await eventually(async () => {
      expect(await client.set('probe', 'x')).toMatch(/^SERVER_ERROR no majority of the controllers without /);
    });
    await cluster.restart(1);
    expect(await client.get('k')).toBe('v');
    expect(await client.set('k', 'w')).toBe('STORED');
    await cluster.restart(2);
    expect(await (await cluster.client(2)).get('k')).toBe('w');
  });

  it('a pause of one controller under load loses no write and repeats none', async () => {
    await using cluster = await startCluster({ level, store });
    const load = await Workload.start(cluster, { level });
    await moreWrites(load);
    cluster.pause(2);
    await sleep(PAUSE_MS);
    cluster.resume(2);
    await cluster.ready();
    await moreWrites(load);
    await expectNothingLost(cluster, load);
  });
}

function longFailureTests(level: (typeof ORDERED_LEVELS)[number], store: StoreKind): void {
  it(`${RESTARTS} quick restarts under load lose no write and repeat none`, async () => {
    await using cluster = await startCluster({ level, store });
    const load = await Workload.start(cluster, { level });
    for (let round = 0; round < RESTARTS; round++) {
      await moreWrites(load, 50);
      await cluster.restart(round % 3);
    }
    await moreWrites(load, 50);
    await expectNothingLost(cluster, load);
  });

  it(`a controller that comes back without data serves ${MANY_KEYS} keys`, async () => {
    await using cluster = await startCluster({ level, store });
    const keys = Array.from({ length: MANY_KEYS }, (_, at) => `key-${at}`);
    const clients = await cluster.clients();
    for (let from = 0; from < MANY_KEYS; from += KEYS_PER_GET) {
      const part = keys.slice(from, from + KEYS_PER_GET);
      const answers = await Promise.all(part.map((key, at) => clients[at % 3]!.set(key, `value of ${key}`)));
      expect(new Set(answers)).toEqual(new Set(['STORED']));
    }
    await cluster.kill(2);
    if (store === 'memcache') {
      await cluster.memcached(2).kill();
      await cluster.memcached(2).start();
    }
    await cluster.restart(2);
    const client = await cluster.client(2);
    for (let at = 0; at < keys.length; at += KEYS_PER_GET) {
      const part = keys.slice(at, at + KEYS_PER_GET);
      const found = await client.findAll(part);
      expect([...found].map(([key, { value }]) => [key, value.toString()])).toEqual(
        part.map((key) => [key, `value of ${key}`]),
      );
    }
    expect(await client.set('key-0', 'new')).toBe('STORED');
  });
}

describe('failures of controllers, with the embedded store', () => {
  describe.each(ORDERED_LEVELS)('%s', (level) => {
    shortFailureTests(level, 'custom');
  });
  describe('sequential', () => {
    longFailureTests('sequential', 'custom');
  });
});

describeWithMemcached('failures of controllers, with memcached', () => {
  describe.each(ORDERED_LEVELS)('%s', (level) => {
    shortFailureTests(level, 'memcache');
  });
  describe('linearizability', () => {
    longFailureTests('linearizability', 'memcache');
  });
});
