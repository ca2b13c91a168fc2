import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureDetector } from '../../../src/membership/failure-detector.ts';

const HEARTBEAT_MS = 100;
const THRESHOLD = 3;
const SUSPECT_AFTER_MS = HEARTBEAT_MS * THRESHOLD;
const START_MS = 5000;

const detectorOf = (...peers: readonly number[]) =>
  new FailureDetector(peers, HEARTBEAT_MS, THRESHOLD, START_MS);

/** Ticks every heartbeat from the start up to this many milliseconds after it. @returns when and who: `300 ms: 1` */
function ticksUntil(detector: FailureDetector, fromMs: number, untilMs: number): string[] {
  const suspects: string[] = [];
  for (let ms = fromMs; ms <= untilMs; ms += HEARTBEAT_MS) {
    for (const peer of detector.onTick(START_MS + ms)) suspects.push(`${ms} ms: ${peer}`);
  }
  return suspects;
}

describe('the failure detector', () => {
  it('counts a peer as up once it is heard, and says so once', () => {
    const detector = detectorOf(1, 2);
    expect([detector.isUp(1), detector.silentMs(1, START_MS)]).toEqual([false, null]);
    expect(ticksUntil(detector, 100, 1000)).toEqual([]);
    expect(detector.onHeard(1, START_MS + 1000)).toBe(true);
    expect(detector.onHeard(1, START_MS + 1010)).toBe(false);
    expect([detector.isUp(1), detector.isUp(2)]).toEqual([true, false]);
    expect(detector.silentMs(1, START_MS + 1030)).toBe(20);
  });

  it('suspects a peer, once, when it was silent for the threshold', () => {
    const detector = detectorOf(1, 2);
    detector.onHeard(1, START_MS);
    detector.onHeard(2, START_MS + 150);
    expect(ticksUntil(detector, 100, 1000)).toEqual([`${SUSPECT_AFTER_MS} ms: 1`, '500 ms: 2']);
    expect([detector.isUp(1), detector.isUp(2)]).toEqual([false, false]);
  });

  it('counts a suspect as up again as soon as it is heard', () => {
    const detector = detectorOf(1);
    detector.onHeard(1, START_MS);
    ticksUntil(detector, 100, 1000);
    expect(detector.onHeard(1, START_MS + 1001)).toBe(true);
    expect(detector.isUp(1)).toBe(true);
    expect(ticksUntil(detector, 1100, 1300)).toEqual([]);
    expect(ticksUntil(detector, 1400, 1400)).toEqual(['1400 ms: 1']);
  });

  it('ignores an id that is no peer', () => {
    const detector = detectorOf(1);
    expect(detector.onHeard(7, START_MS)).toBe(false);
    expect([detector.isUp(7), detector.silentMs(7, START_MS)]).toEqual([false, null]);
  });

  it('suspects no peer for a pause of this process, and forgets no silence from before the pause', () => {
    const detector = detectorOf(1, 2);
    detector.onHeard(1, START_MS + 50);
    ticksUntil(detector, 100, 200);
    detector.onHeard(2, START_MS + 200);
    const pausedUntilMs = START_MS + 60_200;
    expect(detector.onTick(pausedUntilMs)).toEqual([]);
    detector.onHeard(2, pausedUntilMs + 5);
    expect(detector.onTick(pausedUntilMs + HEARTBEAT_MS)).toEqual([1]);
    expect(detector.isUp(2)).toBe(true);
  });

  it('suspects no peer that is heard every heartbeat, whatever pauses this process takes', () => {
    const pauses = fc.array(fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 5000 })), { minLength: 20 });
    fc.assert(
      fc.property(pauses, fc.boolean(), (list, timersFirst) => {
        const detector = detectorOf(1);
        let nowMs = START_MS;
        detector.onHeard(1, nowMs);
        for (const pauseMs of list) {
          nowMs += HEARTBEAT_MS + pauseMs;
          if (timersFirst) expect(detector.onTick(nowMs)).toEqual([]);
          detector.onHeard(1, nowMs);
          if (!timersFirst) expect(detector.onTick(nowMs)).toEqual([]);
        }
      }),
    );
  });

  it('suspects a silent peer within the threshold and three heartbeats, if no turn is late by half of one', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2000 }),
        fc.array(fc.nat({ max: 50 }), { minLength: 40, maxLength: 40 }),
        (lastMs, late) => {
          const detector = detectorOf(1);
          let heard = false;
          let suspectedMs = Number.POSITIVE_INFINITY;
          late.forEach((lateMs, index) => {
            const ms = (index + 1) * HEARTBEAT_MS + lateMs;
            if (!heard && ms >= lastMs) {
              detector.onHeard(1, START_MS + lastMs);
              heard = true;
            }
            if (detector.onTick(START_MS + ms).length > 0) suspectedMs = ms;
          });
          expect(suspectedMs).toBeGreaterThanOrEqual(lastMs + SUSPECT_AFTER_MS);
          expect(suspectedMs).toBeLessThan(lastMs + SUSPECT_AFTER_MS + 3 * HEARTBEAT_MS);
        },
      ),
    );
  });

  it('does not get used to a peer that is silent again and again', () => {
    const detector = detectorOf(1);
    detector.onHeard(1, START_MS);
    ticksUntil(detector, 100, 200);
    detector.onHeard(1, START_MS + 250);
    expect(ticksUntil(detector, 300, 900)).toEqual(['600 ms: 1']);
  });

  it('waits longer for all peers while this process is late itself, and as usual a while later', () => {
    const detector = detectorOf(1);
    ticksUntil(detector, 100, 100);
    detector.onTick(START_MS + 350);
    detector.onHeard(1, START_MS + 350);
    expect(ticksUntil(detector, 450, 1_500)).toEqual(['950 ms: 1']);
    for (let ms = 1_600; ms <= 60_000; ms += HEARTBEAT_MS) {
      detector.onHeard(1, START_MS + ms);
      ticksUntil(detector, ms, ms);
    }
    expect(ticksUntil(detector, 60_100, 61_000)).toEqual(['60300 ms: 1']);
  });

  it('never waits longer than two and a half times the threshold, and learns nothing from long pauses', () => {
    const pauses = fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(pauses, (list) => {
        const detector = detectorOf(1);
        let nowMs = START_MS;
        for (const pauseMs of list) {
          nowMs += HEARTBEAT_MS + pauseMs;
          detector.onTick(nowMs);
        }
        detector.onHeard(1, nowMs);
        let silentMs = 0;
        do silentMs += HEARTBEAT_MS;
        while (detector.onTick(nowMs + silentMs).length === 0 && silentMs < 10_000);
        expect(silentMs).toBeGreaterThanOrEqual(SUSPECT_AFTER_MS);
        expect(silentMs).toBeLessThanOrEqual(2.5 * SUSPECT_AFTER_MS + HEARTBEAT_MS);
      }),
    );
    const detector = detectorOf(1);
    detector.onTick(START_MS + 1_500);
    detector.onHeard(1, START_MS + 1_500);
    expect(ticksUntil(detector, 1_600, 2_500)).toEqual(['1800 ms: 1']);
  });

  it('suspects a peer at once whose process is gone, and takes it back when it is heard', () => {
    const detector = detectorOf(1);
    expect(detector.onGone(1)).toBe(false);
    detector.onHeard(1, START_MS);
    expect([detector.onGone(1), detector.onGone(1), detector.onGone(7)]).toEqual([true, false, false]);
    expect(detector.isUp(1)).toBe(false);
    expect(ticksUntil(detector, 100, 1_000)).toEqual([]);
    expect(detector.onHeard(1, START_MS + 1_000)).toBe(true);
  });
});
