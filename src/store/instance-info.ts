import type { StoreStats } from './driver.ts';
import type { StoreInstance } from './entry-store.ts';

/**
 * Reads memcached's general statistics. Its `time` and `uptime` go on with the same tick, so their difference is
 * the same for as long as it runs; together with `pid` it names one run of one process.
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
