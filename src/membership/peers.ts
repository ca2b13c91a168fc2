import type { Clock } from '../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import { FailureDetector } from './failure-detector.ts';
import type { DeparturePhase, Heartbeat } from './messages.ts';

export interface PeersPorts {
  /** Ids of the other controllers at the start. */
  readonly ids: readonly ControllerId[];
  readonly heartbeatMs: number;
  readonly threshold: number;
  readonly clock: Clock;
  /** How often `onTick` is called. */
  readonly tickMs: number;
  /** There is a connection to the peer. */
  readonly isLinked: (peer: ControllerId) => boolean;
  /** A name for messages to humans. */
  readonly nameOf: (peer: ControllerId) => string;
}

/** The other controllers as this one sees them: which are heard, since when, and what each said last of itself. */
export class Peers {
  #ids: readonly ControllerId[];
  readonly #ports: PeersPorts;
  readonly #detector: FailureDetector;
  readonly #heartbeats: Map<ControllerId, Heartbeat>;
  /** See `only`. */
  readonly #parts: { readonly peers: Peers; readonly has: (peer: ControllerId) => boolean }[] = [];
  #silent: readonly ControllerId[];
  #withJournalTrouble: readonly number[] = [];
  #unavailable: readonly ControllerId[];

  /** @param whole the peers that these are a part of; null for all peers */
  constructor(ports: PeersPorts, whole: Peers | null = null) {
    const { ids, heartbeatMs, threshold, clock, tickMs } = ports;
    this.#ids = ids;
    this.#ports = ports;
    this.#detector =
      whole === null
        ? new FailureDetector(ids, heartbeatMs, threshold, clock.nowMs(), tickMs)
        : whole.#detector;
    this.#heartbeats = whole === null ? new Map() : whole.#heartbeats;
    this.#silent = ids;
    this.#unavailable = ids;
  }

  /** Ids of the other controllers. Another list whenever they change. */
  get ids(): readonly ControllerId[] {
    return this.#ids;
  }

