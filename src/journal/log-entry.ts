import { crc32 } from 'node:zlib';
import { InvariantError } from '../base/invariant-error.ts';
import { IDS_END, type VersionTime } from '../base/number-kinds.ts';
import { numbering } from '../base/numbering.ts';
import {
  bytesOf,
  type Condition,
  type Effect,
  isOfKey,
  type JoinEffect,
  type KeyEffect,
  type SetEffect,
} from '../ordering/effect.ts';
import type { Stretch } from '../ordering/stretches.ts';
import type { Version } from '../ordering/version.ts';
import { crc32Combine } from './crc32-combine.ts';
import type { AttachedRecord, Watermarks } from './journal.ts';
import { DamageError } from './journal-error.ts';
import {
  EFFECTS,
  effectBytesMax,
  HAS_CONDITION,
  HAS_TOKEN,
  HAS_VALUE,
  idOfTime,
  readTime,
  SIDES,
  VERSION_BYTES,
  writeEffect,
  writeEffectFields,
  writeKey,
  writeTimeFor,
  writeVersion,
} from './log-effect.ts';

/**
 * The entries of the log on disk. In their order they tell everything that was done to a journal: what became of
 * each step, never what was tried, because a base may already contain the effect of a later step.
 *
 *     write       a completed write, with its value
 *     stage       a request that was received and waits for its place in the order, with its value
 *     apply       the staged request with this version is now a completed write
 *     discard     the staged request with this version will not be one
 *     revert      a write was taken back; the key's record is the previous one again, or none
 *     forget      the record with this version is not needed any more
 *     watermarks  the version up to which all is applied, and the version vector
 *     value       the value of a completed write that came without it
 *     forgotten   per origin, the time up to which deletions may have been forgotten that a peer does not know of
 *     attached    what the write of this version depends on that its origin did not show when it made the write
 *     incomplete  what has to be known before anything is served, since a part of it is recorded; empty for nothing
 *     end         the last entry of a base, with the number of entries before it and of the batch after it
 */
export type LogEntry =
  | { readonly type: 'write' | 'stage'; readonly effect: Effect }
  | { readonly type: 'value'; readonly effect: SetEffect }
  | { readonly type: 'apply' | 'discard'; readonly version: Version }
  | {
      readonly type: 'revert';
      readonly failed: Version;
      readonly key: string;
      readonly to: RevertTarget | null;
    }
  | { readonly type: 'forget'; readonly version: Version; readonly key: string }
  | WatermarksEntry
  | { readonly type: 'forgotten'; readonly times: readonly VersionTime[] }
  | ({ readonly type: 'attached' } & AttachedRecord)
  | { readonly type: 'incomplete'; readonly needs: readonly Stretch[] }
  | { readonly type: 'end'; readonly entries: number; readonly nextBatch: number };

export interface WatermarksEntry extends Watermarks {
  readonly type: 'watermarks';
  /** The largest version time that was ever in the log. */
  readonly newestTime: VersionTime;
}

/** The record that a revert brings back: its write, and the position of that in the log. */
export interface RevertTarget extends LogPosition {
  readonly effect: KeyEffect;
}

/** The beginning of an entry: the number of its file, and the byte in it. */
export interface LogPosition {
  readonly file: number;
  readonly at: number;
}

/**
 * The bytes of an entry. Numbers are big-endian; times are doubles, which represent every safe integer.
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
  stage: 1,
  apply: 2,
  discard: 3,
  revert: 4,
  forget: 5,
  watermarks: 6,
  end: 7,
  value: 8,
  forgotten: 9,
  attached: 10,
  incomplete: 11,
});

/** Origin, and two times. */
const STRETCH_BYTES = 1 + 8 + 8;

/** So many bytes of an entry are enough to read its length. */
export const ENTRY_BYTES_MIN = BODY_AT;

