import type { Clock } from '../base/clock.ts';
import type { ControllerId, MonotonicMs, VersionTime, WallMs } from '../base/number-kinds.ts';
import { msOfVersionTime, TICKS_PER_MS, VERSION_END_MS, versionTimeOfMs } from '../ordering/version.ts';
import { type Configuration, isVoter, majorityOf, votersOf } from '../placement/configuration.ts';
import { CLOCK_DRIFT_MAX } from './lease.ts';
import type { Heartbeat } from './messages.ts';

/**
 * How much faster or slower than the monotonic clock cluster time may run while it is corrected: 20 ms in a second.
 * Twice what two monotonic clocks may differ in rate, so that cluster time follows the clocks that it is taken from.
 * Larger: wrong clocks of a majority do damage sooner. Smaller: cluster time lags behind them.
 */
export const SLEW_MAX = 2 * CLOCK_DRIFT_MAX;

export interface ClusterClockPorts {
  readonly node: ControllerId;
  /** The clocks of the controllers that vote count. */
  readonly configuration: () => Configuration;
  readonly clock: Clock;
  /** The time of the newest write that an earlier run of this controller knew, in milliseconds since 1970. */
  readonly knownMs: number;
  /** Peers that are heard now. */
  readonly heard: () => readonly number[];
  /** Clocks that are further apart than this can't both be right, in milliseconds. */
  readonly maxSkewMs: number;
  /** How long the controller waits for silent controllers at its start, in milliseconds. */
  readonly graceMs: number;
}

/**
 * The clocks of a peer, as its last heartbeat gave them. Offsets are against the monotonic clock of this controller
 * at the moment when the heartbeat arrived.
 */
interface Sample {
  readonly wallOffsetMs: number;
  /** The offset of the peer's cluster time; null while the peer has none. */
  readonly timeOffsetMs: number | null;
  /** The time of the newest write that the peer knows. */
  readonly knownMs: number;
}

/**
 * Cluster time: the time of day that the controllers agree on. All decisions on expiry go by it. It is the monotonic
 * clock of this controller plus an offset, which is steered by the wall clocks of all controllers.
 *
 *  1. Of `n` controllers that vote the wall clocks of `f = (n - 1) / 2` may be wrong by any amount. Sort those of their
 *     readings that are heard. The readings at place `f` from either end enclose a right one, because at most `f`
 *     readings are wrong.
 *     Cluster time is steered into the interval between these two; therefore a wrong clock alone moves it nowhere.
 *  2. Within that interval cluster time follows the cluster time of the peer that is furthest ahead, so that all
 *     controllers read the same.
 *  3. Cluster time never goes back, and runs at most `SLEW_MAX` too fast or too slow. Only a controller whose
 *     monotonic clock stood still catches up at once, to the time that a majority of the controllers already reads.
 *  4. A controller that was just started has no cluster time. It takes over the cluster time of its peers. If no peer
 *     has one, a majority starts from the interval of rule 1. Until then nothing is removed because of its age.
 *
 * A reading is too small by the time for which it was on its way. That is harmless, because no rule follows the
 * smallest reading.
 */
export class ClusterClock {
  readonly #ports: ClusterClockPorts;
  readonly #samples = new Map<ControllerId, Sample>();
  readonly #startedMs: MonotonicMs;
  #agreed = false;
  /** Cluster time when it was last steered, and the monotonic clock then. */
  #baseMs = 0;
  #baseNowMs = 0;
  /** What still has to be added to cluster time, in milliseconds. */
  #correctionMs = 0;
  /**
   * By how much versions were ahead of cluster time when it began, in milliseconds. They stay ahead by so much, and
   * must not be refused for it.
   */
  #leadMs = 0;
  /** How far apart the plausible readings are, in milliseconds; null while too few are heard. */
  #spreadMs: number | null = null;

  constructor(ports: ClusterClockPorts) {
    this.#ports = ports;
    this.#startedMs = ports.clock.nowMs();
  }

  /** There is a cluster time. Once true, it stays. */
  get isAgreed(): boolean {
    return this.#agreed;
  }

  /**
   * The controller waits for silent controllers no longer: if there is no cluster time now, there is none to be had.
   */
  get isGraceOver(): boolean {
    return this.#ports.clock.nowMs() - this.#startedMs >= this.#ports.graceMs;
  }

