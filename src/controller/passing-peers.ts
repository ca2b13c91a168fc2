import type { Clock } from '../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import type { AskedClients } from '../consistency/hop/asked-clients.ts';
import type { Hop } from '../consistency/hop/hop.ts';
import type { DeparturePhase } from '../membership/messages.ts';
import type { Peers } from '../membership/peers.ts';
import type { CorePorts } from './core-ports.ts';
import type { WholeMembers } from './whole-members.ts';

/** The requests for other controllers, and those that have come from them. */
interface ForwardedRequests {
  readonly hop: Pick<Hop, 'isOwing' | 'membersAsked'>;
  readonly asked: Pick<AskedClients, 'onPeerDown'>;
}

export interface PassingPeersPorts {
  /** Some controllers follow. Otherwise there are no passing peers. */
  readonly hasFollowers: () => boolean;
  /** Those with which heartbeats are exchanged all the time. */
  readonly standing: Peers;
  /** The peer is gone for good, and this controller tells it so, should it come back. */
  readonly isTurnedAway: (peer: ControllerId) => boolean;
  readonly clock: Clock;
  /** A peer that owes an answer, or is called, may be silent for so long, in milliseconds. */
  readonly suspectAfterMs: number;
  /** Null before there is that part. */
  readonly serving: () => ForwardedRequests | null;
  /** See `CorePorts`. */
  readonly call: (peer: ControllerId) => void;
  readonly hangUp: (peer: ControllerId) => void;
  readonly linkIdleMs: number;
  /** Requests that wait for a link should be tried again: it takes long. */
  readonly onChange: () => void;
}

/** What the ports of the core give. */
type FromCore = 'clock' | 'suspectAfterMs' | 'call' | 'hangUp' | 'linkIdleMs';

export function passingOf(
  { settings, clock, call, hangUp, linkIdleMs }: CorePorts,
  whole: WholeMembers,
  { standing, isTurnedAway, serving, onChange }: Omit<PassingPeersPorts, 'hasFollowers' | FromCore>,
): PassingPeers {
  const suspectAfterMs = settings.heartbeatMs * settings.threshold;
  return new PassingPeers({
    hasFollowers: () => !whole.areAll,
    standing,
    isTurnedAway,
    clock,
    suspectAfterMs,
    serving,
    call,
    hangUp,
    linkIdleMs,
    onChange,
  });
}

interface LinkedPeer {
  heardMs: MonotonicMs;
  isSilent: boolean;
  departure: DeparturePhase;
}

/**
 * Peers that exchange nothing with this controller but requests.
 *
 *  1. This controller has a link to such a peer only while it has requests for a shard that the peer has, and for
 *     `linkIdleMs` after that. Requests wait while the link is made.
 *  2. The requests of the peer come over a link that the peer has made, and go back over that. So each end knows when
 *     it needs its link no more, and nothing is under way when it ends.
 *  3. A peer sends a heartbeat only while it owes an answer. So one that dies before it has answered is missed as soon
 *     as any other.
 */
export class PassingPeers {
  readonly #ports: PassingPeersPorts;
  /** Those to which this controller has a link. */
  readonly #linked = new Map<ControllerId, LinkedPeer>();
  /** Those to which it needs one, and since when. */
  readonly #wanted = new Map<ControllerId, MonotonicMs>();
  /** Those that have a link to this controller. */
  readonly #askers = new Set<ControllerId>();
  #hangUpsAtMs: MonotonicMs = 0;
  /** When the first of the calls under way counts as vain. */
  #vainAtMs: MonotonicMs = Number.POSITIVE_INFINITY;

  constructor(ports: PassingPeersPorts) {
    this.#ports = ports;
  }

  /** The peer is none with which heartbeats are exchanged all the time. */
  has(peer: ControllerId): boolean {
    const { hasFollowers, standing, isTurnedAway } = this.#ports;
    // mutant: leaves-the-forced-out-untold
    return hasFollowers() && !standing.has(peer) && !isTurnedAway(peer);
  }

