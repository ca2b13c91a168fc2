import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import { closedBecause, type Gate, waitBecause } from '../../membership/gate.ts';
import { isJoining } from '../../placement/configuration.ts';
import { type Freshness, silenceOf } from '../freshness.ts';
import type { ControllerPorts } from '../scheme-ports.ts';

export interface HeardProofPorts {
  readonly controller: Pick<
    ControllerPorts,
    'peers' | 'clock' | 'configuration' | 'votersGate' | 'announce' | 'onChange'
  >;
  /** When the last exchange was started that has completed with the peer; null for none. */
  readonly exchangedMs: (peer: ControllerId) => MonotonicMs | null;
  /** Pushes of the peer have come, and are not shown yet. */
  readonly hasWaiting: (peer: ControllerId) => boolean;
}

/** The peers are asked at most this often for the sake of reads that wait, in milliseconds. */
const ASK_EVERY_MS = 20;

/**
 * Proves moments for a convergent group, one peer at a time.
 *
 *  1. A heartbeat of this controller is a question, sent at the moment `t`. Its answer names `t`: a grant, or the next
 *     heartbeat of the peer. The peer has sent the answer after it got the question, therefore after `t`.
 *  2. A peer pushes a write to all peers by the end of the turn in which the client is answered. So everything that the
 *     peer answered before `t` was pushed, or was done, before the peer sent the answer.
 *  3. Links are FIFO. So the pushes that the peer has sent on this link came here before the answer. What it had done
 *     before this link, or what was not taken here, came by an exchange that was started since, and has completed.
 *  4. Therefore, when the answer comes, and no push waits to be shown, every write that the peer answered before `t` is
 *     shown here: `t` is proven for the peer.
 *  5. A write is answered by one controller. A moment that is proven for each peer is proven, because this controller
 *     shows its own writes at once.
 *
 * The age of a proof counts from the question, never from the answer: what the peer answers while its own answer is on
 * the way is not known here.
 *
 * A run that has ended may have answered writes that its controller has lost. Nothing is proven of these.
 *
 * A controller that was added may not be known here. Therefore a moment is noted only while this controller holds a
 * lease: up to then there was no later view, and no voter but those of which it knows.
 */
export class HeardProof implements Freshness {
  readonly #ports: HeardProofPorts;
  readonly #provenMs = new Map<ControllerId, MonotonicMs>();
  /** Per peer, when a push was last not taken, or the link was lost. */
  readonly #missedMs = new Map<ControllerId, MonotonicMs>();
  #askedMs: MonotonicMs = Number.NEGATIVE_INFINITY;
  #isAwaited = false;

  constructor(ports: HeardProofPorts) {
    this.#ports = ports;
  }

  get provenMs(): MonotonicMs {
    const { peers, clock } = this.#ports.controller;
    let provenMs = clock.nowMs();
    for (const peer of peers.ids) {
      if (!this.#isJoining(peer)) provenMs = Math.min(provenMs, this.#of(peer));
    }
    return provenMs;
  }

  /** The peers that hold the proof up are those that are not heard: without one of them there is none. */
  seek(): Gate {
    const { peers, votersGate, clock, announce } = this.#ports.controller;
    const unheard = peers.ids.filter((peer) => !peers.isHeard(peer) && !this.#isJoining(peer));
    if (unheard.length > 0) return closedBecause('STALE', silenceOf(peers, unheard));
    const voters = votersGate();
    if (voters.state === 'closed') return closedBecause('STALE', voters.reason);
    const nowMs = clock.nowMs();
    this.#isAwaited = true;
    if (nowMs - this.#askedMs >= ASK_EVERY_MS) {
      this.#askedMs = nowMs;
      announce();
    }
    return WAITING;
  }

  /** Writes of the peer may have been missed: a push was not taken, or the link is gone. */
  onMissed(peer: ControllerId): void {
    this.#missedMs.set(peer, this.#ports.controller.clock.nowMs());
  }

  /** The peer has answered the question that was sent to it at that moment. */
  onAnswer(peer: ControllerId, askedMs: MonotonicMs): void {
    const { controller, exchangedMs, hasWaiting } = this.#ports;
    const { clock, votersGate, onChange } = controller;
    const nowMs = clock.nowMs();
    // A peer that names a moment that has not come has been asked no such thing.
    if (askedMs > nowMs) return;
    // mutant: proves-without-lease
    if (votersGate().state !== 'open') return;
    const startedMs = exchangedMs(peer);
    const missedMs = this.#missedMs.get(peer) ?? Number.NEGATIVE_INFINITY;
    // mutant: proof-over-missed-pushes
    if (startedMs === null || startedMs <= missedMs || hasWaiting(peer)) return;
    // mutant: proof-from-answer
    const provenMs = askedMs;
    if (provenMs <= this.#of(peer)) return;
    this.#provenMs.set(peer, provenMs);
    if (!this.#isAwaited) return;
    this.#isAwaited = false;
    onChange();
  }

  /** It was added, and has answered no client yet. */
  #isJoining(peer: ControllerId): boolean {
    return isJoining(this.#ports.controller.configuration(), peer);
  }

  #of(peer: ControllerId): MonotonicMs {
    return this.#provenMs.get(peer) ?? Number.NEGATIVE_INFINITY;
  }
}

const WAITING = waitBecause('STALE', 'the other controllers have not answered yet');
