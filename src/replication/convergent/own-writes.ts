import type { Clock } from '../../base/clock.ts';
import { Fifo } from '../../base/fifo.ts';
import type { ControllerId, VersionTime } from '../../base/number-kinds.ts';
import {
  type Condition,
  conditionOf,
  type Draft,
  type Effect,
  effectBytes,
  effectOf,
  isOfKey,
  type KeyEffect,
} from '../../ordering/effect.ts';
import type { HybridClock } from '../../ordering/hybrid-clock.ts';
import { sameVersion } from '../../ordering/version.ts';
import type { VersionVector } from '../../ordering/version-vector.ts';
import type { StoreError } from '../../store/driver.ts';
import type { Replica } from '../replica.ts';
import type { PendingRequest, WriteOutcome } from '../scheme.ts';
import { RefusedWrites } from './refused-writes.ts';
import type { UnconfirmedWrites } from './unconfirmed-writes.ts';

export interface OwnWritesPorts {
  readonly node: ControllerId;
  readonly clock: Clock;
  readonly versions: HybridClock;
  readonly replica: Replica;
  readonly unconfirmed: UnconfirmedWrites;
  /** What is known here of every origin. */
  readonly vector: VersionVector;
  /**
   * False until every peer has been asked, since the start, for what this controller wrote in earlier runs. Until
   * then this controller cannot claim to know all its own writes, and its own entry of the vector stays as it is.
   */
  readonly isOwnPastKnown: () => boolean;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  /** A write is answered once it is on this controller's disk. */
  readonly sync: boolean;
  /** Tells all peers of these writes. @param previousTime of the last write that was pushed; null for none */
  readonly push: (previousTime: number | null, effects: readonly Effect[]) => void;
  /** A write has happened. Null where nothing is to be told of it but the push. */
  readonly onCompleted: ((effect: Effect) => void) | null;
  /**
   * While no write is under way, the own entry of the vector follows the clock. Then whoever waits for a write of an
   * earlier run that was lost with it, and that no controller has, waits no longer.
   */
  readonly claimsIdleTime: boolean;
}

/**
 * The writes of this controller's clients, at a convergent level. Each is stamped, journalled and handed to the
 * store, answered when the store has taken it, and pushed to the peers.
 *
 * Invariants: only writes that the store has taken are told to peers, in version order. Neither a push nor the own
 * entry of the version vector passes a write that has not completed, or a refused one that a crash may bring back.
 */
export class OwnWrites {
  readonly #ports: OwnWritesPorts;
  #pending = 0;
  /** Writes of keys since the start. The store answers them in their order. */
  #handedToStore = 0;
  #answeredByStore = 0;
  /** In the order of their versions. */
  readonly #flushes = new Fifo<WaitingFlush>();
  #completed = 0;
  #outbox: Effect[] = [];
  #outboxBytes = 0;
  #completedTime = 0;
  #pushedTime: VersionTime | null = null;
  readonly #refused: RefusedWrites;
  #silentUntil: VersionTime | null = null;
  /** What was known of the writes of this controller's earlier runs when this one started. */
  readonly #recoveredTime: VersionTime;

  constructor(ports: OwnWritesPorts) {
    this.#ports = ports;
    this.#refused = new RefusedWrites(ports.replica.journal, () => this.advanceOwnEntry());
    this.#recoveredTime = ports.vector.timeOf(ports.node);
  }

  get pending(): number {
    return this.#pending;
  }

  /** Pending writes wait for the local store, and for no acknowledgement. */
  oldestPending(count: number): readonly PendingRequest[] {
    const { replica, unconfirmed } = this.#ports;
    return unconfirmed.keys(count).flatMap((key) => {
      const newest = replica.journal.newest(key);
      if (newest === undefined) return [];
      const { version, tombstone } = newest;
      return [{ kind: tombstone ? 'delete' : 'set', key, version, unacknowledged: [] } as const];
    });
  }

  get completed(): number {
    return this.#completed;
  }

