import { type JoinedHistory, joined, type SessionEvent } from './session-history.ts';
import { sorted, writesByKey, writesSeen } from './visibility.ts';

/** A read or write of a key that is only ever set, with the version that the answer named. */
export interface VersionedEvent extends SessionEvent {
  /** Larger for every later write. Null for a read of nothing, and where no answer named it. */
  readonly version: bigint | null;
}

export type OrderVerdict =
  | { readonly kind: 'kept' }
  | { readonly kind: 'broken'; readonly why: string }
  /** Neither an order of all operations was found, nor a proof that there is none. */
  | { readonly kind: 'undecided' };

/**
 * Sequential consistency of long histories, in which a search for an order (`sequential-consistency.ts`) would take too
 * long. The order of the versions is tried first: if it explains every answer, the history is sequentially consistent.
 * If it does not, a contradiction is looked for, without the versions: only that breaks the promise.
 */
export function judgeOrder(history: readonly VersionedEvent[]): OrderVerdict {
  if (isOrderedByVersions(history)) return { kind: 'kept' };
  const why = findOrderContradiction(history);
  return why === null ? { kind: 'undecided' } : { kind: 'broken', why };
}

/**
 * Whether the order of the versions explains every answer: each session has places in it, one after the other, at which
 * its reads found what they had to find.
 */
export function isOrderedByVersions(history: readonly VersionedEvent[]): boolean {
  const places = placesByVersion(history);
  if (places === null) return false;
  const reached = new Map<number, number>();
  for (const event of history) {
    const { session, key, kind, value } = event;
    const from = reached.get(session) ?? 0;
    if (kind === 'write') {
      if (event.isUnknown === true) continue;
      const place = places.of.get(nameOf(key, value))!;
      if (place <= from) return false;
      reached.set(session, place);
      continue;
    }
    const start = value === null ? 0 : places.of.get(nameOf(key, value));
    if (start === undefined) return false;
    const end = places.ofKey.get(key)?.find((place) => place > start) ?? Number.POSITIVE_INFINITY;
    if (from >= end) return false;
    reached.set(session, Math.max(from, start));
  }
  return true;
}

/** Where each write stands in the order of the versions, from 1 on. */
interface Places {
  readonly of: ReadonlyMap<string, number>;
  /** In ascending order. */
  readonly ofKey: ReadonlyMap<string, readonly number[]>;
}

/** @returns null when an answered write has no version, or two writes have the same */
function placesByVersion(history: readonly VersionedEvent[]): Places | null {
  const versions = new Map<string, { readonly key: string; readonly version: bigint }>();
  for (const { key, value, version, kind, isUnknown } of history) {
    if (value === null) continue;
    if (version === null) {
      if (kind === 'write' && isUnknown === true) continue;
      return null;
    }
    const known = versions.get(nameOf(key, value));
    if (known !== undefined && known.version !== version) return null;
    versions.set(nameOf(key, value), { key, version });
  }
  const inOrder = [...versions].sort(([, a], [, b]) => (a.version < b.version ? -1 : 1));
  const of = new Map<string, number>();
  const ofKey = new Map<string, number[]>();
  for (const [at, [name, { key, version }]] of inOrder.entries()) {
    if (inOrder[at + 1]?.[1].version === version) return null;
    of.set(name, at + 1);
    ofKey.set(key, [...(ofKey.get(key) ?? []), at + 1]);
  }
  return { of, ofKey };
}

function nameOf(key: string, value: string | null): string {
  return `${key}=${value}`;
}

/** After so many rounds the search for a contradiction is given up. */
const ROUNDS_MAX = 64;

/**
 * Looks for a proof that no single order explains the history, from the orders that are forced:
 *
 * 1. each session's own, and every read comes after the write that it found;
 * 2. if another write of the key comes before a read, then it comes before the write that the read found;
 * 3. if another write of the key comes after the write that a read found, then it comes after the read.
 *
 * A circle is a contradiction. This is sound: a history with one is never sequentially consistent. It is not complete,
 * since to decide the question exactly is NP-hard (Gibbons and Korach, "Testing shared memories", 1997).
 *
 * @returns what is wrong, in words; null when no contradiction was found
 */
export function findOrderContradiction(history: readonly SessionEvent[]): string | null {
  const known = joined(history);
  if (typeof known === 'string') return known;
  const forced = new ForcedOrder(known);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const grown = forced.grow();
    if (grown === 'circle') return 'no single order of all operations explains the answers';
    if (grown === 'done') return null;
  }
  return null;
}

class ForcedOrder {
  readonly #history: JoinedHistory;
  readonly #edges: number[][];
  readonly #writesOf: ReadonlyMap<string, readonly number[]>;
  /** Each edge once, as a number. */
  readonly #added = new Set<number>();

  constructor(history: JoinedHistory) {
    const { events, source, previous } = history;
    this.#history = history;
    this.#writesOf = writesByKey(history);
    // A write whose outcome is unknown may happen at any time.
    this.#edges = events.map(({ isUnknown }, event) =>
      [isUnknown === true ? -1 : previous[event]!, source[event]!].filter((earlier) => earlier !== -1),
    );
    for (const [event, { kind, key }] of events.entries()) {
      if (kind !== 'read' || source[event] !== -1) continue;
      for (const write of this.#writesOf.get(key) ?? []) this.#add(event, write);
    }
  }

  /** Adds every order that follows from those known. */
  grow(): 'grown' | 'done' | 'circle' {
    const { events, source } = this.#history;
    const order = sorted(this.#edges);
    if (order === null) return 'circle';
    const sees = writesSeen(this.#history, this.#edges, order);
    let hasGrown = false;
    for (const [event, { kind, key }] of events.entries()) {
      const found = source[event]!;
      if (kind !== 'read' || found === -1) continue;
      for (const write of this.#writesOf.get(key)!) {
        if (write === found) continue;
        if (sees(event, write) && this.#add(write, found)) hasGrown = true;
        if (sees(write, found) && this.#add(event, write)) hasGrown = true;
      }
    }
    return hasGrown ? 'grown' : 'done';
  }

  /** @returns false when it was known */
  #add(earlier: number, later: number): boolean {
    const name = earlier * this.#edges.length + later;
    if (this.#added.has(name)) return false;
    this.#added.add(name);
    this.#edges[later]!.push(earlier);
    return true;
  }
}
