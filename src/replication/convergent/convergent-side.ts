import type { Clock } from '../../base/clock.ts';
import type { Peers } from '../../membership/peers.ts';
import type { Sync } from '../exchange/sync.ts';
import { ConvergentEngine, type ConvergentPorts } from './convergent-engine.ts';
import { FirstSync } from './first-sync.ts';
import type { Push } from './messages.ts';

export interface ConvergentSidePorts extends Omit<ConvergentPorts, 'ownPastKnown' | 'caughtUp'> {
  readonly peers: Peers;
  readonly exchanges: Sync;
  readonly clock: Clock;
  /** How long peers that can't be reached are waited for at the start. */
  readonly graceMs: number;
}

/** The convergent engine with what goes on around it: which pushes it is given, and when peers are asked for more. */
export class ConvergentSide {
  readonly engine: ConvergentEngine;
  readonly #ports: ConvergentSidePorts;
  readonly #firstSync: FirstSync;
  /** Peers whose pushes were not taken: an exchange with them is due. */
  readonly #unheeded = new Set<number>();

  constructor(ports: ConvergentSidePorts) {
    const { peers, bus, clock, graceMs } = ports;
    this.#ports = ports;
    this.#firstSync = new FirstSync({
      peers: peers.ids,
      isReachable: (peer) => bus.isUp(peer) || peers.isUp(peer),
      clock,
      graceMs,
    });
    this.engine = new ConvergentEngine({
      ...ports,
      ownPastKnown: () => this.#firstSync.complete,
      caughtUp: () => this.#firstSync.done,
    });
  }

  get isCaughtUp(): boolean {
    return this.#firstSync.done;
  }

  /** A peer that is heard has not said yet that it has all that was written here. */
  get isNeeded(): boolean {
    const { peers, known, node } = this.#ports;
    const writtenUntil = known.timeOf(node);
    return peers.ids.some((peer) => peers.isHeard(peer) && peers.knownBy(peer).timeOf(node) < writtenUntil);
  }

  onPeerUp(peer: number): void {
    this.#ports.exchanges.pull(peer);
  }

  onPeerDown(peer: number): void {
    this.engine.onPeerDown(peer);
  }

  /**
   * Not taken: pushes of a peer that may have missed deletions which are forgotten here; and all of them while there is
   * nothing here, since then what others have is to come from one of them at first, by an exchange.
   */
  onPush(from: number, push: Push): void {
    const { replica, peers } = this.#ports;
    const { forgotten, records } = replica.journal;
    const isCurrent = forgotten.isZero || peers.knownBy(from).dominates(forgotten);
    if (isCurrent && (records > 0 || this.#firstSync.begun)) return this.engine.onPush(from, push);
    this.engine.onPeerDown(from);
    this.#unheeded.add(from);
  }

  onSynced(peer: number): void {
    this.#firstSync.onSynced(peer);
    this.engine.claimOwn();
    for (const other of this.#ports.peers.ids) this.engine.claimRun(other);
    if (this.#unheeded.delete(peer)) this.#ports.exchanges.pull(peer);
  }

  /**
   * To be called every few milliseconds.
   *
   * @param agreedMs cluster time, null while there is none
   * @returns true when it may serve from now on
   */
  onTick(agreedMs: number | null): boolean {
    this.engine.onTick(agreedMs);
    return this.#firstSync.onTick();
  }

  /** Every `sync_interval`: asks all, since vectors do not tell of writes whose origin died before it was vouched for. */
  onSyncTick(): void {
    const { replica, peers, exchanges } = this.#ports;
    if (!replica.journal.state.writable) return;
    for (const peer of peers.ids) exchanges.pull(peer);
  }
}
