import type { ControllerId } from '../../base/number-kinds.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import { type Gate, type Need, OPEN, waitBecause } from '../../membership/gate.ts';
import { Membership } from '../../membership/membership.ts';
import { ROOT_GROUP } from '../../membership/peer-bus.ts';
import type { Draft } from '../../ordering/effect.ts';
import type { Version } from '../../ordering/version.ts';
import { VersionVector } from '../../ordering/version-vector.ts';
import { idsEndOf } from '../../placement/configuration.ts';
import { isConvergentMessage } from '../convergent/messages.ts';
import { diskGate } from '../disk-gate.ts';
import { AntiEntropy } from '../exchange/anti-entropy.ts';
import { isExchangeMessage } from '../exchange/messages.ts';
import type { SchemeMessage } from '../messages.ts';
import type { Reader } from '../read-flow.ts';
import type { ReadDone } from '../replica-reads.ts';
import type { Arbiter, PendingRequest, Predicted, ReadStrength, Scheme, WriteOutcome } from '../scheme.ts';
import type { SchemePorts } from '../scheme-ports.ts';
import { timeGate } from '../time-gate.ts';
import type { AgreementKind, MakeAgreement } from './agreement.ts';
import { isAgreementMessage } from './agreement-messages.ts';
import { AppliedProof } from './applied-proof.ts';
import { CatchUp } from './catch-up.ts';
import { JournalWatch } from './journal-watch.ts';
import { Maintenance } from './maintenance.ts';
import { RequestOrder } from './request-order.ts';
import { Settling } from './settling.ts';
import { TakeOver } from './take-over.ts';

/**
 * A scheme with one order of all writes. The members of a view agree on each write (`OrderAgreement`), and all of them
 * apply the writes in version order (`RequestOrder`).
 *
 * The other parts: this controller's part in views (`Membership`), how it gets the state of a view (`CatchUp`,
 * `TakeOver`), and the watch over its journal (`JournalWatch`).
 */
export class Ordered implements Scheme {
  readonly views: Membership;
  readonly exchange: AntiEntropy;
  readonly freshness: AppliedProof;
  readonly sessions = null;
  readonly arbiter: Arbiter | null;
  readonly #ports: SchemePorts;
  readonly #order: RequestOrder;
  readonly #journalWatch: JournalWatch;
  readonly #takeOver: TakeOver;
  readonly #catchUp: CatchUp;
  readonly #maintenance: Maintenance;
  readonly #settling: Settling;

