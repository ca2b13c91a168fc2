import type { Clock } from '../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import type { VersionVector } from '../ordering/version-vector.ts';
import type { AntiEntropy } from './exchange/anti-entropy.ts';

/** How far this replica is behind a peer. */
export interface PeerLag {
  /** Writes that the peer is known to have, and that are missing here. */
  readonly writes: number;
  /** Milliseconds since this replica last had everything that the peer had told of; null: not in this run. */
  readonly ms: number | null;
}

export interface PeerLagsPorts {
  readonly clock: Clock;
  /** The version vector of this replica, as of now. */
  readonly known: () => VersionVector;
  readonly exchange: Pick<AntiEntropy, 'progressOf' | 'startedMs'>;
}

interface Word {
  readonly known: VersionVector;
  readonly heardMs: MonotonicMs;
}

/**
 * Measures how far this replica is behind each peer, by the monotonic clock of this machine alone.
 *
 *  1. A peer says in its heartbeats what it would know after a crash. Once the vector of this replica dominates what
 *     the peer has said, this replica has all that the peer had told of by the time that its word arrived here.
 *  2. A completed exchange has brought all that the peer had when this replica asked for it.
 *
 * The time since the later of the two is the lag. It grows while the peer is silent, since nothing is known of it then.
 * What a peer has done since its last word, or does not have on disk yet, is not counted.
 */
export class PeerLags {
  readonly #ports: PeerLagsPorts;
  readonly #newest = new Map<ControllerId, Word>();
  readonly #levelMs = new Map<ControllerId, MonotonicMs>();

  constructor(ports: PeerLagsPorts) {
    this.#ports = ports;
  }

  /** The peer has said what it knows. */
  onAnnounced(peer: ControllerId, known: VersionVector): void {
    this.#settle(peer);
    this.#newest.set(peer, { known, heardMs: this.#ports.clock.nowMs() });
  }

  of(peer: ControllerId): PeerLag {
    const { clock, exchange } = this.#ports;
    this.#settle(peer);
    const progress = exchange.progressOf(peer);
    const levelMs = Math.max(
      this.#levelMs.get(peer) ?? Number.NEGATIVE_INFINITY,
      exchange.startedMs(peer) ?? Number.NEGATIVE_INFINITY,
    );
    return {
      writes: progress === null ? 0 : Math.max(0, progress.total - progress.writes),
      ms: Number.isFinite(levelMs) ? clock.nowMs() - levelMs : null,
    };
  }

  #settle(peer: ControllerId): void {
    const word = this.#newest.get(peer);
    if (word === undefined || !this.#ports.known().dominates(word.known)) return;
    this.#levelMs.set(peer, word.heardMs);
    this.#newest.delete(peer);
  }
}
