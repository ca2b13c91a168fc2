import type { ControllerId, GroupNumber } from '../../base/number-kinds.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import { type Gate, OPEN, waitBecause } from '../../membership/gate.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import { type Draft, type Effect, isOfKey } from '../../ordering/effect.ts';
import { type Stretch, Stretches } from '../../ordering/stretches.ts';
import { compareVersions, type Version } from '../../ordering/version.ts';
import type { VersionVector } from '../../ordering/version-vector.ts';
import type { WholeExchanges } from '../exchange/whole-exchanges.ts';
import type { Replica } from '../replica.ts';
import {
  OWN_CONTEXT,
  partOf,
  type RequestContext,
  SESSION_STRETCHES_MAX,
  type Session,
  type SessionPart,
} from '../request-context.ts';
import type { WriteOutcome } from '../scheme.ts';
import type { ControllerPorts } from '../scheme-ports.ts';
import type { SchemeSessions } from '../sessions.ts';
import { AttachedDependencies, attachedTo } from './attached-dependencies.ts';
import { CausalPushes } from './causal-pushes.ts';
import type { ForeignDependencies } from './foreign-dependencies.ts';
import { Knowledge } from './knowledge.ts';
import type { Attached, CausalPush, Foreign, SeenPart } from './messages.ts';
import { BLANK, MissingWrites } from './missing-writes.ts';
import type { OwnWrites } from './own-writes.ts';

export interface CausalSidePorts {
  /** The number of the group. */
  readonly group: GroupNumber;
  readonly controller: ControllerPorts;
  /** What the peer has said that it would know after a crash. */
  readonly knownBy: (peer: number) => VersionVector;
  /** The version vector of the group. */
  readonly vector: VersionVector;
  /** The controllers that take part in the group; null for all. */
  readonly members: readonly ControllerId[] | null;
  readonly foreign: ForeignDependencies;
  readonly bus: PeerBus<CausalPush>;
  readonly replica: Replica;
  /** What came from earlier runs, of every key, may have been ended by a flush that is not remembered as one. */
  readonly hasPast: boolean;
  /** What has to be known before anything is served, from an earlier run. */
  readonly incomplete: readonly Stretch[];
  /** This controller has caught up with its peers since it started. */
  readonly isCaughtUp: () => boolean;
  /** Nothing is here of earlier runs, neither from a disk nor from any peer. */
  readonly isBlank: () => boolean;
  /** Every peer has been asked since this controller started. */
  readonly hasAskedAll: () => boolean;
  /** Takes in a write of another controller. */
  readonly merge: (effect: Effect) => void;
  /** A write is shown here from now on. */
  readonly onShown: (effect: Effect) => void;
  /** Starts an exchange with the peer, unless one is under way. */
  readonly pull: (peer: number) => void;
  /** Pushes of the peer were given up. */
  readonly onMissed: (peer: number) => void;
}

/** As for sessions: stretches of each origin that are missing while a part of an exchange is shown. */
const MIXED_STRETCHES_MAX = 4;

/**
 * Makes the convergent scheme causal: what this replica shows is always causally closed, and a session is never told
 * less than it has seen anywhere.
 *
 *  1. Pushes and exchanges are shown once all is shown that they depend on (`CausalPushes`, `StagedParts`).
 *  2. A session that came with a token may read once this replica shows all that the session has seen, or where the
 *     newest write of the key is newer than all that is missing. Such a write has superseded every write of the key
 *     that the session can know.
 *  3. A write is never held up for that. What its session has seen and this replica does not show is attached to the
 *     write, and becomes part of the session of every client that reads the write.
 */
