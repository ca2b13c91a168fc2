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

/** The part of `gat` and `gats` that concerns one key. */
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
}

/** The change that is proposed for the key. */
export type Change = SetChange | DeleteChange;

export type SetChange = Omit<SetEffect, 'version' | 'key' | 'condition'>;
type DeleteChange = Omit<DeleteEffect, 'version' | 'key' | 'condition'>;

/** The result of an evaluation: the change to propose, and the reply that holds once the change has been applied. */
export interface Evaluation {
  readonly change: Change | null;
  /** The change makes a new item in memcached's sense, though its command overwrites an item in place. */
  readonly isNewItem?: boolean;
  /** @param version the version that the change was given; without meaning where nothing is changed */
  readonly reply: (version: Version) => Reply;
}

export interface DecideContext {
  /** Cluster time, milliseconds since 1970. */
  readonly nowMs: WallMs;
  readonly itemBytesMax: number;
}

/** The evaluation of a request that changes nothing. */
export function answer(reply: Reply): Evaluation {
  return { change: null, reply: () => reply };
}

export function tokenOf({ token, version }: Pick<ExistingEntry, 'token' | 'version'>): bigint {
  return token ?? casOfVersion(version);
}

export function hasMark(found: Pick<ExistingEntry, 'marks'>, mark: keyof typeof MARKS): boolean {
  return (found.marks & MARKS[mark]) !== 0;
}

/** The entry as it is, under a new version. It keeps its token, because its value is not a new one. */
export function unchanged(found: ExistingEntry): SetChange {
  const { flags, expiresAtMs, marks, value } = found;
  return { kind: 'set', flags, expiresAtMs, marks, value, token: tokenOf(found) };
}
