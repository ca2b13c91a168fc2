import {
  type ArithmeticRequest,
  type DeleteRequest,
  NO_TOKEN_OPTIONS,
  type ReadItemRequest,
  type StorageRequest,
  type StorageVerb,
} from './request.ts';

/** Requests as the commands of the text protocol make them, without the options of the other protocols. */

export function storageRequest(
  verb: StorageVerb,
  key: string,
  flags: number,
  exptime: number,
  value: Buffer,
  compare: bigint | null = null,
  noreply = false,
): StorageRequest {
  return {
    kind: 'storage',
    verb,
    key,
    flags,
    exptime,
    value,
    compare,
    newToken: null,
    wantsToken: false,
    invalidate: false,
    vivify: null,
    noreply,
  };
}

export function arithmeticRequest(
  verb: 'incr' | 'decr',
  key: string,
  delta: bigint,
  noreply = false,
): ArithmeticRequest {
  return { ...NO_TOKEN_OPTIONS, kind: 'arithmetic', verb, key, delta, initial: null, touch: null, noreply };
}

export function deleteRequest(key: string, noreply = false): DeleteRequest {
  return {
    ...NO_TOKEN_OPTIONS,
    kind: 'delete',
    key,
    invalidate: false,
    dropValue: false,
    touch: null,
    noreply,
  };
}

/** A request that reads an entry with everything that is known of it, and changes nothing. */
export function readItemRequest(key: string): ReadItemRequest {
  return { kind: 'read_item', key, touch: null, vivify: null, recacheBelow: null, countsAsRead: true };
}
