import type { Clock } from '../../base/clock.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import type { EntryStore } from '../../store/entry-store.ts';
import type { Reader } from '../read-flow.ts';
import type { ReadDone, Replica } from '../replica.ts';
import { BatchFetch } from './batch-fetch.ts';
import type { Fetch, Fetched, FetchedMany, FetchMany, RestoreMessage } from './messages.ts';
import { Refill, type RefillFigures, type RefillPorts } from './refill.ts';
import { Repair, type RepairCounters, type RepairPorts } from './repair.ts';
import { StoreWatch, type StoreWatchFigures } from './store-watch.ts';

export interface StoreRecoveryPorts extends Pick<RefillPorts, 'nextTurn' | 'log' | 'timeMs'> {
  readonly replica: Replica;
  readonly store: EntryStore;
  readonly bus: PeerBus<RestoreMessage>;
  /** The other controllers. */
  readonly peers: readonly number[];
  /** See `StoreWatchPorts`. */
  readonly name: string;
  readonly startedAt: string | null;
  readonly clock: Clock;
  /** There is cluster time: what has expired can be told from what has not. */
  readonly isTimed: () => boolean;
  /** A peer that is asked for values has so long to answer. */
  readonly timeoutMs: number;
  readonly onGone: RepairPorts['onGone'];
}

export type RecoveryMessage = Fetch | Fetched | FetchMany | FetchedMany;

/**
 * Everything about a local store that loses what was put into it: noticing it (`StoreWatch`), finding a value that
 * is read (`Repair`), and bringing back all of them (`Refill`).
 */
export class StoreRecovery {
  readonly #replica: Replica;
  readonly #repair: Repair;
  readonly #batches: BatchFetch;
  readonly #refill: Refill;
  readonly #watch: StoreWatch;

  constructor(ports: StoreRecoveryPorts) {
    const { replica, store, name, startedAt, clock } = ports;
    this.#replica = replica;
    this.#repair = new Repair(ports);
    this.#batches = new BatchFetch(ports);
    this.#watch = new StoreWatch({
      store,
      journal: replica.journal,
      name,
      startedAt,
      clock,
      onEmptied: (reason) => this.#refill.begin(reason),
    });
    this.#refill = new Refill({
      ...ports,
      batches: this.#batches,
      mayFill: () => store.state.up && this.#watch.isSure && ports.isTimed(),
      vitals: (done) => store.vitals((_, vitals) => done(vitals)),
      onFilled: () => this.#watch.noteFilled(),
    });
  }

  get repairs(): RepairCounters {
    return this.#repair.counters;
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

  /** Looks for a value that a read did not find in the store, or could not ask it for. */
  find(record: JournalRecord, trouble: string | null, done: ReadDone, reader: Reader): void {
    this.#repair.find(record, trouble, done, reader);
  }

  onMessage(from: number, message: RecoveryMessage): void {
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

  onPeerDown(peer: number): void {
    this.#repair.onPeerDown(peer);
    this.#batches.onPeerDown(peer);
  }

  /** The store gets no more writes. @param done called once it has been told whether it has all */
  close(done: () => void): void {
    if (this.#replica.unstored.isEmpty && !this.#refill.figures.isRunning) this.#watch.leaveMark(done);
    else done();
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.#repair.onTick();
    this.#batches.onTick();
    this.#watch.onTick();
    this.#refill.onTick();
  }
}