export class CausalSide implements SchemeSessions {
  readonly #ports: CausalSidePorts;
  readonly #knowledge: Knowledge;
  readonly #attached: AttachedDependencies;
  readonly #pushes: CausalPushes;
  readonly #missing: MissingWrites;
  readonly whole: WholeExchanges;
  /** The newest flush: what a miss of a key without a record depends on. Null for none. */
  #flush: Version | null = null;
  /** See `CausalPush.runStart`; null before the first write of this run. */
  #runStart: number | null = null;
  /** What peers have been told by pushes that is shown here. */
  readonly #told = new Stretches();
  readonly #recoveredTime: number;
  /** Of the newest write of this controller that has happened. */
  #completedTime: number;
  /** A part of an exchange is shown whose rest has not come: this has to be known before anything is served. */
  #mixed: Stretches | null;
  /** The peers with which an exchange has been completed since then. */
  readonly #askedWhileMixed = new Set<ControllerId>();
  /** The journal says that a part of an exchange is recorded. */
  #isMarked: boolean;
  /** A request waits for more to be known. */
  #isAwaited = false;

  constructor(ports: CausalSidePorts) {
    const { vector, members, hasAskedAll, replica, controller, incomplete } = ports;
    this.#ports = ports;
    const knowledge = new Knowledge(vector, (origin) => members?.includes(origin) === false && hasAskedAll());
    this.#knowledge = knowledge;
    this.#isMarked = incomplete.length > 0;
    this.#mixed = this.#isMarked ? Stretches.of(incomplete) : null;
    this.#recoveredTime = vector.timeOf(controller.node);
    this.#completedTime = this.#recoveredTime;
    this.#attached = new AttachedDependencies(replica.journal);
    this.#pushes = new CausalPushes({
      knowledge,
      show: ({ effects, attached }) => {
        for (const effect of effects) this.#show(effect, attached);
      },
      onWaiting: (peer) => this.#onWaiting(peer),
      onGivenUp: ports.onMissed,
    });
    this.#missing = new MissingWrites(ports);
    this.whole = this.#wholeExchanges();
  }

  #wholeExchanges(): WholeExchanges {
    const { isCaughtUp } = this.#ports;
    const knowledge = this.#knowledge;
    return {
      isServing: () => isCaughtUp() && this.#mixed === null,
      lacks: () => [...(this.#mixed ?? [])],
      shows: () => [...knowledge.all()],
      attachedTo: (effects) => this.#attached.among(effects),
      begin: (shows) => this.#begin(shows),
      show: (effect, attached) => this.#show(effect, attached),
      learn: (shown) => {
        knowledge.merge(shown);
        this.onKnown();
      },
      becomeMixed: (needs) => {
        this.#mixed ??= new Stretches();
        this.#mixed.merge(Stretches.of(needs));
        this.#mixed.joinNewest(MIXED_STRETCHES_MAX);
        this.#askedWhileMixed.clear();
      },
    };
  }

  #begin(shows: readonly Stretch[]): void {
    const needs = Stretches.of(shows);
    if (this.#mixed !== null) needs.merge(this.#mixed);
    this.#isMarked = true;
    // mutant: part-without-its-name
    this.#ports.replica.journal.recordIncomplete([...needs]);
  }

  /** Why nothing is served; null when there is no reason. */
  get trouble(): Gate | null {
    return this.#mixed === null ? null : MIXED;
  }

  onPush(from: number, push: CausalPush): void {
    this.#pushes.take(from, push);
    this.onKnown();
  }

  /** Pushes of the peer have come that are not shown yet. */
  hasWaiting(peer: number): boolean {
    return this.#pushes.hasWaiting(peer);
  }

  /** Pushes of the peer were not taken, or may be lost. */
  forget(peer: number): void {
    this.#pushes.forget(peer);
    this.#ports.foreign.forgetPeer(peer);
  }

  /** What the peer tells next depends on this. */
  onForeign({ parts }: Foreign): void {
    this.#ports.foreign.add(parts);
  }

  /** More is known than before. */
  onKnown(): void {
    const { controller } = this.#ports;
    this.#knowledge.settle();
    this.#pushes.showDue();
    const isMended = this.#mixed !== null && this.#isMended(this.#mixed);
    if (isMended) this.#mixed = null;
    if (this.#isMarked && this.#mixed === null) {
      this.#isMarked = false;
      this.#ports.replica.journal.recordIncomplete([]);
    }
    if (!isMended && !this.#isAwaited) return;
    this.#isAwaited = false;
    controller.onChange();
  }

  /** An exchange with the peer has completed: everything that the peer shows is shown here. */
  onExchanged(peer: ControllerId): void {
    if (this.#mixed !== null) this.#askedWhileMixed.add(peer);
    this.onKnown();
  }

  /** All is known that was missing, or no controller has it any more. */
  #isMended(needs: Stretches): boolean {
    const { controller } = this.#ports;
    return (
      this.#knowledge.covers(needs) || controller.peers.ids.every((peer) => this.#askedWhileMixed.has(peer))
    );
  }

  /** Tells all peers of these writes of this controller. @param previousTime null for the first ones of this run */
  push(previousTime: number | null, effects: readonly Effect[]): void {
    const runStart = this.#runStart!;
    this.#ports.bus.sendToAll({
      type: 'causal-push',
      previousTime: previousTime ?? runStart,
      runStart,
      needs: this.#untold(),
      attached: this.#attached.among(effects),
      effects,
    });
  }

  /** A write of this controller has happened. */
  onCompleted(effect: Effect): void {
    const { controller, onShown } = this.#ports;
    this.#completedTime = effect.version.time;
    this.#knowledge.add(controller.node, this.#runStart!, effect.version.time);
    onShown(effect);
  }

  /** What is shown here of others, and of this controller's earlier runs, that peers have not been told of by pushes. */
  #untold(): Stretch[] {
    const { node } = this.#ports.controller;
    const untold: Stretch[] = [];
    for (const one of this.#knowledge.all()) {
      const need = one.origin === node ? { ...one, to: Math.min(one.to, this.#recoveredTime) } : one;
      if (need.to > need.from && !this.#told.has(need)) untold.push(need);
    }
    for (const { origin, from, to } of untold) this.#told.add(origin, from, to);
    return untold;
  }

  write(own: OwnWrites, draft: Draft, done: (outcome: WriteOutcome) => void, context: RequestContext): void {
    const { session } = context;
    const needs = context === OWN_CONTEXT ? null : this.#requiredOf(session);
    // The write is newer than all that its session has seen, of other controllers as well.
    if (needs !== null) this.#ports.controller.versions.observe(needs.newestTime);
    const onMade = (effect: Effect): void => {
      // A peer that has exchanged with this controller since then knows by the first push that it has all.
      // mutant: begins-with-its-first-write
      this.#runStart ??= own.silentUntil ?? effect.version.time - 1;
      this.#noteFlush(effect);
      // mutant: writes-without-dependencies
      if (needs !== null) this.#attached.add(effect, needs);
      // mutant: writes-without-foreign
      this.#ports.foreign.add(session.parts);
    };
    const onOutcome = (outcome: WriteOutcome): void => {
      if (outcome.kind === 'applied' && context !== OWN_CONTEXT) this.#see(session, outcome.version);
      done(outcome);
    };
    own.write(draft, onOutcome, onMade);
  }

  isAhead(session: Session): boolean {
    return this.#requiredOf(session) !== null || this.#isBlankTo(session);
  }

  gate(session: Session, keys: readonly string[]): Gate {
    if (this.#isBlankTo(session)) {
      this.#isAwaited = true;
      return BLANK;
    }
    const required = this.#requiredOf(session);
    if (required === null) return OPEN;
    const { replica } = this.#ports;
    // Every write that the session knows and this controller does not show has a version up to this one.
    const missingTime = this.#knowledge.newestMissing(required);
    const isNewer = (key: string) => (replica.journal.newest(key)?.version.time ?? 0) > missingTime;
    if (keys.length > 0 && keys.every(isNewer)) return OPEN;
    this.#isAwaited = true;
    return this.#missing.seek(this.#knowledge.missingOf(required)!);
  }

  join(session: Session, seen: Stretches): void {
    this.#ports.controller.versions.observe(seen.newestTime);
    this.#addSeen(session, seen);
    if (this.#knowledge.covers(seen)) return;
    const part = this.#partOf(session);
    part.required ??= new Stretches();
    part.required.merge(seen);
    part.required.joinNewest(SESSION_STRETCHES_MAX);
  }

  note(session: Session, key: string): void {
    this.onIssue(key, this.#ports.replica.journal.newest(key), session);
  }

  /** The session is told what this record says, or that there is none. */
  onIssue(key: string, record: JournalRecord | undefined, session: Session): void {
    if (record !== undefined) this.#see(session, record.version);
    else if (this.#ports.hasPast) this.#addSeen(session, Stretches.of(this.#knowledge.all()));
    else if (this.#flush !== null) this.#see(session, this.#flush);
    const needs = this.#attached.of(key, record?.version ?? null);
    // mutant: ignores-attached-dependencies
    if (needs !== null) this.join(session, needs);
    this.#ports.foreign.takenBy(session, this.#partOf(session));
  }

  legacy(): readonly SeenPart[] {
    const { group, controller, foreign } = this.#ports;
    const seen = this.#attached.all();
    for (const { origin, from, to } of this.#knowledge.all())
      seen.add(origin, from, origin === controller.node ? Math.min(to, this.#completedTime) : to);
    seen.joinNewest(SESSION_STRETCHES_MAX);
    return [{ group, seen: [...seen] }, ...foreign.parts()];
  }

  inherit(legacy: readonly SeenPart[]): void {
    this.#ports.foreign.add(legacy);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    if (this.#attached.size === 0) return;
    this.#ports.foreign.forgetEnded();
    const { controller, knownBy } = this.#ports;
    const knowledge = this.#knowledge;
    const known = controller.peers.ids.map((peer) => knownBy(peer));
    this.#attached.step(
      (needs) =>
        knowledge.covers(needs) &&
        known.every((vector) => [...needs].every(({ origin, to }) => to <= vector.timeOf(origin))),
    );
  }

  #show(effect: Effect, attached: readonly Attached[]): void {
    const needs = attached.length === 0 ? null : attachedTo(effect, attached);
    if (needs !== null && this.#isNews(effect)) this.#attached.add(effect, needs);
    this.#ports.merge(effect);
    this.#noteFlush(effect);
    this.#ports.onShown(effect);
  }

  /** Not older than what is known here of its key. */
  #isNews(effect: Effect): boolean {
    const { journal } = this.#ports.replica;
    const newest = isOfKey(effect) ? (journal.newest(effect.key)?.version ?? null) : this.#flush;
    return newest === null || compareVersions(newest, effect.version) <= 0;
  }

  #noteFlush(effect: Effect): void {
    if (isOfKey(effect)) return;
    if (this.#flush === null || effect.version.time > this.#flush.time) this.#flush = effect.version;
  }

  #see(session: Session, version: Version): void {
    const { seen } = this.#partOf(session);
    if (seen.at(version.node, version.time) !== null) return;
    const { origin, from, to } = this.#knowledge.stretchOf(version);
    seen.add(origin, from, to);
    seen.joinNewest(SESSION_STRETCHES_MAX);
  }

  #addSeen(session: Session, more: Stretches): void {
    const { seen } = this.#partOf(session);
    seen.merge(more);
    seen.joinNewest(SESSION_STRETCHES_MAX);
  }

  /** What the session has seen and this controller does not show; null for nothing. */
  #requiredOf(session: Session): Stretches | null {
    const part = session.parts.length === 0 ? null : this.#partOf(session);
    if (part === null || part.required === null) return null;
    if (this.#knowledge.covers(part.required)) part.required = null;
    return part.required;
  }

  /**
   * The session may have seen a key of this group in one that had it before, and nothing of that is here: this
   * controller remembers nothing, and has heard no other one that has a part in the group.
   */
  #isBlankTo({ parts }: Session): boolean {
    const { group, isBlank, controller } = this.#ports;
    if (!isBlank() || !controller.hasMovedShards()) return false;
    // mutant: blank-to-sessions
    return controller.peers.ids.length > 0 && parts.some((part) => part.group !== group);
  }

  #partOf(session: Session): SessionPart {
    return partOf(session, this.#ports.group);
  }

  #onWaiting(peer: number): void {
    this.#ports.pull(peer);
  }
}

const MIXED = waitBecause('CATCHING_UP', 'this controller has a part of what its peers know');