  /** The newest write that the own entry of the vector covers. The idle time after it counts for nothing. */
  get claimedTime(): VersionTime {
    const { vector, node } = this.#ports;
    return Math.min(vector.timeOf(node), Math.max(this.#completedTime, this.#recoveredTime));
  }

  /**
   * This run has written nothing up to then, and all is known here that earlier runs have written. Null where that is
   * not certain of any time.
   */
  get silentUntil(): VersionTime | null {
    return this.#silentUntil;
  }

  /** @param onMade told of the write before it is applied; not told where its condition does not hold */
  write(
    draft: Draft,
    done: (outcome: WriteOutcome) => void,
    onMade: ((effect: Effect) => void) | null = null,
  ): void {
    const { versions, replica } = this.#ports;
    const effect = effectOf(draft, versions.stamp(), null);
    if (isOfKey(effect)) return this.#writeKey(effect, conditionOf(draft), done, onMade);
    onMade?.(effect);
    this.#pending++;
    replica.apply(effect, () => this.#afterStored(() => this.#settle(effect, false, done)));
  }

  #writeKey(
    effect: KeyEffect,
    condition: Condition,
    done: (outcome: WriteOutcome) => void,
    onMade: ((effect: Effect) => void) | null,
  ): void {
    const { replica } = this.#ports;
    const { key } = effect;
    if (condition !== null && !sameVersion(condition, replica.currentVersion(key)))
      return done({ kind: 'conflict' });
    const existed = replica.isLive(key);
    onMade?.(effect);
    this.#pending++;
    this.#ports.unconfirmed.begin(key);
    this.#handedToStore++;
    replica.apply(effect, (error) => {
      this.#answeredByStore++;
      this.#onStored(effect, existed, error, done);
      if (this.#flushes.length > 0) this.#settleFlushes();
    });
  }

  #onStored(
    effect: KeyEffect,
    existed: boolean,
    error: StoreError | null,
    done: (outcome: WriteOutcome) => void,
  ): void {
    this.#ports.unconfirmed.end(effect, error === null);
    if (error === null) return this.#settle(effect, existed, done);
    this.#pending--;
    this.#refused.add();
    const reason = `the local store failed: ${error.message}`;
    done({ kind: 'unknown', code: 'STORE_FAILED', reason });
  }

  #settle(effect: Effect, existed: boolean, done: (outcome: WriteOutcome) => void): void {
    if (!this.#refused.isInTheWay()) return this.#settleNow(effect, existed, done);
    this.#refused.whenGone(() => this.#settleNow(effect, existed, done));
  }

  #settleNow(effect: Effect, existed: boolean, done: (outcome: WriteOutcome) => void): void {
    this.#pending--;
    this.#complete(effect);
    const { version } = effect;
    if (!this.#ports.sync) return done({ kind: 'applied', existed, version });
    this.#onceKept({ kind: 'applied', existed, version, storedMs: this.#ports.clock.nowMs() }, done);
  }

  /**
   * A flush asks nothing of the store. But peers may not be told of it before the writes and flushes that came before
   * it.
   */
  #afterStored(settle: () => void): void {
    // mutant: flush-before-earlier-writes
    if (this.#answeredByStore === this.#handedToStore && this.#flushes.length === 0) return settle();
    this.#flushes.push({ afterAnswers: this.#handedToStore, settle });
  }

  #settleFlushes(): void {
    for (let first = this.#flushes.first(); first !== undefined; first = this.#flushes.first()) {
      if (first.afterAnswers > this.#answeredByStore) return;
      this.#flushes.shift();
      first.settle();
    }
  }

  /** Calls back once the store has answered for every write that was begun before. */
  whenSettled(done: () => void): void {
    this.#afterStored(done);
  }

  /** Pushes what this turn has completed: one message, the same for every peer. */
  flush(): void {
    if (this.#outbox.length === 0) return;
    const effects = this.#outbox;
    this.#outbox = [];
    this.#outboxBytes = 0;
    this.#ports.push(this.#pushedTime, effects);
    this.#pushedTime = effects.at(-1)!.version.time;
  }

  /** Writes of this controller in another group have become writes of this one, up to the own entry of the vector. */
  onAdopted(): void {
    const { vector, node } = this.#ports;
    if (this.#silentUntil !== null) this.#silentUntil = vector.timeOf(node);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    this.#refused.onTick();
  }

  /** Moves the own entry of the vector, now that an exchange has ended or a write has completed. */
  advanceOwnEntry(): void {
    const { isOwnPastKnown, claimsIdleTime, vector, versions, node } = this.#ports;
    // mutant: claims-an-unknown-past
    if (!isOwnPastKnown() || this.#refused.mayComeBack()) return;
    const isIdle = claimsIdleTime && this.#pending === 0;
    vector.advance(node, isIdle ? versions.latest : this.#completedTime);
    if (isIdle && this.#completed === 0) this.#silentUntil ??= vector.timeOf(node);
  }

  #onceKept(outcome: WriteOutcome, done: (outcome: WriteOutcome) => void): void {
    // mutant: answers-unflushed
    this.#ports.replica.journal.whenDurable((error) => {
      if (error === null) return done(outcome);
      done({ kind: 'unknown', code: 'JOURNAL_FAILED', reason: `the journal took no writes: ${error}` });
    });
  }

  /** The store took so long that the key has been deleted since. Peers may already have forgotten that deletion. */
  #isOutlived(effect: Effect): boolean {
    if (!isOfKey(effect)) return false;
    const newest = this.#ports.replica.journal.newest(effect.key);
    return newest === undefined || (newest.tombstone && newest.version.node !== this.#ports.node);
  }

  /** The store answers in order and flushes wait for it, so completions come in version order, and so do the pushes. */
  #complete(effect: Effect): void {
    this.#completed++;
    this.#completedTime = effect.version.time;
    this.advanceOwnEntry();
    this.#ports.onCompleted?.(effect);
    if (this.#isOutlived(effect)) return;
    this.#outbox.push(effect);
    this.#outboxBytes += effectBytes(effect);
    this.#ports.requestFlush();
    if (this.#outboxBytes >= PUSH_BYTES_MAX) this.flush();
  }
}

interface WaitingFlush {
  /** The flush waits until the store has given so many answers since the start. */
  readonly afterAnswers: number;
  readonly settle: () => void;
}

/** A push of this size is sent at once, within the turn, in bytes. */
const PUSH_BYTES_MAX = 1_048_576;