  /** These are the other controllers from now on. What is known of those that stay is kept. */
  setIds(ids: readonly ControllerId[]): void {
    this.#detector.setPeers(ids, this.#ports.clock.nowMs());
    for (const peer of this.#heartbeats.keys()) if (!ids.includes(peer)) this.#heartbeats.delete(peer);
    this.#ids = ids;
    for (const { peers, has } of this.#parts) peers.#ids = ids.filter(has);
    this.#update();
  }

  /**
   * Those of the peers that take part in a group, asked anew by each `setIds`. What is heard is known to both; only the
   * whole may be told of it.
   */
  only(has: (peer: ControllerId) => boolean): Peers {
    const { heartbeatMs, threshold, clock, tickMs, isLinked, nameOf } = this.#ports;
    const ids = this.ids.filter(has);
    const part = new Peers({ ids, heartbeatMs, threshold, clock, tickMs, isLinked, nameOf }, this);
    part.#update();
    this.#parts.push({ peers: part, has });
    return part;
  }

  /** Heartbeats of the controller come here. */
  has(peer: ControllerId): boolean {
    return this.#detector.has(peer);
  }

  /** Heard of within the threshold. */
  isUp(peer: ControllerId): boolean {
    return this.#detector.isUp(peer);
  }

  /** Heard of within the threshold, and connected. */
  isHeard(peer: ControllerId): boolean {
    return this.#ports.isLinked(peer) && this.#detector.isUp(peer);
  }

  /**
   * Heard without a pause for as long as it takes to suspect a peer. A peer that has only just appeared is not
   * steady.
   */
  isSteady(peer: ControllerId): boolean {
    const { heartbeatMs, threshold } = this.#ports;
    return this.isHeard(peer) && this.upForMs(peer) >= heartbeatMs * threshold;
  }

  /** Peers that are steady. */
  get steady(): readonly number[] {
    return this.ids.filter((peer) => this.isSteady(peer));
  }

  /** Milliseconds for which the peer has been heard without a pause; 0 when it is not. */
  upForMs(peer: ControllerId): number {
    return this.#detector.upForMs(peer, this.#ports.clock.nowMs());
  }

  /** Milliseconds since the peer was last heard of; null: never. */
  silentMs(peer: ControllerId): number | null {
    return this.#detector.silentMs(peer, this.#ports.clock.nowMs());
  }

  /** The last heartbeat of the peer on the present connection. */
  heartbeat(peer: ControllerId): Heartbeat | undefined {
    return this.#heartbeats.get(peer);
  }

  /** The phase of the peer's planned end, as its heartbeat says. */
  departureOf(peer: ControllerId): DeparturePhase {
    return this.#heartbeats.get(peer)?.departure ?? 'staying';
  }

  /** Peers that are heard, and are in this phase of their planned end. */
  departing(phase: DeparturePhase): readonly number[] {
    return this.ids.filter((peer) => this.departureOf(peer) === phase && this.isHeard(peer));
  }

  /** By id, when the controller sent its last heartbeat that was handled here, by its own clock; 0 for never. */
  askedMs(idsEnd: number): MonotonicMs[] {
    return Array.from({ length: idsEnd }, (_, peer) => this.#heartbeats.get(peer)?.askedMs ?? 0);
  }

  /** Peers that are not up. */
  get silent(): readonly number[] {
    return this.#silent;
  }

  /** Peers that are up, and whose journal takes no writes. */
  get withJournalTrouble(): readonly number[] {
    return this.#withJournalTrouble;
  }

  /** Peers that acknowledge nothing: they are not up, or their journal takes no writes. */
  get unavailable(): readonly number[] {
    return this.#unavailable;
  }

  /** The same, human-readable; empty when there are none. */
  get unavailableText(): string {
    return this.describe(this.#unavailable);
  }

  /** The names of these peers, and what is wrong with each. Human-readable. */
  describe(peers: readonly ControllerId[]): string {
    const whyOf = (peer: ControllerId) =>
      this.isUp(peer) ? `takes no writes: ${this.heartbeat(peer)?.journalTrouble}` : 'down';
    return peers.map((peer) => `${this.nameOf(peer)} (${whyOf(peer)})`).join(' and ');
  }

  nameOf(peer: ControllerId): string {
    return this.#ports.nameOf(peer);
  }

  /** @returns true when the peer was not up until now */
  onHeard(peer: ControllerId): boolean {
    if (!this.#detector.onHeard(peer, this.#ports.clock.nowMs())) return false;
    this.#update();
    return true;
  }

  /** @returns true when the peer's journal takes no writes any more, or takes them again */
  onHeartbeat(peer: ControllerId, heartbeat: Heartbeat): boolean {
    const before = this.#heartbeats.get(peer)?.journalTrouble ?? '';
    this.#heartbeats.set(peer, heartbeat);
    if (before === heartbeat.journalTrouble) return false;
    this.#update();
    return true;
  }

  /** The peer's machine refuses connections: its process is gone. @returns true when the peer was up until now */
  onGone(peer: ControllerId): boolean {
    if (this.#ports.isLinked(peer) || !this.#detector.onGone(peer)) return false;
    this.#update();
    return true;
  }

  /** The connection to the peer is gone. */
  onDown(peer: ControllerId): void {
    this.#heartbeats.delete(peer);
    this.#update();
  }

  /** @returns peers that are suspect from now on */
  onTick(): readonly number[] {
    const suspects = this.#detector.onTick(this.#ports.clock.nowMs());
    if (suspects.length > 0) this.#update();
    return suspects;
  }

  #update(): void {
    const fails = (peer: ControllerId) => (this.heartbeat(peer)?.journalTrouble ?? '') !== '';
    this.#silent = this.ids.filter((peer) => !this.isUp(peer));
    this.#withJournalTrouble = this.ids.filter((peer) => this.isUp(peer) && fails(peer));
    this.#unavailable = [...this.#silent, ...this.#withJournalTrouble];
    for (const { peers } of this.#parts) peers.#update();
  }
}
