import { crc32 } from 'node:zlib';
import type { VersionTime } from '../base/number-kinds.ts';
import { numbering } from '../base/numbering.ts';
import {
  baseOf,
  type Effect,
  type EffectKind,
  isOfKey,
  type KeyEffect,
  type SetEffect,
} from '../ordering/effect.ts';
import { NODES_MAX, type Version } from '../ordering/version.ts';
import type { Marks } from './journal.ts';
import { DamageError } from './journal-error.ts';

/**
 * What the log on disk consists of. In their order, the entries tell again all that was done to a journal: what
 * came of it, never what was tried, since a base may know already what was forgotten later.
 *
 *     write    a completed write, with its value
 *     hold     a request that was received and waits for its place in the order, with its value
 *     apply    the request that was held under this version is now a completed write
 *     release  the request that was held under this version will not be one
 *     revert   a write was taken back; the key's record is the previous one again, or none
 *     forget   the record of this version is not needed any more
 *     marks    how far the ordered engine has applied, and what is known of every origin
 *     value    a completed write that is there already, now with its value
 *     forgotten  per origin, up to where deletions may have been forgotten that a peer does not know of
 *     end      the last entry of a base file, with the number of entries before it, and of the batch after it
 */
export type LogEntry =
  | { readonly type: 'write' | 'hold'; readonly effect: Effect }
  | { readonly type: 'value'; readonly effect: SetEffect }
  | { readonly type: 'apply' | 'release'; readonly version: Version }
  | {
      readonly type: 'revert';
      readonly failed: Version;
      readonly key: string;
      readonly to: RevertTarget | null;
    }
  | { readonly type: 'forget'; readonly version: Version; readonly key: string }
  | MarksEntry
  | { readonly type: 'forgotten'; readonly times: readonly VersionTime[] }
  | { readonly type: 'end'; readonly entries: number; readonly nextBatch: number };

export interface MarksEntry extends Marks {
  readonly type: 'marks';
  /** The largest version time that was ever in the log. */
  readonly newestTime: VersionTime;
}

/** A record that a revert brings back: its fields, and where in the log its write is. */
export interface RevertTarget extends LogPosition {
  readonly effect: KeyEffect;
}

/** Where an entry begins: the number of its file, and the byte in it. */
export interface LogPosition {
  readonly file: number;
  readonly at: number;
}

/**
 * An entry's bytes; numbers are big-endian, times are doubles, which hold every safe integer.
 *
 *     0…3   checksum   CRC-32 of the rest
 *     4…7   length     of the whole entry
 *     8     type       a number of `TYPES`
 *     9…    body
 */
const LENGTH_AT = 4;
const TYPE_AT = 8;
const BODY_AT = 9;

const TYPES = numbering<LogEntry['type']>({
  write: 0,
  hold: 1,
  apply: 2,
  release: 3,
  revert: 4,
  forget: 5,
  marks: 6,
  end: 7,
  value: 8,
  forgotten: 9,
});

const EFFECTS = numbering<EffectKind>({ set: 0, delete: 1, flush: 2, 'flush-later': 3, 'flush-due': 4 });

/** Bytes from which an entry's length can be read. */
export const ENTRY_BYTES_MIN = BODY_AT;

const VERSION_BYTES = 9;
const PLACE_BYTES = 12;
/** kind, presence, marks, key length, version, flags, expiry. */
const EFFECT_BYTES = 4 + VERSION_BYTES + 4 + 8;
const HAS_BASE = 1;
const HAS_TOKEN = 2;
const HAS_VALUE = 4;

/** The most bytes that this entry can take. */
export function entryBytesMax(entry: LogEntry): number {
  switch (entry.type) {
    case 'write':
    case 'hold':
    case 'value':
      return BODY_AT + effectBytesMax(entry.effect);
    case 'revert': {
      const restored = entry.to === null ? 0 : PLACE_BYTES + effectBytesMax(entry.to.effect);
      return BODY_AT + VERSION_BYTES + 2 + entry.key.length + restored;
    }
    case 'forget':
      return BODY_AT + VERSION_BYTES + 1 + entry.key.length;
    case 'marks':
      return BODY_AT + VERSION_BYTES + 8 + timesBytes(entry.known);
    case 'forgotten':
      return BODY_AT + timesBytes(entry.times);
    case 'end':
      return BODY_AT + 16;
    case 'apply':
    case 'release':
      return BODY_AT + VERSION_BYTES;
  }
}

