import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, run } from '../support/programs.ts';
import { TextClient } from '../support/text-client.ts';
import { ALL, type Fault, repeat, timeFor, underLoad } from '../support/under-load.ts';
import { hasWrongClocks, WrongClock } from '../support/wrong-clock.ts';

const OPTIONS = { level: 'linearizability', store: 'custom' } as const;

const HOUR_MS = 3_600_000;

/**
 * The tolerance: a process sees a new offset of libfaketime within a second, and tells its peers in a
 * heartbeat.
 */
const CLOSE_MS = 2_000;

async function expectClock(cluster: Cluster, asked: number, of: number, aheadMs: number): Promise<void> {
  const { peers } = await cluster.status(asked);
  expect(Math.abs(peers[of]!.clockAheadMs! - aheadMs)).toBeLessThan(CLOSE_MS);
}

/** Waits until the controller has run for so many seconds more, so that its sweeps have seen every record. */
async function runOn(cluster: Cluster, id: number, seconds: number): Promise<void> {
  const { uptimeSeconds } = await cluster.status(id);
  await eventually(async () => (await cluster.status(id)).uptimeSeconds > uptimeSeconds + seconds);
}

const LASTING = Array.from({ length: 90 }, (_, i) => `lasting-${i}`);
const FOR_GOOD = Array.from({ length: 20 }, (_, i) => `for-good-${i}`);

async function setFor(client: TextClient, key: string, seconds: number): Promise<void> {
  expect(await client.ask(`set ${key} 0 ${seconds} 1\r\nv\r\n`)).toBe('STORED');
}

async function expectAll(clients: readonly TextClient[], keys: readonly string[]): Promise<void> {
  for (const client of clients) {
    const missing: string[] = [];
    for (const key of keys) if ((await client.get(key)) !== 'v') missing.push(key);
    expect(missing).toEqual([]);
  }
}

/**
 * Expects in every memcached itself that an entry that lasts has no expiry there, and that an expired one is
 * gone.
 */
async function expectStores(cluster: Cluster, lasting: string, expired: string): Promise<void> {
  for (const id of ALL) {
    using store = await TextClient.connect(cluster.memcached(id).port);
    expect(await store.ask(`mg ${lasting} t\r\n`)).toBe('HD t-1');
    await eventually(async () => expect(await store.ask(`mg ${expired} t\r\n`)).toBe('EN'));
  }
}

describeWith('libfaketime for controllers with wrong clocks', hasWrongClocks, () => {
  wrongFromTheStart();
  expiryUnderWrongClocks();
  loadUnderWrongClocks();
});

