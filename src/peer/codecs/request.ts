import { type ByteReader, type ByteWriter, FrameError } from '../../base/byte-writer.ts';
import { numbering } from '../../base/numbering.ts';
import type {
  ArithmeticRequest,
  ConditionalRequest,
  DeleteRequest,
  GetAndTouchOne,
  ReadItemRequest,
  StorageRequest,
  StorageVerb,
  TokenOptions,
  TouchRequest,
} from '../../protocol/request.ts';
import { wordOf } from './fields.ts';

/**
 * A client's request in bytes, for another controller that carries it out. The bytes are independent of the protocol in
 * which the client asked: what concerns the client's connection alone (`wire`, `session`, `noreply`) stays with the
 * controller that was asked, and so does the way in which the reply is written.
 */

const KINDS = numbering<ConditionalRequest['kind']>({
  storage: 0,
  arithmetic: 1,
  touch: 2,
  delete: 3,
  read_item: 4,
  'gat-one': 5,
});

const VERBS = numbering<StorageVerb>({ set: 0, add: 1, replace: 2, append: 3, prepend: 4, cas: 5 });

const ARITHMETIC_VERBS = numbering<ArithmeticRequest['verb']>({ incr: 0, decr: 1 });

export function writeRequest(w: ByteWriter, request: ConditionalRequest): void {
  w.u8(KINDS.numberOf[request.kind]);
  w.text(request.key);
  switch (request.kind) {
    case 'storage':
      return writeStorage(w, request);
    case 'arithmetic':
      return writeArithmetic(w, request);
    case 'touch':
    case 'gat-one':
      return writeSeconds(w, request.exptime);
    case 'delete':
      return writeDelete(w, request);
    case 'read_item':
      return writeReadItem(w, request);
  }
}

/** @throws FrameError when the bytes are no request */
export function readRequest(r: ByteReader): ConditionalRequest {
  const kind = wordOf(KINDS, r.u8());
  const key = r.text();
  switch (kind) {
    case 'storage':
      return readStorage(r, key);
    case 'arithmetic':
      return readArithmetic(r, key);
    case 'touch':
      return { kind, key, exptime: secondsIn(r), noreply: false } satisfies TouchRequest;
    case 'gat-one':
      return { kind, key, exptime: secondsIn(r) } satisfies GetAndTouchOne;
    case 'delete':
      return readDelete(r, key);
    case 'read_item':
      return readReadItem(r, key);
  }
}

/** A request takes at least so many bytes. */
export const REQUEST_BYTES_MIN = 1 + 4 + 1;

const INVALIDATES = 1;
const DROPS_VALUE = 2;
const COUNTS_AS_READ = 1;
const ONLY_LOOKS = 2;

function writeStorage(w: ByteWriter, request: StorageRequest): void {
  w.u8(VERBS.numberOf[request.verb]);
  writeTokens(w, request);
  w.u8(request.invalidate ? INVALIDATES : 0);
  w.u32(request.flags);
  writeSeconds(w, request.exptime);
  writeSeconds(w, request.vivify);
  w.bytes(request.value);
}

function readStorage(r: ByteReader, key: string): StorageRequest {
  const verb = wordOf(VERBS, r.u8());
  const { compare, newToken, wantsToken } = readTokens(r);
  const invalidate = (bitsIn(r, INVALIDATES) & INVALIDATES) !== 0;
  const flags = r.u32();
  const exptime = secondsIn(r);
  const vivify = readSeconds(r);
  const value = r.bytes();
  const of = { verb, key, flags, exptime, value, compare, newToken, wantsToken, invalidate, vivify };
  return { kind: 'storage', ...of, noreply: false };
}

function writeArithmetic(w: ByteWriter, request: ArithmeticRequest): void {
  w.u8(ARITHMETIC_VERBS.numberOf[request.verb]);
  writeTokens(w, request);
  w.u64(request.delta);
  writeSeconds(w, request.touch);
  writeSeconds(w, request.initial === null ? null : request.initial.exptime);
  if (request.initial !== null) w.u64(request.initial.value);
}

function readArithmetic(r: ByteReader, key: string): ArithmeticRequest {
  const verb = wordOf(ARITHMETIC_VERBS, r.u8());
  const tokens = readTokens(r);
  const delta = r.u64();
  const touch = readSeconds(r);
  const exptime = readSeconds(r);
  const initial = exptime === null ? null : { value: r.u64(), exptime };
  return { ...tokens, kind: 'arithmetic', verb, key, delta, initial, touch, noreply: false };
}

