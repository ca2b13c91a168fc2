import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KvDriver } from '../../../src/store/driver.ts';
import { EmbeddedDriver } from '../../../src/store/embedded-driver.ts';
import { read, remove, StateWatch, write } from '../../support/driver-calls.ts';
import { describeWithMemcached, Memcached } from '../../support/memcached.ts';
import { CONNECTION_KINDS, memcachedDriver } from '../../support/memcached-drivers.ts';

type Operation =
  | { readonly kind: 'get' | 'delete'; readonly key: string }
  | { readonly kind: 'set'; readonly key: string; readonly bytes: Buffer };

const keys = fc.constantFrom('a', 'b', '\x00', '\xe4\xf6\xfc', '\xff'.repeat(250));
const values = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
  fc.nat({ max: 200_000 }).map((length) => Buffer.alloc(length, `${length} `)),
);
const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('get' as const), key: keys }),
    fc.record({ kind: fc.constant('delete' as const), key: keys }),
    fc.record({ kind: fc.constant('set' as const), key: keys, bytes: values }),
  ),
  { maxLength: 60 },
);

function onDriver(driver: KvDriver, operation: Operation): Promise<unknown> {
  switch (operation.kind) {
    case 'get':
      return read(driver, operation.key);
    case 'set':
      return write(driver, operation.key, operation.bytes);
    case 'delete':
      return remove(driver, operation.key);
  }
}

function onMap(map: Map<string, Buffer>, operation: Operation): Buffer | null | undefined {
  if (operation.kind === 'get') return map.get(operation.key) ?? null;
  if (operation.kind === 'set') map.set(operation.key, operation.bytes);
  else map.delete(operation.key);
  return undefined;
}

/** As `toEqual`, which takes milliseconds for large buffers. */
function expectSame(actual: unknown, expected: Buffer | null | undefined): void {
  const same = Buffer.isBuffer(actual) && Buffer.isBuffer(expected) && actual.equals(expected);
  if (!same) expect(actual).toEqual(expected);
}

/** A driver answers like a map. Operations are sent in groups, all of a group at once. */
function behavesAsMap(driver: () => KvDriver): () => Promise<void> {
  return async () => {
    const groups = fc.array(operations, { minLength: 1, maxLength: 4 });
    const map = new Map<string, Buffer>();
    await fc.assert(
      fc.asyncProperty(groups, async (sequence) => {
        for (const group of sequence) {
          const answers = await Promise.all(group.map((operation) => onDriver(driver(), operation)));
          group.forEach((operation, index) => {
            expectSame(answers[index], onMap(map, operation));
          });
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
  };
}

async function opened(driver: KvDriver): Promise<KvDriver> {
  const watch = new StateWatch();
  driver.open(watch.onStateChange);
  await watch.until(true);
  return driver;
}

describe('the embedded driver', () => {
  let driver: KvDriver;
  beforeAll(async () => {
    driver = await opened(new EmbeddedDriver({ bytesMax: 32 * 1_048_576 }));
  });
  afterAll(() => driver.close());

  it(
    'behaves as a map',
    behavesAsMap(() => driver),
  );
});

for (const kind of CONNECTION_KINDS) {
  describeWithMemcached(`the ${kind} driver`, () => {
    let memcached: Memcached;
    let driver: KvDriver;
    beforeAll(async () => {
      memcached = await Memcached.start();
      driver = await opened(memcachedDriver(kind, { address: memcached.address, timeoutMs: 2000 }));
    });
    afterAll(async () => {
      await driver.close();
      await memcached.kill();
    });

    it(
      'behaves as a map',
      behavesAsMap(() => driver),
    );
  });
}
