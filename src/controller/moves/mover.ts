import type { ControllerId, MonotonicMs, VersionTime, WallMs } from '../../base/number-kinds.ts';
import type { Membership } from '../../membership/membership.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import { type Move, type Placement, sameChange } from '../../placement/agreed-placement.ts';
import { isGone } from '../../placement/configuration.ts';
import { hasReached, type MoveStep, type Moving } from '../../placement/moving.ts';
import { concernsAll } from '../../placement/reshard.ts';
import type { Group } from '../../replication/group.ts';
import { RangeCopy } from '../../replication/range-copy.ts';
import { RangeFetch } from '../../replication/range-fetch.ts';
import type { RangeMessage } from '../../replication/range-messages.ts';
import type { RangePurge } from '../../replication/range-purge.ts';
import { matesOfMove } from '../standing-peers.ts';
import { Collector } from './collector.ts';
import { GroupOpener, type GroupOpenerPorts } from './group-opener.ts';
import { MoveDriver } from './move-driver.ts';
import { MoveWords } from './move-words.ts';
import { PhaseAsks } from './phase-asks.ts';
import { RangeFeeds } from './range-feeds.ts';
import { groupsIn, mayLostServe, purgeOf, type Route } from './routes.ts';
import { type Transfer, transfersOf } from './transfers.ts';

export interface MoverPorts extends GroupOpenerPorts {
  readonly node: ControllerId;
  readonly incarnation: number;
  readonly requestTimeoutMs: number;
  /** Cluster time; null while there is none. */
  readonly agreedMs: () => WallMs | null;
  readonly nextTurn: (callback: () => void) => void;
  readonly bus: PeerBus<RangeMessage>;
  /** The clock that stamps writes here has to be past this version time. */
  readonly observe: (time: VersionTime) => void;
}

/** What copies the records of a transfer for a group of this controller. */
type Copy = RangeCopy | RangeFetch;