const PLACE_BYTES = 12;
/** The most bytes that the entry can take. */
export function entryBytesMax(entry: LogEntry): number {
  switch (entry.type) {
    case 'write':
    case 'stage':
    case 'value':
      return BODY_AT + effectBytesMax(entry.effect);
    case 'revert': {
      const restored = entry.to === null ? 0 : PLACE_BYTES + effectBytesMax(entry.to.effect);
      return BODY_AT + VERSION_BYTES + 2 + entry.key.length + restored;
    }
    case 'forget':
      return BODY_AT + VERSION_BYTES + 1 + entry.key.length;
    case 'watermarks':
      return BODY_AT + VERSION_BYTES + 8 + timesBytes(entry.known);
    case 'forgotten':
      return BODY_AT + timesBytes(entry.times);
    case 'attached':
      return BODY_AT + VERSION_BYTES + 1 + entry.key.length + needsBytes(entry.needs);
    case 'incomplete':
      return BODY_AT + needsBytes(entry.needs);
    case 'end':
      return BODY_AT + 16;
    case 'apply':
    case 'discard':
      return BODY_AT + VERSION_BYTES;
  }
}

function timesBytes(times: readonly VersionTime[]): number {
  return 2 + times.length * 8;
}

/** @param into has room for `entryBytesMax` bytes from `start` on @returns the end of the entry */
export function writeEntry(entry: LogEntry, into: Buffer, start: number): number {
  into[start + TYPE_AT] = TYPES.numberOf[entry.type];
  const end = writeBody(entry, into, start + BODY_AT);
  into.writeUInt32BE(end - start, start + LENGTH_AT);
  into.writeUInt32BE(crc32(into.subarray(start + LENGTH_AT, end)), start);
  return end;
}

/** The bytes that end an entry, where it ends with the bytes of a value. */
export function lastBytesOf(entry: LogEntry): Buffer | null {
  return isOfEffect(entry) ? bytesOf(entry.effect) : null;
}

/** Bytes that stand somewhere else. */
export interface BytesElsewhere {
  readonly length: number;
  /** Their CRC-32. */
  readonly checksum: number;
}

/**
 * Like `writeEntry`, but for the bytes that end the entry.
 *
 * @param last these bytes, which have to follow
 */
export function writeEntryBefore(entry: LogEntry, last: BytesElsewhere, into: Buffer, start: number): number {
  if (!isOfEffect(entry)) throw new InvariantError(`an entry ${entry.type} does not end with a value`);
  into[start + TYPE_AT] = TYPES.numberOf[entry.type];
  const end = writeEffectFields(entry.effect, into, start + BODY_AT);
  into.writeUInt32BE(end - start + last.length, start + LENGTH_AT);
  const before = crc32(into.subarray(start + LENGTH_AT, end));
  into.writeUInt32BE(crc32Combine(before, last.checksum, last.length), start);
  return end;
}

function isOfEffect(entry: LogEntry): entry is Extract<LogEntry, { readonly effect: Effect }> {
  return entry.type === 'write' || entry.type === 'stage' || entry.type === 'value';
}

function writeBody(entry: LogEntry, into: Buffer, at: number): number {
  switch (entry.type) {
    case 'write':
    case 'stage':
    case 'value':
      return writeEffect(entry.effect, into, at);
    case 'apply':
    case 'discard':
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
    case 'watermarks':
      return writeTimes(
        entry.known,
        into,
        into.writeDoubleBE(entry.newestTime, writeVersion(entry.applied, into, at)),
      );
    case 'forgotten':
      return writeTimes(entry.times, into, at);
    case 'attached':
      return writeNeeds(entry.needs, into, writeKey(entry.key, into, writeVersion(entry.version, into, at)));
    case 'incomplete':
      return writeNeeds(entry.needs, into, at);
    case 'end':
      return into.writeDoubleBE(entry.nextBatch, into.writeDoubleBE(entry.entries, at));
  }
}

function writeTimes(times: readonly VersionTime[], into: Buffer, at: number): number {
  let next = into.writeUInt16BE(times.length, at);
  for (const time of times) next = into.writeDoubleBE(time, next);
  return next;
}

function needsBytes(needs: readonly Stretch[]): number {
  return 2 + needs.length * STRETCH_BYTES;
}

