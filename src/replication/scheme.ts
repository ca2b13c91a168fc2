import type { RequestFailure } from '../base/error-codes.ts';
import type { ControllerId, MonotonicMs, VersionTime } from '../base/number-kinds.ts';
import type { JournalRecord } from '../journal/journal.ts';
import type { Gate, Need } from '../membership/gate.ts';
import type { Membership } from '../membership/membership.ts';
import type { Draft, EffectKind, EntryEffect, KeyEffect } from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import type { VersionVector } from '../ordering/version-vector.ts';
import type { Asked, ConditionVerdict } from './asked.ts';
import type { AntiEntropy } from './exchange/anti-entropy.ts';
import type { Freshness } from './freshness.ts';
import type { SchemeMessage } from './messages.ts';
import type { Reader } from './read-flow.ts';
import type { ReadDone } from './replica-reads.ts';
import type { RequestContext } from './request-context.ts';
import type { SchemeSessions } from './sessions.ts';

/** What became of a write. */
export type WriteOutcome =
  /** The write was applied, here and wherever the level asks for it. */
  | {
      readonly kind: 'applied';
      /** There was an entry before. */
      readonly existed: boolean;
      readonly version: Version;
      /** Where the answer waits for the store after the agreement: when the write was agreed. */
      readonly agreedMs?: MonotonicMs;
      /** Where the answer waits for the journal after the store: when the store had the write. */
      readonly storedMs?: MonotonicMs;
    }
  /**
   * The condition did not hold, or the view changed before the write was agreed. The write has not happened anywhere,
   * and never will.
   */
  | { readonly kind: 'conflict' }
  /** The write failed, as the code and the reason say. It may have happened, or may still happen. */
  | ({ readonly kind: 'unknown' } & RequestFailure);

/** What became of a conditional request. */
export type Decided =
  | {
      readonly kind: 'decided';
      readonly verdict: ConditionVerdict;
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

/** The newest state of a key, if a write under way decides it. */
export interface Predicted {
  /** The version that a condition on this state has to name. */
  readonly version: Version;
  /** Null when the key will have no entry. */
  readonly effect: EntryEffect | null;
}

/** A write that is not settled yet, as `show requests` lists it. */
export interface PendingRequest {
  readonly kind: EffectKind;
  /** Null where the request concerns all keys. */
  readonly key: string | null;
  /** Its time and its origin. */
  readonly version: Version;
  /** Members of the view that have not acknowledged it, as far as is known here. */
  readonly unacknowledged: readonly number[];
}

/**
 * What a read waits for. `local`: for nothing; it sees what has been applied here. `settled`: for the writes of the key
 * that the store of this controller may still refuse. `strong`: it sees every write that was answered anywhere before
 * the read began.
 */
export type ReadStrength = 'local' | 'settled' | 'strong';

/**
 * A way to replicate: all that a controller asks of it. Every implementation is free of I/O: clock, peers, store and
 * journal come in by ports, so the same code runs in a controller and in a simulation.
 */
export interface Scheme {
  /** This controller's part in the views of the group; null for a scheme without views. */
  readonly views: Membership | null;
  /** Anti-entropy within the group. */
  readonly exchange: AntiEntropy;
  /** Sessions that go from one controller to another; null where the scheme has none. */
  readonly sessions: SchemeSessions | null;
  /** Decides conditional requests; null where the controller that was asked decides them, and proposes. */
  readonly arbiter: Arbiter | null;

  /** What can be proven of the age of the state here. */
  readonly freshness: Freshness;

  /** Whether a request may start now. */
  gate(need: Need): Gate;

  /** Why the local store cannot be used. Human-readable; null when it can. */
  storeTrouble(): string | null;

  /**
   * Reads the newest entry of the key; null when there is none. A `strong` read first waits for the writes of the key
   * that are under way here. The read is issued when there is budget for the value, and when it is its client's turn.
   * It sets the time of the entry's last read if the reader says so.
   *
   * @param done not called, or called with a failure, once the reader is gone
   */
  read(key: string, strength: ReadStrength, done: ReadDone, reader: Reader): void;

  /**
   * Gives out a value that the same request has read already. That takes budget and a turn, as if the value were read
   * again.
   */
  readAgainFromMemory(bytes: number, done: () => void, reader: Reader): void;

  /** The record of the newest write of the key that has been applied; undefined when there is none. */
  newest(key: string): JournalRecord | undefined;

  /**
   * The version that a condition is compared with: that of the newest applied write, `NO_VERSION` after a deletion.
   */
  currentVersion(key: string): Version;

  /** The key has an entry that has not expired, in what has been applied. */
  isLive(key: string): boolean;

  /** Sets the time of the entry's last read here, in seconds since 1970. It is not replicated. */
  noteRead(key: string, readAtSec: number): void;

  /** The state that the writes under way here will leave the key in; null when there are none. */
  predict(key: string): Predicted | null;

  /**
   * Calls back once every write of this key that is known here now has been settled.
   * @returns false, and never calls, when there is none
   */
  afterPending(key: string, callback: () => void): boolean;

  /** Stamps the write and has it replicated. `done` may be called before this returns. */
  write(draft: Draft, done: (outcome: WriteOutcome) => void, context: RequestContext): void;

  /** Calls back once every write that was begun here before has been settled. */
  whenSettled(done: () => void): void;

  /** Records of entries that are gone are kept from now on, or may be forgotten again. */
  keepsAll: boolean;

  /**
   * Another group had written records of these times to the journal of this one. The group claims to know every write
   * up to them. The caller has seen to it that this is so, also for the keys that the group had before.
   */
  adopt(known: readonly VersionTime[]): void;

  /** Writes received or made here that are not yet settled. */
  readonly pending: number;
  /** The oldest of them, `count` at most, the oldest first. */
  oldestPending(count: number): readonly PendingRequest[];
  /** Writes applied here since the start. */
  readonly completed: number;

  /** A message from the same scheme of a peer. One that belongs to another scheme is ignored. */
  onMessage(from: ControllerId, message: SchemeMessage): void;
  /** There is a new connection to the peer. */
  onPeerUp(peer: ControllerId): void;
  /** The connection to the peer is gone. */
  onPeerDown(peer: ControllerId): void;
  /** The peer has answered the heartbeat that this controller sent to it at that moment. */
  onAnswer(peer: ControllerId, askedMs: MonotonicMs): void;
  /** To be called every few milliseconds. */
  onTick(): void;
  /** To be called every `sync_interval`. */
  onSyncTick(): void;
  /** To be called at the end of an event-loop turn that was asked for: sends what the turn has gathered. */
  flush(): void;

  /** The version vector of the group, as of now. It must not be changed. */
  readonly known: VersionVector;
  /** The version that was applied last; `NO_VERSION` where writes have no order in common. */
  readonly applied: Version;
  /** The version up to which the state here may be continued after a crash; `NO_VERSION` when there is none. */
  readonly resumePoint: Version;
  /** Why the journal takes no writes, nor will in a moment; empty when it does. */
  readonly journalTrouble: string;
  /** This controller knew a moment ago all but little of what its peers know. */
  readonly isCaughtUp: boolean;
  /** This controller is about to end, and the other controllers need it for a moment more. */
  readonly isNeeded: boolean;
}
