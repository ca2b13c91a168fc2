import { describe, expect, it } from 'vitest';
import { ClientBudget, CONNECTION_BYTES_MAX } from '../../../src/controller/clients/client-budget.ts';

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

  it('lets one that holds nothing have a value that is larger than its share, within the bound', () => {
    const budget = new ClientBudget(8 * MEBIBYTE);
    for (let at = 0; at < 64; at++) budget.join();
    budget.add(4 * MEBIBYTE, 3 * MEBIBYTE);
    expect(budget.isCrowded).toBe(true);
    expect(budget.allowance).toBeLessThan(MEBIBYTE);
    expect(budget.admitsOne(MEBIBYTE)).toBe(true);
    expect(budget.admitsOne(MEBIBYTE + 1)).toBe(false);
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
