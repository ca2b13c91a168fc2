import type { WallMs } from '../base/number-kinds.ts';
import { type DeleteEffect, MARKS, type SetEffect } from '../ordering/effect.ts';
import { casOfVersion, type Version } from '../ordering/version.ts';
import type { Reply } from '../protocol/reply.ts';
import type {
  ArithmeticRequest,
  DeleteRequest,
  ReadItemRequest,
  StorageRequest,
  TouchRequest,
} from '../protocol/request.ts';

/** One key's part of `gat` and `gats`. */
export interface GetAndTouchOne {
  readonly kind: 'gat-one';
  readonly key: string;
  readonly exptime: number;
}

/** Requests whose effect depends on what the key holds. */
export type ConditionalRequest =
  | StorageRequest
  | ArithmeticRequest
  | TouchRequest
  | DeleteRequest
  | ReadItemRequest
  | GetAndTouchOne;

/** An entry as an operation finds it. `value` is empty where the operation does not look at it. */
export interface ExistingEntry {
  readonly version: Version;
  readonly flags: number;
  readonly expiresAtMs: WallMs;
  readonly token: bigint | null;
  readonly marks: number;
  /** Seconds since 1970 when it was last read here, 0 for never. */
  readonly readAtSec: number;
  readonly value: Buffer;
}

/** What is to happen to the key, if it still holds what was found. */
export type Change = SetChange | DeleteChange;

export type SetChange = Omit<SetEffect, 'version' | 'key' | 'base'>;
type DeleteChange = Omit<DeleteEffect, 'version' | 'key' | 'base'>;

/** What an operation comes to: a change that has to happen, and the answer that is true once it has. */
export interface Evaluation {
  readonly change: Change | null;
  /** What the change leaves is to memcached a new item, though the operation is one that writes over the old. */
  readonly isNewItem?: boolean;
  /** @param version that the change was given; of no meaning where there is no change */
  readonly reply: (version: Version) => Reply;
}

export interface DecideContext {
  /** Cluster time, milliseconds since 1970. */
  readonly nowMs: WallMs;
  readonly itemBytesMax: number;
}

/** The answer of an operation that changes nothing. */
export function answer(reply: Reply): Evaluation {
  return { change: null, reply: () => reply };
}

export function tokenOf({ token, version }: Pick<ExistingEntry, 'token' | 'version'>): bigint {
  return token ?? casOfVersion(version);
}

export function hasMark(found: Pick<ExistingEntry, 'marks'>, mark: keyof typeof MARKS): boolean {
  return (found.marks & MARKS[mark]) !== 0;
}

/** The entry as it is, under a new version: what is not a new value keeps its token. */
export function unchanged(found: ExistingEntry): SetChange {
  const { flags, expiresAtMs, marks, value } = found;
  return { kind: 'set', flags, expiresAtMs, marks, value, token: tokenOf(found) };
}