  /** Why there is no cluster time. Human-readable. */
  get trouble(): string {
    const { maxSkewMs } = this.#ports;
    if (this.#spreadMs === null || this.#spreadMs <= maxSkewMs)
      return 'the controllers have not yet agreed on the time';
    const apart = `${seconds(this.#spreadMs)} s apart (max_clock_skew ${maxSkewMs / 1000} s)`;
    return `the clocks of the controllers that are up are ${apart}, and too few to tell which are right`;
  }

  /**
   * Whole milliseconds since 1970. Without cluster time this is the wall clock of this machine, but never less than
   * the time of the newest write that an earlier run knew.
   */
  nowMs(): WallMs {
    // mutant: own-wall-clock
    if (this.#agreed) return Math.floor(this.#readingAt(this.#ports.clock.nowMs()));
    return Math.max(this.#ports.clock.wallMs(), this.#ports.knownMs);
  }

  /** Cluster time; null while there is none. */
  get agreedMs(): WallMs | null {
    // mutant: time-too-early
    return this.#agreed ? this.nowMs() : null;
  }

  /** How far a version time is ahead of the latest that it can be now, in milliseconds; negative when it is behind. */
  aheadMs(versionTime: VersionTime): number {
    return (versionTime - versionTimeOfMs(this.#latestMs())) / TICKS_PER_MS;
  }

  /** How far this machine's wall clock is ahead of cluster time, in milliseconds; null while there is none. */
  get ownErrorMs(): number | null {
    return this.#agreed ? this.#ports.clock.wallMs() - this.nowMs() : null;
  }

  /** How far the peer's wall clock is ahead of cluster time, in milliseconds; null while that is not known. */
  errorMsOf(peer: ControllerId): number | null {
    const sample = this.#samples.get(peer);
    if (!this.#agreed || sample === undefined) return null;
    const now = this.#ports.clock.nowMs();
    return sample.wallOffsetMs + now - this.#readingAt(now);
  }

  onHeartbeat(
    from: ControllerId,
    { wallMs, clusterMs, time }: Pick<Heartbeat, 'wallMs' | 'clusterMs' | 'time'>,
  ): void {
    const now = this.#ports.clock.nowMs();
    this.#samples.set(from, {
      wallOffsetMs: Math.min(wallMs, VERSION_END_MS) - now,
      timeOffsetMs: clusterMs === 0 ? null : Math.min(clusterMs, VERSION_END_MS) - now,
      knownMs: msOfVersionTime(time),
    });
    if (!this.#agreed) this.onTick();
  }

  onPeerDown(peer: ControllerId): void {
    this.#samples.delete(peer);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const now = this.#ports.clock.nowMs();
    const samples = this.#heard();
    const walls = samples.map(({ wallOffsetMs }) => wallOffsetMs);
    if (this.#isVoter(this.#ports.node)) walls.push(this.#ports.clock.wallMs() - now);
    const times = samples.flatMap(({ timeOffsetMs }) => (timeOffsetMs === null ? [] : [timeOffsetMs]));
    if (this.#agreed) this.#steer(now, walls, times);
    // mutant: begins-with-own-time
    else if (times.length > 0) this.#begin(now, median(times), this.#ports.knownMs - now);
    else this.#agree(now, walls, samples);
  }

  get #majority(): number {
    return majorityOf(votersOf(this.#ports.configuration()).length);
  }

  /** How many wall clocks may be wrong. */
  get #wrongMax(): number {
    return Math.floor((votersOf(this.#ports.configuration()).length - 1) / 2);
  }

  #isVoter(id: ControllerId): boolean {
    return isVoter(this.#ports.configuration(), id);
  }

  #heard(): Sample[] {
    const heard = this.#ports.heard().filter((peer) => this.#isVoter(peer));
    return heard.flatMap((peer) => this.#samples.get(peer) ?? []);
  }

  /** @param walls offsets of all wall clocks that are heard */
  #steer(now: MonotonicMs, walls: readonly number[], times: readonly number[]): void {
    const majority = this.#majority;
    let reading = this.#readingAt(now);
    let target = Math.max(reading, ...times.map((offset) => offset + now));
    if (walls.length >= majority) {
      const { from, to } = plausible(walls, this.#wrongMax);
      target = Math.min(Math.max(target, from + now), to + now);
      const isWitnessed = times.length > 0 && times.length + 1 >= majority;
      if (isWitnessed) reading = Math.max(reading, Math.min(from, ...times) + now);
    }
    this.#baseMs = reading;
    this.#baseNowMs = now;
    this.#correctionMs = target - reading;
  }

  /** No controller that is heard has a cluster time. */
  #agree(now: MonotonicMs, walls: readonly number[], samples: readonly Sample[]): void {
    const { maxSkewMs, knownMs } = this.#ports;
    this.#spreadMs = null;
    if (walls.length < this.#majority) return;
    const { from, to } = plausible(walls, this.#wrongMax);
    this.#spreadMs = to - from;
    const isComplete = walls.length > 2 * this.#wrongMax;
    if (this.#spreadMs > maxSkewMs || (!isComplete && !this.isGraceOver)) return;
    // The latest time that at least one controller with a right clock knows a write of. Writes that are far ahead
    // come from a time when clocks were wrong.
    const knownTimes = [knownMs, ...samples.map((sample) => sample.knownMs)].sort((a, b) => b - a);
    const known = knownTimes[this.#wrongMax]! - now;
    this.#begin(now, known - from > maxSkewMs ? from : Math.max(from, known), known);
  }

  #begin(now: MonotonicMs, offsetMs: number, knownOffsetMs: number): void {
    this.#agreed = true;
    this.#leadMs = Math.max(0, knownOffsetMs - offsetMs);
    this.#baseMs = now + offsetMs;
    this.#baseNowMs = now;
    this.#correctionMs = 0;
  }

  #readingAt(now: MonotonicMs): number {
    const sinceMs = Math.max(0, now - this.#baseNowMs);
    const slewMax = sinceMs * SLEW_MAX;
    // mutant: time-jumps
    return this.#baseMs + sinceMs + Math.min(Math.max(this.#correctionMs, -slewMax), slewMax);
  }

  /** While there is no cluster time, any of the wall clocks may be right. */
  #latestMs(): number {
    if (this.#agreed) return this.nowMs() + this.#leadMs;
    const now = this.#ports.clock.nowMs();
    return Math.max(this.nowMs(), ...this.#heard().map(({ wallOffsetMs }) => wallOffsetMs + now));
  }
}

/**
 * The bounds of the time, if at most `wrongMax` of the clocks are wrong. With fewer than `2 * wrongMax + 1` readings
 * the right clocks are within the bounds, and wrong ones may be, too.
 */
function plausible(
  offsets: readonly number[],
  wrongMax: number,
): { readonly from: ControllerId; readonly to: ControllerId } {
  const sorted = offsets.toSorted((a, b) => a - b);
  const one = sorted[Math.min(wrongMax, sorted.length - 1)]!;
  const other = sorted[Math.max(0, sorted.length - 1 - wrongMax)]!;
  // mutant: latest-clock-wins
  return { from: Math.min(one, other), to: Math.max(one, other) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Human-readable, to a tenth of a second. */
function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
