import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HybridClock } from '../../../src/ordering/hybrid-clock.ts';
import { compareVersions, VERSION_EPOCH_MS, versionTimeOfMs } from '../../../src/ordering/version.ts';

const YEAR_MS = 365 * 86_400_000;
const LAST_MS = VERSION_EPOCH_MS + 60 * YEAR_MS;

type Step =
  | { readonly do: 'stamp' }
  | { readonly do: 'wall'; readonly ms: number }
  | { readonly do: 'observe'; readonly ms: number };

/** The wall clock and the times of peers jump to any moment, also to before the epoch of versions. */
const moments = fc.oneof(
  fc.integer({ min: 0, max: LAST_MS }),
  fc.integer({ min: VERSION_EPOCH_MS, max: VERSION_EPOCH_MS + 5 }),
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant({ do: 'stamp' as const }) },
    fc.record({ do: fc.constant('wall' as const), ms: moments }),
    fc.record({ do: fc.constant('observe' as const), ms: moments }),
  ),
  { maxLength: 100, size: 'max' },
);

describe('the hybrid clock', () => {
  it('gives versions larger than all that it gave and observed before, whatever the wall clock does', () => {
    fc.assert(
      fc.property(steps, (list) => {
        let wallMs = VERSION_EPOCH_MS;
        let largest = 0;
        const clock = new HybridClock(7, () => wallMs);
        for (const step of list) {
          if (step.do === 'wall') wallMs = step.ms;
          else if (step.do === 'observe') {
            clock.observe(versionTimeOfMs(step.ms));
            largest = Math.max(largest, versionTimeOfMs(step.ms));
          } else {
            const version = clock.stamp();
            expect(version.node).toBe(7);
            expect(version.time).toBeGreaterThan(largest);
            expect(version.time).toBeGreaterThanOrEqual(versionTimeOfMs(wallMs));
            expect(Number.isSafeInteger(version.time)).toBe(true);
            largest = version.time;
          }
          expect(clock.latest).toBe(largest);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('orders the versions that one controller has seen before those that it then gives', () => {
    fc.assert(
      fc.property(moments, moments, (hereMs, thereMs) => {
        const here = new HybridClock(0, () => hereMs);
        const there = new HybridClock(1, () => thereMs);
        const cause = there.stamp();
        here.observe(cause.time);
        expect(compareVersions(cause, here.stamp())).toBeLessThan(0);
      }),
    );
  });

  it('is purely logical on a wall clock that always says 0', () => {
    const clock = new HybridClock(2, () => 0);
    expect([clock.stamp(), clock.stamp()].map((version) => version.time)).toEqual([1, 2]);
    clock.observe(10);
    clock.observe(5);
    expect(clock.latest).toBe(10);
    expect(clock.stamp()).toEqual({ time: 11, node: 2 });
  });
});