  /** The peers that may send requests to this controller. */
  get askers(): readonly ControllerId[] {
    return [...this.#askers];
  }

  onAskerUp(peer: ControllerId): void {
    this.#askers.add(peer);
  }

  /** The peer does not wait for answers any more. */
  onAskerDown(peer: ControllerId): void {
    this.#askers.delete(peer);
    this.#ports.serving()?.asked.onPeerDown(peer);
  }

  /** There are requests for a shard that these have. */
  want(peers: readonly ControllerId[]): void {
    if (!this.#ports.hasFollowers()) return;
    for (const peer of peers) {
      if (!this.has(peer) || this.#wanted.has(peer)) continue;
      const nowMs = this.#ports.clock.nowMs();
      this.#wanted.set(peer, nowMs);
      this.#vainAtMs = Math.min(this.#vainAtMs, nowMs + this.#ports.suspectAfterMs);
      this.#ports.call(peer);
    }
  }

  /** A link to one of these peers is being made, and may be there in a moment. */
  isCalling(peers: readonly ControllerId[]): boolean {
    const { clock, suspectAfterMs } = this.#ports;
    const sinceMs = clock.nowMs() - suspectAfterMs;
    return peers.some((peer) => !this.#linked.has(peer) && (this.#wanted.get(peer) ?? NEVER) > sinceMs);
  }

  onUp(peer: ControllerId): void {
    const heardMs = this.#ports.clock.nowMs();
    this.#linked.set(peer, { heardMs, isSilent: false, departure: 'staying' });
  }

  onDown(peer: ControllerId): void {
    this.#linked.delete(peer);
  }

  /** Heartbeats are exchanged with the peer from now on. Its requests go on, and so do those that it has. */
  forget(peer: ControllerId): void {
    this.#linked.delete(peer);
    this.#wanted.delete(peer);
    this.#askers.delete(peer);
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
    const { clock, suspectAfterMs } = this.#ports;
    const nowMs = clock.nowMs();
    this.#hangUpIdle(nowMs);
    this.#endVainCalls(nowMs);
    const suspects: ControllerId[] = [];
    for (const [peer, state] of this.#linked) {
      // The silence of a peer that owes nothing says nothing.
      // mutant: suspects-idle-peers
      if (!this.#isOwing(peer)) state.heardMs = nowMs;
      if (state.isSilent || nowMs - state.heardMs < suspectAfterMs) continue;
      state.isSilent = true;
      suspects.push(peer);
    }
    return suspects;
  }

  #endVainCalls(nowMs: MonotonicMs): void {
    if (nowMs < this.#vainAtMs) return;
    const ends = [...this.#wanted.values()].map((sinceMs) => sinceMs + this.#ports.suspectAfterMs);
    this.#vainAtMs = Math.min(Number.POSITIVE_INFINITY, ...ends.filter((endMs) => endMs > nowMs));
    this.#ports.onChange();
  }

  /** Some times in `linkIdleMs`. */
  #hangUpIdle(nowMs: MonotonicMs): void {
    const { linkIdleMs, serving, hangUp } = this.#ports;
    if (nowMs < this.#hangUpsAtMs || this.#wanted.size + this.#linked.size === 0) return;
    this.#hangUpsAtMs = nowMs + linkIdleMs / HANG_UPS_IN_IDLE_TIME;
    const needed = serving()?.hop.membersAsked(nowMs - linkIdleMs) ?? new Set();
    this.want([...needed]);
    for (const peer of new Set([...this.#wanted.keys(), ...this.#linked.keys()])) {
      // mutant: hangs-up-on-answers
      if (needed.has(peer) || this.#isOwing(peer)) continue;
      this.#wanted.delete(peer);
      this.#linked.delete(peer);
      hangUp(peer);
    }
  }

  #isOwing(peer: ControllerId): boolean {
    return this.#ports.serving()?.hop.isOwing(peer) === true;
  }

  /** The same of all peers, for requests that go to them. */
  isHeard(peer: ControllerId): boolean {
    const { standing } = this.#ports;
    return !this.has(peer) ? standing.isHeard(peer) : this.#linked.get(peer)?.isSilent === false;
  }

  /** The same, of a standing peer also while there is no link. Null where nothing is known of a passing one. */
  isUp(peer: ControllerId): boolean | null {
    const { standing } = this.#ports;
    if (!this.has(peer)) return standing.isUp(peer);
    if (this.#linked.has(peer)) return this.isHeard(peer);
    return this.#wanted.has(peer) && !this.isCalling([peer]) ? false : null;
  }

  mayBeHeard(peer: ControllerId): boolean {
    return this.has(peer) ? this.isUp(peer) !== false : this.#ports.standing.isHeard(peer);
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

const NEVER = Number.NEGATIVE_INFINITY;

/** How often idle links are looked for, in the time that they may be idle. */
const HANG_UPS_IN_IDLE_TIME = 8;
