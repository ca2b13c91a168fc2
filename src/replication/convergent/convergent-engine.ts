import { type EngineNeed, type Gate, OPEN, waitBecause } from '../../membership/gate.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import {
  baseOf,
  type Condition,
  type Draft,
  type Effect,
  effectBytes,
  effectOf,
  isOfKey,
  type KeyEffect,
} from '../../ordering/effect.ts';
import type { HybridClock } from '../../ordering/hybrid-clock.ts';
import { sameVersion, versionTimeOfMs } from '../../ordering/version.ts';
import type { VersionVector } from '../../ordering/version-vector.ts';
import type { StoreError } from '../../store/driver.ts';
import { diskGate } from '../disk-gate.ts';
import type { Replica } from '../replica.ts';
import type { PendingRequest, WriteOutcome } from '../scheme.ts';
import type { Push } from './messages.ts';
import { UnconfirmedWrites } from './unconfirmed-writes.ts';

export interface ConvergentPorts {
  readonly node: number;
  readonly versions: HybridClock;
  readonly bus: PeerBus<Push>;
  readonly replica: Replica;
  /** What is known here of every origin; shared with the sync. */
  readonly known: VersionVector;
  /**
   * False until every peer has been asked, since the start, for what this controller wrote in former lives.
   * Until then it can't claim to know all of its own writes, and its vector entry stands still.
   */
  readonly ownPastKnown: () => boolean;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  /** False while this controller has not yet learnt what its peers had before it started. */
  readonly caughtUp: () => boolean;
  /** What the time allows now; null: everything. */
  readonly timeGate: (need: EngineNeed) => Gate | null;
  /** A write is answered once it is on this controller's disk. */
  readonly sync: boolean;
}

/**
 * Every controller answers alone, and all end up equal (eventual).
 *
 *  1. A write is stamped, journalled and stored here, answered, and pushed to the peers.
 *  2. The larger version wins, deletes included; applying is idempotent, and the order does not matter.
 *  3. What a push did not reach, the sync brings (see `Sync`).
 *
 * Invariants: only writes that the local store has taken are told to peers, by a push or by an exchange; a push moves a receiver's vector only when the
 * receiver knew everything before it; a controller that was restarted without its memory claims its own
 * writes only once it has asked everybody for those of its former lives. So a vector never claims more than
 * is there.
 */
export class ConvergentEngine {
  readonly #ports: ConvergentPorts;
  readonly #unconfirmed: UnconfirmedWrites;
  #pending = 0;
  /** Writes that the store has not answered. */
  #atStore = 0;
  /** In their order; null for none. */
  #flushes: WaitingFlush[] | null = null;
  #completed = 0;
  #outbox: Effect[] = [];
  #outboxBytes = 0;
  #completedTime = 0;
  #pushedTime: number | null = null;
  /** Per peer, the stretch of its writes that came by pushes without a gap: all after `start`, up to `end`. */
  readonly #runs = new Map<number, { readonly start: number; end: number }>();

  constructor(ports: ConvergentPorts) {
    this.#ports = ports;
    this.#unconfirmed = new UnconfirmedWrites(ports.replica.journal);
  }

  get pending(): number {
    return this.#pending;
  }

