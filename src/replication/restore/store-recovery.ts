import type { Clock } from '../../base/clock.ts';
import type { DurationHistogram } from '../../base/duration-histogram.ts';
import type { Log } from '../../base/log.ts';
import type { ControllerId, WallMs } from '../../base/number-kinds.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import type { EntryStore } from '../../store/entry-store.ts';
import type { Replica } from '../replica.ts';
import type { ValueFinder } from '../replica-reads.ts';
import { type Batch, BatchFetch } from './batch-fetch.ts';
import type { RestoreMessage } from './messages.ts';
import { Refill, type RefillFigures } from './refill.ts';
import { type Loss, Repair, type RepairCounters } from './repair.ts';
import { StoreWatch, type StoreWatchFigures } from './store-watch.ts';

export interface StoreRecoveryPorts {
  readonly replica: Replica;
  readonly store: EntryStore;
  readonly bus: PeerBus<RestoreMessage>;
  /** The other controllers. */
  readonly peers: () => readonly ControllerId[];
  /** See `StoreWatchPorts`. */
  readonly name: string;
  readonly startedAt: string | null;
  readonly clock: Clock;
  /** There is cluster time, so it is known which entries have expired. */
  readonly isTimed: () => boolean;
  /** A peer that is asked for values has so long to answer. */
  readonly timeoutMs: number;
  readonly nextTurn: (callback: () => void) => void;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => WallMs;
  readonly log: Log;
}

/**
 * Handles a local store that loses what was put into it: notices that (`StoreWatch`), finds a value that is read
 * (`Repair`), and brings back all of them (`Refill`).
 */
export class StoreRecovery {
  readonly #replica: Replica;
  readonly #repair: Repair;
  readonly #batches: BatchFetch;
  readonly #refill: Refill;
  readonly #watch: StoreWatch;

  constructor(ports: StoreRecoveryPorts) {
    const { replica, store, bus, peers, name, startedAt, clock, timeoutMs, timeMs, nextTurn, log } = ports;
    this.#replica = replica;
    this.#repair = new Repair({ replica, bus, peers, clock, timeoutMs });
    this.#batches = new BatchFetch({ replica, bus, peers, clock, timeoutMs });
    this.#watch = new StoreWatch({ store, journal: replica.journal, name, startedAt, clock });
    this.#refill = new Refill({
      replica,
      batches: this.#batches,
      mayFill: () => store.state.up && this.#watch.isSure && ports.isTimed(),
      instanceInfo: (done) => store.instanceInfo((_, info) => done(info)),
      clock,
      timeMs,
      nextTurn,
      log,
      onFilled: () => this.#watch.noteFilled(),
    });
  }

  get repairs(): RepairCounters {
    return this.#repair.counters;
  }

  get refillDurations(): DurationHistogram {
    return this.#refill.durations;
  }

  get refill(): RefillFigures {
    return this.#refill.figures;
  }

  /** How long the store took to answer last, or has taken so far, in milliseconds; 0 while it is down. */
  get storeAnswerMs(): number {
    return this.#watch.answerMs;
  }

  get watch(): StoreWatchFigures {
    return this.#watch.figures;
  }

  /** How often the store has lost everything; null while it may lack something that this group has recorded. */
  get lossesWhenFull(): number | null {
    return this.#watch.isFull && this.#refill.isIdle ? this.#watch.losses : null;
  }

  /**
   * This group has taken over records of another one, which has put their values into the store. The sentinel of this
   * group may be younger than the values, so it does not tell whether they are still there. The sentinel of the other
   * group does: the store is filled unless a look finds it in a store that was full when the last record came, and
   * has lost nothing since.
   *
   * @param losses `lossesWhenFull` of the other group when it gave the last record away
   */
  takeOver(other: StoreRecovery, losses: number | null): void {
    const wasFull = this.#watch.isFull;
    this.#watch.noteDoubt();
    other.#watch.lookAgain((isFull) => {
      // mutant: trusts-moved-values
      if (!isFull || losses !== other.#watch.losses)
        this.#refill.begin('it may lack entries that were moved');
      else if (wasFull && this.#refill.isIdle) this.#watch.noteFilled();
    });
  }

  /** Finds a value that a read did not get from the store. */
  get finder(): ValueFinder {
    return this.#repair;
  }

  /**
   * Fetches values that the local store has lost from the other members of the group, as far as they have them.
   *
   * @param done called once the store has taken what was found, which it may lose again at once; perhaps before this
   * returns
   */
  fetch(keys: readonly string[], done: (batch: Batch) => void): void {
    this.#batches.fetch(keys, done);
  }

  /** See `Repair.takeLosses`. */
  takeLosses(): readonly Loss[] {
    return this.#repair.takeLosses();
  }

  onMessage(from: ControllerId, message: RestoreMessage): void {
    switch (message.type) {
      case 'fetch':
        return this.#repair.onFetch(from, message);
      case 'fetched':
        return this.#repair.onFetched(from, message);
      case 'fetch-many':
        return this.#batches.onRequest(from, message);
      case 'fetched-many':
        return this.#batches.onResponse(from, message);
    }
  }

  onPeerUp(): void {
    this.#refill.onPeerUp();
  }

  onPeerDown(peer: ControllerId): void {
    this.#repair.onPeerDown(peer);
    this.#batches.onPeerDown(peer);
  }

  /**
   * The store gets no more writes. @param done called once the store holds a sentinel that says whether it has
   * everything
   */
  close(done: () => void): void {
    if (this.#replica.unstored.isEmpty && !this.#refill.figures.isRunning) this.#watch.leaveMark(done);
    else done();
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.#repair.onTick();
    this.#batches.onTick();
    this.#watch.onTick();
    const fillReason = this.#watch.takeFillReason();
    if (fillReason !== null) this.#refill.begin(fillReason);
    this.#refill.onTick();
  }
}
