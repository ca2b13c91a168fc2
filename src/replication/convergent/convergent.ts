import type { ControllerId, MonotonicMs, VersionTime } from '../../base/number-kinds.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import { type Gate, type Need, OPEN, waitBecause } from '../../membership/gate.ts';
import { type Draft, type Effect, isOfKey } from '../../ordering/effect.ts';
import { NO_VERSION, sameVersion, type Version } from '../../ordering/version.ts';
import type { VersionVector } from '../../ordering/version-vector.ts';
import { diskGate, journalTroubleOf } from '../disk-gate.ts';
import { AntiEntropy } from '../exchange/anti-entropy.ts';
import { isExchangeMessage } from '../exchange/messages.ts';
import type { SchemeMessage } from '../messages.ts';
import type { Reader } from '../read-flow.ts';
import type { ReadDone } from '../replica-reads.ts';
import type { RequestContext } from '../request-context.ts';
import type { PendingRequest, Predicted, ReadStrength, Scheme, WriteOutcome } from '../scheme.ts';
import type { SchemePorts } from '../scheme-ports.ts';
import type { SchemeSessions } from '../sessions.ts';
import { peerKnowledge, Sweeper } from '../sweeper.ts';
import { timeGate } from '../time-gate.ts';
import { CausalSide } from './causal-side.ts';
import { carryOutDueFlush } from './due-flush.ts';
import type { ForeignDependencies } from './foreign-dependencies.ts';
import { HandOver } from './hand-over.ts';
import { HeardProof } from './heard-proof.ts';
import { InitialExchanges } from './initial-exchanges.ts';
import type { CausalPush, Push } from './messages.ts';
import { OwnWrites } from './own-writes.ts';
import { pushBy } from './plain-pushes.ts';
import { PushRanges } from './push-ranges.ts';
import { UnconfirmedWrites } from './unconfirmed-writes.ts';

/**
 * The convergent scheme: every controller answers alone, and all replicas end up equal.
 *
 *  1. A write is stamped, journalled and stored here, answered, and pushed to the peers.
 *  2. Of two writes of a key the larger version wins, deletions included. Applying is idempotent, and the order of
 *     applying does not matter.
 *  3. An exchange brings the writes that no push has brought (see `AntiEntropy`).
 *
 * Invariants:
 *  - Peers are told, by a push or an exchange, only of writes that the local store has taken.
 *  - A push moves the receiver's version vector only if the receiver knew everything before it.
 *  - A controller restarted without its journal claims its own writes only once it has asked every peer for them.
 *
 * Therefore a version vector never claims more than is there.
 */
export class Convergent implements Scheme {
  readonly views = null;
  readonly arbiter = null;
  /** Writes have no order in common, so there is none to resume. */
  readonly applied = NO_VERSION;
  readonly resumePoint = NO_VERSION;
  readonly exchange: AntiEntropy;
  readonly freshness: HeardProof;
  readonly #ports: SchemePorts;
  readonly #firstSync: InitialExchanges;
  readonly #unconfirmed: UnconfirmedWrites;
  readonly #ownWrites: OwnWrites;
  readonly #pushRanges: PushRanges;
  /** Null at `eventual`. */
  readonly #causal: CausalSide | null;
  readonly #sweeper: Sweeper;
  readonly #handOver: HandOver;
  /** Peers whose pushes were ignored: an exchange with them is due. */
  readonly #ignoredPushFrom = new Set<number>();
  /** Writes of other controllers that were applied here. */
  #merged = 0;

