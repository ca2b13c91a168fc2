import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Watchdog } from '../../../src/store/watchdog.ts';

describe('the watchdog', () => {
  let now = 0;
  let ticks = 0;
  let watchdog: Watchdog;

  beforeEach(() => {
    vi.useFakeTimers();
    now = 0;
    ticks = 0;
    const onTick = (): void => {
      ticks++;
    };
    watchdog = new Watchdog(10, () => now, onTick);
  });
  afterEach(() => {
    watchdog.stop();
    vi.useRealTimers();
  });

  function tickAfter(ms: number): void {
    now += ms;
    vi.advanceTimersByTime(10);
  }

  it('measures time in its ticks', () => {
    watchdog.start();
    tickAfter(10);
    tickAfter(13);
    expect(watchdog.ms).toBe(23);
    expect(ticks).toBe(2);
  });

  it('counts a pause of this process as two ticks', () => {
    watchdog.start();
    tickAfter(60_000);
    expect(watchdog.ms).toBe(20);
  });

  it('stands still while it is stopped', () => {
    watchdog.start();
    tickAfter(10);
    watchdog.stop();
    tickAfter(1000);
    watchdog.start();
    watchdog.start();
    tickAfter(10);
    expect(watchdog.ms).toBe(20);
    expect(ticks).toBe(2);
  });
});
