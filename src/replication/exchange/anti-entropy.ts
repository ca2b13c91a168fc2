import { DurationHistogram } from '../../base/duration-histogram.ts';
import type { Log } from '../../base/log.ts';
import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import type { Effect } from '../../ordering/effect.ts';
import type { Stretch } from '../../ordering/stretches.ts';
import { VersionVector } from '../../ordering/version-vector.ts';
import { ProgressLog } from '../progress-log.ts';
import { deletionKnowledgeOf, hasDeletionGap } from './deletion-gap.ts';
import { EXCHANGE_TIMEOUT_MS, Feeds, type FeedsPorts } from './feeds.ts';
import type { ExchangeMessage, SyncComplete, SyncRequest, SyncResponse, SyncShows } from './messages.ts';
import { STAGED_BYTES_MAX, StagedParts, type WholeExchanges } from './whole-exchanges.ts';

export interface AntiEntropyPorts extends FeedsPorts {
  readonly node: ControllerId;
  /** The version vector that exchanges and pushes have brought. An exchange that completes moves it. */
  readonly vector: VersionVector;
  /** Takes in one write that a peer sent. */
  readonly merge: (effect: Effect) => void;
  /** False when the state of this peer does not follow on from what was copied before. */
  readonly mayTake: (peer: ControllerId) => boolean;
  /**
   * A peer that asks here has no deletion gap, even if it knows of deletions that are forgotten and not known here.
   */
  readonly isAuthority: boolean;
  /** Ends the link to a peer that says something impossible. */
  readonly refuse: (peer: ControllerId, reason: string) => void;
  /** A controller that has had an exchange with a peer within this time has no deletion gap, in milliseconds. */
  readonly gapAfterMs: number;
  /** This controller has a deletion gap: no controller can continue from what it knows. It has to start empty. */
  readonly startEmpty: (reason: string) => void;
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: ControllerId) => number | null;
  /** An exchange has completed: everything that the peer knew when it began is known here. */
  readonly onExchanged: (peer: ControllerId, exchange: Exchange) => void;
  /** See `STAGED_BYTES_MAX`, which is the default. */
  readonly stagedBytesMax?: number | undefined;
  readonly nameOf: (peer: ControllerId) => string;
  readonly log: Log;
}

/** How far an exchange is: how many writes were taken in, and of how many. */
export interface SyncProgress {
  readonly writes: number;
  readonly total: number;
}

/** What an exchange came to. */
export interface Exchange {
  readonly writes: number;
  readonly tookMs: number;
}

/** When an exchange was started that has completed, and with which run of the peer. */
interface Completed {
  readonly startedMs: MonotonicMs;
  readonly incarnation: number | null;
}

/** An exchange as seen from the controller that asked for it. */
interface Pull {
  readonly exchange: number;
  readonly startedMs: MonotonicMs;
  /** There was nothing here when the exchange was started, and nothing has come yet. */
  empty: boolean;
  progressMs: MonotonicMs;
  writes: number;
  /** Known from the first part of the answer on. */
  total: number;
  readonly line: ProgressLog;
  readonly staged: StagedParts | null;
}

/**
 * Anti-entropy: brings a controller the writes that it lacks, whichever controller made them, oldest first. There is
 * one exchange at a time with each peer, in parts. Each part waits until the one before has been taken in.
 *
 * Invariant: the version vector moves only with `sync-complete`, to what the peer knew when the exchange began. An
 * exchange that breaks off has brought good writes, and claims nothing. Where an exchange is shown as a whole, nothing
 * of it is shown before that moment (see `StagedParts` and `FeedNews`).
 */
export class AntiEntropy {
  /** How long the exchanges took that were started here and have completed. */
  readonly durations = new DurationHistogram();
  #received = 0;
  readonly #ports: AntiEntropyPorts;
  readonly #pulls = new Map<ControllerId, Pull>();
  readonly #feeds: Feeds;
  readonly #syncedMs = new Map<number, number>();
  /** Per peer, the last exchange that has completed. */
  readonly #completed = new Map<ControllerId, Completed>();
  readonly #stagedBytesMax: number;
  #lastExchange = 0;

  constructor(ports: AntiEntropyPorts) {
    this.#ports = ports;
    this.#feeds = new Feeds(ports);
    this.#stagedBytesMax = ports.stagedBytesMax ?? STAGED_BYTES_MAX;
  }

  /** Writes that exchanges have brought, those included that were known here. */
  get received(): number {
    return this.#received;
  }