  /**
   * Each part is made of those before it.
   *
   * @param foreign of a causal group; null at `eventual`
   */
  constructor(ports: SchemePorts, foreign: ForeignDependencies | null = null) {
    const { bus, replica, vector, settings } = ports;
    const { node, versions, peers, clock, requestFlush, time } = ports.controller;
    this.#ports = ports;
    this.#firstSync = new InitialExchanges({
      peers,
      isReachable: (peer) => bus.isUp(peer) || peers.isUp(peer),
      clock,
      graceMs: settings.startGraceMs,
    });
    this.#causal = foreign === null ? null : this.#makeCausal(foreign);
    const causal = this.#causal;
    this.#unconfirmed = new UnconfirmedWrites(replica.journal);
    this.#ownWrites = new OwnWrites({
      node,
      clock,
      versions,
      replica,
      unconfirmed: this.#unconfirmed,
      vector,
      isOwnPastKnown: () => this.#firstSync.complete,
      requestFlush,
      sync: settings.durability === 'sync',
      push: causal === null ? pushBy(bus) : (previousTime, effects) => causal.push(previousTime, effects),
      claimsIdleTime: causal !== null,
      onCompleted: causal === null ? null : (effect) => causal.onCompleted(effect),
    });
    this.#pushRanges = new PushRanges(vector);
    const exchange = this.#makeExchange();
    this.exchange = exchange;
    this.#handOver = new HandOver(ports, exchange);
    this.freshness = new HeardProof({
      controller: ports.controller,
      exchangedMs: (peer) => exchange.startedMs(peer),
      hasWaiting: (peer) => causal?.hasWaiting(peer) ?? false,
    });
    this.#sweeper = new Sweeper({
      journal: replica.journal,
      isUnserved: (key) => replica.isUnserved(key),
      agreedMs: () => time.agreedMs,
      peers: () => peerKnowledge(ports),
      mayForgetEarly: () => exchange.isIdle,
      dropValue: (key) => replica.dropValue(key),
      // mutant: forgets-what-may-be-reverted
      isNeeded: ({ key, version }) => this.#unconfirmed.has(key) || this.#mayShowOlder(version),
      proposeEnd: null,
    });
  }

  #makeCausal(foreign: ForeignDependencies): CausalSide {
    const { group, members, bus, replica, vector, knownBy, controller, recovered, settings } = this.#ports;
    return new CausalSide({
      group,
      controller,
      knownBy,
      vector,
      members,
      foreign,
      bus,
      replica,
      hasPast: recovered.newestTime > 0,
      incomplete: recovered.incomplete,
      isCaughtUp: () => this.#firstSync.done,
      isBlank: () => settings.durability === 'none' && !this.#firstSync.begun,
      hasAskedAll: () => this.#firstSync.complete,
      merge: (effect) => this.#merge(effect),
      onShown: (effect) => this.exchange.onShown(effect),
      pull: (peer) => this.exchange.pull(peer),
      onMissed: (peer) => this.freshness.onMissed(peer),
    });
  }

  #makeExchange(): AntiEntropy {
    const { bus, replica, vector, settings, log } = this.#ports;
    const { node, clock, peers, refuse, startEmpty, incarnationOf } = this.#ports.controller;
    return new AntiEntropy({
      node,
      incarnationOf,
      bus,
      replica,
      vector,
      known: () => vector,
      clock,
      // Whatever a peer has can be merged.
      mayTake: () => true,
      merge: (effect) => this.#merge(effect),
      afterPending: (key, callback) => this.afterPending(key, callback),
      isAuthority: false,
      whole: this.#causal?.whole ?? null,
      stagedBytesMax: settings.stagedBytesMax,
      gapAfterMs: settings.tombstoneHorizonMs / 2,
      onExchanged: (peer) => this.#onExchanged(peer),
      nameOf: (peer) => peers.nameOf(peer),
      refuse,
      startEmpty,
      log,
    });
  }

  gate(need: Need): Gate {
    const { controller, replica } = this.#ports;
    const voting = controller.votingGate();
    // mutant: answers-without-a-vote
    if (voting.state !== 'open') return voting;
    const closed = need === 'write' ? diskGate(replica.journal) : null;
    const gate = closed ?? timeGate(controller.time, need, true);
    if (gate !== null) return gate;
    if (!this.#firstSync.done) return CATCHING_UP;
    return this.#causal?.trouble ?? OPEN;
  }

  storeTrouble(): string | null {
    return this.#ports.replica.storeTrouble();
  }

  read(key: string, strength: ReadStrength, done: ReadDone, reader: Reader): void {
    const { reads } = this.#ports;
    if (strength === 'local' || !this.#unconfirmed.has(key)) return reads.read(key, done, reader);
    this.#unconfirmed.afterAnswers(key, () => {
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

  /** A write takes effect here at once. */
  predict(): Predicted | null {
    return null;
  }

  afterPending(key: string, callback: () => void): boolean {
    return this.#unconfirmed.afterAnswers(key, callback);
  }

  write(draft: Draft, done: (outcome: WriteOutcome) => void, context: RequestContext): void {
    if (this.#causal === null) this.#ownWrites.write(draft, done);
    else this.#causal.write(this.#ownWrites, draft, done, context);
  }

  whenSettled(done: () => void): void {
    this.#ownWrites.whenSettled(done);
  }

  set keepsAll(keepsAll: boolean) {
    this.#sweeper.isPaused = keepsAll;
  }

  adopt(known: readonly VersionTime[]): void {
    for (const [origin, time] of known.entries()) this.#ports.vector.advance(origin, time);
    this.#ownWrites.onAdopted();
    this.#causal?.onKnown();
  }

  get sessions(): SchemeSessions | null {
    return this.#causal;
  }

  get pending(): number {
    return this.#ownWrites.pending;
  }

  oldestPending(count: number): readonly PendingRequest[] {
    return this.#ownWrites.oldestPending(count);
  }

  get completed(): number {
    return this.#ownWrites.completed + this.#merged;
  }

  get known(): VersionVector {
    return this.#ports.vector;
  }

  get isCaughtUp(): boolean {
    return this.#firstSync.done;
  }

  get isNeeded(): boolean {
    return this.#handOver.isAwaited(this.#ownWrites.claimedTime);
  }

  get journalTrouble(): string {
    return journalTroubleOf(this.#ports.replica.journal);
  }

  onMessage(from: ControllerId, message: SchemeMessage): void {
    if (message.type === 'push') this.#onPush(from, message);
    else if (message.type === 'causal-push') this.#onCausalPush(from, message);
    else if (message.type === 'foreign') this.#causal?.onForeign(message);
    else if (isExchangeMessage(message)) this.exchange.onMessage(from, message);
  }

  onPeerUp(peer: ControllerId): void {
    this.exchange.pull(peer);
  }

  onPeerDown(peer: ControllerId): void {
    this.#pushRanges.forget(peer);
    this.#causal?.forget(peer);
    this.freshness.onMissed(peer);
    this.exchange.onPeerDown(peer);
  }

  onAnswer(peer: ControllerId, askedMs: MonotonicMs): void {
    this.freshness.onAnswer(peer, askedMs);
  }

  onTick(): void {
    this.#ownWrites.onTick();
    // Of a group of one there is no exchange after which idle time is claimed.
    // mutant: alone-claims-nothing
    if (this.#ports.controller.peers.ids.length === 0) this.#ownWrites.advanceOwnEntry();
    carryOutDueFlush(this.#ports);
    if (this.#firstSync.onTick()) this.#ports.controller.onChange();
    this.exchange.onTick();
    this.#causal?.onTick();
    this.#sweeper.step();
    this.#handOver.onTick();
  }

  /** Asks all peers: a version vector does not tell of the writes of an origin that died before it claimed them. */
  onSyncTick(): void {
    const { replica, controller } = this.#ports;
    if (!replica.journal.state.writable) return;
    for (const peer of controller.peers.ids) this.exchange.pull(peer);
  }

  flush(): void {
    this.#ownWrites.flush();
  }

  /** At `causal` such a push would be shown before what it depends on. No peer sends one there, so it is ignored. */
  #onPush(from: ControllerId, push: Push): void {
    if (this.#causal !== null) return;
    if (!this.#takesPush(from)) return this.#pushRanges.forget(from);
    for (const effect of push.effects) this.#merge(effect);
    this.#pushRanges.add(from, push);
  }

  #onCausalPush(from: number, push: CausalPush): void {
    if (this.#causal === null) return;
    if (this.#takesPush(from)) this.#causal.onPush(from, push);
    else this.#causal.forget(from);
  }

  /** Whether a push that has come is taken. One that is not is noted: an exchange brings its writes. */
  #takesPush(from: ControllerId): boolean {
    const isTaken = this.#mayTakePushes(from);
    if (!isTaken) this.#ignoredPushFrom.add(from);
    // The next exchange brings the writes, when the journal takes writes again.
    else if (this.#ports.replica.journal.state.writable) return true;
    this.freshness.onMissed(from);
    return false;
  }

  /**
   * Pushes are ignored in two cases. A peer may have missed deletions that are forgotten here, so what it pushes may
   * be what they deleted. And while there is nothing here, the first writes have to come by an exchange, which brings
   * everything that the peer has.
   */
  #mayTakePushes(from: ControllerId): boolean {
    const { replica, knownBy } = this.#ports;
    const { forgotten, records } = replica.journal;
    const isCurrent = forgotten.isZero || knownBy(from).dominates(forgotten);
    return isCurrent && (records > 0 || this.#firstSync.begun);
  }

  #onExchanged(peer: ControllerId): void {
    this.#firstSync.onExchanged(peer);
    this.#ownWrites.advanceOwnEntry();
    this.#causal?.onExchanged(peer);
    for (const other of this.#ports.controller.peers.ids) this.#pushRanges.advanceEntryOf(other);
    if (this.#ignoredPushFrom.delete(peer)) this.exchange.pull(peer);
    this.#handOver.onExchanged(peer);
  }

  /** Takes in a write that another controller has completed, whichever peer tells of it, and however late. */
  #merge(effect: Effect): void {
    this.#ports.controller.versions.observe(effect.version.time);
    if (this.#isSuperseded(effect)) return;
    if (this.#ports.replica.merge(effect)) this.#merged++;
    if (isOfKey(effect)) this.#unconfirmed.confirm(effect);
  }

  /**
   * A write that is older than this version may still be shown here. At a level at which writes wait until what they
   * depend on is shown, that may be one which came before the peer that sent it said that it knows this version.
   */
  #mayShowOlder(version: Version): boolean {
    if (this.#causal === null) return false;
    const { vector, controller } = this.#ports;
    // mutant: forgets-while-older-waits
    return controller.peers.ids.some(
      (peer) => vector.timeOf(peer) < version.time && !controller.isAbsent(peer),
    );
  }

  /**
   * The write was here, and another one has taken its place. That may be a deletion which has been forgotten since,
   * because every peer was known to have it; the version vector still tells.
   */
  #isSuperseded(effect: Effect): boolean {
    const { vector, replica } = this.#ports;
    if (!vector.covers(effect.version)) return false;
    const newest = isOfKey(effect) ? replica.journal.newest(effect.key) : undefined;
    return newest === undefined || !sameVersion(newest.version, effect.version);
  }
}

const CATCHING_UP = waitBecause('CATCHING_UP', 'this controller is catching up with its peers');
