import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KvDriver, StatsGroup } from '../../src/store/driver.ts';
import { append, failure, read, remove, StateWatch, write } from './driver-calls.ts';

/** Makes a driver that is not open yet, for a store that is running. */
export type MakeDriver = () => Promise<KvDriver>;

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** The tests that every driver has to pass; see the invariants of `KvDriver`. */
export function describeDriver(name: string, makeDriver: MakeDriver): void {
  describe(`${name}: driver acceptance`, () => {
    let driver: KvDriver;
    let watch: StateWatch;

    beforeEach(async () => {
      driver = await makeDriver();
      watch = new StateWatch();
      driver.open(watch.onStateChange);
      await watch.until(true);
    });
    afterEach(() => driver.close());

    describe('values', () => valueTests(() => driver));
    describe('order', () => orderTests(() => driver));
    describe('statistics', () => statisticsTests(() => driver));
    describe('end', () => endTests(() => ({ driver, watch })));
  });
}

function valueTests(driver: () => KvDriver): void {
  it('finds the newest value that was set', async () => {
    await write(driver(), 'value', Buffer.from('first'));
    await write(driver(), 'value', Buffer.from('second'));
    expect(await read(driver(), 'value')).toEqual(Buffer.from('second'));
  });

  it('distinguishes an empty value from a miss', async () => {
    await write(driver(), 'empty', Buffer.alloc(0));
    expect(await read(driver(), 'empty')).toEqual(Buffer.alloc(0));
    expect(await read(driver(), 'never-set')).toBeNull();
  });

  it('deletes a key, and a missing key without an error', async () => {
    await write(driver(), 'deleted', Buffer.from('x'));
    await remove(driver(), 'deleted');
    await remove(driver(), 'deleted');
    expect(await read(driver(), 'deleted')).toBeNull();
  });

  it('adds bytes behind those of a key, and does nothing for a key that is not there', async () => {
    await write(driver(), 'k', Buffer.from('a'));
    expect(await append(driver(), 'k', Buffer.from([0, 255]))).toBe(true);
    expect(await append(driver(), 'k', Buffer.alloc(0))).toBe(true);
    expect(await read(driver(), 'k')).toEqual(Buffer.from([97, 0, 255]));
    expect(await append(driver(), 'missing', Buffer.from('x'))).toBe(false);
    expect(await read(driver(), 'missing')).toBeNull();
  });

  it('keeps every byte of values', async () => {
    await write(driver(), 'bytes', ALL_BYTES);
    expect(await read(driver(), 'bytes')).toEqual(ALL_BYTES);
  });

  it('keeps every byte of keys', async () => {
    const keys = Array.from(ALL_BYTES, (byte) => `key-${String.fromCharCode(byte)}`);
    await Promise.all(keys.map((key, index) => write(driver(), key, Buffer.from(`${index}`))));
    const found = await Promise.all(keys.map((key) => read(driver(), key)));
    expect(found.map(String)).toEqual(keys.map((_, index) => `${index}`));
  });

  it('takes keys of 250 bytes, refuses longer and empty ones, and goes on', async () => {
    const longest = '\xff'.repeat(250);
    await write(driver(), longest, Buffer.from('x'));
    const refused = [failure(read(driver(), `${longest}y`)), failure(read(driver(), ''))];
    expect(await read(driver(), longest)).toEqual(Buffer.from('x'));
    for (const error of await Promise.all(refused)) expect(error.code).toBe('STORE_REFUSED');
  });

  it('keeps several values of 1 MB that are written at the same time', async () => {
    const values = Array.from({ length: 8 }, (_, index) => Buffer.alloc(1_048_576, `value ${index} `));
    await Promise.all(values.map((value, index) => write(driver(), `large-${index}`, value)));
    const found = await Promise.all(values.map((_, index) => read(driver(), `large-${index}`)));
    found.forEach((value, index) => {
      expect(value?.equals(values[index]!)).toBe(true);
    });
  });

  it('refuses a value that is too large, removes the old one, and goes on', async () => {
    await write(driver(), 'too-large', Buffer.from('old'));
    const error = await failure(write(driver(), 'too-large', Buffer.alloc(64 * 1_048_576)));
    expect(error.code).toBe('STORE_TOO_LARGE');
    expect(await read(driver(), 'too-large')).toBeNull();
    await write(driver(), 'too-large', Buffer.from('new'));
    expect(await read(driver(), 'too-large')).toEqual(Buffer.from('new'));
  });
}

