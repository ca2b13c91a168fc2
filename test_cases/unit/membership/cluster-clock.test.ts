import { describe, expect, it } from 'vitest';
import { ClusterClock, SLEW_MAX } from '../../../src/membership/cluster-clock.ts';
import { VERSION_END_MS, versionTimeOfMs } from '../../../src/ordering/version.ts';
import { configurationOfSize } from '../../support/configurations.ts';

const NOON_MS = Date.UTC(2026, 5, 1, 12);
const HOUR_MS = 3_600_000;
const SKEW_MS = 10_000;
const GRACE_MS = 600;
const HEARTBEAT_MS = 100;

/** One controller of a cluster of several, whose peers are told what to say. */
class Scene {
  /** True time, in milliseconds since the start. */
  atMs = 0;
  /** By how much the wall clock here is wrong. */
  skewMs = 0;
  /** For how long the monotonic clock here has stood still. */
  stoodMs = 0;
  readonly heard = new Set<number>();
  readonly clock: ClusterClock;
  readonly #nodes: number;

  constructor(nodes = 3, knownMs = 0) {
    this.#nodes = nodes;
    this.clock = new ClusterClock({
      node: 0,
      configuration: () => configurationOfSize(nodes),
      clock: {
        wallMs: () => NOON_MS + this.atMs + this.skewMs,
        nowMs: () => 77_000 + this.atMs - this.stoodMs,
      },
      knownMs,
      heard: () => [...this.heard],
      maxSkewMs: SKEW_MS,
      graceMs: GRACE_MS,
    });
  }

  /** By how much cluster time is wrong. */
  get errorMs(): number {
    return this.clock.nowMs() - NOON_MS - this.atMs;
  }