/**
 * The part of this controller in a change by which keys get another group.
 *
 *  1. `preparing`: takes part in the groups after, and copies the records to them (`RangeCopy`).
 *  2. `barrier`: no write of the keys is taken (`Levels`). Once those under way are settled, this controller is
 *     `fenced`. It gets what its fenced peers have, copies the last difference, and has `handed-over` when that is as
 *     safe as the journal keeps it.
 *  3. `settling`: the groups after serve. The groups before forget the keys, once all controllers go by this.
 *
 * Each step is taken when every controller that takes part has taken the one before (`MoveDriver`). So no controller
 * serves the keys by an older placement alone, whatever it is cut off from, and none comes back without its
 * records. A controller itself waits for its mates alone: those that have records for it, or get some from it.
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
  #change: Move | null = null;
  /** Null for all others. */
  #mates: readonly ControllerId[] | null = null;
  #transfers: readonly Transfer[] = [];
  /** One for each transfer to a group that is here; null while nothing is copied. */
  #copies: readonly Copy[] | null = null;
  /** The same for what is forgotten. */
  #purges: readonly RangePurge[] | null = null;
  /** Entries that each group before had when the groups after began to serve, as far as this run has copied them. */
  readonly #leftKeys = new Map<Group, number>();
  readonly #opener: GroupOpener;
  readonly #asks = new PhaseAsks();
  readonly #collector: Collector;
  readonly #feeds: RangeFeeds;
  /** The epoch of the barrier behind which everything is here that the groups of this controller have; 0 for none. */
  #collectedIn = 0;
  #lastCopy = 0;
  /** Groups that forget no deletion now. */
  #kept: ReadonlySet<Group> = NONE;

  constructor(ports: MoverPorts) {
    this.#ports = ports;
    const { node, incarnation, peers, groups, clock, agreedMs, requestTimeoutMs, incarnationOf, log } = ports;
    this.#opener = new GroupOpener(ports);
    this.#collector = new Collector({ peers, words: this.#words, asks: this.#asks, clock });
    this.#feeds = new RangeFeeds({
      send: (peer, message) => ports.bus.send(peer, message),
      collectedIn: () => this.#collectedIn,
    });
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

  onMessage(from: ControllerId, message: Moving | RangeMessage): void {
    if (message.type === 'range-ask')
      return this.#feeds.onAsk(from, message, this.#feedsNow ? this.#routes() : null);
    if (message.type === 'range-part') {
      for (const copy of this.#fetches()) if (copy.isOf(message)) copy.onPart(from, message);
      return;
    }
    this.#words.onWord(from, message, this.#ports.clock.nowMs());
    this.onTick();
  }

  onPeerDown(peer: ControllerId): void {
    this.#words.onPeerDown(peer);
    this.#feeds.onPeerDown(peer);
    for (const copy of this.#fetches()) copy.onPeerDown(peer);
  }

  #fetches(): readonly RangeFetch[] {
    return (this.#copies ?? []).filter((copy) => copy instanceof RangeFetch);
  }

  /** Records are kept for the controllers that get them. */
  get #feedsNow(): boolean {
    const { placement } = this.#views;
    const isCurrent = placement?.epoch === this.#epoch && this.#change !== null;
    return isCurrent && this.#copies !== null && this.#change!.phase !== 'settling';
  }

  /** To be called every few milliseconds, and when a view was installed. */
  onTick(): void {
    this.#opener.step();
    const { view, placement } = this.#views;
    const move = placement?.move ?? null;
    if (placement === null || move === null) return this.#rest();
    if (placement.epoch !== this.#epoch) this.#enter(placement, move);
    const isPlaced = this.#views.installation !== null;
    this.#trouble = isPlaced ? '' : 'it waits for a view';
    if (!isPlaced) return;
    const routes = this.#routes();
    if (routes !== null) {
      if (move.phase === 'preparing') this.#prepare(routes, move);
      else if (move.phase === 'barrier') this.#handOverAll(routes, move.expiredBeforeMs ?? 0);
      else this.#clear(routes);
    }
    if (view !== null) this.#driver.step(view, placement, move);
  }

  get #views(): Membership {
    return this.#ports.groups.views;
  }

  #rest(): void {
    if (this.#epoch === 0) return;
    this.#epoch = 0;
    this.#asks.begin();
    this.#endCopies();
    this.#feeds.rest();
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
    const { reshard } = move;
    const isOfAll = reshard === undefined || concernsAll(reshard);
    this.#mates = isOfAll ? null : [...matesOfMove(placement, this.#ports.node)];
    this.#collectedIn = 0;
    const isCancelled = this.#change !== null && !sameChange(this.#change, move);
    this.#change = move;
    if (move.phase === 'settling') {
      if (!isCancelled) this.#adopt();
      for (const { from, to, surplusKeys } of this.#copies ?? [])
        if (isCancelled || from !== null) this.#leftKeys.set(isCancelled ? to : from!, surplusKeys);
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
    this.#keep(NONE);
    this.#copies = null;
    this.#feeds.end();
  }

  /** The groups that keys leave forget no deletion while their records are copied. */
  #keep(groups: ReadonlySet<Group>): void {
    for (const { scheme } of this.#kept) scheme.keepsAll = false;
    this.#kept = groups;
    for (const { scheme } of groups) scheme.keepsAll = true;
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

  /** All mates have come so far. */
  #haveAll(step: MoveStep): boolean {
    const { configuration } = this.#views;
    // mutant: waits-for-the-forced-out
    const mates = this.#mates?.filter((id) => !isGone(configuration, id)) ?? this.#ports.peers();
    return mates.every((peer) => this.#words.hasReached(peer, this.#epoch, step));
  }

  #prepare(routes: readonly Route[], { paused }: Move): void {
    this.#become('opened');
    if (paused) this.#trouble = 'it is paused';
    // Nothing is kept from being forgotten for a controller that may be away for long, nor while nothing is copied.
    // mutant: copies-while-paused
    if (paused || !this.#haveAll('opened')) {
      this.#endCopies();
      this.#step = 'opened';
      this.#allOpenedMs = null;
      return;
    }
    this.#allOpenedMs ??= this.#ports.clock.nowMs();
    const openedMs = this.#allOpenedMs;
    if (this.#copies === null && !routes.every(({ to }) => to === null || this.#isReadable(to, openedMs)))
      return;
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
    // mutant: hands-over-beside-the-forced-out
    if (mayLostServe(routes, this.#views.configuration)) return;
    if (!hasReached(this.#step, 'fenced')) return collector.fence(routes, () => this.#become('fenced'));
    // mutant: hands-over-uncollected
    if (!collector.isCollected(routes)) return;
    this.#collectedIn = this.#epoch;
    if (hasReached(this.#step, 'handed-over')) return;
    const unfinished = copies.filter(({ isFinished }) => !isFinished);
    for (const copy of unfinished) copy.finish(expiredBeforeMs, this.#epoch);
    if (unfinished.length > 0 || !copies.every((copy) => collector.isOrdered(copy))) return;
    this.#makeDurable(routes);
  }

  /** What has moved is as safe as the journals keep it. No write that the store has refused comes back any more. */
  #makeDurable(routes: readonly Route[]): void {
    this.#asks.whenDurable(groupsIn(routes.flatMap(({ from, to }) => [from, to])), (trouble) => {
      if (trouble !== null) this.#trouble = trouble;
      else {
        // mutant: hands-over-and-reads
        this.#views.goAhead();
        this.#become('handed-over');
      }
    });
  }

  /** Once no controller goes by the groups before any more. */
  #clear(routes: readonly Route[]): void {
    if (hasReached(this.#step, 'cleared') || !this.#haveAll('begun')) return;
    if (this.#purges === null) this.#leave(routes);
    this.#purges ??= routes.flatMap((route) => purgeOf(route) ?? []);
    for (const purge of this.#purges) purge.step();
    if (!this.#purges.every(({ isDone }) => isDone)) return;
    this.#asks.whenDurable(groupsIn(routes.map(({ from }) => from)), (trouble) => {
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
    for (const group of groupsIn(routes.map(({ from }) => from))) {
      group.scheme.keepsAll = true;
      for (const peer of peers()) group.scheme.exchange.restartBefore(peer, nowMs);
    }
  }

  /** Null while this controller is yet to take part in one of its groups. */
  #routes(): readonly Route[] | null {
    const { groups, node } = this.#ports;
    const isIn = (members: readonly ControllerId[] | null) => members === null || members.includes(node);
    const routes = this.#transfers.flatMap((transfer): Route[] => {
      const { isOf, fromMembers, toMembers } = transfer;
      const from = isIn(fromMembers) ? groups.entriesOf(transfer.from) : null;
      const to = isIn(toMembers) ? groups.entriesOf(transfer.to) : null;
      return from === undefined || to === undefined ? [] : [{ transfer, from, to, isOf }];
    });
    return routes.length === this.#transfers.length ? routes : null;
  }

  #copiesOf(routes: readonly Route[]): readonly Copy[] {
    if (this.#copies !== null) return this.#copies;
    this.#keep(groupsIn(routes.map(({ from }) => from)));
    this.#copies = routes.flatMap((route) => this.#copyOf(route) ?? []);
    return this.#copies;
  }

  #copyOf({ transfer, from, to, isOf }: Route): Copy | null {
    const { nextTurn, bus, observe, clock } = this.#ports;
    if (to === null) return null;
    if (from !== null) return new RangeCopy({ from, to, isOf, nextTurn });
    return new RangeFetch({
      from: transfer.from,
      sources: transfer.fromMembers!,
      to,
      isOf,
      isUp: (peer) => bus.isUp(peer),
      send: (peer, message) => bus.send(peer, message),
      observe,
      nextCopy: () => ++this.#lastCopy,
      clock,
    });
  }
}

const NONE: ReadonlySet<Group> = new Set();
