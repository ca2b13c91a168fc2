import { VersionVector } from '../ordering/version-vector.ts';
import type { Heartbeat } from '../peer/messages.ts';
import { FailureDetector } from './failure-detector.ts';

export interface PeersPorts {
  /** Ids of the other controllers. */
  readonly ids: readonly number[];
  readonly heartbeatMs: number;
  readonly threshold: number;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** How often `onTick` is called. */
  readonly tickMs: number;
  /** There is a connection to the peer. */
  readonly isLinked: (peer: number) => boolean;
  /** For people. */
  readonly nameOf: (peer: number) => string;
}

/** The other controllers as this one sees them: who is heard, since when, and what each said last of itself. */
export class Peers {
  readonly ids: readonly number[];
  readonly #ports: PeersPorts;
  readonly #detector: FailureDetector;
  readonly #heartbeats = new Map<number, Heartbeat>();
  #silent: readonly number[];

  constructor(ports: PeersPorts) {
    const { ids, heartbeatMs, threshold, nowMs, tickMs } = ports;
    this.ids = ids;
    this.#ports = ports;
    this.#detector = new FailureDetector(ids, heartbeatMs, threshold, nowMs(), tickMs);
    this.#silent = ids;
  }

  /** Heard of within the threshold. */
  isUp(peer: number): boolean {
    return this.#detector.isUp(peer);
  }

  /** Heard of within the threshold, and connected. */
  isHeard(peer: number): boolean {
    return this.#ports.isLinked(peer) && this.#detector.isUp(peer);
  }

  /** Heard without a pause for as long as it takes to miss somebody: not one who only looks in. */
  isSteady(peer: number): boolean {
    const { nowMs, heartbeatMs, threshold } = this.#ports;
    return this.isHeard(peer) && this.#detector.upForMs(peer, nowMs()) >= heartbeatMs * threshold;
  }

  /** Milliseconds since the peer was last heard of; null: never. */
  silentMs(peer: number): number | null {
    return this.#detector.silentMs(peer, this.#ports.nowMs());
  }

  /** What the peer said last on the connection that there is to it. */
  heartbeat(peer: number): Heartbeat | undefined {
    return this.#heartbeats.get(peer);
  }

  /** What the peer is known to know; nothing when it is not connected. */
  knownBy(peer: number): VersionVector {
    return new VersionVector(this.#heartbeats.get(peer)?.known ?? []);
  }

  /** Peers that are not up. */
  get silent(): readonly number[] {
    return this.#silent;
  }

  /** Peers that are not up, for people; empty when there are none. */
  get missing(): string {
    return this.#silent.map((peer) => `${this.nameOf(peer)} (down)`).join(' and ');
  }

  nameOf(peer: number): string {
    return this.#ports.nameOf(peer);
  }

  /** @returns true when the peer was not up until now */
  onHeard(peer: number): boolean {
    if (!this.#detector.onHeard(peer, this.#ports.nowMs())) return false;
    this.#update();
    return true;
  }

  onHeartbeat(peer: number, heartbeat: Heartbeat): void {
    this.#heartbeats.set(peer, heartbeat);
  }

  /** The connection to the peer is gone. */
  onDown(peer: number): void {
    this.#heartbeats.delete(peer);
  }

  /** @returns peers that are suspect from now on */
  onTick(): readonly number[] {
    const suspects = this.#detector.onTick(this.#ports.nowMs());
    if (suspects.length > 0) this.#update();
    return suspects;
  }

  #update(): void {
    this.#silent = this.ids.filter((peer) => !this.#detector.isUp(peer));
  }
}
