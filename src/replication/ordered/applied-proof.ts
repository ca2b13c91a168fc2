import type { Clock } from '../../base/clock.ts';
import type { MonotonicMs, VersionTime } from '../../base/number-kinds.ts';
import type { Gate } from '../../membership/gate.ts';
import type { View } from '../../membership/view.ts';
import type { Freshness } from '../freshness.ts';

export interface AppliedProofPorts {
  readonly clock: Clock;
  /** The view that this controller serves in; null for none. */
  readonly view: () => View | null;
  readonly holdsLease: () => boolean;
  /** Requests that are queued and not applied. */
  readonly pending: () => number;
  readonly appliedTime: () => VersionTime;
  /** The largest version time that this controller has given or seen. */
  readonly latestTime: () => VersionTime;
  /** Whether a strong read may start. */
  readonly strongGate: () => Gate;
}

/** A moment that is proven once everything is applied that was queued then. */
interface Mark {
  readonly atMs: MonotonicMs;
  readonly view: View | null;
  /** No request that was queued then has a larger version time. */
  readonly time: VersionTime;
}

/**
 * Proves moments for an ordered group.
 *
 *  1. While this controller holds a lease, no newer view is installed (`HeldLease`). So every write that was answered
 *     anywhere before a moment `t` at which the lease holds was acknowledged by this controller: at `t` it is queued
 *     here, or applied.
 *  2. If nothing is queued at `t`, everything that was answered before `t` is applied: `t` is proven.
 *  3. Otherwise let `v` be the largest version time seen at `t`. Requests are applied in version order. Therefore, once
 *     a larger version than `v` has been applied in the same view, or nothing is queued in it, every request is
 *     applied that was queued at `t`, and `t` is proven.
 *  4. A proven moment stays proven. The state only goes on; and a state that is taken over for a new view contains
 *     every answered write before it is served.
 */
export class AppliedProof implements Freshness {
  readonly #ports: AppliedProofPorts;
  #provenMs: MonotonicMs = Number.NEGATIVE_INFINITY;
  #mark: Mark | null = null;

  constructor(ports: AppliedProofPorts) {
    this.#ports = ports;
  }

  get provenMs(): MonotonicMs {
    this.step();
    return this.#provenMs;
  }

  seek(): Gate {
    return this.#ports.strongGate();
  }

  /** To be called every few milliseconds, so that there is a proof when the lease is lost. */
  step(): void {
    const { clock, view, pending, appliedTime, latestTime, holdsLease } = this.#ports;
    const mark = this.#mark;
    if (mark !== null && mark.view !== view()) this.#mark = null;
    else if (mark !== null && (pending() === 0 || appliedTime() > mark.time)) {
      this.#provenMs = mark.atMs;
      this.#mark = null;
    }
    // The moment comes before the lease is looked at, so that the lease held at that moment.
    const atMs = clock.nowMs();
    // mutant: proof-without-lease
    if (!holdsLease()) return;
    // mutant: proof-before-queued
    if (pending() === 0) this.#provenMs = atMs;
    else this.#mark ??= { atMs, view: view(), time: latestTime() };
  }
}
