import type { StoreStats } from './driver.ts';
import type { StoreInstance } from './entry-store.ts';

/**
 * Reads the process from memcached's general statistics. Its `time` and `uptime` move on with the same tick, so that
 * their difference stays the same while it runs. Together with `pid` the difference names one run of one process.
 */
export function instanceInfoOf(stats: StoreStats): StoreInstance {
  const figures = new Map(stats);
  const count = (name: string): number | null => {
    const value = Number(figures.get(name) ?? '');
    return figures.has(name) && Number.isSafeInteger(value) ? value : null;
  };
  const [pid, time, uptime] = [count('pid'), count('time'), count('uptime')];
  const known = pid !== null && time !== null && uptime !== null;
  return {
    instance: known ? `pid ${pid} since ${timestamp(time - uptime)}` : null,
    evictions: count('evictions'),
  };
}

function timestamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
