import type { KeyEffect } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import type { EntryReply } from '../protocol/reply.ts';
import type { ConditionalRequest } from '../protocol/request.ts';
import type { WriteOutcome } from './scheme.ts';

/** When an entry was last read at the controller that was asked. Other controllers do not know that. */
export interface LastRead {
  /** The version of the entry that was read. */
  readonly version: Version;
  /** Seconds since 1970. */
  readonly atSec: number;
}

/** A conditional request, as it goes to the controller that decides it. */
export interface Asked {
  readonly request: ConditionalRequest;
  /** Null where the controller that was asked has read no entry of the key. */
  readonly lastRead: LastRead | null;
}

/** The decision on a conditional request. */
export interface Verdict {
  readonly reply: EntryReply;
  /** The change leaves the item in its place, and with it the time of its last read: see `readTimeAfter`. */
  readonly keepsReadTime: boolean;
}

/** What became of a conditional request. */
export type Decided =
  | {
      readonly kind: 'decided';
      readonly verdict: Verdict;
      /** What the request has changed; null where it changes nothing. */
      readonly effect: KeyEffect | null;
      /** How the write was applied here; null where that is not known any more, or where nothing is changed. */
      readonly applied: Extract<WriteOutcome, { readonly kind: 'applied' }> | null;
    }
  | Exclude<WriteOutcome, { readonly kind: 'applied' }>;

export type DecidedDone = (decided: Decided) => void;

/**
 * Decides conditional requests once and for all, where the newest state of their keys is known, the writes under way
 * included. A scheme that has no such place leaves the decision to the controller that was asked, which proposes the
 * change on a condition, and tries again when that does not hold.
 */
export interface Arbiter {
  /** Has the request decided. `done` may be called before this returns. */
  decide(asked: Asked, done: DecidedDone): void;
}
