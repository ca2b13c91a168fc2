import { describe, expect, it } from 'vitest';
import { ClientBudget, CONNECTION_BYTES_MAX } from '../../../src/controller/client-budget.ts';
import { Outstanding } from '../../../src/controller/outstanding.ts';
import { storeRequest } from '../../../src/protocol/make-request.ts';
import type { Request } from '../../../src/protocol/request.ts';

const MEBIBYTE = 1_048_576;

describe('what all clients may hold', () => {
  it('leaves each what a connection may have, up to half of it', () => {
    const budget = new ClientBudget(64 * MEBIBYTE);
    for (let at = 0; at < 100; at++) budget.join();
    budget.add(32 * MEBIBYTE - 1, 0);
    expect(budget.allowance).toBe(CONNECTION_BYTES_MAX);
    expect(budget.isExhausted).toBe(false);
  });

  it('is shared out from there on', () => {
    const budget = new ClientBudget(64 * MEBIBYTE);
    for (let at = 0; at < 64; at++) budget.join();
    budget.add(32 * MEBIBYTE, 0);
    expect(budget.allowance).toBe(MEBIBYTE / 2);
    for (let at = 0; at < 32; at++) budget.leave();
    expect(budget.allowance).toBe(MEBIBYTE);
    budget.add(32 * MEBIBYTE, 0);
    expect(budget.isExhausted).toBe(true);
    budget.add(-40 * MEBIBYTE, 0);
    expect(budget.isExhausted).toBe(false);
    expect(budget.allowance).toBe(CONNECTION_BYTES_MAX);
  });

  it('slows, but does not refuse, for what is only expected', () => {
    const budget = new ClientBudget(64 * MEBIBYTE);
    for (let at = 0; at < 64; at++) budget.join();
    budget.add(0, 1000 * MEBIBYTE);
    expect(budget.allowance).toBe(MEBIBYTE / 2);
    expect(budget.isExhausted).toBe(false);
  });

  it('leaves something for each, however many there are, and no one more than a connection may have', () => {
    const budget = new ClientBudget(8 * MEBIBYTE);
    budget.join();
    budget.add(8 * MEBIBYTE, 0);
    expect(budget.allowance).toBe(CONNECTION_BYTES_MAX);
    for (let at = 0; at < 100_000; at++) budget.join();
    expect(budget.allowance).toBe(16_384);
  });
});

describe('what one connection has outstanding', () => {
  const read = (...keys: string[]): Request => ({ kind: 'get', keys, withCas: false });

  it('is the values of writes while they are under way', () => {
    const outstanding = new Outstanding();
    const write = storeRequest('set', 'k', 0, 0, Buffer.alloc(1000));
    outstanding.begin(write);
    expect([outstanding.writtenBytes, outstanding.expectedBytes]).toEqual([1000, 0]);
    outstanding.end(write, 8);
    expect(outstanding.writtenBytes).toBe(0);
  });

  it('foresees values as large as the largest that were read lately', () => {
    const outstanding = new Outstanding();
    outstanding.begin(read('a', 'b'));
    outstanding.end(read('a', 'b'), 2 * MEBIBYTE);
    outstanding.begin(read('a', 'b', 'c'));
    expect(outstanding.expectedBytes).toBe(3 * MEBIBYTE);
    outstanding.end(read('a', 'b', 'c'), 0);
    for (let at = 0; at < 200; at++) {
      outstanding.begin(read('a'));
      outstanding.end(read('a'), 5);
    }
    outstanding.begin(read('a'));
    expect(outstanding.expectedBytes).toBe(5);
  });

  it('ignores requests that hold and find nothing', () => {
    const outstanding = new Outstanding();
    outstanding.begin({ kind: 'version' });
    expect(outstanding.expectedBytes).toBe(0);
    outstanding.end({ kind: 'version' }, 100);
    expect(outstanding.expectedBytes).toBe(0);
  });
});
