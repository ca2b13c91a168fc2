import { type ByteReader, type ByteWriter, FrameError } from '../../base/byte-writer.ts';
import { type ErrorCode, isErrorCode } from '../../base/error-codes.ts';
import { numbering } from '../../base/numbering.ts';
import type { EntryReply, Item, Outcome } from '../../protocol/reply.ts';
import { isReasonText, reasonTextOf } from '../reason-text.ts';
import { wordOf } from './fields.ts';
import { bitsIn } from './request.ts';

/** The reply to a request that another controller has carried out, in bytes: see `writeRequest`. */

const KINDS = numbering<EntryReply['kind']>({
  outcome: 0,
  number: 1,
  item: 2,
  client_error: 3,
  server_error: 4,
});

const OUTCOMES = numbering<Outcome>({
  stored: 0,
  not_stored: 1,
  exists: 2,
  not_found: 3,
  deleted: 4,
  touched: 5,
  ok: 6,
});

type OutcomeReply = Extract<EntryReply, { kind: 'outcome' }>;
type NumberReply = Extract<EntryReply, { kind: 'number' }>;

/** @param known a value that the other end has already: it is not written again */
export function writeReply(w: ByteWriter, reply: EntryReply, known: Buffer | null): void {
  w.u8(KINDS.numberOf[reply.kind]);
  switch (reply.kind) {
    case 'outcome':
      return writeOutcome(w, reply);
    case 'number':
      return writeNumber(w, reply);
    case 'item':
      return writeItem(w, reply.item, known);
    case 'client_error':
      w.text(reply.code ?? '');
      return w.text(reasonTextOf(reply.reason));
    case 'server_error':
      w.text(reply.code);
      return w.text(reasonTextOf(reply.reason));
  }
}

/** @param known as for `writeReply` @throws FrameError when the bytes are no reply */
export function readReply(r: ByteReader, known: Buffer | null): EntryReply {
  const kind = wordOf(KINDS, r.u8());
  switch (kind) {
    case 'outcome':
      return readOutcome(r);
    case 'number':
      return readNumber(r);
    case 'item':
      return { kind, item: readItem(r, known) };
    case 'client_error': {
      const code = r.text();
      const reason = reasonIn(r);
      return code === '' ? { kind, reason } : { kind, code: codeOf(code), reason };
    }
    case 'server_error':
      return { kind, code: codeOf(r.text()), reason: reasonIn(r) };
  }
}

const HAS_TOKEN = 1;
const HAS_VALUE_BYTES = 2;

function writeOutcome(w: ByteWriter, { outcome, cas, valueBytes }: OutcomeReply): void {
  w.u8(OUTCOMES.numberOf[outcome]);
  w.u8((cas === undefined ? 0 : HAS_TOKEN) | (valueBytes === undefined ? 0 : HAS_VALUE_BYTES));
  if (cas !== undefined) w.u64(cas);
  if (valueBytes !== undefined) w.u53(valueBytes);
}

function readOutcome(r: ByteReader): OutcomeReply {
  const outcome = wordOf(OUTCOMES, r.u8());
  const bits = bitsIn(r, HAS_TOKEN | HAS_VALUE_BYTES);
  const cas = bits & HAS_TOKEN ? { cas: r.u64() } : {};
  const valueBytes = bits & HAS_VALUE_BYTES ? { valueBytes: r.u53() } : {};
  return { kind: 'outcome', outcome, ...cas, ...valueBytes };
}

function writeNumber(w: ByteWriter, { value, cas, ttl, ttlBefore, atMs }: NumberReply): void {
  w.u64(value);
  w.u64(cas);
  writeTtl(w, ttl);
  writeTtl(w, ttlBefore);
  w.u53(atMs);
}

function readNumber(r: ByteReader): NumberReply {
  const value = r.u64();
  const cas = r.u64();
  return { kind: 'number', value, cas, ttl: ttlIn(r), ttlBefore: readTtl(r), atMs: r.u53() };
}

const HIT_BEFORE = 1;
const STALE = 2;
const TAKEN = 4;
const WON = 8;
const HAS_KNOWN_VALUE = 16;

function writeItem(w: ByteWriter, item: Item, known: Buffer | null): void {
  const { key, flags, value, cas, ttl, ttlBefore, atMs, hitBefore, idleSeconds, stale, taken, won } = item;
  const isKnown = known !== null && value === known;
  w.u8(
    (hitBefore ? HIT_BEFORE : 0) |
      (stale ? STALE : 0) |
      (taken ? TAKEN : 0) |
      (won ? WON : 0) |
      (isKnown ? HAS_KNOWN_VALUE : 0),
  );
  w.text(key);
  w.u32(flags);
  w.u64(cas);
  writeTtl(w, ttl);
  writeTtl(w, ttlBefore);
  w.u53(atMs);
  w.u53(idleSeconds);
  if (!isKnown) w.bytes(value);
}

function readItem(r: ByteReader, known: Buffer | null): Item {
  const bits = bitsIn(r, HIT_BEFORE | STALE | TAKEN | WON | HAS_KNOWN_VALUE);
  const key = r.text();
  const flags = r.u32();
  const cas = r.u64();
  const ttl = ttlIn(r);
  const ttlBefore = readTtl(r);
  const atMs = r.u53();
  const idleSeconds = r.u53();
  const value = bits & HAS_KNOWN_VALUE ? known : r.bytes();
  if (value === null) throw new FrameError('a reply refers to a value that is not there');
  return {
    key,
    flags,
    value,
    cas,
    ttl,
    ttlBefore,
    atMs,
    hitBefore: (bits & HIT_BEFORE) !== 0,
    idleSeconds,
    stale: (bits & STALE) !== 0,
    taken: (bits & TAKEN) !== 0,
    won: (bits & WON) !== 0,
  };
}

/** How the time to live is written: a number of seconds follows the last of these. */
const TTL = { none: 0, never: 1, seconds: 2 } as const;

/** Writes seconds until an expiry: null where there is no such entry, -1 for never. */
function writeTtl(w: ByteWriter, ttl: number | null): void {
  if (ttl === null) return w.u8(TTL.none);
  if (ttl < 0) return w.u8(TTL.never);
  w.u8(TTL.seconds);
  w.u53(ttl);
}

function readTtl(r: ByteReader): number | null {
  const form = r.u8();
  if (form === TTL.none) return null;
  if (form === TTL.never) return -1;
  if (form !== TTL.seconds) throw new FrameError(`${form} is no form of a time to live`);
  return r.u53();
}

function ttlIn(r: ByteReader): number {
  const ttl = readTtl(r);
  if (ttl === null) throw new FrameError('a reply lacks a time to live');
  return ttl;
}

/** The reason is shown to a client as it is. */
function reasonIn(r: ByteReader): string {
  const reason = r.text();
  if (!isReasonText(reason)) throw new FrameError('the reason of a reply is no text');
  return reason;
}

function codeOf(text: string): ErrorCode {
  if (!isErrorCode(text)) throw new FrameError('a reply has an error code that is not known');
  return text;
}
