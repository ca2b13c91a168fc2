import type { Clock } from '../../base/clock.ts';
import type { MonotonicMs, WallMs } from '../../base/number-kinds.ts';
import type { ControllerRouter } from '../groups.ts';
import { EntryWalk } from './entry-walk.ts';
import { LargestValues, type SizedKey } from './largest-values.ts';

/** The keys of one keyspace, as the last look at all keys has found them. */
export interface KeyspaceSizes {
  readonly name: string;
  readonly keys: number;
  /** Of all values together, without keys and envelopes. */
  readonly valueBytes: number;
  readonly largestBytes: number;
}

export interface LargeKey extends SizedKey {
  /** The name of its keyspace. */
  readonly keyspace: string;
}

export interface LargeKeysReport {
  /** The largest first. Those that have gone since the look are left out. */
  readonly keys: readonly LargeKey[];
  readonly keyspaces: readonly KeyspaceSizes[];
  readonly keysLookedAt: number;
  /** All keys of this controller now. */
  readonly keysTotal: number;
  /** All keys have been looked at; false: the first look is under way. */
  readonly isComplete: boolean;
  /** Time since the look ended; 0 while it is under way. */
  readonly ageSeconds: number;
}

/** Keys that are reported. */
const KEYS_MAX = 50;

/** How many records are looked at in one step. It bounds the cost of a step, whatever the number of keys. */
const RECORDS_PER_STEP = 1024;

/** The result of a look is given out again for so long, in milliseconds. */
const FRESH_MS = 60_000;

/** How long a caller waits for a look to end at most, in milliseconds. Then it gets what there is. */
const WAIT_MAX_MS = 500;

interface Waiter {
  readonly untilMs: MonotonicMs;
  readonly answer: (report: LargeKeysReport) => void;
}

/**
 * Finds the largest values of this controller by the sizes in the journals, a few records at a time. It looks only
 * after it was asked, so that a controller that nobody asks has no work. Keys that are written during a look may be
 * left out.
 */
export class LargeKeys {
  readonly #router: ControllerRouter;
  readonly #clock: Clock;
  /** Cluster time: it decides which entries have expired. */
  readonly #timeMs: () => WallMs;
  readonly #waitMs: number;
  #look: Look | null = null;
  #lastLook: Look | null = null;
  #endedMs: MonotonicMs = 0;
  #waiters: Waiter[] = [];

  /** @param requestTimeoutMs an answer comes well within it */
  constructor(router: ControllerRouter, clock: Clock, timeMs: () => WallMs, requestTimeoutMs: number) {
    this.#router = router;
    this.#clock = clock;
    this.#timeMs = timeMs;
    this.#waitMs = Math.min(WAIT_MAX_MS, requestTimeoutMs / 2);
  }

  /** Calls back with a fresh report, or after half a second with the best that there is; once, never in this call. */
  whenLooked(answer: (report: LargeKeysReport) => void): void {
    const nowMs = this.#clock.nowMs();
    this.#begin(nowMs);
    this.#waiters.push({ untilMs: nowMs + this.#waitMs, answer });
  }

  /** What there is now. Asking makes a new look begin if the last one is not fresh. */
  report(): LargeKeysReport {
    const nowMs = this.#clock.nowMs();
    this.#begin(nowMs);
    const look = this.#lastLook ?? this.#look!;
    const isComplete = look === this.#lastLook;
    const timeMs = this.#timeMs();
    return {
      keys: look.largest.keys.flatMap(({ key }) => this.#now(key, timeMs)),
      keyspaces: this.#router.named.map(({ name }) => look.sizesOf(name)),
      keysLookedAt: look.keys,
      keysTotal: this.#router.groups.reduce((sum, { replica }) => sum + replica.journal.keys, 0),
      isComplete,
      ageSeconds: isComplete ? Math.round((nowMs - this.#endedMs) / 1000) : 0,
    };
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    if (this.#look?.step() === 'ended') {
      this.#lastLook = this.#look;
      this.#look = null;
      this.#endedMs = this.#clock.nowMs();
    }
    if (this.#waiters.length > 0) this.#answer();
  }

  #begin(nowMs: MonotonicMs): void {
    const isFresh = this.#lastLook !== null && nowMs - this.#endedMs < FRESH_MS;
    if (this.#look === null && !isFresh) this.#look = new Look(this.#router, this.#timeMs());
  }

  #answer(): void {
    const nowMs = this.#clock.nowMs();
    const isAnswered = ({ untilMs }: Waiter): boolean => this.#look === null || untilMs <= nowMs;
    const answered = this.#waiters.filter(isAnswered);
    if (answered.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !isAnswered(waiter));
    const report = this.report();
    for (const { answer } of answered) answer(report);
  }

  /** The key as it is now; empty if it has no entry any more. */
  #now(key: string, timeMs: WallMs): LargeKey[] {
    const { name, group } = this.#router.partOf(key);
    const { journal } = group.replica;
    const record = journal.newest(key);
    if (record?.valueBytes === undefined || !journal.isLive(record, timeMs)) return [];
    return [{ key, keyspace: name, valueBytes: record.valueBytes }];
  }
}

type MutableSizes = { -readonly [Field in keyof KeyspaceSizes]: KeyspaceSizes[Field] };

/** One look at all keys. */
class Look {
  readonly largest = new LargestValues(KEYS_MAX);
  keys = 0;
  readonly #walk: EntryWalk;
  readonly #sizes = new Map<string, MutableSizes>();

  constructor(router: ControllerRouter, timeMs: WallMs) {
    this.#walk = new EntryWalk(router, timeMs);
  }

  sizesOf(name: string): KeyspaceSizes {
    return this.#sizes.get(name) ?? { name, keys: 0, valueBytes: 0, largestBytes: 0 };
  }

  step(): 'goes on' | 'ended' {
    this.#walk.step(RECORDS_PER_STEP, ({ key, valueBytes = 0 }, { name }) => {
      this.keys++;
      this.largest.offer(key, valueBytes);
      const sizes = this.#sizesIn(name);
      sizes.keys++;
      sizes.valueBytes += valueBytes;
      sizes.largestBytes = Math.max(sizes.largestBytes, valueBytes);
    });
    return this.#walk.isOver ? 'ended' : 'goes on';
  }

  #sizesIn(name: string): MutableSizes {
    let sizes = this.#sizes.get(name);
    if (sizes === undefined) {
      sizes = { name, keys: 0, valueBytes: 0, largestBytes: 0 };
      this.#sizes.set(name, sizes);
    }
    return sizes;
  }
}