function wrongFromTheStart(): void {
  it.each([
    { offset: '+3h', aheadMs: 3 * HOUR_MS },
    { offset: '-3h', aheadMs: -3 * HOUR_MS },
  ])(
    'a clock that is wrong by $offset from the start is named, and all three controllers serve',
    async (scene) => {
      const { offset, aheadMs } = scene;
      await using cluster = await startCluster(OPTIONS);
      await cluster.kill(2);
      using clock = new WrongClock(offset);
      cluster.start(2, clock.environment);
      await cluster.ready();
      for (const id of ALL) await eventually(() => expectClock(cluster, id, 2, aheadMs));
      await eventually(() => {
        expect(cluster.controllers[0]!.log().join('\n')).toMatch(/a clock is wrong/);
      });
      using show = await cluster.client(0);
      expect((await show.lines('show')).join('\n')).toMatch(/:\d+'s clock is 3 h (ahead|behind)/);
      const ask = [resolve(import.meta.dirname, '../../main.ts'), 'status', '-c', cluster.configFile];
      const { code, printed } = await run(process.execPath, ask);
      expect(printed).toMatch(/:\d+: its clock is 3 h (ahead|behind)\ndegraded: 3 of 3 take part/);
      expect(code).toBe(1);
      const clients = await cluster.clients();
      for (const client of clients) expect(await client.set('k', offset)).toBe('STORED');
      for (const client of clients) expect(await client.get('k')).toBe(offset);
    },
  );
}

function expiryUnderWrongClocks(): void {
  it.each([
    { level: 'linearizability', offset: '+1h', aheadMs: HOUR_MS },
    { level: 'eventual', offset: '+1h', aheadMs: HOUR_MS },
    { level: 'eventual', offset: '-1h', aheadMs: -HOUR_MS },
  ])(
    'regression: at $level, a jump of a clock by $offset and back cost entries, and carried out a pending flush',
    async (scene) => {
      const { level, offset, aheadMs } = scene;
      await using cluster = await startCluster({ level });
      using clock = new WrongClock('+0');
      await cluster.kill(1);
      cluster.start(1, clock.environment);
      await cluster.ready();
      const clients = await cluster.clients();
      for (const [i, key] of LASTING.entries()) await setFor(clients[i % 3]!, key, 600);
      for (const [i, key] of FOR_GOOD.entries()) await setFor(clients[i % 3]!, key, 0);
      expect(await clients[0]!.ask('flush_all 1800\r\n')).toBe('OK');
      for (const client of clients) await eventually(() => expectAll([client], [...LASTING, ...FOR_GOOD]));
      clock.set(offset);
      await eventually(() => expectClock(cluster, 0, 1, aheadMs));
      await setFor(clients[1]!, 'short', 1);
      await runOn(cluster, 1, 4);
      for (const client of clients)
        await eventually(async () => expect(await client.get('short')).toBeNull());
      await expectAll(clients, [...LASTING, ...FOR_GOOD]);
      await expectStores(cluster, LASTING[0]!, 'short');
      clock.set('+0');
      await eventually(() => expectClock(cluster, 0, 1, 0));
      await runOn(cluster, 1, 3);
      for (const client of clients) expect(await client.get('short')).toBeNull();
      await expectAll(clients, [...LASTING, ...FOR_GOOD]);
      await cluster.restart(1);
      await expectAll([await cluster.client(1)], [...LASTING, ...FOR_GOOD]);
    },
  );

  it('a clock that runs 600 times too fast ends no entry early', async () => {
    await using cluster = await startCluster({ level: 'sequential' });
    using clock = new WrongClock('+0 x600');
    await cluster.kill(1);
    cluster.start(1, clock.environment);
    await cluster.ready();
    const clients = await cluster.clients();
    for (const [i, key] of LASTING.entries()) await setFor(clients[i % 3]!, key, 600);
    await setFor(clients[1]!, 'short', 1);
    await eventually(async () => (await cluster.status(0)).peers[1]!.clockAheadMs! > HOUR_MS);
    for (const client of clients) await eventually(async () => expect(await client.get('short')).toBeNull());
    await expectAll(clients, LASTING);
    await cluster.restart(1);
  });
}

function loadUnderWrongClocks(): void {
  it('a clock that is 5 s ahead or behind keeps no controller from serving', {
    timeout: timeFor(20),
  }, async () => {
    const startsWith =
      (offset: string): Fault =>
      async (cluster, load) => {
        await cluster.kill(1);
        using clock = new WrongClock(offset);
        cluster.start(1, clock.environment);
        await cluster.ready();
        await load.moreWrites(ALL);
        await cluster.restart(1);
      };
    const faults = { ahead: startsWith('+5s'), behind: startsWith('-5s') };
    await repeat((round) => underLoad(OPTIONS, round, faults));
  });

  it('a clock that jumps by hours, forth and back, does no harm under load', {
    timeout: timeFor(30),
  }, async () => {
    const jumpsBy =
      (offset: string, aheadMs: number): Fault =>
      async (cluster, load) => {
        using clock = new WrongClock('+0');
        await cluster.kill(1);
        cluster.start(1, clock.environment);
        await cluster.ready();
        clock.set(offset);
        await eventually(() => expectClock(cluster, 0, 1, aheadMs));
        await load.moreWrites(ALL);
        clock.set('+0');
        await eventually(() => expectClock(cluster, 0, 1, 0));
        await load.moreWrites(ALL);
        await cluster.restart(1);
      };
    const faults = { ahead: jumpsBy('+3h', 3 * HOUR_MS), behind: jumpsBy('-3h', -3 * HOUR_MS) };
    await repeat((round) => underLoad(OPTIONS, round, faults));
  });
}