function timesBytes(times: readonly VersionTime[]): number {
  return 2 + times.length * 8;
}

function effectBytesMax(effect: Effect): number {
  const fixed = EFFECT_BYTES + VERSION_BYTES + 8;
  if (!isOfKey(effect)) return fixed;
  const value = effect.kind === 'set' && effect.value !== null ? effect.value.length : 0;
  return fixed + effect.key.length + value;
}

/** @param into has `entryBytesMax` bytes from there on @returns where the entry ends */
export function writeEntry(entry: LogEntry, into: Buffer, start: number): number {
  into[start + TYPE_AT] = TYPES.numberOf[entry.type];
  const end = writeBody(entry, into, start + BODY_AT);
  into.writeUInt32BE(end - start, start + LENGTH_AT);
  into.writeUInt32BE(crc32(into.subarray(start + LENGTH_AT, end)), start);
  return end;
}

function writeBody(entry: LogEntry, into: Buffer, at: number): number {
  switch (entry.type) {
    case 'write':
    case 'hold':
    case 'value':
      return writeEffect(entry.effect, into, at);
    case 'apply':
    case 'release':
      return writeVersion(entry.version, into, at);
    case 'revert': {
      const next = writeKey(entry.key, into, writeVersion(entry.failed, into, at));
      into[next] = entry.to === null ? 0 : 1;
      if (entry.to === null) return next + 1;
      const { file, at: place, effect } = entry.to;
      return writeEffect(effect, into, into.writeDoubleBE(place, into.writeUInt32BE(file, next + 1)));
    }
    case 'forget':
      return writeKey(entry.key, into, writeVersion(entry.version, into, at));
    case 'marks':
      return writeTimes(
        entry.known,
        into,
        into.writeDoubleBE(entry.newestTime, writeVersion(entry.applied, into, at)),
      );
    case 'forgotten':
      return writeTimes(entry.times, into, at);
    case 'end':
      return into.writeDoubleBE(entry.nextBatch, into.writeDoubleBE(entry.entries, at));
  }
}

function writeTimes(times: readonly VersionTime[], into: Buffer, at: number): number {
  let next = into.writeUInt16BE(times.length, at);
  for (const time of times) next = into.writeDoubleBE(time, next);
  return next;
}

function writeVersion({ time, node }: Version, into: Buffer, at: number): number {
  return into.writeUInt8(node, into.writeDoubleBE(time, at));
}

/** Keys are Latin-1 and at most 250 bytes, so one byte holds the length. */
function writeKey(key: string, into: Buffer, at: number): number {
  const next = into.writeUInt8(key.length, at);
  return next + into.write(key, next, 'latin1');
}

/** Every kind has the same fields on disk; those that the effect has not are zero. */
function writeEffect(effect: Effect, into: Buffer, at: number): number {
  into[at] = EFFECTS.numberOf[effect.kind];
  if (effect.kind === 'set') return writeSet(effect, into, at);
  const base = baseOf(effect);
  into[at + 1] = base === null ? 0 : HAS_BASE;
  into[at + 2] = 0;
  let next = writeVersion(effect.version, into, at + 3);
  next = into.writeUInt32BE(0, next);
  next = into.writeDoubleBE('atMs' in effect ? effect.atMs : 0, next);
  if (base !== null) next = writeVersion(base, into, next);
  return writeKey(effect.kind === 'delete' ? effect.key : '', into, next);
}

function writeSet(effect: SetEffect, into: Buffer, at: number): number {
  const { base, token, value } = effect;
  into[at + 1] =
    (base === null ? 0 : HAS_BASE) | (token === null ? 0 : HAS_TOKEN) | (value === null ? 0 : HAS_VALUE);
  into[at + 2] = effect.marks;
  let next = writeVersion(effect.version, into, at + 3);
  next = into.writeUInt32BE(effect.flags, next);
  next = into.writeDoubleBE(effect.expiresAtMs, next);
  if (base !== null) next = writeVersion(base, into, next);
  if (token !== null) next = into.writeBigUInt64BE(token, next);
  next = writeKey(effect.key, into, next);
  if (value !== null) next += value.copy(into, next);
  return next;
}

