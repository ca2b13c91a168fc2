import type { MonotonicMs } from '../base/number-kinds.ts';
import type { Gate } from '../membership/gate.ts';
import type { Peers } from '../membership/peers.ts';

/**
 * What a scheme can prove of the age of its state here. Every moment is one of this controller's monotonic clock: no
 * other clock takes part.
 */
export interface Freshness {
  /**
   * Every write that was answered before this moment, at any controller, is applied here. Minus infinity while nothing
   * is proven. A moment that was proven stays proven.
   */
  readonly provenMs: MonotonicMs;

  /**
   * To be called while a read waits for a later moment to be proven: sees to it. Open where a strong read may take the
   * place of the proof; closed while no proof can come.
   */
  seek(): Gate;
}

/** These peers, and for how long nothing was heard of each. Human-readable. */
export function silenceOf(peers: Peers, of: readonly number[]): string {
  return of
    .map((peer) => {
      const silentMs = peers.silentMs(peer);
      const name = peers.nameOf(peer);
      return silentMs === null
        ? `${name} was never heard`
        : `${name} was not heard for ${Math.round(silentMs)} ms`;
    })
    .join(' and ');
}
