import { expect, it } from 'vitest';
import { Peers } from '../../../src/membership/peers.ts';
import { clockAt } from '../../support/ports.ts';

it('peers come and go: those that stay are still heard, and a new one is silent until it is heard', () => {
  const peers = new Peers({
    ids: [1, 2],
    heartbeatMs: 100,
    threshold: 3,
    clock: clockAt(() => 1_000),
    tickMs: 100,
    isLinked: () => true,
    nameOf: String,
  });
  const part = peers.only((peer) => peer === 2 || peer === 5);
  peers.onHeard(1);
  peers.onHeard(2);
  expect(peers.silent).toEqual([]);
  peers.setIds([2, 5]);
  expect([peers.ids, part.ids]).toEqual([
    [2, 5],
    [2, 5],
  ]);
  expect([peers.isUp(1), peers.isUp(2), peers.silent, part.silent]).toEqual([false, true, [5], [5]]);
  expect(peers.onHeard(1)).toBe(false);
  expect(peers.onHeard(5)).toBe(true);
  expect([peers.silent, part.silent]).toEqual([[], []]);
});
