import type { ControllerId, MonotonicMs, WallMs } from '../../base/number-kinds.ts';
import type { Membership } from '../../membership/membership.ts';
import {
  type KeyspaceChange,
  type Move,
  type Placement,
  sameChange,
} from '../../placement/agreed-placement.ts';
import { hasReached, type MoveStep, type Moving } from '../../placement/moving.ts';
import type { Group } from '../../replication/group.ts';
import { RangeCopy } from '../../replication/range-copy.ts';
import { RangePurge } from '../../replication/range-purge.ts';
import { Collector, type Route } from './collector.ts';
import { GroupOpener, type GroupOpenerPorts } from './group-opener.ts';
import { MoveDriver } from './move-driver.ts';
import { MoveWords } from './move-words.ts';
import { PhaseAsks } from './phase-asks.ts';
import { type Transfer, transfersOf } from './transfers.ts';

export interface MoverPorts extends GroupOpenerPorts {
  readonly node: ControllerId;
  readonly incarnation: number;
  readonly requestTimeoutMs: number;
  /** Cluster time; null while there is none. */
  readonly agreedMs: () => WallMs | null;
  readonly nextTurn: (callback: () => void) => void;
}

/**
 * The part of this controller in a change by which keys get another group.
 *
 *  1. `preparing`: takes part in the groups after, and copies the records to them (`RangeCopy`).
 *  2. `barrier`: no write of the keys is taken (`Levels`). Once those under way are settled, this controller is
 *     `fenced`. It gets what its fenced peers have, copies the last difference, and has `handed-over` when that is as
 *     safe as the journal keeps it.
 *  3. `settling`: the groups after serve. The groups before forget the keys, once all controllers go by this.
 *
 * Each step is taken when every configured controller has taken the one before (`MoveDriver`). So no controller
 * serves the keys by an older placement alone, whatever it is cut off from, and none comes back without its
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
  /** The change of this phase, by which it is seen that a move was cancelled. */
  #change: KeyspaceChange | null = null;
  #transfers: readonly Transfer[] = [];
  /** One for each transfer; null while nothing is copied. */
  #copies: readonly RangeCopy[] | null = null;
  /** The same for what is forgotten. */
  #purges: readonly RangePurge[] | null = null;
  /** Entries that each group before had when the groups after began to serve, as far as this run has copied them. */
  readonly #leftKeys = new Map<Group, number>();
  readonly #opener: GroupOpener;
  readonly #asks = new PhaseAsks();
  readonly #collector: Collector;

  constructor(ports: MoverPorts) {
    this.#ports = ports;
    const { node, incarnation, peers, groups, clock, agreedMs, requestTimeoutMs, incarnationOf, log } = ports;
    this.#opener = new GroupOpener(ports);
    this.#collector = new Collector({ peers, words: this.#words, asks: this.#asks, clock });
    this.#driver = new MoveDriver({
      node,
      incarnation,
      peers,
      views: groups.views,
      words: this.#words,
      ownStep: () => this.#step,
      clock,
      agreedMs,
      requestTimeoutMs,
      incarnationOf,
      log,
    });
  }

  /** What peers are told; null while nothing is moved. */
  get word(): Moving | null {
    const { placement } = this.#views;
    if (placement === null || placement.move === null || placement.epoch !== this.#epoch) return null;
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    const done = this.#copies?.map(({ copied }) => copied) ?? this.#purges?.map(({ forgotten }) => forgotten);
    const { groups } = this.#ports;
    const total = this.#transfers.map(({ from }) => groups.entriesOf(from)?.replica.journal.records ?? 0);
    const ofCopies = this.#copies?.find(({ trouble }) => trouble !== '')?.trouble ?? '';
    const trouble = this.#opener.trouble || ofCopies || this.#trouble;
    return {
      type: 'moving',
      epoch: this.#epoch,
      step: this.#step,
      done: sum(done ?? []),
      total: sum(total),
      trouble,
    };
  }

  /** Entries of the group that another group serves. */
  surplusIn(group: Group): number {
    const copied = (this.#copies ?? []).filter(({ to }) => to === group);
    if (copied.length > 0) return copied.reduce((sum, { surplusKeys }) => sum + surplusKeys, 0);
    const forgotten = (this.#purges ?? []).filter(({ journal }) => journal === group.replica.journal);
    const left = this.#leftKeys.get(group) ?? 0;
    return Math.max(
      0,
      forgotten.reduce((sum, { forgottenKeys }) => sum - forgottenKeys, left),
    );
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
    this.#opener.step();
    const { view, placement } = this.#views;
    const move = placement?.move ?? null;
    if (placement === null || move === null) return this.#rest();
    if (placement.epoch !== this.#epoch) this.#enter(placement, move);
    this.#trouble = view === null ? 'it waits for a view' : '';
    if (view === null) return;
    const routes = this.#routes();
    if (routes !== null) {
      if (move.phase === 'preparing') this.#prepare(routes);
      else if (move.phase === 'barrier') this.#handOverAll(routes, move.expiredBeforeMs ?? 0);
      else this.#clear(routes);
    }
    this.#driver.step(view, placement, move);
  }

  get #views(): Membership {
    return this.#ports.groups.views;
  }

  #rest(): void {
    if (this.#epoch === 0) return;
    this.#epoch = 0;
    this.#asks.begin();
    this.#endCopies();
    this.#endPurges();
    this.#change = null;
    this.#transfers = [];
    this.#leftKeys.clear();
  }

  #enter(placement: Placement, move: Move): void {
    this.#epoch = placement.epoch;
    this.#step = 'begun';
    this.#allOpenedMs = null;
    this.#asks.begin();
    this.#collector.begin(placement.epoch);
    this.#endPurges();
    this.#transfers = transfersOf(placement);
    const isCancelled = this.#change !== null && !sameChange(this.#change, move);
    this.#change = move;
    if (move.phase === 'settling') {
      if (!isCancelled) this.#adopt();
      for (const { from, to, surplusKeys } of this.#copies ?? [])
        this.#leftKeys.set(isCancelled ? to : from, surplusKeys);
    }
    if (move.phase !== 'barrier') this.#endCopies();
    this.#ports.announce();
    this.#ports.onChange();
  }

  #adopt(): void {
    for (const copy of this.#copies ?? []) if (copy.isFinished) copy.settle();
  }

  #endCopies(): void {
    for (const copy of this.#copies ?? []) copy.end();
    this.#copies = null;
  }

  #endPurges(): void {
    if (this.#purges === null) return;
    this.#purges = null;
    for (const { from } of this.#transfers) {
      const group = this.#ports.groups.entriesOf(from);
      if (group !== undefined) group.scheme.keepsAll = false;
    }
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

  #prepare(routes: readonly Route[]): void {
    this.#become('opened');
    // Nothing is kept from being forgotten for a controller that may be away for long.
    if (!this.#haveAll('opened')) {
      this.#endCopies();
      this.#step = 'opened';
      this.#allOpenedMs = null;
      return;
    }
    this.#allOpenedMs ??= this.#ports.clock.nowMs();
    const openedMs = this.#allOpenedMs;
    if (this.#copies === null && !routes.every(({ to }) => this.#isReadable(to, openedMs))) return;
    const copies = this.#copiesOf(routes);
    for (const copy of copies) copy.step();
    if (copies.every(({ isCopied }) => isCopied)) this.#become('copied');
  }

  /**
   * The group has exchanged what it has with those of the peers, which have just begun it too. A peer that had not
   * begun it when it was asked does not answer, so it is asked again.
   */
  #isReadable({ scheme }: Group, allOpenedMs: MonotonicMs): boolean {
    if (scheme.views !== null || scheme.gate('read').state === 'open') return true;
    this.#trouble = 'it waits for the first exchanges';
    for (const peer of this.#ports.peers()) {
      // mutant: waits-for-unheard-exchanges
      scheme.exchange.restartBefore(peer, allOpenedMs);
      scheme.exchange.pull(peer);
    }
    return false;
  }

  #handOverAll(routes: readonly Route[], expiredBeforeMs: WallMs): void {
    const collector = this.#collector;
    const copies = this.#copiesOf(routes);
    for (const copy of copies) copy.step();
    if (!hasReached(this.#step, 'fenced')) return collector.fence(routes, () => this.#become('fenced'));
    // mutant: hands-over-uncollected
    if (!collector.isCollected(routes) || hasReached(this.#step, 'handed-over')) return;
    const unfinished = copies.filter(({ isFinished }) => !isFinished);
    for (const copy of unfinished) copy.finish(expiredBeforeMs);
    if (unfinished.length > 0 || !copies.every((copy) => collector.isOrdered(copy))) return;
    this.#keep(routes);
  }

  /** What has moved is as safe as the journals keep it. No write that the store has refused comes back any more. */
  #keep(routes: readonly Route[]): void {
    this.#asks.whenDurable(new Set(routes.flatMap(({ from, to }) => [from, to])), (trouble) => {
      if (trouble === null) this.#become('handed-over');
      else this.#trouble = trouble;
    });
  }

  /** Once no controller goes by the groups before any more. */
  #clear(routes: readonly Route[]): void {
    if (hasReached(this.#step, 'cleared') || !this.#haveAll('begun')) return;
    if (this.#purges === null) this.#leave(routes);
    this.#purges ??= routes.map(({ from, isOf }) => new RangePurge(from.replica.journal, isOf));
    for (const purge of this.#purges) purge.step();
    if (!this.#purges.every(({ isDone }) => isDone)) return;
    this.#asks.whenDurable(new Set(routes.map(({ from }) => from)), (trouble) => {
      if (trouble === null) this.#become('cleared');
    });
  }

  /**
   * A peer sends no records of these keys in the groups before, now that it goes by the groups after. Those that it
   * has sent earlier may be in an exchange that is shown as a whole later, which is therefore begun anew.
   */
  #leave(routes: readonly Route[]): void {
    const { clock, peers } = this.#ports;
    const nowMs = clock.nowMs();
    for (const { from } of routes) {
      from.scheme.keepsAll = true;
      for (const peer of peers()) from.scheme.exchange.restartBefore(peer, nowMs);
    }
  }

  /** Null while this controller has no part in one of the groups. */
  #routes(): readonly Route[] | null {
    const { groups } = this.#ports;
    const routes = this.#transfers.flatMap(({ from, to, isOf }): Route[] => {
      const [left, entered] = [groups.entriesOf(from), groups.entriesOf(to)];
      return left === undefined || entered === undefined ? [] : [{ from: left, to: entered, isOf }];
    });
    return routes.length === this.#transfers.length ? routes : null;
  }

  #copiesOf(routes: readonly Route[]): readonly RangeCopy[] {
    const { nextTurn } = this.#ports;
    this.#copies ??= routes.map((route) => new RangeCopy({ ...route, nextTurn }));
    return this.#copies;
  }
}
