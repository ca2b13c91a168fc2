import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IDS_END } from '../../../src/base/number-kinds.ts';
import {
  casOfVersion,
  compareVersions,
  msOfVersionTime,
  sameVersion,
  VERSION_EPOCH_MS,
  type Version,
  versionTimeOfMs,
} from '../../../src/ordering/version.ts';

/** Often close to each other, so that there are ties. */
const times = fc.oneof(
  fc.integer({ min: 1, max: 4 }),
  fc.maxSafeNat().map((time) => Math.max(1, time)),
  fc.constant(Number.MAX_SAFE_INTEGER),
);
const versions: fc.Arbitrary<Version> = fc.record({ time: times, node: fc.nat({ max: IDS_END - 1 }) });

describe('a version', () => {
  it('has a CAS token that is positive in 64 bits', () => {
    fc.assert(
      fc.property(versions, (version) => {
        const cas = casOfVersion(version);
        expect(cas > 0n && cas < 2n ** 63n).toBe(true);
      }),
    );
  });

  it('has the token of earlier releases where its id is below 256', () => {
    fc.assert(
      fc.property(times, fc.nat({ max: 255 }), (time, node) => {
        expect(casOfVersion({ time, node })).toBe(BigInt(time) * 256n + BigInt(node));
      }),
    );
  });

  it('has a token of its own', () => {
    const ids = fc.constantFrom(0, 1, 255, 256, 257, 511, 512, IDS_END - 1);
    fc.assert(
      fc.property(fc.record({ time: times, node: ids }), fc.record({ time: times, node: ids }), (a, b) => {
        expect(sameVersion(a, b)).toBe(casOfVersion(a) === casOfVersion(b));
        expect(compareVersions(a, b) === 0).toBe(sameVersion(a, b));
      }),
    );
  });

  it('stands for the wall time at which it was given', () => {
    fc.assert(
      fc.property(fc.integer({ min: VERSION_EPOCH_MS, max: Date.UTC(2093, 0) }), (ms) => {
        expect(msOfVersionTime(versionTimeOfMs(ms))).toBe(ms);
      }),
    );
  });

  it('has a time that is exact until 2093, and grows with the clock', () => {
    const lastMs = Date.UTC(2093, 0);
    expect(Number.isSafeInteger(versionTimeOfMs(lastMs) + 4095)).toBe(true);
    const moments = fc.integer({ min: 0, max: lastMs });
    fc.assert(
      fc.property(moments, moments, (a, b) => {
        if (a <= b) expect(versionTimeOfMs(a)).toBeLessThanOrEqual(versionTimeOfMs(b));
      }),
    );
  });
});
