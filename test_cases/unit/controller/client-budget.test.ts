import { describe, expect, it } from 'vitest';
import { ClientBudget, CONNECTION_BYTES_MAX } from '../../../src/controller/clients/client-budget.ts';

const MEBIBYTE = 1_048_576;

describe('the budget of all clients', () => {
  it('allows each connection the most that one may have, while half of the budget is free', () => {
    const budget = new ClientBudget(64 * MEBIBYTE);
    for (let at = 0; at < 100; at++) budget.join();
    budget.add(32 * MEBIBYTE - 1, 0);
    expect(budget.allowance).toBe(CONNECTION_BYTES_MAX);
    expect(budget.isExhausted).toBe(false);
  });

  it('is shared out once half of it is used', () => {
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

  it('delays, but does not refuse, when bytes are only expected', () => {
    const budget = new ClientBudget(64 * MEBIBYTE);
    for (let at = 0; at < 64; at++) budget.join();
    budget.add(0, 1000 * MEBIBYTE);
    expect(budget.allowance).toBe(MEBIBYTE / 2);
    expect(budget.isExhausted).toBe(false);
  });

  it('lets a connection that uses nothing take a value larger than its share, within the bound', () => {
    const budget = new ClientBudget(8 * MEBIBYTE);
    for (let at = 0; at < 64; at++) budget.join();
    budget.add(4 * MEBIBYTE, 3 * MEBIBYTE);
    expect(budget.isCrowded).toBe(true);
    expect(budget.allowance).toBeLessThan(MEBIBYTE);
    expect(budget.admitsOne(MEBIBYTE)).toBe(true);
    expect(budget.admitsOne(MEBIBYTE + 1)).toBe(false);
  });

  it('leaves a minimum for each of many connections, and allows none more than a connection may have', () => {
    const budget = new ClientBudget(8 * MEBIBYTE);
    budget.join();
    budget.add(8 * MEBIBYTE, 0);
    expect(budget.allowance).toBe(CONNECTION_BYTES_MAX);
    for (let at = 0; at < 100_000; at++) budget.join();
    expect(budget.allowance).toBe(16_384);
  });
});
