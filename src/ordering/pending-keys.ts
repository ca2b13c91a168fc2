import { hashOfKey } from '../base/key-hash.ts';
import type { SequenceNumber } from '../base/number-kinds.ts';
import type { Effect } from './effect.ts';

/** A request in the queue. @typeParam OnOutcome the type of the callback of the caller that asked for the write */
export interface QueuedRequest<OnOutcome = unknown> {
  readonly effect: Effect;
  /** The place of the request in its origin's stream. */
  readonly seq: SequenceNumber;
  /** Null once it was called, or when the write came from a peer. */
  onOutcome: OnOutcome | null;
  /** Called when the request leaves the queue, applied or dropped by its condition. */
  waiters: (() => void)[] | null;
  /** The entry of its key, which only the queue uses; null for a flush. */
  onKey: PendingKey<OnOutcome> | null;
}

/** The request that decides what a key will hold once all queued requests have been applied. */
export type Prediction<OnOutcome = unknown> =
  /** No queued request decides the key: the journal knows what it holds. */
  | null
  /** The key will hold what this request sets, or nothing after a delete or a flush. */
  | QueuedRequest<OnOutcome>;

/** The requests that are queued for one key, in version order, and their prediction. */
export interface PendingKey<OnOutcome> {
  key: string;
  hash: number;
  readonly requests: QueuedRequest<OnOutcome>[];
  prediction: Prediction<OnOutcome>;
  /** A request came in between the others: `prediction` has to be computed again. */
  isPredictionStale: boolean;
  /** The next key in the same bucket. */
  next: PendingKey<OnOutcome> | null;
}

/**
 * The keys that requests are queued for, in a hash table of its own, since keys come and go with every write. A key
 * is looked up when its request comes in, and not again when the request leaves. Removed entries are used again for
 * other keys.
 */
export class PendingKeys<OnOutcome> {
  #buckets = emptyBuckets<OnOutcome>(BUCKETS_FIRST);
  #size = 0;
  /** Entries without a key, for the next keys. */
  readonly #free: PendingKey<OnOutcome>[] = [];

  get(key: string): PendingKey<OnOutcome> | undefined {
    return this.#size === 0 ? undefined : this.#find(key, hashOfKey(key));
  }

  /** The entry of the key, which is added without requests if there is none. */
  getOrAdd(key: string): PendingKey<OnOutcome> {
    const hash = hashOfKey(key);
    const known = this.#find(key, hash);
    if (known !== undefined) return known;
    if (this.#size === this.#buckets.length) this.#grow();
    const spare = this.#free.pop();
    const pending = spare ?? {
      key,
      hash,
      requests: [],
      prediction: null,
      isPredictionStale: false,
      next: null,
    };
    pending.key = key;
    pending.hash = hash;
    this.#link(pending);
    this.#size++;
    return pending;
  }

  /** @param pending an entry of this table; it must not be used afterwards */
  remove(pending: PendingKey<OnOutcome>): void {
    const bucket = pending.hash & (this.#buckets.length - 1);
    const first = this.#buckets[bucket]!;
    if (first === pending) this.#buckets[bucket] = pending.next;
    else {
      let before = first;
      while (before.next !== pending) before = before.next!;
      before.next = pending.next;
    }
    this.#size--;
    pending.next = null;
    pending.prediction = null;
    pending.isPredictionStale = false;
    if (this.#free.length < FREE_MAX) this.#free.push(pending);
  }

  *values(): Generator<PendingKey<OnOutcome>> {
    for (const first of this.#buckets)
      for (let pending = first; pending !== null; pending = pending.next) yield pending;
  }

  clear(): void {
    this.#buckets = emptyBuckets(BUCKETS_FIRST);
    this.#size = 0;
  }

  #find(key: string, hash: number): PendingKey<OnOutcome> | undefined {
    let pending = this.#buckets[hash & (this.#buckets.length - 1)]!;
    for (; pending !== null; pending = pending.next!)
      if (pending.hash === hash && pending.key === key) return pending;
    return undefined;
  }

  #link(pending: PendingKey<OnOutcome>): void {
    const bucket = pending.hash & (this.#buckets.length - 1);
    pending.next = this.#buckets[bucket]!;
    this.#buckets[bucket] = pending;
  }

  #grow(): void {
    const all = [...this.values()];
    this.#buckets = emptyBuckets(this.#buckets.length * 2);
    for (const pending of all) this.#link(pending);
  }
}

/** How many buckets there are at first: a power of two. */
const BUCKETS_FIRST = 1024;

/** At most this many entries are kept for the next keys. */
const FREE_MAX = 1024;

function emptyBuckets<OnOutcome>(count: number): (PendingKey<OnOutcome> | null)[] {
  return new Array<PendingKey<OnOutcome> | null>(count).fill(null);
}
