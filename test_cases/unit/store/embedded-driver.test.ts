import { describe, expect, it } from 'vitest';
import { EMBEDDED_OVERHEAD_BYTES, EmbeddedDriver } from '../../../src/store/embedded-driver.ts';
import { describeDriver } from '../../support/driver-acceptance.ts';
import { failure, read, remove, write } from '../../support/driver-calls.ts';

describeDriver('embedded', async () => new EmbeddedDriver({ bytesMax: 32 * 1_048_576 }));

function open(bytesMax: number): EmbeddedDriver {
  const driver = new EmbeddedDriver({ bytesMax });
  driver.open(() => {});
  return driver;
}

/** Memory of an item with a key of one character and a value of ten bytes. */
const ITEM = EMBEDDED_OVERHEAD_BYTES + 1 + 10;
const VALUE = Buffer.alloc(10, 'v');

describe('the embedded store', () => {
  it('evicts the least recently used entry', async () => {
    const driver = open(3 * ITEM);
    for (const key of ['a', 'b', 'c']) await write(driver, key, VALUE);
    await read(driver, 'a');
    await write(driver, 'd', VALUE);
    expect(await read(driver, 'b')).toBeNull();
    for (const key of ['a', 'c', 'd']) expect(await read(driver, key)).toEqual(VALUE);
    expect(driver.bytes).toBe(3 * ITEM);
  });

  it('evicts as many entries as a larger value needs, and no more', async () => {
    const driver = open(3 * ITEM);
    for (const key of ['a', 'b', 'c']) await write(driver, key, VALUE);
    await write(driver, 'd', Buffer.alloc(VALUE.length + ITEM));
    expect(await read(driver, 'a')).toBeNull();
    expect(await read(driver, 'b')).toBeNull();
    expect(await read(driver, 'c')).toEqual(VALUE);
    expect(driver.bytes).toBe(3 * ITEM);
  });

  it('frees the memory of overwritten and deleted entries', async () => {
    const driver = open(10 * ITEM);
    await write(driver, 'a', Buffer.alloc(500));
    await write(driver, 'a', VALUE);
    await write(driver, 'b', VALUE);
    expect(driver.bytes).toBe(2 * ITEM);
    await remove(driver, 'b');
    expect(driver.bytes).toBe(ITEM);
  });

  it('accepts a value that fills it, and refuses one that is a byte larger', async () => {
    const driver = open(3 * ITEM);
    const room = 3 * ITEM - EMBEDDED_OVERHEAD_BYTES - 1;
    await write(driver, 'a', Buffer.alloc(room));
    expect((await failure(write(driver, 'b', Buffer.alloc(room + 1)))).code).toBe('STORE_TOO_LARGE');
    expect(await read(driver, 'a')).not.toBeNull();
  });

  it('does not keep the pools of small buffers in memory', async () => {
    const driver = open(10 * ITEM);
    await write(driver, 'a', Buffer.from('pooled'));
    expect((await read(driver, 'a'))?.buffer.byteLength).toBe('pooled'.length);
  });
});