  /** Starts an exchange, unless one with this peer is under way. */
  pull(peer: ControllerId): void {
    if (this.#ports.bus.isUp(peer) && !this.isMoving(peer)) this.restart(peer);
  }

  /** Starts an exchange that sees everything that the peer knows from now on. One that is under way is given up. */
  restart(peer: ControllerId): void {
    const { bus, clock, known, replica, whole } = this.#ports;
    if (!this.#ports.mayTake(peer)) return;
    const past = deletionKnowledgeOf(replica.journal, known());
    this.#lastExchange = (this.#lastExchange + 1) >>> 0;
    const startedMs = clock.nowMs();
    this.#pulls.set(peer, {
      exchange: this.#lastExchange,
      startedMs,
      empty: past.empty,
      progressMs: startedMs,
      writes: 0,
      total: 0,
      line: new ProgressLog(clock),
      staged: whole === null ? null : new StagedParts(),
    });
    bus.send(peer, { type: 'sync-request', exchange: this.#lastExchange, ...past });
  }

  /** Starts an exchange anew that was started at this moment or before. */
  restartBefore(peer: ControllerId, atMs: MonotonicMs): void {
    const running = this.#pulls.get(peer);
    if (running !== undefined && running.startedMs <= atMs) this.restart(peer);
  }

  /** Gives up all exchanges that were started here. */
  stop(): void {
    this.#pulls.clear();
  }

  /** An exchange with the peer is under way, and not stuck. */
  isMoving(peer: ControllerId): boolean {
    const running = this.#pulls.get(peer);
    return running !== undefined && this.#ports.clock.nowMs() - running.progressMs < EXCHANGE_TIMEOUT_MS;
  }

  hasExchangeWith(peer: ControllerId): boolean {
    return this.#pulls.has(peer);
  }

  /** The progress of the exchange with the peer; null when none is under way, or nothing has come yet. */
  progressOf(peer: ControllerId): SyncProgress | null {
    const pull = this.#pulls.get(peer);
    return pull === undefined || pull.total === 0 ? null : { writes: pull.writes, total: pull.total };
  }

  /** Milliseconds since the last completed exchange with the peer; null: never. */
  sinceExchangeMs(peer: ControllerId): number | null {
    const at = this.#syncedMs.get(peer);
    return at === undefined ? null : this.#ports.clock.nowMs() - at;
  }

  /** When this controller started the last exchange with the peer that has completed; null: never. */
  startedMs(peer: ControllerId): MonotonicMs | null {
    return this.#completed.get(peer)?.startedMs ?? null;
  }

  /** No exchange is under way in either direction. */
  get isIdle(): boolean {
    return this.#pulls.size === 0 && this.#feeds.isIdle;
  }

  /** To be called now and then: ends exchanges that make no progress. */
  onTick(): void {
    if (this.isIdle) return;
    const { clock } = this.#ports;
    for (const [peer, { progressMs }] of this.#pulls)
      if (clock.nowMs() - progressMs >= EXCHANGE_TIMEOUT_MS) this.#pulls.delete(peer);
    this.#feeds.onTick();
  }

  onPeerDown(peer: ControllerId): void {
    this.#pulls.delete(peer);
    this.#feeds.endOf(peer);
  }

  onMessage(from: ControllerId, message: ExchangeMessage): void {
    switch (message.type) {
      case 'sync-request':
        return this.#onRequest(from, message);
      case 'sync-response':
        return this.#onResponse(from, message);
      case 'sync-lapsed':
        return this.#onLapsed(from, message.exchange);
      case 'sync-shows':
        return this.#onShows(from, message);
      case 'sync-next':
        return this.#feeds.onNext(from, message.exchange);
      case 'sync-complete':
        return this.#onComplete(from, message);
    }
  }

  #onRequest(from: ControllerId, request: SyncRequest): void {
    const { bus, isAuthority } = this.#ports;
    const { journal } = this.#ports.replica;
    const own = this.#ports.known();
    const { exchange, known, forgotten } = request;
    const lapsed = hasDeletionGap(request, journal.forgotten);
    if (!isAuthority && hasDeletionGap(deletionKnowledgeOf(journal, own), new VersionVector(forgotten))) {
      // Of two controllers with a gap, the one with the lower id counts as right.
      // mutant: takes-resurrected
      if (!lapsed || from < this.#ports.node) return this.#lapse(from);
    }
    // mutant: gives-to-outdated
    if (lapsed) return bus.send(from, { type: 'sync-lapsed', exchange });
    this.#feeds.start(from, exchange, known);
  }

  /** Another peer that goes on with an exchange may bring the deletions. */
  #onLapsed(from: ControllerId, exchange: number): void {
    if (this.#pulls.get(from)?.exchange !== exchange) return;
    this.#pulls.delete(from);
    if (![...this.#pulls.keys()].some((peer) => this.isMoving(peer))) this.#lapse(from);
  }

  /**
   * A peer that says that this controller has a deletion gap may be wrong:
   *  1. A run of a peer forgets a deletion that this controller does not know of only if it has not heard this
   *     controller for the whole horizon. Another run may have started empty, and have it from a third controller that
   *     the deletion is forgotten.
   *  2. It has heard the request of the last completed exchange, which left here when that exchange was started.
   *  3. Therefore a run of a peer that says so within the horizon after that start is wrong. Half the horizon is left
   *     for clocks that run unevenly.
   */
  #lapse(peer: ControllerId): void {
    const { refuse, gapAfterMs, startEmpty, nameOf, clock, incarnationOf } = this.#ports;
    const last = this.#completed.get(peer);
    // mutant: takes-runs-for-one
    const isSameRun = last?.incarnation === incarnationOf(peer);
    const sinceMs =
      last !== undefined && isSameRun ? clock.nowMs() - last.startedMs : Number.POSITIVE_INFINITY;
    if (sinceMs < gapAfterMs) refuse(peer, 'it says that it has forgotten deletions, too early');
    else startEmpty(`${nameOf(peer)} has forgotten deletions that this controller has missed`);
  }

  #onResponse(from: ControllerId, response: SyncResponse): void {
    const pull = this.#pulls.get(from);
    // mutant: vector-before-exchange
    if (pull === undefined || pull.exchange !== response.exchange) return;
    if (!this.#ports.mayTake(from)) {
      this.#pulls.delete(from);
      return;
    }
    pull.progressMs = this.#ports.clock.nowMs();
    pull.writes += response.effects.length;
    this.#received += response.effects.length;
    pull.total = response.total;
    if (!this.#takeIn(pull, response)) {
      this.#pulls.delete(from);
      return;
    }
    if (pull.line.take()) this.#report('taking in what a peer knows', from, pull);
    this.#ports.bus.send(from, { type: 'sync-next', exchange: response.exchange });
  }

  #onComplete(from: ControllerId, complete: SyncComplete): void {
    const pull = this.#pulls.get(from);
    if (pull === undefined || pull.exchange !== complete.exchange) return;
    this.#pulls.delete(from);
    if (!this.#ports.mayTake(from) || !this.#showStaged(pull)) return;
    this.#ports.vector.merge(new VersionVector(complete.known));
    const now = this.#ports.clock.nowMs();
    this.#syncedMs.set(from, now);
    this.#completed.set(from, {
      startedMs: pull.startedMs,
      incarnation: this.#ports.incarnationOf(from),
    });
    this.durations.observe(now - pull.startedMs);
    if (now - pull.startedMs >= LONG_MS) this.#report('has taken in what a peer knows', from, pull);
    this.#ports.onExchanged(from, { writes: pull.writes, tookMs: now - pull.startedMs });
  }

  /** Where clients are served, a peer that shows causes and not all of their effects has nothing to give. */
  #onShows(from: ControllerId, message: SyncShows): void {
    const pull = this.#pulls.get(from);
    if (pull?.exchange !== message.exchange) return;
    if (message.lacks.length > 0 && this.#ports.whole?.isServing()) this.#pulls.delete(from);
    else pull.staged?.expect(message);
  }

  /** @returns false when the exchange has to be given up */
  #takeIn(pull: Pull, response: SyncResponse): boolean {
    const { whole, merge } = this.#ports;
    if (whole === null || pull.staged === null) {
      if (!this.#begin(pull, response)) return false;
      for (const effect of response.effects) merge(effect);
      return true;
    }
    pull.staged.add(response);
    // mutant: shows-half-an-exchange
    if (this.#stagedBytes() <= this.#stagedBytesMax) return true;
    return this.#showParts(whole, pull, pull.staged, [...pull.staged.shows, ...pull.staged.lacks]);
  }

  /** The exchange is complete: shows what was staged of it. @returns false when the exchange has to be given up */
  #showStaged(pull: Pull): boolean {
    const { whole } = this.#ports;
    if (whole === null || pull.staged === null) return true;
    if (!this.#showParts(whole, pull, pull.staged, pull.staged.lacks)) return false;
    whole.learn(pull.staged.shows);
    return true;
  }

  /** @param lacks what is missing here once the parts are shown. @returns false when the exchange has to be given up */
  #showParts(whole: WholeExchanges, pull: Pull, staged: StagedParts, lacks: readonly Stretch[]): boolean {
    const parts = staged.take();
    const first = parts[0];
    if (first === undefined) return true;
    if (!this.#begin(pull, first.response)) return false;
    if (lacks.length > 0) whole.becomeMixed(lacks);
    whole.begin(staged.shows);
    for (const { response, attached } of parts)
      for (const effect of response.effects) whole.show(effect, attached);
    return true;
  }

  /** The bytes that all exchanges under way have staged. */
  #stagedBytes(): number {
    let bytes = 0;
    for (const { staged } of this.#pulls.values()) bytes += staged?.bytes ?? 0;
    return bytes;
  }

  /** A write is shown here from now on: a peer that is being fed has to get it in the same exchange. */
  onShown(effect: Effect): void {
    this.#feeds.onShown(effect);
  }

  /**
   * A replica that started empty inherits the peer's horizon of forgotten deletions. @returns false when writes have
   * come from elsewhere
   */
  #begin(pull: Pull, { forgotten }: SyncResponse): boolean {
    if (!pull.empty) return true;
    pull.empty = false;
    if (forgotten.every((time) => time === 0)) return true;
    const { journal } = this.#ports.replica;
    if (journal.records > 0) return false;
    journal.noteForgotten(forgotten);
    return true;
  }

  #report(message: string, peer: ControllerId, { writes, total, startedMs }: Pull): void {
    const { log, nameOf, clock } = this.#ports;
    log.info(message, { peer: nameOf(peer), writes, of: total, ms: Math.round(clock.nowMs() - startedMs) });
  }
}

/** An exchange that takes longer than this is logged, in milliseconds. */
const LONG_MS = 1_000;
