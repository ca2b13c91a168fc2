import type { EngineNeed, Gate } from '../membership/gate.ts';
import type { Effect } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';

/** A write before it has its version. */
export type Draft = Omit<Effect, 'version'>;

/** What became of a write. */
export type WriteOutcome =
  /** Done, here and wherever the level asks for it. `existed`: there was an entry before. */
  | { readonly kind: 'applied'; readonly existed: boolean; readonly version: Version }
  /** Its condition did not hold, or the view changed before it was agreed: nothing happened, anywhere, or will. */
  | { readonly kind: 'conflict' }
  /** It failed, `reason` says how; it may have happened or may still happen. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** The newest state of a key, writes under way included, when one of those decides it. */
export interface Predicted {
  /** What a condition on this state has to name. */
  readonly version: Version;
  /** Null when the key will have no entry. */
  readonly effect: Effect | null;
}

/** A write that is not settled yet, for people to look at. */
export interface PendingRequest {
  readonly kind: Effect['kind'];
  /** Empty where the request touches no key, or all of them. */
  readonly key: string;
  /** Its time and its origin. */
  readonly version: Version;
  /** Members of the view that have not acknowledged it, as far as is known here. */
  readonly unacknowledged: readonly number[];
}

/**
 * What the four levels need of a replication engine. Both engines are free of I/O: clock, peers, store and
 * journal come in from outside, so the same code runs in a controller and in a simulation.
 */
export interface Engine {
  gate(need: EngineNeed): Gate;

  /** Stamps the write and has it replicated. `done` may be called before this returns. */
  write(draft: Draft, done: (outcome: WriteOutcome) => void): void;

  predict(key: string): Predicted | null;

  /**
   * Calls back once every write on this key that is known here now has been settled.
   * @returns false, and never calls, when there is none
   */
  afterPending(key: string, callback: () => void): boolean;

  /** Writes received or made here that are not yet settled. */
  readonly pending: number;
  /** So many of them, the oldest first. */
  oldestPending(count: number): readonly PendingRequest[];
  /** Writes applied here since the start. */
  readonly completed: number;
}
