import { expect, it } from 'vitest';
import { RecentLag } from '../../../src/controller/recent-lag.ts';

it('each tick that comes late is counted with its delay, and one that comes in time as none', () => {
  let nowMs = 0;
  const lag = new RecentLag({ nowMs: () => nowMs, wallMs: () => 0 }, 20);
  for (const ms of [20, 25, 19, 320]) {
    nowMs += ms;
    lag.onTick(0);
  }
  expect([lag.delays.count, lag.delays.sumMs]).toEqual([4, 305]);
  expect(lag.delays.counts[0]).toBe(2);
});
