import type { Clock } from '../../base/clock.ts';
import { DurationHistogram } from '../../base/duration-histogram.ts';
import type { Log } from '../../base/log.ts';
import type { MonotonicMs, WallMs } from '../../base/number-kinds.ts';
import type { StoreInstance } from '../../store/entry-store.ts';
import { ProgressLog } from '../progress-log.ts';
import type { Replica } from '../replica.ts';
import type { Batch, BatchFetch } from './batch-fetch.ts';
import { RefillOrder } from './refill-order.ts';

export interface RefillPorts {
  readonly replica: Replica;
  readonly batches: BatchFetch;
  /** The store can be filled: it is up, and known to be the one that has to be filled. */
  readonly mayFill: () => boolean;
  readonly instanceInfo: (done: (info: StoreInstance | null) => void) => void;
  readonly clock: Clock;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => WallMs;
  readonly nextTurn: (callback: () => void) => void;
  readonly log: Log;
  /** The store has every value that could be found. */
  readonly onFilled: () => void;
}

/** The last refill, which may still be running. */
export interface RefillFigures {
  readonly isRunning: boolean;
  /** Why the store had to be filled; empty when it never had to be. */
  readonly reason: string;
  /** Keys that were looked at, and keys when it began. */
  readonly done: number;
  readonly total: number;
  /** Values that were put back, from the journal and from peers. */
  readonly fromJournal: number;
  readonly fromPeers: number;
  /** Milliseconds from its beginning to its end, or until now. */
  readonly tookMs: number;
  /** The refill ended early, because the store began to evict entries. */
  readonly isFull: boolean;
}

/** One pass through the keys, all of them or a few. */
interface Round {
  readonly keys: { next(limit: number): string[] | null };
  readonly isWhole: boolean;
  readonly reason: string;
  readonly total: number;
  readonly startedMs: MonotonicMs;
  readonly line: ProgressLog;
  /** Batches under way. */
  lanes: number;
  /** Every key has been begun. */
  isDrained: boolean;
  done: number;
  fromJournal: number;
  fromPeers: number;
  evictionsBefore: number | null;
  isFull: boolean;
  endedMs: number | null;
}

/**
 * Brings back into the store what it has lost, and what it did not take while it was away: from the journal if that
 * keeps values, else from peers, the entries that were used last first. It first looks whether the store has the
 * newest version, so it does no harm to do this twice, or beside reads and writes.
 *
 * A few batches are under way at a time, and each waits until the store has taken it. The refill pauses while the
 * store is away and while the journal takes no writes. It ends when the store begins to evict: further entries would
 * evict those that were put in before.
 */
export class Refill {
  /** How long the passes through all keys took that have ended. */
  readonly durations = new DurationHistogram();
  readonly #ports: RefillPorts;
  #round: Round | null = null;
  /** The last pass through all keys, for the figures. */
  #last: Round | null = null;
  #batchKeys = BATCH_KEYS_FIRST;
  #retryAtMs = 0;
  #retryPauseMs = RETRY_MS_MIN;

  constructor(ports: RefillPorts) {
    this.#ports = ports;
  }

  get figures(): RefillFigures {
    const round = this.#last;
    if (round === null) return NONE;
    const { reason, done, total, fromJournal, fromPeers, startedMs, endedMs, isFull } = round;
    const tookMs = (endedMs ?? this.#ports.clock.nowMs()) - startedMs;
    return { isRunning: endedMs === null, reason, done, total, fromJournal, fromPeers, tookMs, isFull };
  }

  /** Nothing is being brought back. */
  get isIdle(): boolean {
    return this.#round === null;
  }

  /**
   * Fills the store with everything that is known. A refill that is running begins again. @param reason
   * human-readable
   */
  begin(reason: string): void {
    const { replica, clock, timeMs, log } = this.#ports;
    const { journal } = replica;
    replica.unstored.take();
    const total = journal.keys;
    this.#start(new RefillOrder(journal, timeMs()), { isWhole: true, reason, total });
    this.#last = this.#round;
    this.#retryAtMs = clock.nowMs();
    log.info('the store is being filled', { reason, keys: total });
  }

  /** A peer is up: it may have values that no other peer had. */
  onPeerUp(): void {
    this.#retryPauseMs = RETRY_MS_MIN;
    this.#retryAtMs = Math.min(this.#retryAtMs, this.#ports.clock.nowMs() + RETRY_MS_MIN);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const { unstored } = this.#ports.replica;
    if (
      this.#round === null &&
      !unstored.isEmpty &&
      this.#mayGoOn &&
      this.#ports.clock.nowMs() >= this.#retryAtMs
    ) {
      if (unstored.isAny) this.begin('it lacks many writes');
      else this.#beginSome([...unstored.take()]);
    }
    if (this.#round !== null) this.#fillLanes(this.#round);
  }

  get #mayGoOn(): boolean {
    const { mayFill, replica } = this.#ports;
    return mayFill() && replica.journal.state.writable;
  }

  #beginSome(keys: string[]): void {
    let next = 0;
    const some = {
      next: (limit: number): string[] | null => {
        const part = keys.slice(next, next + limit);
        next += part.length;
        return part.length > 0 ? part : null;
      },
    };
    this.#start(some, { isWhole: false, reason: '', total: keys.length });
  }

