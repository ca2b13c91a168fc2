import type { Clock } from '../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import { type Configuration, isVoter, spareIn } from '../placement/configuration.ts';
import { type Ballot, NO_BALLOT, sameBallot } from './ballot.ts';

/** How much two monotonic clocks may differ in rate, as a fraction: far more than real clocks do. */
export const CLOCK_DRIFT_MAX = 0.01;

/**
 * The right of this controller to serve strong reads in its view. A grant lasts from the moment at which it was asked
 * for.
 *
 * The lease is safe, in these steps:
 *  1. The lease needs grants of as many other controllers as may be missing from a majority: of one for three
 *     controllers. So every majority contains this controller, or one that has granted it the lease.
 *  2. A newer view is installed only after a majority has promised it. Each promise says for how long a lease that
 *     its sender has granted may still last.
 *  3. If this controller has not promised, a grantor is among the promises, so the proposer waits until the lease has
 *     run out. If it has promised, it has given up its lease.
 *  4. Therefore no newer view is installed while the lease holds.
 */
export class HeldLease {
  readonly #clock: Clock;
  readonly #grantedUntilMs = new Map<ControllerId, MonotonicMs>();
  #configuration: Configuration;
  #untilMs: MonotonicMs;
  #ballot: Ballot = NO_BALLOT;

  constructor(configuration: Configuration, clock: Clock) {
    this.#configuration = configuration;
    this.#clock = clock;
    this.#untilMs = this.#end();
  }

  /** The view has changed: earlier grants are void. @param configuration that of the view */
  reset(ballot: Ballot, configuration: Configuration): void {
    this.#ballot = ballot;
    this.#configuration = configuration;
    this.#grantedUntilMs.clear();
    this.#untilMs = this.#end();
  }

  /** @param askedMs when this controller asked, on its own clock */
  onGranted(from: ControllerId, ballot: Ballot, askedMs: MonotonicMs, forMs: number): void {
    // A majority need not contain a controller that does not vote: its grant would keep no newer view away.
    if (!sameBallot(ballot, this.#ballot) || !isVoter(this.#configuration, from)) return;
    // mutant: lease-from-grant
    const untilMs = askedMs + forMs * (1 - CLOCK_DRIFT_MAX);
    if (untilMs <= (this.#grantedUntilMs.get(from) ?? Number.NEGATIVE_INFINITY)) return;
    this.#grantedUntilMs.set(from, untilMs);
    this.#untilMs = this.#end();
  }

  /**
   * When the lease ends, on the clock of this controller; infinite where no majority is possible without this
   * controller.
   */
  get untilMs(): MonotonicMs {
    return this.#untilMs;
  }

  get holds(): boolean {
    return this.#clock.nowMs() < this.#untilMs;
  }

  #end(): number {
    const grantsNeeded = spareIn(this.#configuration);
    if (grantsNeeded === 0) return Number.POSITIVE_INFINITY;
    const ends = [...this.#grantedUntilMs.values()].sort((a, b) => b - a);
    return ends[grantsNeeded - 1] ?? Number.NEGATIVE_INFINITY;
  }
}

/**
 * The leases that this controller has granted, each from the moment of the grant.
 *
 * A controller that has just started does not know what its earlier runs have granted. It assumes that every
 * controller holds a lease of full length.
 */
export class GrantedLeases {
  readonly #leaseMs: number;
  readonly #clock: Clock;
  /** When the leases run out that an earlier run may have granted. */
  readonly #earlierUntilMs: MonotonicMs;
  readonly #untilMs = new Map<ControllerId, MonotonicMs>();

  constructor(leaseMs: number, clock: Clock) {
    this.#leaseMs = leaseMs;
    this.#clock = clock;
    this.#earlierUntilMs = clock.nowMs() + leaseMs * (1 + CLOCK_DRIFT_MAX);
  }

  /** @returns for how long, in milliseconds */
  grant(to: ControllerId): number {
    this.#untilMs.set(to, this.#clock.nowMs() + this.#leaseMs * (1 + CLOCK_DRIFT_MAX));
    return this.#leaseMs;
  }

  /**
   * By id, for how much longer a controller may hold a lease that this controller has granted, in whole milliseconds.
   *
   * @param idsEnd one more than the largest id that is known here
   */
  remainingMs(idsEnd: number): number[] {
    const now = this.#clock.nowMs();
    return Array.from({ length: idsEnd }, (_, id) =>
      Math.max(0, Math.ceil((this.#untilMs.get(id) ?? this.#earlierUntilMs) - now)),
    );
  }
}
