import type { WallMs } from '../base/number-kinds.ts';
import {
  type ChainSum,
  type DeleteEffect,
  type EntryEffect,
  type JoinEffect,
  NO_CHAIN,
  type SetEffect,
} from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import type { EntryReply } from '../protocol/reply.ts';
import type { ConditionalRequest } from '../protocol/request.ts';

/** An entry as a conditional request finds it. `value` is empty where the request does not need it. */
export interface ExistingEntry {
  readonly version: Version;
  readonly flags: number;
  readonly expiresAtMs: WallMs;
  readonly token: bigint | null;
  readonly marks: number;
  /** When the entry was last read here, in seconds since 1970; 0 for never. */
  readonly readAtSec: number;
  readonly value: Buffer;
  /**
   * What a difference would be added to; null where the change has to be whole. `value` may be empty where it is not
   * null, and the request only adds to it.
   */
  readonly base: DifferenceBase | null;
}

/** What a difference would be added to. */
export interface DifferenceBase {
  /** The size of the value that the key has, in bytes. */
  readonly valueBytes: number;
  readonly chain: ChainSum;
}

/** The base that a write under way leaves; null where it leaves none. */
export function baseIn(effect: EntryEffect | null): DifferenceBase | null {
  if (effect === null) return null;
  if (effect.kind === 'join') return effect;
  return effect.value === null ? null : { valueBytes: effect.value.length, chain: NO_CHAIN };
}

/**
 * The entry that a write under way leaves. A difference leaves one whose value is not known here.
 *
 * @param base what a difference would be added to
 */
export function entryIn(effect: EntryEffect | null, base: DifferenceBase | null): ExistingEntry | null {
  if (effect === null) return null;
  if (effect.kind === 'join')
    return { ...effect, flags: 0, token: null, marks: 0, value: EMPTY, readAtSec: 0, base };
  return effect.value === null ? null : { ...effect, value: effect.value, readAtSec: 0, base };
}

const EMPTY = Buffer.alloc(0);

/** The change that is proposed for the key. */
export type Change = SetChange | JoinChange | DeleteChange;

export type SetChange = Omit<SetEffect, 'version' | 'key' | 'condition'>;
/** Its condition is the version of the entry that was found. */
export type JoinChange = Omit<JoinEffect, 'version' | 'key' | 'condition'>;
type DeleteChange = Omit<DeleteEffect, 'version' | 'key' | 'condition'>;

/** The result of an evaluation: the change to propose, and the reply that holds once the change has been applied. */
export interface Evaluation {
  readonly change: Change | null;
  /** The change makes a new item in memcached's sense, though its command overwrites an item in place. */
  readonly isNewItem?: boolean;
  /** @param version the version that the change was given; without meaning where nothing is changed */
  readonly reply: (version: Version) => EntryReply;
}

/** Evaluates conditional requests, as memcached would. A scheme gets it from the controller. */
export interface Evaluator {
  /** False if the version of the entry, and whether it has expired, are enough to decide the request. */
  needsValue(request: ConditionalRequest): boolean;
  /** The request adds to a value, and on this base it can be decided without the value itself, as a difference. */
  addsTo(request: ConditionalRequest, base: DifferenceBase): boolean;
  /** @param found null if the key holds nothing; an entry that has expired counts as nothing */
  evaluate(request: ConditionalRequest, found: ExistingEntry | null): Evaluation;
}