  #start(keys: Round['keys'], { isWhole, reason, total }: Pick<Round, 'isWhole' | 'reason' | 'total'>): void {
    const { clock, instanceInfo } = this.#ports;
    const round: Round = {
      keys,
      isWhole,
      reason,
      total,
      startedMs: clock.nowMs(),
      line: new ProgressLog(clock),
      lanes: 0,
      isDrained: false,
      done: 0,
      fromJournal: 0,
      fromPeers: 0,
      evictionsBefore: null,
      isFull: false,
      endedMs: null,
    };
    if (this.#round !== null) this.#round.endedMs = clock.nowMs();
    this.#round = round;
    this.#batchKeys = BATCH_KEYS_FIRST;
    instanceInfo((found) => {
      round.evictionsBefore = found?.evictions ?? null;
    });
  }

  #fillLanes(round: Round): void {
    while (round === this.#round && round.lanes < LANES && !round.isDrained && this.#mayGoOn) {
      const keys = round.keys.next(this.#batchKeys);
      if (keys === null) round.isDrained = true;
      else this.#runLane(round, keys);
    }
    if (round === this.#round && round.isDrained && round.lanes === 0) this.#end(round);
  }

  #runLane(round: Round, keys: readonly string[]): void {
    round.lanes++;
    this.#restock(round, keys, (lost) => {
      if (lost.length === 0) return this.#endLane(round, keys.length);
      this.#ports.batches.fetch(lost, ({ found, unsettled }: Batch) => {
        round.fromPeers += found.length;
        // mutant: gives-up-unsettled
        for (const key of unsettled) this.#ports.replica.unstored.add(key);
        this.#endLane(round, keys.length);
      });
    });
  }

  #restock(round: Round, keys: readonly string[], done: (lost: readonly string[]) => void): void {
    const lost: string[] = [];
    let sumBytes = 0;
    let waiting = keys.length + 1;
    const one = (): void => {
      if (--waiting > 0) return;
      this.#batchKeys = nextBatchKeys(keys.length, sumBytes);
      done(lost);
    };
    for (const key of keys) {
      this.#ports.replica.restock(key, (outcome, bytes) => {
        sumBytes += bytes;
        if (outcome === 'refilled') round.fromJournal++;
        if (outcome === 'lost') lost.push(key);
        one();
      });
    }
    one();
  }

  #endLane(round: Round, keys: number): void {
    round.lanes--;
    round.done = Math.min(round.total, round.done + keys);
    if (round !== this.#round) return;
    if (round.isWhole && round.line.take()) this.#report(round);
    // Leaves a turn of the event loop to everything else, and keeps the stack flat.
    this.#ports.nextTurn(() => this.#fillLanes(round));
  }

  /** Also asks whether the store still has room. */
  #report(round: Round): void {
    const { log, instanceInfo } = this.#ports;
    log.info('the store is being filled', { keys: round.done, of: round.total });
    instanceInfo((found) => {
      const before = round.evictionsBefore ?? Number.POSITIVE_INFINITY;
      if (round.endedMs !== null || (found?.evictions ?? 0) <= before) return;
      round.isFull = true;
      round.isDrained = true;
    });
  }

  #end(round: Round): void {
    const { replica, clock, log, onFilled } = this.#ports;
    const { reason, done: keys, fromJournal, fromPeers, isFull, isWhole } = round;
    this.#round = null;
    round.endedMs = clock.nowMs();
    if (isFull) replica.unstored.take();
    const ms = Math.round(round.endedMs - round.startedMs);
    if (isWhole) this.durations.observe(round.endedMs - round.startedMs);
    if (isWhole || fromJournal + fromPeers > 0) {
      const message = isFull
        ? 'the store is full'
        : isWhole
          ? 'the store is filled'
          : 'the store is repaired';
      log.info(message, { ...(isWhole && { reason }), keys, fromJournal, fromPeers, ms });
    }
    if (replica.unstored.isEmpty) {
      this.#retryPauseMs = RETRY_MS_MIN;
      return onFilled();
    }
    // Each attempt in vain doubles the pause.
    this.#retryAtMs = clock.nowMs() + (replica.unstored.isAny ? RETRY_ALL_MS : this.#retryPauseMs);
    this.#retryPauseMs = Math.min(RETRY_MS_MAX, 2 * this.#retryPauseMs);
  }
}

const NONE: RefillFigures = Object.freeze({
  isRunning: false,
  reason: '',
  done: 0,
  total: 0,
  fromJournal: 0,
  fromPeers: 0,
  tookMs: 0,
  isFull: false,
});

/**
 * How many batches are under way at a time, and what one comes to: in keys, at first and at the most, and in bytes.
 */
const LANES = 4;
const BATCH_KEYS_FIRST = 8;
const BATCH_KEYS_MAX = 64;
const BATCH_BYTES = 262_144;

/**
 * Values that could not be brought back are tried again after a pause that doubles from the one to the other, in
 * milliseconds.
 */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 32_000;

/**
 * The same pause, when more keys are missing than are remembered one by one and no peer comes back, in milliseconds.
 */
const RETRY_ALL_MS = 300_000;

function nextBatchKeys(keys: number, bytes: number): number {
  if (bytes === 0) return BATCH_KEYS_MAX;
  return Math.min(BATCH_KEYS_MAX, Math.max(1, Math.floor((BATCH_BYTES * keys) / bytes)));
}
