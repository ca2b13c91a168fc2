import { type Counters, highest, NO_COUNTERS, union } from '../engine/counters.ts';

/**
 * What the gets of a client promise. `session`: the session guarantees, key by key; `causal`: they hold across keys, so
 * that a get needs everything that the client has seen; `eventual`: nothing.
 */
export type SessionLevel = 'eventual' | 'session' | 'causal';

export const SESSION_LEVELS: readonly SessionLevel[] = ['eventual', 'session', 'causal'];

export const GUARANTEES = [
  'read-your-writes',
  'monotonic-reads',
  'monotonic-writes',
  'writes-follow-reads',
] as const;

export type Guarantee = (typeof GUARANTEES)[number];

/** What a client shows of its session. */
export interface SessionState {
  readonly level: SessionLevel;
  /** Those that are switched on. They matter at the level `session`. */
  readonly guarantees: readonly Guarantee[];
  readonly needs: readonly (readonly [key: string, need: Counters])[];
  /** A put lifts the counter of the server to this first. */
  readonly lift: number;
  readonly writes: number;
}

/**
 * What one client has seen and written.
 *
 *  - Read your writes: a put sets what the client needs for the key to the vector that the server has then. It
 *    *replaces* what was needed before.
 *  - Monotonic reads: a get that finds a value adds the vector that the server has then.
 *  - Monotonic writes and writes follow reads: a put lifts the counter of the server to the highest that the client has
 *    seen in puts and in gets. So a write comes after the earlier writes of its client, and after those that it has
 *    read, in the order of all writes.
 */
export class LabSession {
  readonly #guarantees = new Set<Guarantee>(GUARANTEES);
  readonly #needs = new Map<string, Counters>();
  #level: SessionLevel = 'session';
  /** Everything that the client has seen of any key. */
  #everything = NO_COUNTERS;
  #seenInPuts = 0;
  #seenInGets = 0;
  #writes = 0;

  setLevel(level: SessionLevel): void {
    this.#level = level;
  }

  setGuarantee(guarantee: Guarantee, isOn: boolean): void {
    if (isOn) this.#guarantees.add(guarantee);
    else this.#guarantees.delete(guarantee);
  }

  /** How many writes the client has made: the client time of the next one. */
  get writes(): number {
    return this.#writes;
  }

  /** The vector that a server must have, so that the client may get this key there. */
  needOf(key: string): Counters {
    if (this.#level === 'eventual') return NO_COUNTERS;
    return this.#level === 'causal' ? this.#everything : (this.#needs.get(key) ?? NO_COUNTERS);
  }

  /** What a put lifts the counter of the server to. */
  get lift(): number {
    return Math.max(
      this.#keeps('monotonic-writes') ? this.#seenInPuts : 0,
      this.#keeps('writes-follow-reads') ? this.#seenInGets : 0,
    );
  }

  /** A server has taken a write. */
  onPut(key: string, vector: Counters): void {
    this.#writes++;
    this.#seenInPuts = Math.max(this.#seenInPuts, highest(vector));
    this.#everything = union(this.#everything, vector);
    if (this.#guarantees.has('read-your-writes')) this.#needs.set(key, vector);
  }

  /** A get has found a value. */
  onValue(key: string, vector: Counters): void {
    this.#seenInGets = Math.max(this.#seenInGets, highest(vector));
    this.#everything = union(this.#everything, vector);
    if (!this.#guarantees.has('monotonic-reads')) return;
    this.#needs.set(key, union(this.#needs.get(key) ?? NO_COUNTERS, vector));
  }

  get state(): SessionState {
    return {
      level: this.#level,
      guarantees: GUARANTEES.filter((guarantee) => this.#guarantees.has(guarantee)),
      needs: this.#level === 'causal' ? [['every key', this.#everything]] : [...this.#needs],
      lift: this.lift,
      writes: this.#writes,
    };
  }

  #keeps(guarantee: Guarantee): boolean {
    if (this.#level === 'session') return this.#guarantees.has(guarantee);
    return this.#level === 'causal';
  }
}
