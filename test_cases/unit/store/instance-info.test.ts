import { expect, it } from 'vitest';
import { instanceInfoOf } from '../../../src/store/instance-info.ts';

const STATS = [
  ['pid', '4711'],
  ['uptime', '100'],
  ['time', '1767225700'],
  ['evictions', '3'],
] as const;

it('a run of a process has one name, however long it runs', () => {
  const later = [...STATS.slice(0, 1), ['uptime', '101'], ['time', '1767225701'], STATS[3]] as const;
  const { instance, evictions } = instanceInfoOf(STATS);
  expect(instance).toBe('pid 4711 since 2026-01-01T00:00:00Z');
  expect(evictions).toBe(3);
  expect(instanceInfoOf(later).instance).toBe(instance);
});

it('another run of the same pid has another name', () => {
  const again = [STATS[0], ['uptime', '3'], STATS[2], STATS[3]] as const;
  expect(instanceInfoOf(again).instance).not.toBe(instanceInfoOf(STATS).instance);
});

it('a store that says less has no name', () => {
  expect(instanceInfoOf([['evictions', '3']])).toEqual({ instance: null, evictions: 3 });
  expect(instanceInfoOf([['pid', 'x'], ...STATS.slice(1, 3)])).toEqual({ instance: null, evictions: null });
});