  /** A heartbeat of a peer. @param skewMs of its wall clock; `timeMs`: how wrong its cluster time is */
  hear(peer: number, skewMs: number, timeMs: number | null = null, knownMs = 0): void {
    if (peer >= this.#nodes) throw new Error(`no such peer: ${peer}`);
    this.heard.add(peer);
    const now = NOON_MS + this.atMs;
    this.clock.onHeartbeat(peer, {
      wallMs: now + skewMs,
      clusterMs: timeMs === null ? 0 : now + timeMs,
      time: versionTimeOfMs(knownMs),
    });
  }

  /** @param heartbeats what is heard again and again meanwhile */
  run(forMs: number, heartbeats: () => void = () => {}): void {
    for (const untilMs = this.atMs + forMs; this.atMs < untilMs; this.atMs += HEARTBEAT_MS) {
      heartbeats();
      this.clock.onTick();
    }
    this.clock.onTick();
  }
}

/** Three controllers that are right and have agreed. */
function agreed(): Scene {
  const scene = new Scene();
  scene.hear(1, 0);
  scene.hear(2, 0);
  expect(scene.clock.isAgreed).toBe(true);
  return scene;
}

describe('a controller that has just started', () => {
  it('takes the middle of the clocks when all are heard, however wrong one clock is', () => {
    for (const [own, one, other, time] of [
      [0, 20, HOUR_MS, 20],
      [-HOUR_MS, 0, 20, 0],
      [HOUR_MS, 0, 20, 20],
    ] as const) {
      const scene = new Scene();
      scene.skewMs = own;
      scene.hear(1, one);
      expect(scene.clock.isAgreed).toBe(false);
      expect(scene.clock.agreedMs).toBeNull();
      scene.hear(2, other);
      expect(scene.errorMs).toBe(time);
      expect(scene.clock.agreedMs).toBe(scene.clock.nowMs());
    }
  });

  it('takes over the cluster time of its peers, whatever the wall clocks say', () => {
    const scene = new Scene();
    scene.skewMs = HOUR_MS;
    scene.hear(1, HOUR_MS, 40);
    expect(scene.errorMs).toBe(40);
  });

  it('waits for the third controller for a while, and then begins with two whose clocks are close', () => {
    const scene = new Scene();
    scene.hear(1, 3_000);
    scene.run(GRACE_MS - HEARTBEAT_MS);
    expect(scene.clock.isAgreed).toBe(false);
    expect(scene.clock.trouble).toBe('the controllers have not yet agreed on the time');
    scene.run(2 * HEARTBEAT_MS);
    expect(scene.errorMs).toBe(0);
  });

  it('has no time when two are heard whose clocks are far apart, and says so', () => {
    const scene = new Scene();
    scene.run(2 * GRACE_MS, () => scene.hear(1, HOUR_MS));
    expect(scene.clock.agreedMs).toBeNull();
    expect(scene.clock.trouble).toBe(
      'the clocks of the controllers that are up are 3600.0 s apart (max_clock_skew 10 s), and too few to tell which are right',
    );
    scene.hear(2, 10);
    expect(scene.errorMs).toBe(10);
  });

  it('has no cluster time while it is alone: its wall clock counts, but never below the newest known write', () => {
    const scene = new Scene(3, NOON_MS);
    scene.run(2 * GRACE_MS);
    expect(scene.clock.isAgreed).toBe(false);
    expect(scene.clock.isGraceOver).toBe(true);
    expect(scene.errorMs).toBe(0);
    scene.skewMs = -HOUR_MS;
    expect(scene.clock.nowMs()).toBe(NOON_MS);
  });

  it('does not begin before the newest known write, unless that was stamped while clocks were wrong', () => {
    const later = new Scene(3, NOON_MS + 4_000);
    later.hear(1, 0);
    later.hear(2, 0, null, NOON_MS + 5_000);
    expect(later.errorMs).toBe(4_000);
    const wrong = new Scene(3, NOON_MS + HOUR_MS);
    wrong.hear(1, 0);
    wrong.hear(2, 0, null, NOON_MS + 2 * HOUR_MS);
    expect(wrong.errorMs).toBe(0);
    expect(wrong.clock.aheadMs(versionTimeOfMs(NOON_MS + HOUR_MS + 1_000))).toBe(1_000);
  });

  it('believes no single controller that knows writes from the future', () => {
    const scene = new Scene();
    scene.hear(1, 0);
    scene.hear(2, 0, null, NOON_MS + HOUR_MS);
    expect(scene.errorMs).toBe(0);
    expect(scene.clock.aheadMs(versionTimeOfMs(NOON_MS + HOUR_MS))).toBe(HOUR_MS);
  });

  it('is alone in a cluster of one', () => {
    const scene = new Scene(1);
    scene.clock.onTick();
    expect(scene.errorMs).toBe(0);
  });
});

describe('cluster time', () => {
  it.each([HOUR_MS, -HOUR_MS, 5_000, -5_000])(
    'is not moved by one wall clock that jumps by %d ms',
    (jumpMs) => {
      for (const wrong of [0, 1, 2]) {
        const scene = agreed();
        const skewOf = (node: number) => (node === wrong ? jumpMs : 0);
        scene.skewMs = skewOf(0);
        scene.run(60_000, () => [1, 2].forEach((peer) => void scene.hear(peer, skewOf(peer), 0)));
        expect(Math.abs(scene.errorMs)).toBeLessThanOrEqual(1);
      }
    },
  );

  it.each([HOUR_MS, -HOUR_MS])(
    'nor when only one other is heard, whichever of the two is wrong by %d ms',
    (jumpMs) => {
      for (const wrong of [0, 1]) {
        const scene = agreed();
        scene.heard.delete(2);
        scene.skewMs = wrong === 0 ? jumpMs : 0;
        scene.run(60_000, () => scene.hear(1, wrong === 1 ? jumpMs : 0, 0));
        expect(Math.abs(scene.errorMs)).toBeLessThanOrEqual(1);
      }
    },
  );

  it('goes on by the monotonic clock when no peer is heard', () => {
    const scene = agreed();
    scene.heard.clear();
    scene.skewMs = HOUR_MS;
    scene.run(60_000);
    expect(scene.errorMs).toBe(0);
  });

  it('follows a majority slowly, and never goes back', () => {
    for (const skewMs of [HOUR_MS, -HOUR_MS]) {
      const scene = agreed();
      scene.skewMs = skewMs;
      let before = scene.clock.nowMs();
      for (let i = 0; i < 600; i++) {
        scene.run(HEARTBEAT_MS, () => [1, 2].forEach((peer) => void scene.hear(peer, skewMs)));
        expect(scene.clock.nowMs()).toBeGreaterThanOrEqual(before);
        before = scene.clock.nowMs();
      }
      expect(scene.errorMs / Math.sign(skewMs)).toBeCloseTo(60_000 * SLEW_MAX, -1);
    }
  });

  it('does not go beyond its target when it is not steered for long', () => {
    const scene = agreed();
    scene.hear(1, 40, 40);
    scene.hear(2, 40, 40);
    scene.skewMs = 40;
    scene.clock.onTick();
    scene.atMs += 3 * HOUR_MS;
    expect(scene.errorMs).toBe(40);
  });

  it('catches up with the others when the monotonic clock has stood still', () => {
    const scene = agreed();
    scene.atMs += HOUR_MS;
    scene.stoodMs = HOUR_MS;
    expect(scene.errorMs).toBe(-HOUR_MS);
    scene.hear(1, 0, 0);
    scene.hear(2, 0, 0);
    scene.clock.onTick();
    expect(scene.errorMs).toBe(0);
  });

  it('follows no single peer that says that it is later', () => {
    const scene = agreed();
    scene.run(60_000, () => {
      scene.hear(1, HOUR_MS, HOUR_MS);
      scene.hear(2, 0, 0);
    });
    expect(Math.abs(scene.errorMs)).toBeLessThanOrEqual(1);
  });

  it('stays a number that versions can be made of, whatever a peer says', () => {
    const scene = new Scene();
    scene.hear(1, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    expect(scene.clock.nowMs()).toBeLessThanOrEqual(VERSION_END_MS);
    expect(Number.isSafeInteger(versionTimeOfMs(scene.clock.nowMs()))).toBe(true);
  });

  it('tells which wall clock is wrong, and by how much', () => {
    const scene = agreed();
    scene.skewMs = HOUR_MS;
    scene.hear(1, -5_000, 0);
    expect([scene.clock.ownErrorMs, scene.clock.errorMsOf(1), scene.clock.errorMsOf(2)]).toEqual([
      HOUR_MS,
      -5_000,
      0,
    ]);
    scene.clock.onPeerDown(1);
    expect(scene.clock.errorMsOf(1)).toBeNull();
  });

  it('tells how far a version is ahead of cluster time; before there is any, of the latest possible time', () => {
    const scene = new Scene();
    expect(scene.clock.aheadMs(versionTimeOfMs(NOON_MS + 3_000))).toBe(3_000);
    scene.hear(1, 2_000);
    expect(scene.clock.aheadMs(versionTimeOfMs(NOON_MS + 3_000))).toBe(1_000);
    scene.hear(2, -1_000);
    expect(scene.clock.aheadMs(versionTimeOfMs(NOON_MS + 3_000))).toBe(3_000);
    expect(scene.clock.aheadMs(versionTimeOfMs(NOON_MS - 3_000))).toBe(-3_000);
  });
});
