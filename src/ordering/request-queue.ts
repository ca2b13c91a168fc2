import { Fifo } from '../base/fifo.ts';
import { InvariantError } from '../base/invariant-error.ts';
import type { ControllerId, SequenceNumber } from '../base/number-kinds.ts';
import { conditionOf, type Effect, effectBytes, isOfKey, type KeyEffect, leavesEntry } from './effect.ts';
import { type PendingKey, PendingKeys, type Prediction, type QueuedRequest } from './pending-keys.ts';
import { compareVersions, NO_VERSION, sameVersion, type Version, versionTimeOfMs } from './version.ts';

/**
 * The queue of an ordered group: requests in version order until they are stable.
 *
 * Invariant: the requests of each origin arrive in version order. So the queue is a merge of one FIFO per origin,
 * and the smallest request is the smallest of the heads; nothing is searched or sorted. The requests of one key are
 * kept in order by insertion from the end, where nearly all of them belong.
 */
export class RequestQueue<OnOutcome = unknown> {
  /** Those of the origins that have sent a request; their order means nothing. */
  readonly #streams: Fifo<QueuedRequest<OnOutcome>>[] = [];
  /** The same streams by the ids of their origins; null where an id has none. */
  readonly #streamOf: (Fifo<QueuedRequest<OnOutcome>> | null)[] = [];
  readonly #keys = new PendingKeys<OnOutcome>();
  readonly #flushes: QueuedRequest<OnOutcome>[] = [];
  #bytes = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @param seq the place of the request in its origin's stream
   * @param known the same request in an earlier queue; its callbacks are taken over
   */
  push(effect: Effect, seq: SequenceNumber, known?: QueuedRequest<OnOutcome>): QueuedRequest<OnOutcome> {
    const stream = this.#streamOf[effect.version.node] ?? this.#addStream(effect.version.node);
    const last = stream.last();
    if (last !== undefined && compareVersions(last.effect.version, effect.version) >= 0) {
      const known = { last: last.effect.version, next: effect.version, seq };
      throw new InvariantError('a request was queued behind one of its origin with a larger version', known);
    }
    const { onOutcome, waiters } = known ?? NO_CALLBACKS;
    const request: QueuedRequest<OnOutcome> = { effect, seq, onOutcome, waiters, onKey: null };
    stream.push(request);
    this.#size++;
    this.#bytes += effectBytes(effect);
    if (endsEntries(effect)) this.#insertFlush(request);
    else if (isOfKey(effect)) this.#insertOnKey(request, effect);
    return request;
  }

  /** The request with the smallest version. */
  head(): QueuedRequest<OnOutcome> | undefined {
    let smallest: QueuedRequest<OnOutcome> | undefined;
    for (const stream of this.#streams) {
      const head = stream.first();
      if (head === undefined) continue;
      if (smallest === undefined || compareVersions(head.effect.version, smallest.effect.version) < 0) {
        smallest = head;
      }
    }
    return smallest;
  }

  /** Takes the head out. @param head the head, when the caller has it already */
  pop(head = this.head()): QueuedRequest<OnOutcome> | undefined {
    if (head === undefined) return undefined;
    this.#streamOf[head.effect.version.node]!.shift();
    this.#size--;
    this.#bytes -= effectBytes(head.effect);
    if (endsEntries(head.effect)) this.#flushes.shift();
    else if (head.onKey !== null) this.#removeFromKey(head, head.onKey);
    return head;
  }

  /** The newest request that touches this key, flushes included. A strong read waits for it. */
  newestOn(key: string): QueuedRequest<OnOutcome> | undefined {
    const own = this.#keys.get(key)?.requests.at(-1);
    const flush = this.#flushes.at(-1);
    if (own === undefined) return flush;
    if (flush === undefined) return own;
    return compareVersions(own.effect.version, flush.effect.version) > 0 ? own : flush;
  }

  /** The write, with the value that it has in this queue if it came without one: its sender may have lost the value. */
  withValue(effect: Effect): Effect {
    if (effect.kind !== 'set' || effect.value !== null) return effect;
    const requests = this.#keys.get(effect.key)?.requests ?? [];
    return requests.find((request) => sameVersion(request.effect.version, effect.version))?.effect ?? effect;
  }

  /** The version of the newest queued request of this origin; null when there is none. */
  lastOf(node: ControllerId): Version | null {
    return this.#streamOf[node]?.last()?.effect.version ?? null;
  }

  /** The queued request with the largest version. */
  newest(): QueuedRequest<OnOutcome> | undefined {
    let newest: QueuedRequest<OnOutcome> | undefined;
    for (const stream of this.#streams) {
      const last = stream.last();
      if (last === undefined) continue;
      if (newest === undefined || compareVersions(last.effect.version, newest.effect.version) > 0)
        newest = last;
    }
    return newest;
  }

