import { describe, expect, it } from 'vitest';
import { writePartsAndTell } from '../../../src/base/write-parts.ts';
import { LARGE_BYTES_MIN, LargeValues } from '../../../src/store/large-values.ts';

const BYTES = 300_000;
const MEBIBYTE = 1_048_576;

describe('memory for large values', () => {
  it('is used again once the reply that it was lent to was sent, and not before', () => {
    const values = new LargeValues(MEBIBYTE);
    const first = values.take(BYTES);
    const value = first.subarray(40);
    values.lend(value);
    expect(values.take(BYTES).buffer).not.toBe(first.buffer);
    values.onSent(value);
    const again = values.take(BYTES + 1_000);
    expect(again.buffer).toBe(first.buffer);
    expect(again).toHaveLength(BYTES + 1_000);
    expect(values.take(BYTES).buffer).not.toBe(first.buffer);
  });

  it('is not used again while another part may keep it, and comes back once only', () => {
    const values = new LargeValues(MEBIBYTE);
    const held = values.take(BYTES);
    values.onSent(held);
    expect(values.freeBytes).toBe(0);
    const foreign = Buffer.allocUnsafeSlow(BYTES);
    values.lend(foreign);
    values.onSent(foreign);
    expect(values.freeBytes).toBe(0);
    values.lend(held);
    values.onSent(held);
    values.onSent(held);
    expect(values.freeBytes).toBe(2 ** 19);
  });

  it('is kept within a bound', () => {
    const values = new LargeValues(MEBIBYTE);
    const all = [1, 2, 3].map(() => values.take(BYTES));
    for (const one of all) {
      values.lend(one);
      values.onSent(one);
    }
    expect(values.freeBytes).toBe(MEBIBYTE);
  });
});

describe('large parts of a reply', () => {
  it('are reported when the kernel has them, and never if they can not be sent', () => {
    const waiting: ((error?: Error | null) => void)[] = [];
    const sink = {
      write: (_: Buffer, sent?: (error?: Error | null) => void) => sent && waiting.push(sent),
      cork() {},
      uncork() {},
    };
    const told: Buffer[] = [];
    const [small, large, lost] = [10, LARGE_BYTES_MIN, LARGE_BYTES_MIN].map((size) => Buffer.alloc(size));
    writePartsAndTell(sink, [small!, large!, small!, lost!], LARGE_BYTES_MIN, (part) => told.push(part));
    expect(told).toEqual([]);
    waiting[0]!();
    waiting[1]!(new Error('gone'));
    expect(told).toEqual([large]);
  });
});
