import type { Clock } from '../base/clock.ts';
import { type Ballot, NO_BALLOT, sameBallot } from './ballot.ts';
import { quorum } from './view.ts';

/** How much two monotonic clocks may differ in rate, as a part of the time: far more than real clocks do. */
export const CLOCK_DRIFT_MAX = 0.01;

/**
 * The right of this controller to serve strong reads in its view: it lasts from when it was asked for.
 *
 * Invariant: while it holds, every majority of promises for a newer view has in it a controller that has
 * granted it, and says for how long; without this controller's own promise no such view is installed before.
 * That takes the grants of as many others as may be missing from a majority: for three controllers one.
 */
export class HeldLease {
  readonly #grantsNeeded: number;
  readonly #clock: Clock;
  readonly #grantedUntilMs: number[];
  #untilMs: number;
  #ballot: Ballot = NO_BALLOT;

  constructor(nodes: number, clock: Clock) {
    this.#grantsNeeded = nodes - quorum(nodes);
    this.#clock = clock;
    this.#grantedUntilMs = new Array<number>(nodes).fill(Number.NEGATIVE_INFINITY);
    this.#untilMs = this.#end();
  }

  /** A new view, or none: what was granted before is void. */
  reset(ballot: Ballot): void {
    this.#ballot = ballot;
    this.#grantedUntilMs.fill(Number.NEGATIVE_INFINITY);
    this.#untilMs = this.#end();
  }

  /** @param askedMs when this controller asked, on its own clock */
  onGranted(from: number, ballot: Ballot, askedMs: number, forMs: number): void {
    if (!sameBallot(ballot, this.#ballot)) return;
    // mutant: lease-from-grant
    const untilMs = askedMs + forMs * (1 - CLOCK_DRIFT_MAX);
    if (untilMs <= this.#grantedUntilMs[from]!) return;
    this.#grantedUntilMs[from] = untilMs;
    this.#untilMs = this.#end();
  }

  /** When it ends, on this controller's clock; infinite where no majority is possible without this controller. */
  get untilMs(): number {
    return this.#untilMs;
  }

  get holds(): boolean {
    return this.#clock.nowMs() < this.#untilMs;
  }

  #end(): number {
    if (this.#grantsNeeded === 0) return Number.POSITIVE_INFINITY;
    return [...this.#grantedUntilMs].sort((a, b) => b - a)[this.#grantsNeeded - 1]!;
  }
}

/**
 * The leases that this controller has granted, from when it granted them.
 *
 * A controller that has just started does not know what it granted in its life before, so it takes everybody
 * to hold a lease of full length.
 */
export class GrantedLeases {
  readonly #leaseMs: number;
  readonly #clock: Clock;
  readonly #untilMs: number[];

  constructor(nodes: number, leaseMs: number, clock: Clock) {
    this.#leaseMs = leaseMs;
    this.#clock = clock;
    this.#untilMs = new Array<number>(nodes).fill(clock.nowMs() + leaseMs * (1 + CLOCK_DRIFT_MAX));
  }

  /** @returns for how long, in milliseconds */
  grant(to: number): number {
    this.#untilMs[to] = this.#clock.nowMs() + this.#leaseMs * (1 + CLOCK_DRIFT_MAX);
    return this.#leaseMs;
  }

  /** Per controller, for how much longer it may hold a lease of this one's, in whole milliseconds. */
  remainingMs(): number[] {
    const now = this.#clock.nowMs();
    return this.#untilMs.map((untilMs) => Math.max(0, Math.ceil(untilMs - now)));
  }
}