  /** They wait for the store of this controller, and for nobody's acknowledgement. */
  oldestPending(count: number): readonly PendingRequest[] {
    const { journal } = this.#ports.replica;
    return this.#unconfirmed.keys(count).flatMap((key) => {
      const newest = journal.newest(key);
      if (newest === undefined) return [];
      const { version, tombstone } = newest;
      return [{ kind: tombstone ? 'delete' : 'set', key, version, unacknowledged: [] } as const];
    });
  }

  get completed(): number {
    return this.#completed;
  }

  gate(need: EngineNeed): Gate {
    const closed = need === 'write' ? diskGate(this.#ports.replica.journal) : null;
    const gate = closed ?? this.#ports.timeGate(need);
    if (gate !== null) return gate;
    if (this.#ports.caughtUp()) return OPEN;
    return CATCHING_UP;
  }

  write(draft: Draft, done: (outcome: WriteOutcome) => void): void {
    const { versions, replica } = this.#ports;
    const effect = effectOf(draft, versions.stamp(), null);
    if (isOfKey(effect)) return this.#writeKey(effect, baseOf(draft), done);
    this.#pending++;
    replica.apply(effect, () =>
      this.#afterStored(() => {
        this.#pending--;
        this.#settle(effect, false, done);
      }),
    );
  }

  #writeKey(effect: KeyEffect, base: Condition, done: (outcome: WriteOutcome) => void): void {
    const { replica } = this.#ports;
    const { key } = effect;
    if (base !== null && !sameVersion(base, replica.heldVersion(key))) return done({ kind: 'conflict' });
    const existed = replica.isLive(key);
    this.#pending++;
    this.#unconfirmed.begin(key);
    this.#atStore++;
    replica.apply(effect, (error) => {
      this.#atStore--;
      this.#onStored(effect, existed, error, done);
      if (this.#flushes !== null) this.#settleFlushes(this.#flushes);
    });
  }

  #onStored(
    effect: KeyEffect,
    existed: boolean,
    error: StoreError | null,
    done: (outcome: WriteOutcome) => void,
  ): void {
    this.#pending--;
    this.#unconfirmed.end(effect, error === null);
    if (error === null) return this.#settle(effect, existed, done);
    const reason = `the local store failed: ${error.message}`;
    done({ kind: 'unknown', code: 'STORE_FAILED', reason });
  }

  #settle(effect: Effect, existed: boolean, done: (outcome: WriteOutcome) => void): void {
    this.#complete(effect);
    const outcome: WriteOutcome = { kind: 'applied', existed, version: effect.version };
    if (this.#ports.sync) this.#onceKept(outcome, done);
    else done(outcome);
  }

  /** A flush asks nothing of the store, but may not be told of before the writes that came before it. */
  #afterStored(settle: () => void): void {
    // mutant: flush-before-earlier-writes
    if (this.#atStore === 0) return settle();
    this.#flushes ??= [];
    this.#flushes.push({ answers: this.#atStore, settle });
  }

  #settleFlushes(flushes: readonly WaitingFlush[]): void {
    for (const flush of flushes) flush.answers--;
    const left = flushes.filter(({ answers }) => answers > 0);
    this.#flushes = left.length > 0 ? left : null;
    for (const { answers, settle } of flushes) if (answers === 0) settle();
  }

  isPending(key: string): boolean {
    return this.#unconfirmed.has(key);
  }

  afterPending(key: string, callback: () => void): boolean {
    return this.#unconfirmed.afterAnswers(key, callback);
  }

  /** Pushes what this turn has completed: one message, the same for every peer. */
  flush(): void {
    if (this.#outbox.length === 0) return;
    const effects = this.#outbox;
    this.#outbox = [];
    this.#outboxBytes = 0;
    // What a former life wrote is not known here: the first push joins on to nothing.
    const previousTime = this.#pushedTime ?? effects[0]!.version.time - 1;
    this.#ports.bus.broadcast({ type: 'push', previousTime, effects });
    this.#pushedTime = effects.at(-1)!.version.time;
  }

  /** The own entry of the vector may have to follow, now that a sync has ended or a write has completed. */
  claimOwn(): void {
    if (this.#ports.ownPastKnown()) this.#ports.known.advance(this.#ports.node, this.#completedTime);
  }

  onPush(from: number, push: Push): void {
    // The next exchange brings it, when the journal takes writes again.
    if (!this.#ports.replica.journal.state.writable) {
      this.#runs.delete(from);
      return;
    }
    for (const effect of push.effects) this.merge(effect);
    const last = push.effects.at(-1);
    if (last === undefined) return;
    const run = this.#runs.get(from);
    if (run !== undefined && push.previousTime <= run.end) run.end = last.version.time;
    else this.#runs.set(from, { start: push.previousTime, end: last.version.time });
    this.claimRun(from);
  }

  /** What was known of the peer may now reach to where its pushes began. */
  claimRun(peer: number): void {
    const run = this.#runs.get(peer);
    // mutant: vector-over-missed-pushes
    if (run !== undefined && this.#ports.known.timeOf(peer) >= run.start)
      this.#ports.known.advance(peer, run.end);
  }

  onPeerDown(peer: number): void {
    this.#runs.delete(peer);
  }

  /** Takes in a write that another controller has completed, whoever tells of it, and however late. */
  merge(effect: Effect): void {
    this.#ports.versions.observe(effect.version.time);
    if (this.#isSuperseded(effect)) return;
    if (this.#ports.replica.merge(effect)) this.#completed++;
    if (isOfKey(effect)) this.#unconfirmed.happened(effect);
  }

  /**
   * Carries out an announced flush whose time has come. Every replica does so by itself, and all end the same writes,
   * those with a version below that time.
   *
   * @param agreedMs cluster time, null while there is none
   */
  onTick(agreedMs: number | null): void {
    const { replica, node } = this.#ports;
    const armed = replica.journal.armedFlush;
    // mutant: flushes-too-early
    if (armed === null || agreedMs === null || armed.atMs > agreedMs) return;
    const version = { time: versionTimeOfMs(armed.atMs), node };
    replica.journal.record({ kind: 'flush-due', version, atMs: armed.atMs });
  }

  /**
   * It was here, and is no longer. What took its place may be a deletion that has been forgotten since, because everybody
   * was known to have it: the version vector alone still tells.
   */
  #isSuperseded(effect: Effect): boolean {
    const { known, replica } = this.#ports;
    if (!known.covers(effect.version)) return false;
    const newest = isOfKey(effect) ? replica.journal.newest(effect.key) : undefined;
    return newest === undefined || !sameVersion(newest.version, effect.version);
  }

  #onceKept(outcome: WriteOutcome, done: (outcome: WriteOutcome) => void): void {
    // mutant: answers-unflushed
    this.#ports.replica.journal.whenKept((error) => {
      if (error === null) return done(outcome);
      done({ kind: 'unknown', code: 'JOURNAL_FAILED', reason: `the journal took no writes: ${error}` });
    });
  }

  /** The store took so long that the key has been deleted since: peers may have forgotten even that. */
  #isOutlived(effect: Effect): boolean {
    if (!isOfKey(effect)) return false;
    const newest = this.#ports.replica.journal.newest(effect.key);
    return newest === undefined || (newest.tombstone && newest.version.node !== this.#ports.node);
  }

  /** The store answers in order and flushes wait for it, so completions come in version order, and so do the pushes. */
  #complete(effect: Effect): void {
    this.#completed++;
    this.#completedTime = effect.version.time;
    this.claimOwn();
    if (this.#isOutlived(effect)) return;
    this.#outbox.push(effect);
    this.#outboxBytes += effectBytes(effect);
    this.#ports.requestFlush();
    if (this.#outboxBytes >= PUSH_BYTES_MAX) this.flush();
  }
}

const CATCHING_UP = waitBecause('CATCHING_UP', 'this controller is catching up with its peers');

interface WaitingFlush {
  /** Answers of the store that are still to come before it. */
  answers: number;
  readonly settle: () => void;
}

/** A push is sent early, within the turn, when it has grown to this size, in bytes. */
const PUSH_BYTES_MAX = 1_048_576;
