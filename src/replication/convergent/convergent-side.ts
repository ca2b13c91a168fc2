import type { Clock } from '../../base/clock.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import type { EngineNeed, Gate } from '../../membership/gate.ts';
import type { Peers } from '../../membership/peers.ts';
import type { Draft, Effect } from '../../ordering/effect.ts';
import type { Version } from '../../ordering/version.ts';
import type { Sync } from '../exchange/sync.ts';
import type { Reader } from '../read-flow.ts';
import type { ReadDone } from '../replica.ts';
import type {
  PendingRequest,
  Predicted,
  ReadStrength,
  Scheme,
  SchemeMessage,
  WriteOutcome,
} from '../scheme.ts';
import { ConvergentEngine, type ConvergentPorts } from './convergent-engine.ts';
import { FirstSync } from './first-sync.ts';

export interface ConvergentSidePorts extends Omit<ConvergentPorts, 'ownPastKnown' | 'caughtUp'> {
  readonly peers: Peers;
  readonly exchanges: Sync;
  readonly clock: Clock;
  /** Cluster time, milliseconds since 1970; null while there is none. */
  readonly agreedMs: () => number | null;
  /** A gate has opened. */
  readonly onChange: () => void;
  /** How long peers that can't be reached are waited for at the start. */
  readonly graceMs: number;
}

/** The convergent engine with what goes on around it: which pushes it is given, and when peers are asked for more. */
export class ConvergentSide implements Scheme {
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

  gate(need: EngineNeed): Gate {
    return this.engine.gate(need);
  }

  storeTrouble(): string | null {
    return this.#ports.replica.storeTrouble();
  }

  read(key: string, strength: ReadStrength, done: ReadDone, reader: Reader): void {
    const { replica } = this.#ports;
    const isPending = strength === 'strong' && this.engine.isPending(key);
    if (!isPending) return replica.read(key, done, reader);
    this.engine.afterPending(key, () => {
      if (!reader.isGone) replica.read(key, done, reader);
    });
  }

  giveAgain(bytes: number, done: () => void, reader: Reader): void {
    this.#ports.replica.giveAgain(bytes, done, reader);
  }

  newest(key: string): JournalRecord | undefined {
    return this.#ports.replica.journal.newest(key);
  }

  heldVersion(key: string): Version {
    return this.#ports.replica.heldVersion(key);
  }

  isLive(key: string): boolean {
    return this.#ports.replica.isLive(key);
  }

  noteRead(key: string, readAtSec: number): void {
    this.#ports.replica.journal.noteRead(key, readAtSec);
  }

  /** A write takes effect here at once. */
  predict(): Predicted | null {
    return null;
  }

  afterPending(key: string, callback: () => void): boolean {
    return this.engine.afterPending(key, callback);
  }

  write(draft: Draft, done: (outcome: WriteOutcome) => void): void {
    this.engine.write(draft, done);
  }

  get pending(): number {
    return this.engine.pending;
  }

  oldestPending(count: number): readonly PendingRequest[] {
    return this.engine.oldestPending(count);
  }

  get completed(): number {
    return this.engine.completed;
  }

  merge(effect: Effect): void {
    this.engine.merge(effect);
  }

  flush(): void {
    this.engine.flush();
  }

  /** Whatever a peer has can be merged. */
  mayTake(): boolean {
    return true;
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
  onMessage(from: number, push: SchemeMessage): void {
    if (push.type !== 'push') return;
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

  onTick(): void {
    this.engine.onTick(this.#ports.agreedMs());
    if (this.#firstSync.onTick()) this.#ports.onChange();
  }

  /** Every `sync_interval`: asks all, since vectors do not tell of writes whose origin died before it was vouched for. */
  onSyncTick(): void {
    const { replica, peers, exchanges } = this.#ports;
    if (!replica.journal.state.writable) return;
    for (const peer of peers.ids) exchanges.pull(peer);
  }
}
