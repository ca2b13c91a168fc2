import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ControllerId, GroupNumber, MonotonicMs } from '../../base/number-kinds.ts';
import type { Membership } from '../../membership/membership.ts';
import { ROOT_GROUP } from '../../membership/peer-bus.ts';
import type { Move, Placement } from '../../placement/agreed-placement.ts';
import { hasReached, type MoveStep, type Moving } from '../../placement/moving.ts';
import type { Group } from '../../replication/group.ts';
import { NO_CHANGE } from '../../replication/ordered/no-change.ts';
import { RangeCopy } from '../../replication/range-copy.ts';
import { RangePurge } from '../../replication/range-purge.ts';
import { OWN_CONTEXT } from '../../replication/request-context.ts';
import type { Scheme } from '../../replication/scheme.ts';
import type { GroupStorage } from '../core-ports.ts';
import type { Groups } from '../groups.ts';
import type { Levels } from '../levels.ts';
import { MoveDriver } from './move-driver.ts';
import { MoveWords } from './move-words.ts';

export interface MoverPorts {
  readonly node: ControllerId;
  readonly incarnation: number;
  /** Gives the other controllers that have to be done with each step: all that are configured. */
  readonly peers: () => readonly ControllerId[];
  readonly groups: Groups;
  readonly levels: Levels;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly incarnationOf: (peer: ControllerId) => number | null;
  readonly openGroup: (group: GroupNumber, done: (opened: GroupStorage | string) => void) => void;
  /** Tells all peers how far this controller is. */
  readonly announce: () => void;
  /** A gate may have opened. */
  readonly onChange: () => void;
  readonly nextTurn: (callback: () => void) => void;
  readonly log: Log;
}

/** A group that could not be opened is tried again after this long, in milliseconds. */
const OPEN_AGAIN_MS = 1_000;

/**
 * The part of this controller in the move of a keyspace from one group to another.
 *
 *  1. `preparing`: takes part in the second group, and copies the records to it (`RangeCopy`).
 *  2. `barrier`: no write of the keyspace is taken (`Levels`). Once those under way are settled, this controller is
 *     `fenced`. It gets what its fenced peers have, copies the last difference, and has `handed-over` when that is as
 *     safe as the journal keeps it.
 *  3. `settling`: the second group serves. The first one forgets the keyspace, once all controllers go by this.
 *
 * Each step is taken when every configured controller has taken the one before (`MoveDriver`). So no controller
 * serves the keyspace by an older placement alone, whatever it is cut off from, and none comes back without its
 * records.
 */
export class Mover {
  readonly #ports: MoverPorts;
  readonly #words = new MoveWords();
  readonly #driver: MoveDriver;
  /** The placement whose phase this controller is in. */
  #epoch = 0;
  #step: MoveStep = 'begun';
  #trouble = '';
  /** Since when every controller has been known to take part in both groups; null while that is not known. */
  #allOpenedMs: MonotonicMs | null = null;
  #handOver: RangeCopy | null = null;
  #purge: RangePurge | null = null;
  /** Something that was begun in this phase has not called back. */
  #isAsked = false;
  /** Behind the barrier: everything is applied here that was answered anywhere in an ordered group. */
  #hasCollected = false;
  readonly #opening = new Map<GroupNumber, MonotonicMs>();
  #openTrouble = '';