/** @param bytes begin with an entry @returns its length, as it says itself: not verified */
export function entryLength(bytes: Buffer, start: number): number {
  return bytes.readUInt32BE(start + LENGTH_AT);
}

/**
 * @param bytes exactly one entry; a value in it becomes a view of them
 * @throws DamageError
 */
export function readEntry(bytes: Buffer): LogEntry {
  if (bytes.length < BODY_AT || entryLength(bytes, 0) !== bytes.length)
    throw new DamageError('an entry has another length than it says');
  if (bytes.readUInt32BE(0) !== crc32(bytes.subarray(LENGTH_AT)))
    throw new DamageError('an entry does not match its checksum');
  const reader = new EntryReader(bytes);
  const type = TYPES.words[bytes[TYPE_AT]!];
  switch (type) {
    case 'write':
    case 'hold':
      return { type, effect: reader.effect() };
    case 'value': {
      const effect = reader.effect();
      if (effect.kind !== 'set') throw new DamageError(`an entry holds the value of a ${effect.kind}`);
      return { type, effect };
    }
    case 'apply':
    case 'release':
      return { type, version: reader.version() };
    case 'revert': {
      const failed = reader.version();
      const key = reader.key();
      const to =
        reader.u8() === 0 ? null : { file: reader.u32(), at: reader.double(), effect: reader.keyEffect() };
      return { type, failed, key, to };
    }
    case 'forget':
      return { type, version: reader.version(), key: reader.key() };
    case 'marks': {
      const applied = reader.version();
      return { type, applied, newestTime: reader.double(), known: reader.times() };
    }
    case 'forgotten':
      return { type, times: reader.times() };
    case 'end':
      return { type, entries: reader.double(), nextBatch: reader.double() };
    case undefined:
      throw new DamageError(`an entry is of the unknown type ${bytes[TYPE_AT]}`);
  }
}

/** Reads a body whose checksum is right: what does not fit then was written by something else. */
class EntryReader {
  readonly #bytes: Buffer;
  #at = BODY_AT;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  version(): Version {
    return { time: this.double(), node: this.u8() };
  }

  key(): string {
    const length = this.u8();
    const start = this.#take(length);
    return this.#bytes.toString('latin1', start, start + length);
  }

  times(): VersionTime[] {
    const count = this.#bytes.readUInt16BE(this.#take(2));
    if (count > NODES_MAX) throw new DamageError(`an entry names ${count} controllers`);
    return Array.from({ length: count }, () => this.double());
  }

  effect(): Effect {
    const kind = EFFECTS.words[this.u8()];
    if (kind === undefined) throw new DamageError('an entry holds an unknown kind of write');
    const bits = this.u8();
    const marks = this.u8();
    const version = this.version();
    const flags = this.u32();
    const expiresAtMs = this.double();
    const base = bits & HAS_BASE ? this.version() : null;
    const token = bits & HAS_TOKEN ? this.#bytes.readBigUInt64BE(this.#take(8)) : null;
    const key = this.key();
    const value = bits & HAS_VALUE ? this.#bytes.subarray(this.#at) : null;
    switch (kind) {
      case 'set':
        return { kind, version, key, base, flags, expiresAtMs, token, marks, value };
      case 'delete':
        return { kind, version, key, base };
      case 'flush':
        return { kind, version };
      case 'flush-later':
        return { kind, version, atMs: expiresAtMs };
      case 'flush-due':
        return { kind, version, atMs: expiresAtMs };
    }
  }

  keyEffect(): KeyEffect {
    const effect = this.effect();
    if (!isOfKey(effect)) throw new DamageError(`an entry holds the record of a ${effect.kind}`);
    return effect;
  }

  #take(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    if (this.#at > this.#bytes.length) throw new DamageError('an entry ends early');
    return at;
  }
}