  /** Each part is made of those before it. */
  constructor(ports: SchemePorts, { make, keepsOrder }: AgreementKind) {
    this.#ports = ports;
    const order = orderOf(ports, make, () => this.views.leaseLeftMs > 0);
    const { journal } = ports.replica;
    const { suspectAfterMs } = ports.settings;
    const journalWatch = new JournalWatch({ journal, clock: ports.controller.clock, suspectAfterMs });
    const takeOver = takeOverOf(ports, order, () => this.views);
    const catchUp = new CatchUp(ports.controller.clock);
    const exchange = exchangeOf(ports, order, takeOver, catchUp);
    const views = viewsOf(ports, keepsOrder, order, journalWatch, takeOver, catchUp, exchange);
    this.#order = order;
    this.arbiter = order.arbiter;
    this.#journalWatch = journalWatch;
    this.#takeOver = takeOver;
    this.#catchUp = catchUp;
    this.exchange = exchange;
    this.views = views;
    this.#settling = new Settling(order, () => views.leaseLeftMs > 0);
    this.freshness = new AppliedProof({
      clock: ports.controller.clock,
      view: () => views.view,
      holdsLease: () => views.leaseLeftMs > 0,
      pending: () => order.pending,
      appliedTime: () => order.applied.time,
      latestTime: () => ports.controller.versions.latest,
      strongGate: () => this.gate('strong-read'),
    });
    this.#maintenance = new Maintenance({
      ports,
      order,
      views,
      exchange,
      mayWrite: () => this.gate('write').state === 'open',
    });
  }

  gate(need: Need): Gate {
    const shard = this.#ports.members === null ? OPEN : this.#ports.controller.votingGate();
    // mutant: has-shards-untold
    if (shard.state !== 'open') return shard;
    const untimed = timeGate(this.#ports.controller.time, need, false);
    if (untimed !== null) return this.views.isVoting() ? untimed : this.views.gate(need);
    // mutant: serves-without-voting
    if (need === 'read' && this.#order.phase.isConsistent && this.views.isVoting()) return OPEN;
    const closed = need === 'write' ? diskGate(this.#ports.replica.journal) : null;
    if (closed !== null) return closed;
    const gate = this.views.gate(need);
    return gate.state === 'open' && need === 'write' && this.#order.isFull ? QUEUE_FULL : gate;
  }

  storeTrouble(): string | null {
    return this.#ports.replica.storeTrouble();
  }

  read(key: string, strength: ReadStrength, done: ReadDone, reader: Reader): void {
    const { reads } = this.#ports;
    // mutant: reads-before-pending
    if (strength === 'local' || !this.#order.isPending(key)) return reads.read(key, done, reader);
    reader.onDelayed();
    this.#order.whenConfirmed(key, () => {
      if (!reader.isGone) reads.read(key, done, reader);
    });
  }

  readAgainFromMemory(bytes: number, done: () => void, reader: Reader): void {
    this.#ports.reads.readAgainFromMemory(bytes, done, reader);
  }

  newest(key: string): JournalRecord | undefined {
    return this.#ports.replica.journal.newest(key);
  }

  currentVersion(key: string): Version {
    return this.#ports.replica.currentVersion(key);
  }

  isLive(key: string): boolean {
    return this.#ports.replica.isLive(key);
  }

  noteRead(key: string, readAtSec: number): void {
    this.#ports.replica.journal.noteRead(key, readAtSec);
  }

  predict(key: string): Predicted | null {
    return this.#order.predict(key);
  }

  afterPending(key: string, callback: () => void): boolean {
    return this.#order.afterPending(key, callback);
  }

  write(draft: Draft, done: (outcome: WriteOutcome) => void): void {
    this.#order.write(draft, done);
  }

  /**
   * In the root group that is asked when a view was installed, which ends the part of its members in the view before,
   * and begins with the writes of that.
   */
  whenSettled(done: () => void): void {
    // mutant: settled-at-once
    if (this.#ports.group === ROOT_GROUP) return done();
    this.#settling.add(done);
  }

  set keepsAll(keepsAll: boolean) {
    this.#maintenance.isPaused = keepsAll;
  }

  /** A write in the order says the same of all that was recorded before it. */
  adopt(): void {}

  get pending(): number {
    return this.#order.pending;
  }

  oldestPending(count: number): readonly PendingRequest[] {
    return this.#order.oldestPending(count);
  }

  get completed(): number {
    return this.#order.completed;
  }

  get known(): VersionVector {
    return knownIn(this.#ports, this.#order);
  }

  get applied(): Version {
    return this.#order.applied;
  }

  get resumePoint(): Version {
    return this.#order.resumePoint;
  }

  get isCaughtUp(): boolean {
    return isCaughtUp(this.#journalWatch, this.#catchUp);
  }

  get isNeeded(): boolean {
    return this.views.isNeeded;
  }

  get journalTrouble(): string {
    return this.#journalWatch.journalTrouble;
  }

  onMessage(from: ControllerId, message: SchemeMessage): void {
    if (isAgreementMessage(message)) this.#order.onMessage(from, message);
    else if (isExchangeMessage(message)) this.exchange.onMessage(from, message);
    else if (!isConvergentMessage(message)) this.views.onMessage(from, message);
  }

  onPeerUp(peer: ControllerId): void {
    this.#order.onPeerUp(peer);
  }

  /** Requests that the peer has not acknowledged are still in the queue. */
  onPeerDown(peer: ControllerId): void {
    this.exchange.onPeerDown(peer);
    this.views.onPeerDown(peer);
  }

  /** A lease is the proof here, and views ask for it. */
  onAnswer(): void {}

  onTick(): void {
    if (this.#journalWatch.onTick(this.#order.isAwaited)) this.#onJournalTrouble();
    this.views.onTick();
    this.#catchUp.onTick(
      this.exchange,
      this.#journalWatch.exclusionReason === '' ? this.views.servingPeers : [],
    );
    const { donor } = this.#takeOver;
    if (donor !== null) this.exchange.pull(donor);
    this.#order.onTick();
    this.exchange.onTick();
    this.#settling.step();
    this.#maintenance.onTick();
    this.freshness.step();
  }

  /** Members get every write as it is made. */
  onSyncTick(): void {}

  flush(): void {
    this.#order.flush();
  }

  /**
   * The writes of an exchange would fill the memory, and can wait. A transfer belongs to a view, and ends with it.
   */
  #onJournalTrouble(): void {
    if (this.#journalWatch.journalTrouble !== '' && this.#takeOver.donor === null) this.exchange.stop();
    this.#ports.controller.announce();
  }
}

const QUEUE_FULL = waitBecause('QUEUE_FULL', 'too many bytes wait for agreement (queue_bytes_max)');

function orderOf(ports: SchemePorts, makeAgreement: MakeAgreement, holdsLease: () => boolean): RequestOrder {
  const { bus, replica, reads, evaluator, recovered } = ports;
  const { node, clock, time, versions, refuse, requestFlush, onChange, isDrained, takesDifferences } =
    ports.controller;
  const { queueBytesMax, durability, hasEntries } = ports.settings;
  const orderPorts = {
    node,
    clock,
    versions,
    bus,
    replica,
    reads,
    evaluator,
    takesDifferences,
    isTimed: () => time.isAgreed,
    holdsLease,
    refuse,
    requestFlush,
    onChange,
    isEnding: isDrained,
    queueBytesMax,
    recovered,
    hasEntries,
    durability,
    recordedKnown: ports.recordedKnown,
  };
  return new RequestOrder(orderPorts, makeAgreement);
}

function takeOverOf({ controller }: SchemePorts, order: RequestOrder, views: () => Membership): TakeOver {
  const { node, incarnationOf, startEmpty } = controller;
  return new TakeOver({
    node,
    isBegun: () => order.isPartial,
    membersWith: (peer) => views().parts.membersAt(peer),
    incarnationOf,
    startEmpty,
  });
}

function exchangeOf(
  ports: SchemePorts,
  order: RequestOrder,
  takeOver: TakeOver,
  catchUp: CatchUp,
): AntiEntropy {
  const { bus, replica, vector, settings, log } = ports;
  const { node, clock, peers, refuse, startEmpty, incarnationOf } = ports.controller;
  return new AntiEntropy({
    node,
    incarnationOf,
    bus,
    replica,
    vector,
    known: () => knownIn(ports, order),
    clock,
    // A peer may say that it serves in another view, and send writes, while a view is accepted and not installed here.
    mayTake: (peer) => order.phase.mayMerge && takeOver.mayTake(peer),
    merge: (effect) => order.merge(effect),
    // An ordered write is journalled once it is agreed, so it is never taken back.
    afterPending: () => false,
    isAuthority: true,
    whole: null,
    gapAfterMs: settings.tombstoneHorizonMs / 2,
    onExchanged: (peer, exchange) => {
      catchUp.onExchanged(exchange);
      takeOver.onExchanged(peer);
    },
    nameOf: (peer) => peers.nameOf(peer),
    refuse,
    startEmpty,
    log,
  });
}

function viewsOf(
  ports: SchemePorts,
  keepsOrder: boolean,
  order: RequestOrder,
  journal: JournalWatch,
  takeOver: TakeOver,
  catchUp: CatchUp,
  exchange: AntiEntropy,
): Membership {
  const { controller, bus, viewLog, log, settings } = ports;
  const { node, incarnation, peers, clock, random, incarnationOf } = controller;
  return new Membership({
    node,
    configured: controller.configured,
    idsEnd: () => idsEndOf(controller.configuration()),
    incarnation,
    mayForm: settings.mayForm,
    keepsOrder,
    leaseMs: settings.leaseMs,
    suspectAfterMs: settings.suspectAfterMs,
    hasEntries: settings.hasEntries,
    sync: settings.durability === 'sync',
    bus,
    peers,
    incarnationOf,
    clock,
    random,
    viewLog,
    state: order,
    journal,
    isCaughtUp: () => isCaughtUp(journal, catchUp),
    transfer: (from, holders, done) => {
      takeOver.begin(from, holders, done);
      exchange.restart(from.node);
    },
    endTransfers: () => {
      takeOver.end();
      exchange.stop();
    },
    announce: controller.announce,
    mayPropose: () => !controller.isDrained(),
    onPlacement: controller.onPlacement,
    onChange: controller.onChange,
    log,
  });
}

/** This controller lacked little a moment ago, and its journal lets it be taken into a view. */
function isCaughtUp(journal: JournalWatch, catchUp: CatchUp): boolean {
  return journal.exclusionReason === '' && catchUp.isCaughtUp;
}

/**
 * The version vector of this group.
 *
 * Everything up to the version that was applied last is known, from every origin, because the writes of the group are
 * applied in version order. That says nothing about another group: a controller stamps the writes of all its groups
 * with one clock, so another group may still lack a write with a smaller version.
 */
function knownIn({ vector, controller }: SchemePorts, { applied }: RequestOrder): VersionVector {
  const known = new VersionVector(vector.times());
  // mutant: knows-writes-of-members-alone
  known.advanceAllTo(applied, controller.originsEnd());
  return known;
}
