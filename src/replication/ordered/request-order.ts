import { InvariantError } from '../../base/invariant-error.ts';
import type { ControllerId } from '../../base/number-kinds.ts';
import { type Ballot, NO_BALLOT, sameBallot } from '../../membership/ballot.ts';
import type { View } from '../../membership/view.ts';
import type { ViewState } from '../../membership/view-changer-ports.ts';
import { type Draft, type Effect, isOfKey, leavesEntry } from '../../ordering/effect.ts';
import { RequestQueue, versionAfter } from '../../ordering/request-queue.ts';
import {
  casOfVersion,
  compareVersions,
  NO_VERSION,
  sameVersion,
  type Version,
} from '../../ordering/version.ts';
import type { StoreError } from '../../store/driver.ts';
import type { Arbiter, PendingRequest, Predicted, WriteOutcome } from '../scheme.ts';
import type { AskNumbers, MakeAgreement, OrderAgreement } from './agreement.ts';
import type { AgreementMessage } from './agreement-messages.ts';
import { EarlyMessages } from './early-messages.ts';
import { FoundState } from './found-state.ts';
import { OrderPhase } from './order-phase.ts';
import type { OrderPorts } from './order-ports.ts';
import { Orphans, outcomeOf, outcomeOfOrphan, settleOrphans, VIEW_CHANGED } from './orphans.ts';
import { type Proposed, type Stored, tell, type WriteDone } from './proposed-write.ts';

/**
 * The order of all writes of a group, and the state that follows from it.
 *
 *  1. The members of a view agree on requests (`OrderAgreement`): each gets a version, and reaches every member.
 *  2. A request that every member has is stable. No smaller version can still arrive.
 *  3. Stable requests are applied in version order. Conditions are decided then, from versions alone.
 *
 * Invariants, checked: versions are applied in increasing order; no message is used of another view, nor while no view
 * is installed.
 *
 * Nothing is buffered for a broken link: what a member may not have is still in the queue, and is sent again.
 */
export class RequestOrder implements ViewState {
  readonly #ports: OrderPorts;
  readonly #queue: RequestQueue<WriteDone>;
  readonly #agreement: OrderAgreement;
  #ballot: Ballot = NO_BALLOT;
  readonly #phase: OrderPhase;
  readonly found: FoundState;
  #applied: Version;
  #completed = 0;
  /** Messages of the view that is accepted and not yet installed here. */
  readonly #early: EarlyMessages;
  readonly #leftOut = new Orphans();