  /**
   * Predicts what the key will hold once all queued requests have been applied, conditions included. A conditional
   * write is evaluated on this state, so it does not build on a queued write whose own condition will not hold.
   *
   * @param applied the version that the key has now; `NO_VERSION` for none
   */
  predict(key: string, applied: Version): Prediction<OnOutcome> {
    const pending = this.#keys.get(key);
    const flushed = this.#flushes.length > 0;
    if (pending === undefined) return flushed ? simulate(this.#flushes, applied) : null;
    if (flushed) return simulate(this.#mergedWithFlushes(pending.requests), applied);
    if (pending.isPredictionStale) {
      pending.prediction = simulate(pending.requests, applied);
      pending.isPredictionStale = false;
    }
    return pending.prediction;
  }

  /** The requests of one origin after this place in its stream, in order. */
  streamAfter(node: ControllerId, seq: SequenceNumber): QueuedRequest<OnOutcome>[] {
    return this.#streamOf[node]?.filter((request) => request.seq > seq) ?? [];
  }

  /** At most this many requests, those with the smallest versions, in order. */
  oldest(count: number): QueuedRequest<OnOutcome>[] {
    const heads = this.#streams.flatMap((stream) => stream.head(count));
    return heads.sort((a, b) => compareVersions(a.effect.version, b.effect.version)).slice(0, count);
  }

  /** All requests in version order, for a view change. */
  toArray(): QueuedRequest<OnOutcome>[] {
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

  #addStream(node: ControllerId): Fifo<QueuedRequest<OnOutcome>> {
    const stream = new Fifo<QueuedRequest<OnOutcome>>();
    while (this.#streamOf.length <= node) this.#streamOf.push(null);
    this.#streamOf[node] = stream;
    this.#streams.push(stream);
    return stream;
  }

  #insertFlush(request: QueuedRequest<OnOutcome>): void {
    insertFromEnd(this.#flushes, request);
    for (const pending of this.#keys.values()) pending.isPredictionStale = true;
  }

  #insertOnKey(request: QueuedRequest<OnOutcome>, { key, condition }: KeyEffect): void {
    const pending = this.#keys.getOrAdd(key);
    request.onKey = pending;
    if (pending.requests.length === 0) {
      pending.requests.push(request);
      pending.isPredictionStale = condition !== null || this.#flushes.length > 0;
      if (!pending.isPredictionStale) pending.prediction = request;
      return;
    }
    // A flush in between breaks conditions that would hold without it.
    if (!insertFromEnd(pending.requests, request) || this.#flushes.length > 0)
      pending.isPredictionStale = true;
    if (pending.isPredictionStale) return;
    const predicted = pending.prediction;
    if (condition === null) pending.prediction = request;
    else if (predicted === null) pending.isPredictionStale = true;
    else if (sameVersion(condition, versionAfter(predicted))) pending.prediction = request;
  }

  #removeFromKey(request: QueuedRequest<OnOutcome>, pending: PendingKey<OnOutcome>): void {
    request.onKey = null;
    if (pending.requests.length === 1) {
      pending.requests.pop();
      this.#keys.remove(pending);
      return;
    }
    pending.requests.shift();
    if (pending.prediction === request) pending.isPredictionStale = true;
  }

  #mergedWithFlushes(requests: readonly QueuedRequest<OnOutcome>[]): QueuedRequest<OnOutcome>[] {
    return [...requests, ...this.#flushes].sort((a, b) =>
      compareVersions(a.effect.version, b.effect.version),
    );
  }
}

/** The callbacks of a request that nothing waits for. */
const NO_CALLBACKS = { onOutcome: null, waiters: null };

/** Whether the effect ends entries. An announced flush does not, before it is due. */
function endsEntries(effect: Effect): boolean {
  return effect.kind === 'flush' || effect.kind === 'flush-due';
}

/** Finds the last request that would take effect, if all were applied to a key at this version. */
function simulate<OnOutcome>(
  requests: readonly QueuedRequest<OnOutcome>[],
  applied: Version,
): Prediction<OnOutcome> {
  let prediction: Prediction<OnOutcome> = null;
  let version = applied;
  for (const request of requests) {
    const condition = conditionOf(request.effect);
    if (condition !== null && !sameVersion(condition, version)) continue;
    if (survives(version, request.effect)) continue;
    prediction = request;
    version = versionAfter(request);
  }
  return prediction;
}

/** An announced flush ends only what was written before its moment, not everything that is queued before it. */
function survives(version: Version, effect: Effect): boolean {
  return effect.kind === 'flush-due' && version.time >= versionTimeOfMs(effect.atMs);
}

/** The version that a key has once this request has been applied: `NO_VERSION` after a delete or a flush. */
export function versionAfter(request: QueuedRequest): Version {
  return leavesEntry(request.effect) ? request.effect.version : NO_VERSION;
}

/** Inserts by version. @returns true when the request is the last one */
function insertFromEnd<OnOutcome>(
  requests: QueuedRequest<OnOutcome>[],
  request: QueuedRequest<OnOutcome>,
): boolean {
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
