import { describe, expect, it } from 'vitest';
import type { Log, LogFields } from '../../../src/base/log.ts';
import { createDriver, STORE_TYPES } from '../../../src/store/create-driver.ts';
import { type KvDriver, StoreError, type StoreState } from '../../../src/store/driver.ts';
import { EmbeddedDriver } from '../../../src/store/embedded-driver.ts';
import type { Entry } from '../../../src/store/entry.ts';
import { KVController } from '../../../src/store/kv-controller.ts';
import { LargeValues } from '../../../src/store/large-values.ts';
import { NODE_TRANSPORT } from '../../../src/transport/node-transport.ts';
import { write } from '../../support/driver-calls.ts';

interface LogLine {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly fields: LogFields;
}

class MemoryLog implements Log {
  readonly lines: LogLine[] = [];
  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields });
  }
  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields });
  }
}

/** A driver that refuses every operation. The test sets its state. */
class RefusingDriver implements KvDriver {
  readonly description = 'refusing';
  become: (state: StoreState) => void = () => {};
  open(onStateChange: (state: StoreState) => void): void {
    this.become = onStateChange;
  }
  get(_key: string, done: (error: StoreError | null, bytes: Buffer | null) => void): void {
    setImmediate(() => done(REFUSED, null));
  }
  append(_key: string, _bytes: Buffer, done: (error: StoreError | null, found: boolean) => void): void {
    setImmediate(() => done(REFUSED, false));
  }
  set(_key: string, _bytes: Buffer, done: (error: StoreError | null) => void): void {
    setImmediate(() => done(REFUSED));
  }
  delete(_key: string, done: (error: StoreError | null) => void): void {
    setImmediate(() => done(REFUSED));
  }
  async close(): Promise<void> {
    this.become({ up: false, reason: 'closed' });
  }
}

const REFUSED = new StoreError('STORE_REFUSED', 'refused');

const ENTRY: Entry = {
  version: { time: 2 ** 50 + 1, node: 2 },
  flags: 0xffff_ffff,
  expiresAtMs: 4_000_000_000_000,
  token: null,
  marks: 0,
  value: Buffer.from('value'),
};

function embedded(): { controller: KVController; driver: EmbeddedDriver; log: MemoryLog } {
  const driver = new EmbeddedDriver({ bytesMax: 1_000_000 });
  const log = new MemoryLog();
  const controller = new KVController('custom', driver, log);
  controller.open();
  return { controller, driver, log };
}

function get(controller: KVController, key: string): Promise<Entry | null> {
  return new Promise((resolve, reject) => {
    controller.get(key, (error, entry) => (error === null ? resolve(entry) : reject(error)));
  });
}

function set(controller: KVController, key: string, entry: Entry): Promise<StoreError | null> {
  return new Promise((resolve) => controller.set(key, entry, resolve));
}

function remove(controller: KVController, key: string): Promise<StoreError | null> {
  return new Promise((resolve) => controller.delete(key, resolve));
}

describe('KVController', () => {
  it('gives back entries as they were set', async () => {
    const { controller } = embedded();
    expect(await set(controller, 'a', ENTRY)).toBeNull();
    expect(await get(controller, 'a')).toEqual(ENTRY);
    expect(await remove(controller, 'a')).toBeNull();
    expect(await get(controller, 'a')).toBeNull();
    expect(controller.counters).toMatchObject({ gets: 2, sets: 1, deletes: 1, errors: 0, foreignValues: 0 });
  });

  it('counts a value that no controller wrote as a miss', async () => {
    const { controller, driver } = embedded();
    await write(driver, 'a', Buffer.from('written past the controllers'));
    expect(await get(controller, 'a')).toBeNull();
    expect(controller.counters.foreignValues).toBe(1);
  });

  it('passes errors on, and counts them', async () => {
    const controller = new KVController('memcache', new RefusingDriver(), new MemoryLog());
    await expect(get(controller, 'a')).rejects.toBe(REFUSED);
    expect(await set(controller, 'a', ENTRY)).toBe(REFUSED);
    expect(await remove(controller, 'a')).toBe(REFUSED);
    expect(controller.counters.errors).toBe(3);
  });

  it('reports every change of state, and logs each failure and each return once', async () => {
    const driver = new RefusingDriver();
    const log = new MemoryLog();
    const states: StoreState[] = [];
    const controller = new KVController('memcache', driver, log);
    controller.open((state) => states.push(state));
    const changes: StoreState[] = [
      { up: false, reason: 'connection refused' },
      { up: false, reason: 'connection reset' },
      { up: true, itemBytesMax: 1000 },
      { up: false, reason: 'no answer' },
      { up: false, reason: 'connection refused' },
      { up: true, itemBytesMax: null },
    ];
    for (const state of changes) {
      driver.become(state);
      expect(controller.state).toBe(state);
    }
    await controller.close();
    expect(states).toEqual([...changes, { up: false, reason: 'closed' }]);
    expect(controller.counters.reconnects).toBe(1);
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'store is down',
        fields: { store: 'refusing', reason: 'connection refused' },
      },
      { level: 'info', message: 'store is up', fields: { store: 'refusing', itemBytesMax: 1000 } },
      { level: 'warn', message: 'store is down', fields: { store: 'refusing', reason: 'no answer' } },
      { level: 'info', message: 'store is back', fields: { store: 'refusing', itemBytesMax: null } },
    ]);
  });
});

describe('createDriver', () => {
  const settings = {
    storeAddress: { host: '127.0.0.1', port: 11201 },
    storeTimeoutMs: 500,
    storeBytesMax: 1_000_000,
  };

  const resources = { transport: NODE_TRANSPORT, largeValues: new LargeValues(0) };

  it('makes the driver that the settings name', async () => {
    const descriptions = await Promise.all(
      STORE_TYPES.map(
        async (storeType) => (await createDriver({ ...settings, storeType }, resources)).description,
      ),
    );
    expect(descriptions).toEqual(['memcached 127.0.0.1:11201', 'memcached 127.0.0.1:11201', 'embedded']);
  });
});