function writeDelete(w: ByteWriter, request: DeleteRequest): void {
  writeTokens(w, request);
  w.u8((request.invalidate ? INVALIDATES : 0) | (request.dropValue ? DROPS_VALUE : 0));
  writeSeconds(w, request.touch);
}

function readDelete(r: ByteReader, key: string): DeleteRequest {
  const tokens = readTokens(r);
  const bits = bitsIn(r, INVALIDATES | DROPS_VALUE);
  const invalidate = (bits & INVALIDATES) !== 0;
  const dropValue = (bits & DROPS_VALUE) !== 0;
  return { ...tokens, kind: 'delete', key, invalidate, dropValue, touch: readSeconds(r), noreply: false };
}

function writeReadItem(w: ByteWriter, request: ReadItemRequest): void {
  w.u8((request.countsAsRead ? COUNTS_AS_READ : 0) | (request.onlyLooks === true ? ONLY_LOOKS : 0));
  writeSeconds(w, request.touch);
  writeSeconds(w, request.vivify);
  writeSeconds(w, request.recacheBelow);
}

function readReadItem(r: ByteReader, key: string): ReadItemRequest {
  const bits = bitsIn(r, COUNTS_AS_READ | ONLY_LOOKS);
  const touch = readSeconds(r);
  const vivify = readSeconds(r);
  const recacheBelow = readSeconds(r);
  const countsAsRead = (bits & COUNTS_AS_READ) !== 0;
  const request = { kind: 'read_item', key, touch, vivify, recacheBelow, countsAsRead } as const;
  return (bits & ONLY_LOOKS) === 0 ? request : { ...request, onlyLooks: true };
}

const HAS_COMPARE = 1;
const HAS_NEW_TOKEN = 2;
const WANTS_TOKEN = 4;

function writeTokens(w: ByteWriter, { compare, newToken, wantsToken }: TokenOptions): void {
  const has = (compare === null ? 0 : HAS_COMPARE) | (newToken === null ? 0 : HAS_NEW_TOKEN);
  w.u8(has | (wantsToken ? WANTS_TOKEN : 0));
  if (compare !== null) w.u64(compare);
  if (newToken !== null) w.u64(newToken);
}

function readTokens(r: ByteReader): TokenOptions {
  const bits = bitsIn(r, HAS_COMPARE | HAS_NEW_TOKEN | WANTS_TOKEN);
  const compare = bits & HAS_COMPARE ? r.u64() : null;
  const newToken = bits & HAS_NEW_TOKEN ? r.u64() : null;
  return { compare, newToken, wantsToken: (bits & WANTS_TOKEN) !== 0 };
}

/** How a number of seconds is written: the number itself follows the second and the third of these. */
const SECONDS = { none: 0, positive: 1, negative: 2, infinite: 3 } as const;

/** Writes a number of seconds as a client sends it: null, a whole number of either sign, or `Infinity`. */
export function writeSeconds(w: ByteWriter, seconds: number | null): void {
  if (seconds === null) return w.u8(SECONDS.none);
  if (seconds === Number.POSITIVE_INFINITY) return w.u8(SECONDS.infinite);
  w.u8(seconds < 0 ? SECONDS.negative : SECONDS.positive);
  w.u53(Math.abs(seconds));
}

function readSeconds(r: ByteReader): number | null {
  const form = r.u8();
  switch (form) {
    case SECONDS.none:
      return null;
    case SECONDS.infinite:
      return Number.POSITIVE_INFINITY;
    case SECONDS.positive:
      return r.u53();
    case SECONDS.negative:
      return 0 - r.u53();
    default:
      throw new FrameError(`${form} is no form of a number of seconds`);
  }
}

export function secondsIn(r: ByteReader): number {
  const seconds = readSeconds(r);
  if (seconds === null) throw new FrameError('a request lacks its number of seconds');
  return seconds;
}

/** @throws FrameError when a bit is set that has no meaning */
export function bitsIn(r: ByteReader, known: number): number {
  const bits = r.u8();
  if ((bits & ~known) !== 0) throw new FrameError(`the bits ${bits} have no meaning`);
  return bits;
}