function writeNeeds(needs: readonly Stretch[], into: Buffer, at: number): number {
  let next = into.writeUInt16BE(needs.length, at);
  for (const { origin, from, to } of needs)
    next = into.writeDoubleBE(to, writeTimeFor(origin, from, into, into.writeUInt8(origin & 0xff, next)));
  return next;
}

/** @param bytes have an entry at `start` @returns the length that it states, which is not verified */
export function entryLength(bytes: Buffer, start: number): number {
  return bytes.readUInt32BE(start + LENGTH_AT);
}

/**
 * @param bytes exactly one entry; the value in the result is a view of them
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
    case 'stage':
      return { type, effect: reader.effect() };
    case 'value': {
      const effect = reader.effect();
      if (effect.kind !== 'set') throw new DamageError(`an entry holds the value of a ${effect.kind}`);
      return { type, effect };
    }
    case 'apply':
    case 'discard':
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
    case 'watermarks': {
      const applied = reader.version();
      return { type, applied, newestTime: reader.double(), known: reader.times() };
    }
    case 'forgotten':
      return { type, times: reader.times() };
    case 'attached': {
      const version = reader.version();
      return { type, version, key: reader.key(), needs: reader.needs() };
    }
    case 'incomplete':
      return { type, needs: reader.needs() };
    case 'end':
      return { type, entries: reader.double(), nextBatch: reader.double() };
    case undefined:
      throw new DamageError(`an entry is of the unknown type ${bytes[TYPE_AT]}`);
  }
}

/** Reads a body whose checksum is right. A body that does not fit its type was written by another program. */
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
    const at = this.#take(VERSION_BYTES);
    const node = idOfTime(this.#bytes, at, this.#bytes[at + VERSION_BYTES - 1]!);
    return { time: readTime(this.#bytes, at), node };
  }

  key(): string {
    const length = this.u8();
    const start = this.#take(length);
    return this.#bytes.toString('latin1', start, start + length);
  }

  times(): VersionTime[] {
    const count = this.#bytes.readUInt16BE(this.#take(2));
    if (count > IDS_END) throw new DamageError(`an entry names ${count} controllers`);
    return Array.from({ length: count }, () => this.double());
  }

  needs(): Stretch[] {
    const count = this.#bytes.readUInt16BE(this.#take(2));
    return Array.from({ length: count }, () => {
      const at = this.#take(STRETCH_BYTES);
      const origin = idOfTime(this.#bytes, at + 1, this.#bytes[at]!);
      return { origin, from: readTime(this.#bytes, at + 1), to: this.#bytes.readDoubleBE(at + 9) };
    });
  }

  effect(): Effect {
    const kind = EFFECTS.words[this.u8()];
    if (kind === undefined) throw new DamageError('an entry holds an unknown kind of write');
    const bits = this.u8();
    const marks = this.u8();
    const version = this.version();
    const flags = this.u32();
    const expiresAtMs = this.double();
    const condition = bits & HAS_CONDITION ? this.version() : null;
    const token = bits & HAS_TOKEN ? this.#bytes.readBigUInt64BE(this.#take(8)) : null;
    const key = this.key();
    if (kind === 'join') return this.#join(version, key, condition, expiresAtMs);
    const value = bits & HAS_VALUE ? this.#bytes.subarray(this.#at) : null;
    switch (kind) {
      case 'set':
        return { kind, version, key, condition, flags, expiresAtMs, token, marks, value };
      case 'delete':
        return { kind, version, key, condition };
      case 'flush':
        return { kind, version };
      case 'flush-later':
        return { kind, version, atMs: expiresAtMs };
      case 'flush-due':
        return { kind, version, atMs: expiresAtMs };
    }
  }

  #join(version: Version, key: string, condition: Condition, expiresAtMs: number): JoinEffect {
    const side = SIDES.words[this.u8()];
    const valueBytes = this.u32();
    const chain = { count: this.u32(), bytes: this.u32() };
    if (side === undefined || condition === null) throw new DamageError('an entry holds half a difference');
    const part = this.#bytes.subarray(this.#at);
    return { kind: 'join', version, key, condition, expiresAtMs, side, part, valueBytes, chain };
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
