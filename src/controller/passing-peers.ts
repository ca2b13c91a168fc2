import type { Clock } from '../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import type { DeparturePhase } from '../membership/messages.ts';
import type { Peers } from '../membership/peers.ts';
import { hasFollowers } from '../placement/configuration.ts';
import type { CorePorts } from './core-ports.ts';

export interface PassingPeersPorts {
  /** Some controllers follow. Otherwise there are no passing peers. */
  readonly hasFollowers: boolean;
  /** Those with which heartbeats are exchanged all the time. */
  readonly standing: Peers;
  readonly clock: Clock;
  /** A peer that owes an answer may be silent for so long, in milliseconds. */
  readonly suspectAfterMs: number;
  /** The peer owes this controller an answer. */
  readonly isOwing: (peer: ControllerId) => boolean;
}

export function passingOf(
  { settings, clock, configured }: Pick<CorePorts, 'settings' | 'clock' | 'configured'>,
  standing: Peers,
  isOwing: PassingPeersPorts['isOwing'],
): PassingPeers {
  const suspectAfterMs = settings.heartbeatMs * settings.threshold;
  return new PassingPeers({
    hasFollowers: hasFollowers(configured),
    standing,
    clock,
    suspectAfterMs,
    isOwing,
  });
}

interface LinkedPeer {
  heardMs: MonotonicMs;
  isSilent: boolean;
  departure: DeparturePhase;
}

/**
 * Peers that are linked, and that exchange nothing with this controller but requests. A peer sends a heartbeat only
 * while it owes an answer: so idle links cost nothing, and a peer that dies before it has answered is missed as soon as
 * any other.
 */
export class PassingPeers {
  readonly #ports: PassingPeersPorts;
  readonly #linked = new Map<ControllerId, LinkedPeer>();

  constructor(ports: PassingPeersPorts) {
    this.#ports = ports;
  }

  /** The peer is none with which heartbeats are exchanged all the time. */
  has(peer: ControllerId): boolean {
    return this.#ports.hasFollowers && !this.#ports.standing.has(peer);
  }

  get linked(): readonly ControllerId[] {
    return [...this.#linked.keys()];
  }

  onUp(peer: ControllerId): void {
    const heardMs = this.#ports.clock.nowMs();
    this.#linked.set(peer, { heardMs, isSilent: false, departure: 'staying' });
  }

  onDown(peer: ControllerId): void {
    this.#linked.delete(peer);
  }

  /** @returns true when it was silent until now */
  onHeard(peer: ControllerId): boolean {
    const state = this.#linked.get(peer);
    if (state === undefined) return false;
    const { isSilent } = state;
    state.heardMs = this.#ports.clock.nowMs();
    state.isSilent = false;
    return isSilent;
  }

  onHeartbeat(peer: ControllerId, departure: DeparturePhase): void {
    const state = this.#linked.get(peer);
    if (state !== undefined) state.departure = departure;
  }

  /** To be called every few milliseconds. @returns peers that are silent from now on, and owe an answer */
  onTick(): readonly ControllerId[] {
    const { clock, suspectAfterMs, isOwing } = this.#ports;
    const nowMs = clock.nowMs();
    const suspects: ControllerId[] = [];
    for (const [peer, state] of this.#linked) {
      // The silence of a peer that owes nothing says nothing.
      // mutant: suspects-idle-peers
      if (!isOwing(peer)) state.heardMs = nowMs;
      if (state.isSilent || nowMs - state.heardMs < suspectAfterMs) continue;
      state.isSilent = true;
      suspects.push(peer);
    }
    return suspects;
  }

  /** The same of all peers, for requests that go to them. */
  isHeard(peer: ControllerId): boolean {
    const { standing } = this.#ports;
    return !this.has(peer) ? standing.isHeard(peer) : this.#linked.get(peer)?.isSilent === false;
  }

  /** The same, of a standing peer also while there is no link. */
  isUp(peer: ControllerId): boolean {
    const { standing } = this.#ports;
    return !this.has(peer) ? standing.isUp(peer) : this.isHeard(peer);
  }

  isSteady(peer: ControllerId): boolean {
    const { standing } = this.#ports;
    return !this.has(peer) ? standing.isSteady(peer) : this.isHeard(peer);
  }

  departureOf(peer: ControllerId): DeparturePhase {
    const { standing } = this.#ports;
    return !this.has(peer) ? standing.departureOf(peer) : (this.#linked.get(peer)?.departure ?? 'staying');
  }

  describe(peers: readonly ControllerId[]): string {
    return this.#ports.standing.describe(peers);
  }
}
