import { Fifo } from '../base/fifo.ts';
import { InvariantError } from '../base/invariant-error.ts';
import type { ControllerId, SequenceNumber } from '../base/number-kinds.ts';
import { conditionOf, type Effect, effectBytes, isOfKey, type KeyEffect } from './effect.ts';
import { type PendingKey, PendingKeys, type Prediction, type Queued } from './pending-keys.ts';
import { compareVersions, NO_VERSION, sameVersion, type Version, versionTimeOfMs } from './version.ts';

/**
 * The hold-back queue: requests in version order until they are stable.
 *
 * Invariant: each origin's requests arrive in version order, so that the queue is a merge of one FIFO per
 * origin, and the smallest request is the smallest of the heads. Nothing here is searched or sorted; a key's
 * own requests are kept in order by insertion from the end, where nearly all of them go.
 */
export class RequestQueue<Asker = unknown> {
  readonly #streams: Fifo<Queued<Asker>>[];
  readonly #keys = new PendingKeys<Asker>();
  readonly #flushes: Queued<Asker>[] = [];
  #bytes = 0;
  #size = 0;

  constructor(nodes: number) {
    this.#streams = Array.from({ length: nodes }, () => new Fifo<Queued<Asker>>());
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param seq place in its origin's stream
   * @param known the same request, where it was in a queue before: who has asked for it, and who waits
   */
  push(effect: Effect, seq: SequenceNumber, known?: Queued<Asker>): Queued<Asker> {
    const stream = this.#streams[effect.version.node]!;
    const last = stream.last();
    if (last !== undefined && compareVersions(last.effect.version, effect.version) >= 0) {
      const known = { last: last.effect.version, next: effect.version, seq };
      throw new InvariantError('a request was queued behind one of its origin with a larger version', known);
    }
    const { asker, waiters } = known ?? NOBODY;
    const request: Queued<Asker> = { effect, seq, asker, waiters, onKey: null };
    stream.push(request);
    this.#size++;
    this.#bytes += effectBytes(effect);
    if (endsEntries(effect)) this.#insertFlush(request);
    else if (isOfKey(effect)) this.#insertOnKey(request, effect);
    return request;
  }

  /** The request with the smallest version. */
  head(): Queued<Asker> | undefined {
    let smallest: Queued<Asker> | undefined;
    for (const stream of this.#streams) {
      const head = stream.first();
      if (head === undefined) continue;
      if (smallest === undefined || compareVersions(head.effect.version, smallest.effect.version) < 0) {
        smallest = head;
      }
    }
    return smallest;
  }

  /** Takes the head out. @param head for who has looked at it already */
  pop(head = this.head()): Queued<Asker> | undefined {
    if (head === undefined) return undefined;
    this.#streams[head.effect.version.node]!.shift();
    this.#size--;
    this.#bytes -= effectBytes(head.effect);
    if (endsEntries(head.effect)) this.#flushes.shift();
    else if (head.onKey !== null) this.#removeFromKey(head, head.onKey);
    return head;
  }

  /** The newest request that touches this key, flushes included: what a strong read waits for. */
  newestOn(key: string): Queued<Asker> | undefined {
    const own = this.#keys.get(key)?.requests.at(-1);
    const flush = this.#flushes.at(-1);
    if (own === undefined) return flush;
    if (flush === undefined) return own;
    return compareVersions(own.effect.version, flush.effect.version) > 0 ? own : flush;
  }

  /** The write, with the value that it has here where it comes without: whoever sent it may have lost it. */
  withValue(effect: Effect): Effect {
    if (effect.kind !== 'set' || effect.value !== null) return effect;
    const requests = this.#keys.get(effect.key)?.requests ?? [];
    return requests.find((request) => sameVersion(request.effect.version, effect.version))?.effect ?? effect;
  }

  /** The newest request of this origin that is queued. */
  lastOf(node: ControllerId): Version | null {
    return this.#streams[node]!.last()?.effect.version ?? null;
  }

  /** The newest request of all. */
  newest(): Queued<Asker> | undefined {
    let newest: Queued<Asker> | undefined;
    for (const stream of this.#streams) {
      const last = stream.last();
      if (last === undefined) continue;
      if (newest === undefined || compareVersions(last.effect.version, newest.effect.version) > 0)
        newest = last;
    }
    return newest;
  }

  /**
   * What the key will hold once all that is queued now has been applied, conditions included, so that a chain
   * of conditional requests is built on the link that will hold, not on one that is already broken.
   *
   * @param applied the version that the key has now, `NO_VERSION` for none
   */
  predict(key: string, applied: Version): Prediction<Asker> {
    const pending = this.#keys.get(key);
    const flushed = this.#flushes.length > 0;
    if (pending === undefined) return flushed ? simulate(this.#flushes, applied) : null;
    if (flushed) return simulate(this.#mergedWithFlushes(pending.requests), applied);
    if (pending.stale) {
      pending.prediction = simulate(pending.requests, applied);
      pending.stale = false;
    }
    return pending.prediction;
  }

  /** Requests of one origin after this place in its stream, in order. */
  streamAfter(node: ControllerId, seq: SequenceNumber): Queued<Asker>[] {
    return this.#streams[node]!.filter((request) => request.seq > seq);
  }

  /** So many of those with the smallest versions, in their order, for people to look at. */
  oldest(count: number): Queued<Asker>[] {
    const heads = this.#streams.flatMap((stream) => stream.head(count));
    return heads.sort((a, b) => compareVersions(a.effect.version, b.effect.version)).slice(0, count);
  }

  /** Everything, in version order; for a view change. */
  toArray(): Queued<Asker>[] {
    const all = this.#streams.flatMap((stream) => stream.filter(() => true));
    return all.sort((a, b) => compareVersions(a.effect.version, b.effect.version));
  }

  clear(): void {
    for (const stream of this.#streams) stream.clear();
    this.#keys.clear();
    this.#flushes.length = 0;
    this.#size = 0;
    this.#bytes = 0;
  }

  #insertFlush(request: Queued<Asker>): void {
    insertFromEnd(this.#flushes, request);
    for (const pending of this.#keys.values()) pending.stale = true;
  }

  #insertOnKey(request: Queued<Asker>, { key, base }: KeyEffect): void {
    const pending = this.#keys.getOrAdd(key);
    request.onKey = pending;
    if (pending.requests.length === 0) {
      pending.requests.push(request);
      pending.stale = base !== null || this.#flushes.length > 0;
      if (!pending.stale) pending.prediction = request;
      return;
    }
    // A flush in between breaks chains of conditions that hold without it.
    if (!insertFromEnd(pending.requests, request) || this.#flushes.length > 0) pending.stale = true;
    if (pending.stale) return;
    const predicted = pending.prediction;
    if (base === null) pending.prediction = request;
    else if (predicted === null) pending.stale = true;
    else if (sameVersion(base, heldVersion(predicted))) pending.prediction = request;
  }

  #removeFromKey(request: Queued<Asker>, pending: PendingKey<Asker>): void {
    request.onKey = null;
    if (pending.requests.length === 1) {
      pending.requests.pop();
      this.#keys.remove(pending);
      return;
    }
    pending.requests.shift();
    if (pending.prediction === request) pending.stale = true;
  }

  #mergedWithFlushes(requests: readonly Queued<Asker>[]): Queued<Asker>[] {
    return [...requests, ...this.#flushes].sort((a, b) =>
      compareVersions(a.effect.version, b.effect.version),
    );
  }
}

const NOBODY = { asker: null, waiters: null };

/** A flush that is announced for later changes no key yet. */
function endsEntries(effect: Effect): boolean {
  return effect.kind === 'flush' || effect.kind === 'flush-due';
}

/** Applies the requests in thought, by their conditions alone. */
function simulate<Asker>(requests: readonly Queued<Asker>[], applied: Version): Prediction<Asker> {
  let prediction: Prediction<Asker> = null;
  let held = applied;
  for (const request of requests) {
    const base = conditionOf(request.effect);
    if (base !== null && !sameVersion(base, held)) continue;
    if (survives(held, request.effect)) continue;
    prediction = request;
    held = heldVersion(request);
  }
  return prediction;
}

/** A flush that was announced ends only what was written before its moment, not all that is queued before it. */
function survives(held: Version, effect: Effect): boolean {
  return effect.kind === 'flush-due' && held.time >= versionTimeOfMs(effect.atMs);
}

/** The version that a key has once this request has been applied: none after a delete or a flush. */
export function heldVersion(request: Queued): Version {
  return request.effect.kind === 'set' ? request.effect.version : NO_VERSION;
}

/** Inserts by version. @returns true when it went to the end */
function insertFromEnd<Asker>(requests: Queued<Asker>[], request: Queued<Asker>): boolean {
  let index = requests.length;
  while (index > 0 && compareVersions(requests[index - 1]!.effect.version, request.effect.version) > 0)
    index--;
  if (index === requests.length) {
    requests.push(request);
    return true;
  }
  requests.splice(index, 0, request);
  return false;
}
