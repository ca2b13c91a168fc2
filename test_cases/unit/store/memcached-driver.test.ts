import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { MemcachedDriver } from '../../../src/store/memcached-driver.ts';
import { describeDriver } from '../../support/driver-acceptance.ts';
import { failure, read, StateWatch, write } from '../../support/driver-calls.ts';
import { freePort } from '../../support/free-port.ts';
import { describeWithMemcached, ITEM_BYTES_MAX, Memcached } from '../../support/memcached.ts';
import { CONNECTION_KINDS, memcachedDriver } from '../../support/memcached-drivers.ts';

/** Longer than a memcached on a busy machine takes to answer, in milliseconds. */
const TIMEOUT_MS = 600;

for (const kind of CONNECTION_KINDS) {
  describeWithMemcached(`${kind} in front of one memcached`, () => {
    let memcached: Memcached;
    beforeAll(async () => {
      memcached = await Memcached.start();
    });
    afterAll(() => memcached.kill());

    describeDriver(kind, async () => memcachedDriver(kind, { address: memcached.address, timeoutMs: 5000 }));
  });

  describeWithMemcached(`${kind} in front of a memcached that comes and goes`, () => {
    let memcached: Memcached;
    let driver: MemcachedDriver;
    let watch: StateWatch;

    beforeEach(async () => {
      memcached = await Memcached.start();
      driver = memcachedDriver(kind, { address: memcached.address, timeoutMs: TIMEOUT_MS });
      watch = new StateWatch();
    });
    afterEach(async () => {
      await driver.close();
      await memcached.kill();
    });

    async function open(): Promise<void> {
      driver.open(watch.onStateChange);
      await watch.until(true);
    }

    it('learns the largest item', async () => {
      await open();
      expect(watch.states).toEqual([{ up: true, itemBytesMax: ITEM_BYTES_MAX }]);
    });

    it('answers the operations in flight when memcached is killed, and comes back with it', async () => {
      await open();
      const value = Buffer.alloc(100_000);
      const writes = Array.from({ length: 200 }, (_, index) => write(driver, `killed-${index}`, value));
      const reads = Array.from({ length: 200 }, (_, index) => read(driver, `killed-${index}`));
      const outcomes = Promise.allSettled([...writes, ...reads]);
      await memcached.kill();
      const rejected = (await outcomes).filter(({ status }) => status === 'rejected');
      expect(rejected.length).toBeGreaterThan(0);
      expect((await failure(read(driver, 'killed-0'))).code).toBe('STORE_DOWN');

      await memcached.start();
      await watch.until(true);
      expect(await read(driver, 'killed-0')).toBeNull();
    });

    it('fails operations that a hung memcached does not answer, and mixes no answers up afterwards', async () => {
      await open();
      await write(driver, 'hung', Buffer.from('before'));
      await memcached.pause();
      const started = Date.now();
      const late = Array.from({ length: 100 }, (_, index) =>
        write(driver, 'hung', Buffer.from(`late ${index}`)),
      );
      const errors = await Promise.all([...late.map(failure), failure(read(driver, 'hung'))]);
      expect(Date.now() - started).toBeGreaterThanOrEqual(TIMEOUT_MS - 1);
      expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['STORE_TIMEOUT']));
      const refused = await failure(read(driver, 'hung'));
      expect(refused.code).toBe('STORE_DOWN');
      expect(refused.message).toMatch(`no answer within ${TIMEOUT_MS} ms`);
      await sleep(2 * TIMEOUT_MS);
      expect(watch.up).toBe(false);

      memcached.resume();
      await watch.until(true);
      const after = Array.from({ length: 100 }, (_, index) => `after-${index}`);
      await Promise.all(after.map((key) => write(driver, key, Buffer.from(key))));
      expect((await Promise.all(after.map((key) => read(driver, key)))).map(String)).toEqual(after);
    });

    it('lets no write from before a hang take effect after one from after it', async () => {
      await open();
      for (let round = 0; round < 3; round++) {
        await memcached.pause();
        const filler = Array.from({ length: 20 }, (_, index) => `filler-${index}`);
        const late = filler.map((key) => failure(write(driver, key, Buffer.alloc(50_000))));
        late.push(failure(write(driver, 'contended', Buffer.from(`before ${round}`))));
        await Promise.all(late);
        memcached.resume();
        await watch.until(true);
        await write(driver, 'contended', Buffer.from(`after ${round}`));
        await sleep(20);
        expect(String(await read(driver, 'contended'))).toBe(`after ${round}`);
      }
    });

    it('closes in time though memcached hangs', async () => {
      await open();
      await memcached.pause();
      const inFlight = failure(write(driver, 'closing', Buffer.from('x')));
      await driver.close();
      expect((await inFlight).code).toBe('STORE_DOWN');
    });

    it('refuses at once while memcached is absent, and works as soon as it is there', async () => {
      const later = new Memcached(await freePort());
      const early = memcachedDriver(kind, { address: later.address, timeoutMs: TIMEOUT_MS });
      early.open(watch.onStateChange);
      const first = await failure(read(early, 'absent'));
      expect(first.code).toBe('STORE_DOWN');
      await watch.until(false);
      const second = await failure(write(early, 'absent', Buffer.from('x')));
      expect(second.message).toBe(`memcached 127.0.0.1:${later.port}: connection refused`);
      await sleep(500);
      expect(watch.states).toEqual([{ up: false, reason: 'connection refused' }]);

      await later.start();
      await watch.until(true);
      await write(early, 'absent', Buffer.from('x'));
      await early.close();
      await later.kill();
    });

    it('comes back each time when memcached is restarted again and again', async () => {
      await open();
      for (let round = 0; round < 3; round++) {
        await write(driver, 'restarted', Buffer.from(`${round}`));
        await memcached.stop();
        await watch.until(false);
        await memcached.start();
        await watch.until(true);
        expect(await read(driver, 'restarted')).toBeNull();
      }
    });
  });
}