  constructor(ports: MoverPorts) {
    this.#ports = ports;
    const { node, incarnation, peers, groups, clock, requestTimeoutMs, incarnationOf, log } = ports;
    this.#driver = new MoveDriver({
      node,
      incarnation,
      peers,
      views: groups.views,
      words: this.#words,
      ownStep: () => this.#step,
      clock,
      requestTimeoutMs,
      incarnationOf,
      log,
    });
  }

  /** What peers are told; null while no keyspace is moved. */
  get word(): Moving | null {
    const { placement } = this.#views;
    if (placement === null || placement.move === null || placement.epoch !== this.#epoch) return null;
    const done = this.#handOver?.copied ?? this.#purge?.forgotten ?? 0;
    const total = this.#ports.levels.groupOf(placement.move.from)?.replica.journal.records ?? 0;
    const trouble = this.#openTrouble || (this.#handOver?.trouble ?? '') || this.#trouble;
    return { type: 'moving', epoch: this.#epoch, step: this.#step, done, total, trouble };
  }

  /** What a controller has said of its part in the move; null for nothing. */
  wordOf(node: ControllerId): Moving | null {
    return node === this.#ports.node ? this.word : this.#words.of(node, this.#epoch);
  }

  onMessage(from: ControllerId, word: Moving): void {
    this.#words.onWord(from, word, this.#ports.clock.nowMs());
    this.onTick();
  }

  onPeerDown(peer: ControllerId): void {
    this.#words.onPeerDown(peer);
  }

  /** To be called every few milliseconds, and when a view was installed. */
  onTick(): void {
    this.#openMissing();
    const { view, placement } = this.#views;
    const move = placement?.move ?? null;
    if (placement === null || move === null) return this.#rest();
    if (placement.epoch !== this.#epoch) this.#enter(placement, move);
    this.#trouble = view === null ? 'it waits for a view' : '';
    if (view === null) return;
    if (move.phase === 'preparing') this.#prepare(move);
    else if (move.phase === 'barrier') this.#handOverAll(move);
    else this.#clear(move);
    this.#driver.step(view, placement, move);
  }

  get #views(): Membership {
    return this.#ports.groups.views;
  }

  #rest(): void {
    if (this.#epoch === 0) return;
    this.#epoch = 0;
    this.#endHandOver();
    this.#purge = null;
  }

  #enter(placement: Placement, move: Move): void {
    this.#epoch = placement.epoch;
    this.#step = 'begun';
    this.#allOpenedMs = null;
    this.#isAsked = false;
    this.#hasCollected = false;
    this.#purge = null;
    const handOver = this.#handOver;
    if (move.phase === 'settling') {
      const to = this.#ports.levels.groupOf(move.to);
      if (handOver?.isFinished && handOver.to === to) handOver.settle();
    }
    if (move.phase !== 'barrier') this.#endHandOver();
    this.#ports.announce();
    this.#ports.onChange();
  }

  #endHandOver(): void {
    this.#handOver?.end();
    this.#handOver = null;
  }

  #become(step: MoveStep): void {
    if (hasReached(this.#step, step)) return;
    this.#step = step;
    this.#ports.announce();
  }

  /** Every other controller has come so far. */
  #haveAll(step: MoveStep): boolean {
    return this.#ports.peers().every((peer) => this.#words.hasReached(peer, this.#epoch, step));
  }

  #prepare(move: Move): void {
    const [from, to] = this.#groupsOf(move);
    if (from === undefined || to === undefined) return;
    this.#become('opened');
    // Nothing is kept from being forgotten for a controller that may be away for long.
    if (!this.#haveAll('opened')) {
      this.#endHandOver();
      this.#step = 'opened';
      this.#allOpenedMs = null;
      return;
    }
    this.#allOpenedMs ??= this.#ports.clock.nowMs();
    if (this.#handOver === null && !this.#isReadable(to, this.#allOpenedMs)) return;
    this.#handOver ??= this.#newHandOver(move, from, to);
    this.#handOver.step();
    if (this.#handOver.isCopied) this.#become('copied');
  }

  /**
   * The group has exchanged what it has with those of the peers, which have just begun it too. A peer that had not
   * begun it when it was asked does not answer, so it is asked again.
   */
  #isReadable({ scheme }: Group, allOpenedMs: MonotonicMs): boolean {
    if (scheme.views !== null || scheme.gate('read').state === 'open') return true;
    this.#trouble = 'it waits for the first exchanges';
    for (const peer of this.#ports.peers()) {
      scheme.exchange.restartBefore(peer, allOpenedMs);
      scheme.exchange.pull(peer);
    }
    return false;
  }

  #handOverAll(move: Move): void {
    const [from, to] = this.#groupsOf(move);
    if (from === undefined || to === undefined) return;
    this.#handOver ??= this.#newHandOver(move, from, to);
    this.#handOver.step();
    if (!hasReached(this.#step, 'fenced')) return this.#fence(from);
    // mutant: hands-over-uncollected
    if (!this.#isCollected(from) || hasReached(this.#step, 'handed-over')) return;
    if (!this.#handOver.isFinished) return this.#handOver.finish();
    if (!this.#isOrdered(to, this.#handOver)) return;
    this.#keep(to);
  }

  /** The writes that were begun before the barrier are settled. */
  #fence({ scheme }: Group): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const epoch = this.#epoch;
    scheme.whenSettled(() => {
      if (this.#epoch !== epoch) return;
      this.#isAsked = false;
      this.#become('fenced');
    });
  }

  /**
   * Everything that any controller had when it was fenced is here. In the root group the view with the barrier has seen
   * to that. In another ordered group this controller waits for what was answered anywhere, once all are fenced.
   * Otherwise an exchange with each peer that was begun after the peer was fenced brings it.
   */
  #isCollected({ number, scheme }: Group): boolean {
    if (scheme.views !== null) return number === ROOT_GROUP || this.#isCurrent(scheme);
    const { exchange } = scheme;
    let isCollected = scheme.gate('read').state === 'open';
    for (const peer of this.#ports.peers()) {
      const fencedMs = this.#words.fencedMs(peer, this.#epoch);
      const startedMs = exchange.startedMs(peer);
      if (fencedMs !== null && startedMs !== null && startedMs > fencedMs) continue;
      isCollected = false;
      if (fencedMs !== null && !exchange.isMoving(peer)) exchange.pull(peer);
      else if (fencedMs !== null) exchange.restartBefore(peer, fencedMs);
    }
    return isCollected;
  }

  #isCurrent(scheme: Scheme): boolean {
    // mutant: collects-before-all-are-fenced
    if (this.#hasCollected || !this.#haveAll('fenced')) return this.#hasCollected;
    if (this.#isAsked) return false;
    this.#isAsked = true;
    const epoch = this.#epoch;
    scheme.whenSettled(() => {
      if (this.#epoch !== epoch) return;
      this.#isAsked = false;
      this.#hasCollected = true;
    });
    return this.#hasCollected;
  }

  /**
   * In an ordered group, what was applied last is past all that was copied. A write whose condition can not hold
   * moves it on. So the group claims to know what was copied, and a start finds a state to go on from.
   */
  #isOrdered({ scheme }: Group, { newest }: RangeCopy): boolean {
    if (scheme.views === null) return true;
    const { known } = scheme;
    if (newest.every((time, origin) => known.timeOf(origin) >= time)) return true;
    if (this.#isAsked || scheme.gate('write').state !== 'open') return false;
    this.#isAsked = true;
    const epoch = this.#epoch;
    const done = () => {
      if (this.#epoch === epoch) this.#isAsked = false;
    };
    scheme.write(NO_CHANGE, done, OWN_CONTEXT);
    return false;
  }

  #keep(to: Group): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const epoch = this.#epoch;
    to.replica.journal.whenDurable((error) => {
      if (this.#epoch !== epoch) return;
      this.#isAsked = false;
      if (error === null) this.#become('handed-over');
      else this.#trouble = error;
    });
  }

  /** Once no controller goes by the group before any more. */
  #clear(move: Move): void {
    if (hasReached(this.#step, 'cleared') || !this.#haveAll('begun')) return;
    const { levels } = this.#ports;
    const left = levels.groupOf(move.from);
    if (left === undefined) return this.#become('cleared');
    const { journal } = left.replica;
    left.scheme.keepsAll = true;
    this.#purge ??= new RangePurge(journal, levels.isOf(move.name));
    this.#purge.step();
    if (!this.#purge.isDone || this.#isAsked) return;
    this.#isAsked = true;
    const epoch = this.#epoch;
    journal.whenDurable((error) => {
      if (this.#epoch !== epoch) return;
      this.#isAsked = false;
      left.scheme.keepsAll = false;
      if (error === null) this.#become('cleared');
    });
  }

  #groupsOf({ from, to }: Move): readonly [Group | undefined, Group | undefined] {
    const { levels } = this.#ports;
    return [levels.groupOf(from), levels.groupOf(to)];
  }

  #newHandOver({ name }: Move, from: Group, to: Group): RangeCopy {
    const { levels, nextTurn } = this.#ports;
    return new RangeCopy({ from, to, isOf: levels.isOf(name), nextTurn });
  }

  /** Takes part in the groups that this controller needs and has no part in yet. */
  #openMissing(): void {
    const { levels, openGroup, clock } = this.#ports;
    for (const number of levels.missing) {
      if (number === ROOT_GROUP) {
        this.#openTrouble = NO_ORDERED_ENTRIES;
        continue;
      }
      if (clock.nowMs() < (this.#opening.get(number) ?? 0)) continue;
      this.#opening.set(number, Number.POSITIVE_INFINITY);
      openGroup(number, (opened) => this.#onOpened(number, opened));
    }
  }

  #onOpened(number: GroupNumber, opened: GroupStorage | string): void {
    const { groups, levels, peers, incarnationOf, clock, log, onChange, announce } = this.#ports;
    if (typeof opened === 'string') {
      if (this.#openTrouble !== opened)
        log.warn('a group can not be begun', { group: number, reason: opened });
      this.#openTrouble = opened;
      this.#opening.set(number, clock.nowMs() + OPEN_AGAIN_MS);
      return;
    }
    this.#openTrouble = '';
    this.#opening.delete(number);
    const group = groups.add(number, opened);
    for (const peer of peers()) if (incarnationOf(peer) !== null) group.onPeerUp(peer);
    levels.onGroups();
    announce();
    onChange();
  }
}

const NO_ORDERED_ENTRIES = 'it is configured without an ordered level: configure it as the others are';
