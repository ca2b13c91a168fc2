import { expect, it } from 'vitest';
import type {
  ControllerId,
  MonotonicMs,
  SequenceNumber,
  VersionTime,
  WallMs,
} from '../../../src/base/number-kinds.ts';
import { HybridClock } from '../../../src/ordering/hybrid-clock.ts';
import { RequestQueue } from '../../../src/ordering/request-queue.ts';
import { type Version, versionTimeOfMs } from '../../../src/ordering/version.ts';
import { setOf } from '../../support/effects.ts';
import { clockAt } from '../../support/ports.ts';

/** The compiler is the test: a mistake that it no longer finds makes its `@ts-expect-error` an error. */

const controller: ControllerId = 1;
const seq: SequenceNumber = 2;
const time: VersionTime = 3;
const wallMs: WallMs = 4;
const nowMs: MonotonicMs = clockAt(() => 5).nowMs();

it('numbers of different kinds are not mixed', () => {
  const queue = new RequestQueue();
  // @ts-expect-error: an id is no sequence number
  queue.push(setOf('k', { time, node: controller }), controller);
  // @ts-expect-error: a sequence number is no id
  queue.lastOf(seq);
  // @ts-expect-error: an id is no version time, and a version time no id
  const version: Version = { time: controller, node: time };
  // @ts-expect-error: a monotonic time is no wall time
  const ofMonotonic: VersionTime = versionTimeOfMs(nowMs);
  // @ts-expect-error: a wall time is no version time
  new HybridClock(controller, () => wallMs).observe(wallMs);
  // @ts-expect-error: a clock's monotonic time is none that a hybrid clock can go by
  new HybridClock(controller, clockAt(() => 5).nowMs);
  expect([version.time, ofMonotonic]).toEqual([1, 0]);
});

it('a plain number may be of any kind, and so may a result of arithmetic', () => {
  const later: WallMs = wallMs + 1_000;
  const next: SequenceNumber = seq + 1;
  expect([later, next, versionTimeOfMs(wallMs + 0)]).toEqual([1_004, 3, 0]);
});