function orderTests(driver: () => KvDriver): void {
  it('carries out and answers thousands of pipelined operations in order', async () => {
    const answers: number[] = [];
    const values: (string | undefined)[] = [];
    await new Promise<void>((resolve) => {
      const operations = 5000;
      const done = (index: number): void => {
        answers.push(index);
        if (answers.length === operations) resolve();
      };
      for (let index = 0; index < operations; index++) {
        const key = `order-${index % 7}`;
        if (index % 5 === 4) driver().delete(key, () => done(index));
        else if (index % 2 === 0) driver().set(key, Buffer.from(`${index}`), () => done(index));
        else
          driver().get(key, (_, bytes) => {
            values[index] = bytes?.toString();
            done(index);
          });
      }
    });
    expect(answers).toEqual(Array.from(answers, (_, index) => index));
    expect(values).toEqual(expectedReads(answers.length));
  });

  it('answers after the call has returned, and answers refusals in order with the others', async () => {
    const order: string[] = [];
    const answered = new Promise<void>((resolve) => {
      driver().set('turn', Buffer.from('x'), () => order.push('set'));
      driver().get('', () => order.push('refused'));
      driver().get('turn', () => order.push('get'));
      driver().get('', () => {
        order.push('refused');
        resolve();
      });
      order.push('returned');
    });
    await answered;
    expect(order).toEqual(['returned', 'set', 'refused', 'get', 'refused']);
  });

  it('keeps bytes that come in two parts, in order with the other operations', async () => {
    if (driver().setParts === undefined) return;
    const header = Buffer.from('header');
    const value = Buffer.alloc(100_000, 'v');
    const found: (Buffer | null)[] = [];
    await new Promise<void>((resolve) => {
      driver().set('parts', Buffer.from('before'), () => {});
      driver().setParts!('parts', header, value, () => {});
      driver().get('parts', (_, bytes) => found.push(bytes));
      driver().set('parts', Buffer.from('after'), () => {});
      driver().get('parts', (_, bytes) => {
        found.push(bytes);
        resolve();
      });
    });
    expect(found[0]?.equals(Buffer.concat([header, value]))).toBe(true);
    expect(found[1]?.toString()).toBe('after');
  });

  it('takes operations from within callbacks', async () => {
    await new Promise<void>((resolve) => {
      driver().set('nested', Buffer.from('x'), () => driver().delete('nested', () => resolve()));
    });
    expect(await read(driver(), 'nested')).toBeNull();
  });
}

/** The results of the reads in the test of order, from the same operations on a map. */
function expectedReads(operations: number): (string | undefined)[] {
  const map = new Map<string, string>();
  const values: (string | undefined)[] = [];
  for (let index = 0; index < operations; index++) {
    const key = `order-${index % 7}`;
    if (index % 5 === 4) map.delete(key);
    else if (index % 2 === 0) map.set(key, `${index}`);
    else values[index] = map.get(key);
  }
  return values;
}

function statisticsTests(driver: () => KvDriver): void {
  it('answers with its own figures, if it has any, in order with the operations', async () => {
    if (driver().stats === undefined) return;
    const order: string[] = [];
    const written = write(driver(), 'counted', Buffer.alloc(1000)).then(() => order.push('set'));
    const general = figures(driver(), '').then((found) => {
      order.push('stats');
      return found;
    });
    await Promise.all([written, general, read(driver(), 'counted').then(() => order.push('get'))]);
    expect(order).toEqual(['set', 'stats', 'get']);
    expect(Number((await general).get('bytes'))).toBeGreaterThanOrEqual(1000);
    expect(Number((await general).get('limit_maxbytes'))).toBeGreaterThan(0);
    expect(Number((await figures(driver(), 'settings')).get('maxbytes'))).toBeGreaterThan(0);
    expect((await figures(driver(), 'slabs')).has('total_malloced')).toBe(true);
    for (const group of ['items', 'sizes', 'reset'] as const) await figures(driver(), group);
    expect(await read(driver(), 'counted')).toEqual(Buffer.alloc(1000));
  });

  it('carries out commands of one line, if it has any', async () => {
    if (driver().command === undefined) return;
    expect(await answerOf(driver(), 'cache_memlimit 100')).toBe('OK');
    expect((await figures(driver(), '')).get('limit_maxbytes')).toBe(`${100 * 1_048_576}`);
    expect(await answerOf(driver(), 'cache_memlimit 64 noreply')).toBe('');
    expect(await answerOf(driver(), 'cache_memlimit 1')).toMatch(/^MEMLIMIT_TOO_SMALL/);
    expect(await answerOf(driver(), 'no_such_command')).toBe('ERROR');
    const many = Array.from({ length: 1000 }, () => answerOf(driver(), 'lru mode segmented'));
    const settled = await Promise.allSettled(many);
    const answered = settled.filter(({ status }) => status === 'fulfilled');
    expect(answered.length).toBeGreaterThan(200);
    expect(answered.length).toBeLessThan(1000);
  });
}

function figures(driver: KvDriver, group: StatsGroup): Promise<ReadonlyMap<string, string>> {
  return new Promise((resolve, reject) => {
    driver.stats!(group, (error, stats) => (stats === null ? reject(error) : resolve(new Map(stats))));
  });
}

function answerOf(driver: KvDriver, line: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    driver.command!(line, (error, answer) => (error === null ? resolve(answer) : reject(error)));
  });
}

function endTests(context: () => { driver: KvDriver; watch: StateWatch }): void {
  it('fails the operations in flight, and refuses later ones', async () => {
    const { driver, watch } = context();
    const inFlight = [write(driver, 'end', Buffer.from('x')), read(driver, 'end'), remove(driver, 'end')];
    const failures = Promise.all(inFlight.map(failure));
    await driver.close();
    for (const error of await failures) expect(error.code).toBe('STORE_DOWN');
    expect((await failure(read(driver, 'end'))).code).toBe('STORE_DOWN');
    if (driver.stats) expect((await failure(figures(driver, ''))).code).toBe('STORE_DOWN');
    if (driver.command) expect((await failure(answerOf(driver, 'lru mode flat'))).code).toBe('STORE_DOWN');
    expect(watch.up).toBe(false);
    await driver.close();
  });
}
