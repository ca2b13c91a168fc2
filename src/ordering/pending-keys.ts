import { hashOfKey } from '../base/key-hash.ts';
import type { SequenceNumber } from '../base/number-kinds.ts';
import type { Effect } from './effect.ts';

/** One request in the hold-back queue. @typeParam Asker who is told what became of it */
export interface Queued<Asker = unknown> {
  readonly effect: Effect;
  /** Place in its origin's stream, from 1. */
  readonly seq: SequenceNumber;
  /** Null: nobody here, or has been told. */
  asker: Asker | null;
  /** Called when the request leaves the queue, applied or dropped by its condition. */
  waiters: (() => void)[] | null;
  /** The requests of its key; null where it has none. The queue's own. */
  onKey: PendingKey<Asker> | null;
}

/** What a key will hold once all that is queued now has been applied. */
export type Prediction<Asker = unknown> =
  /** Nothing queued decides the key: ask the journal. */
  | null
  /** The key will hold what this request sets, or nothing when it deletes or flushes. */
  | Queued<Asker>;

/** Requests queued for one key, in version order, and what they amount to. */
export interface PendingKey<Asker> {
  key: string;
  hash: number;
  readonly requests: Queued<Asker>[];
  prediction: Prediction<Asker>;
  /** A request came in between: `prediction` must be worked out anew. */
  stale: boolean;
  /** Of the same bucket. */
  next: PendingKey<Asker> | null;
}

/**
 * The keys that requests are queued for: a hash table of their own, since keys come and go with every write. A key is
 * looked up once when its request comes in, and not again when it leaves; what is given up is used again.
 */
export class PendingKeys<Asker> {
  #buckets = emptyBuckets<Asker>(BUCKETS_FIRST);
  #size = 0;
  /** Emptied, for the next keys. */
  readonly #spares: PendingKey<Asker>[] = [];

  get(key: string): PendingKey<Asker> | undefined {
    return this.#size === 0 ? undefined : this.#find(key, hashOfKey(key));
  }

  /** It is there already, or is now, without requests. */
  getOrAdd(key: string): PendingKey<Asker> {
    const hash = hashOfKey(key);
    const known = this.#find(key, hash);
    if (known !== undefined) return known;
    if (this.#size === this.#buckets.length) this.#grow();
    const spare = this.#spares.pop();
    const pending = spare ?? { key, hash, requests: [], prediction: null, stale: false, next: null };
    pending.key = key;
    pending.hash = hash;
    this.#link(pending);
    this.#size++;
    return pending;
  }

  /** @param pending one of these; nobody may look at it any more */
  remove(pending: PendingKey<Asker>): void {
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
    pending.stale = false;
    if (this.#spares.length < SPARES_MAX) this.#spares.push(pending);
  }

  *values(): Generator<PendingKey<Asker>> {
    for (const first of this.#buckets)
      for (let pending = first; pending !== null; pending = pending.next) yield pending;
  }

  clear(): void {
    this.#buckets = emptyBuckets(BUCKETS_FIRST);
    this.#size = 0;
  }

  #find(key: string, hash: number): PendingKey<Asker> | undefined {
    let pending = this.#buckets[hash & (this.#buckets.length - 1)]!;
    for (; pending !== null; pending = pending.next!)
      if (pending.hash === hash && pending.key === key) return pending;
    return undefined;
  }

  #link(pending: PendingKey<Asker>): void {
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

/** A power of two. */
const BUCKETS_FIRST = 1024;

/** Most that are kept for the next keys. */
const SPARES_MAX = 1024;

function emptyBuckets<Asker>(count: number): (PendingKey<Asker> | null)[] {
  return new Array<PendingKey<Asker> | null>(count).fill(null);
}
