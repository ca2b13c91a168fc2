import { expect, it } from 'vitest';
import { ServiceWatch } from '../../../src/controller/status/service-watch.ts';
import { clockAt } from '../../support/ports.ts';

/** A watch that ticks every 100 ms. `run` returns the lines that it has logged since the last call. */
function watched() {
  const lines: string[] = [];
  const state = { reads: 'a', writes: 'a', nowMs: 0 };
  const line = (level: string) => (message: string, fields?: object) =>
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const watch = new ServiceWatch({
    readTrouble: () => state.reads,
    writeTrouble: () => state.writes,
    clock: clockAt(() => state.nowMs),
    log: { info: line('info'), warn: line('warn') },
  });
  const run = (forMs: number, reads: string, writes: string): string[] => {
    Object.assign(state, { reads, writes });
    for (const until = state.nowMs + forMs; state.nowMs < until; ) {
      state.nowMs += 100;
      watch.onTick();
    }
    return lines.splice(0);
  };
  return { run };
}

it('a start is logged once it has ended, and is no outage', () => {
  const { run } = watched();
  expect(run(900, 'a view is formed', 'a view is formed')).toEqual([]);
  expect(run(500, '', '')).toEqual(['info ready for reads and writes {"afterMs":1100}']);
});

it('a trouble that lasts for one tick only is no outage', () => {
  const { run } = watched();
  run(1_000, '', '');
  expect(run(100, '', 'a view is formed')).toEqual([]);
  expect(run(1_000, '', '')).toEqual([]);
});

it('a long start logs what it waits for, after some seconds and then once a minute', () => {
  const { run } = watched();
  expect(run(62_000, 'no majority', 'no majority')).toEqual([
    'warn still not ready for reads and writes {"waitsFor":"no majority","forSeconds":3}',
  ]);
  expect(run(1_000, 'no majority', 'no majority')).toEqual([
    'warn still not ready for reads and writes {"waitsFor":"no majority","forSeconds":63}',
  ]);
});

it('reads and writes are logged apart, each change once', () => {
  const { run } = watched();
  run(200, '', '');
  expect(run(3_000, '', 'the disk is full')).toEqual([
    'warn ready for reads, not for writes {"waitsFor":"the disk is full"}',
  ]);
  expect(run(60_200, '', 'the store is down')).toEqual([
    'warn still ready for reads, not for writes {"waitsFor":"the store is down","forSeconds":3}',
    'warn still ready for reads, not for writes {"waitsFor":"the store is down","forSeconds":63}',
  ]);
  expect(run(1_000, 'x', '')).toEqual(['warn ready for writes, not for reads {"waitsFor":"x"}']);
  expect(run(1_000, 'x', 'y')).toEqual(['warn not ready for reads and writes {"reads":"x","writes":"y"}']);
  expect(run(120_000, '', '')).toEqual(['info ready for reads and writes {"afterMs":1000}']);
});