  constructor(ports: OrderPorts, makeAgreement: MakeAgreement) {
    this.#ports = ports;
    this.#queue = new RequestQueue<WriteDone>();
    this.#early = new EarlyMessages(ports.queueBytesMax);
    const { watermarks, staged } = ports.recovered;
    this.#applied = watermarks.applied;
    this.#phase = new OrderPhase(sameVersion(watermarks.applied, NO_VERSION));
    this.found = new FoundState(ports);
    // mutant: forgets-queue-at-start
    for (const effect of staged) this.#queue.push(effect, 0);
    this.#agreement = makeAgreement({
      node: ports.node,
      versions: ports.versions,
      bus: ports.bus,
      replica: ports.replica,
      reads: ports.reads,
      evaluator: ports.evaluator,
      takesDifferences: ports.takesDifferences,
      isTimed: ports.isTimed,
      holdsLease: ports.holdsLease,
      queueBytesMax: ports.queueBytesMax,
      predict: (key) => this.predict(key),
      afterPending: (key, callback) => this.afterPending(key, callback),
      refuse: ports.refuse,
      requestFlush: ports.requestFlush,
      isEnding: ports.isEnding,
      durability: ports.durability,
      queue: this.#queue,
      isServing: () => this.#phase.isServing,
      applied: () => this.#applied,
      advance: () => this.#advance(),
    });
  }

  /** See `Scheme.arbiter`. */
  get arbiter(): Arbiter | null {
    return this.#agreement.arbiter;
  }

  get pending(): number {
    return this.#queue.size;
  }

  /** See `OrderAgreement.asks`. */
  get asks(): AskNumbers | null {
    return this.#agreement.asks;
  }

  /** The version of the newest request in the queue; `NO_VERSION` when there is none. */
  get newestQueued(): Version {
    return this.#queue.newest()?.effect.version ?? NO_VERSION;
  }

  /** This controller serves in a view, and no request up to this version waits for anything. */
  isPast(version: Version): boolean {
    const head = this.#queue.head();
    const isApplied = head === undefined || compareVersions(head.effect.version, version) > 0;
    return this.#phase.isServing && this.#leftOut.isEmpty && isApplied;
  }

  oldestPending(count: number): readonly PendingRequest[] {
    return this.#queue.oldest(count).map((request) => ({
      kind: request.effect.kind,
      key: isOfKey(request.effect) ? request.effect.key : null,
      version: request.effect.version,
      unacknowledged: this.#agreement.lacking(request),
    }));
  }

  get completed(): number {
    return this.#completed;
  }

  get applied(): Version {
    return this.#applied;
  }

  /** The version up to which the state may be continued after a crash; `NO_VERSION` while it is partial. */
  get resumePoint(): Version {
    // mutant: claims-unapplied
    return this.#phase.isPartial ? NO_VERSION : this.#applied;
  }

  get isPartial(): boolean {
    return this.#phase.isPartial;
  }

  get phase(): Pick<OrderPhase, 'isConsistent' | 'mayMerge'> {
    return this.#phase;
  }

  /** The bytes that wait for agreement have reached their bound. */
  get isFull(): boolean {
    return this.#queue.bytes + (this.#agreement.asks?.bytes ?? 0) >= this.#ports.queueBytesMax;
  }

  /** An acknowledgement is due, here or at a peer. */
  get isAwaited(): boolean {
    return this.#phase.isServing && (this.#agreement.isAwaited || this.#queue.size > 0);
  }

  write(draft: Draft, done: WriteDone): void {
    if (!this.#phase.isServing) throw new InvariantError('a write was begun while no view holds');
    this.#agreement.write(draft, done);
  }

  predict(key: string): Predicted | null {
    const request = this.#queue.predict(key, this.#ports.replica.currentVersion(key));
    if (request === null) return null;
    return { version: versionAfter(request), effect: leavesEntry(request.effect) ? request.effect : null };
  }

  isPending(key: string): boolean {
    return this.#queue.newestOn(key) !== undefined;
  }

  afterPending(key: string, callback: () => void): boolean {
    const newest = this.#queue.newestOn(key);
    if (newest === undefined) return false;
    newest.waiters ??= [];
    newest.waiters.push(callback);
    return true;
  }

  /**
   * Calls back once every write of the key is applied here that was answered anywhere before the call. Writes of the
   * key are in the queue.
   */
  whenConfirmed(key: string, callback: () => void): void {
    const { confirm } = this.#agreement;
    if (confirm === null || !this.#phase.isServing) {
      this.afterPending(key, callback);
      return;
    }
    const once = onceOnly(callback);
    this.afterPending(key, once);
    this.#agreement.confirm?.(once);
  }

  /** Sends what this turn has gathered. */
  flush(): void {
    this.#agreement.flush();
  }

  /** To be called every few milliseconds: goes on with what the disk has held up. */
  onTick(): void {
    this.#agreement.onTick();
  }

  onMessage(from: ControllerId, message: AgreementMessage): void {
    // mutant: frame-of-another-view
    if (!sameBallot(message.ballot, this.#ballot)) return;
    if (!this.#phase.isServing) {
      if (!this.#early.add(from, message))
        this.#ports.refuse(from, 'it sends too much before a view is installed');
      return;
    }
    // Asked for before the store is written to, which asks for a turn end of its own: answers leave first.
    this.#ports.requestFlush();
    this.#agreement.onMessage(from, message);
    this.#advance();
  }

  /** The link to the peer is new: what was sent last may be lost. */
  onPeerUp(peer: ControllerId): void {
    if (this.#phase.isServing) this.#agreement.onPeerUp(peer);
  }

  /** This controller takes part in no view until one is installed. */
  freeze(): void {
    // mutant: serves-after-promise
    this.#phase.becomeOutside();
  }

  /**
   * Takes in a write that a transfer brings. From now on, until a view is accepted, the state is partial, and no
   * request may see it.
   */
  merge(effect: Effect): void {
    if (this.#phase.isServing) return;
    if (!this.#phase.isPartial) {
      this.#phase.becomePartial();
      this.#mark();
    }
    this.#ports.versions.observe(effect.version.time);
    this.#ports.replica.merge(this.#queue.withValue(effect));
  }

  /** Everything that is queued here, in version order. */
  queued(): Effect[] {
    return this.#queue.toArray().map((request) => request.effect);
  }

  /**
   * Makes the union the first requests of a view, as far as they are not applied here already. Streams start again at
   * zero. The union belongs to none of them, because every member has it.
   *
   * @param base the version up to which the state was copied from a member; null when it was not
   * @param done called once all of this would survive a crash
   */
  adopt(
    view: View,
    union: readonly Effect[],
    base: Version | null,
    done: (error: string | null) => void,
  ): void {
    const { versions } = this.#ports;
    const { journal } = this.#ports.replica;
    if (base !== null && compareVersions(base, this.#applied) > 0) this.#applied = base;
    // The request with this version need not be among the copied records: its condition may not have held.
    // mutant: copied-unobserved
    versions.observe(this.#applied.time);
    this.#phase.becomeAdopted(base !== null);
    this.#mark();
    // Orphans of an older view that was never installed are not judged yet, and this view may contain them.
    const before = [...this.#leftOut.take(), ...this.#queue.toArray()];
    const waiting = new Map(before.map((request) => [casOfVersion(request.effect.version), request]));
    this.#queue.clear();
    this.#ballot = view.ballot;
    this.#agreement.begin(view, base === null && this.#knows(union, waiting));
    this.#early.take();
    for (const effect of union) {
      versions.observe(effect.version.time);
      if (compareVersions(effect.version, this.#applied) <= 0) continue;
      const id = casOfVersion(effect.version);
      this.#queue.push(effect, 0, waiting.get(id));
      journal.stage(effect);
      waiting.delete(id);
    }
    for (const { effect } of waiting.values()) journal.discard(effect.version);
    this.#leftOut.add(waiting.values());
    // mutant: accepts-unflushed
    journal.whenDurable(done);
  }

  #knows(union: readonly Effect[], waiting: ReadonlyMap<bigint, Proposed>): boolean {
    return union.every(
      ({ version }) => compareVersions(version, this.#applied) <= 0 || waiting.has(casOfVersion(version)),
    );
  }

  /** All members have accepted the view: applies the union, and serves. */
  install(): void {
    this.#phase.becomeServing();
    const leftOut = this.#leftOut.judge(this.#ports.replica.journal);
    this.#advance();
    this.#phase.becomeInOrder();
    settleOrphans(leftOut, this.#agreement.asks);
    this.#agreement.install();
    for (const { from, message } of this.#early.take()) this.#agreement.onMessage(from, message);
    this.#ports.requestFlush();
    this.#advance();
    this.#ports.onChange();
  }

  #advance(): void {
    if (!this.#phase.isServing) return;
    const wasFull = this.isFull;
    for (let head = this.#queue.head(); head !== undefined; head = this.#queue.head()) {
      // mutant: applies-unstable
      if (!this.#agreement.isStable(head)) break;
      this.#queue.pop(head);
      this.#apply(head);
    }
    if (wasFull && !this.isFull) this.#ports.onChange();
  }

  #apply(request: Proposed): void {
    const { effect, waiters } = request;
    const { replica } = this.#ports;
    if (compareVersions(effect.version, this.#applied) <= 0)
      throw new InvariantError('a request was applied out of order', {
        applied: this.#applied,
        next: effect.version,
      });
    this.#applied = effect.version;
    this.#mark();
    this.#completed++;
    const newest = isOfKey(effect) ? replica.journal.newest(effect.key) : undefined;
    if (newest !== undefined && compareVersions(newest.version, effect.version) >= 0) {
      // A transfer was ahead of the order on this key, and has brought the effect of the request.
      replica.journal.discard(effect.version);
      tell(request, outcomeOfOrphan(effect, newest));
      // mutant: ignores-condition
    } else if (!replica.meets(effect)) {
      replica.journal.discard(effect.version);
      tell(request, this.#phase.isAheadOfOrder ? VIEW_CHANGED : CONFLICT);
    } else {
      this.#carryOut(request);
    }
    if (waiters !== null) for (const waiter of waiters) waiter();
  }

  /** If the journal keeps values, the answer does not wait for the store: every member has the write by now. */
  #carryOut(request: Proposed): void {
    const { replica, durability } = this.#ports;
    const { effect } = request;
    const asked = request.onOutcome !== null;
    const existed = asked && isOfKey(effect) && replica.isLive(effect.key);
    const waits = asked && durability === 'none';
    replica.apply(effect, waits ? this.#onceStored(request, existed) : ignoreStore);
    if (asked && !waits) this.#settle(request, existed, null);
  }

  #onceStored(request: Proposed, existed: boolean): (error: StoreError | null) => void {
    const agreedMs = this.#ports.clock.nowMs();
    return (error) => this.#settle(request, existed, { error, agreedMs });
  }

  /** A transfer may also have brought a flush that ends what the request writes. */
  #settle(request: Proposed, existed: boolean, stored: Stored | null): void {
    const { effect } = request;
    const overtaken =
      this.#phase.isAheadOfOrder &&
      !(isOfKey(effect) && sameVersion(this.#ports.replica.currentVersion(effect.key), effect.version));
    tell(request, overtaken ? VIEW_CHANGED : outcomeOf(effect, existed, stored));
  }

  /** To be called before the write that it covers is recorded: then both are in one commit. */
  #mark(): void {
    const { replica, recordedKnown } = this.#ports;
    replica.journal.recordWatermarks({ applied: this.resumePoint, known: recordedKnown() });
  }
}

const CONFLICT: WriteOutcome = Object.freeze({ kind: 'conflict' });

function onceOnly(callback: () => void): () => void {
  let isCalled = false;
  return () => {
    if (isCalled) return;
    isCalled = true;
    callback();
  };
}

/** A later read finds out what the store has lost, and repairs it. */
function ignoreStore(): void {}
