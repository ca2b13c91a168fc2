import { describe, expect, it } from 'vitest';
import { allowanceOf, FreeSpace } from '../../../src/journal/log-allowance.ts';
import { eventually } from '../../support/eventually.ts';
import { clockAt } from '../../support/ports.ts';
import { SimulatedDisk } from '../../support/simulated-disk.ts';

const MB = 2 ** 20;

describe('how far a log may grow', () => {
  it.each([
    ['on a large disk', 0, 100_000 * MB, 64 * MB],
    ['with much that is live, on a large disk', 100 * MB, 100_000 * MB, 200 * MB],
    ['on a disk that says nothing', 100 * MB, Number.POSITIVE_INFINITY, 200 * MB],
    ['on a small disk', 7 * MB, 64 * MB, 12.5 * MB],
    ['on a small disk with nothing', 0, 64 * MB, 16 * MB],
    ['on a disk that is nearly full', 20 * MB, 45 * MB, 5 * MB],
    ['on a full disk', 0, 0, 65_536],
  ])('%s', (_, base, room, allowance) => {
    expect(allowanceOf(base, room, 64 * MB)).toBe(allowance);
  });

  it('leaves room for the new base, as long as the base is less than a third of it', () => {
    for (let base = 0; base < 33; base++)
      expect(base + allowanceOf(base * MB, 100 * MB, 64 * MB) / MB + base).toBeLessThanOrEqual(100);
  });
});

describe('free space', () => {
  it('is asked for once a second, and when much has been written', async () => {
    const disk = new SimulatedDisk();
    let asked = 0;
    let nowMs = 0;
    disk.freeBytes = async () => ++asked;
    const free = new FreeSpace(
      disk,
      '/',
      clockAt(() => nowMs),
    );
    expect(free.bytes).toBe(Number.POSITIVE_INFINITY);
    const refresh = async (isUrgent: boolean): Promise<void> => {
      free.refresh(isUrgent, () => {});
      free.refresh(isUrgent, () => {});
      await new Promise(setImmediate);
    };
    await refresh(false);
    await refresh(false);
    expect(free.bytes).toBe(1);
    await refresh(true);
    expect(free.bytes).toBe(2);
    nowMs += 1_000;
    await refresh(false);
    expect(free.bytes).toBe(3);
  });

  it('stays as it was when the system does not answer', async () => {
    const disk = new SimulatedDisk();
    let refused = 0;
    const free = new FreeSpace(
      disk,
      '/',
      clockAt(() => 0),
    );
    free.refresh(true, () => {});
    disk.freeBytes = () => Promise.reject(new Error(`refused ${++refused} times`));
    await eventually(() => {
      free.refresh(true, () => {});
      expect(refused).toBeGreaterThan(1);
    });
    expect(free.bytes).toBe(Number.POSITIVE_INFINITY);
  });
});
