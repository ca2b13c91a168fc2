import { type ControllerId, IDS_END, type VersionTime } from '../base/number-kinds.ts';
import { numbering } from '../base/numbering.ts';
import {
  bytesOf,
  conditionOf,
  type Effect,
  type EffectKind,
  isOfKey,
  type JoinEffect,
  type JoinSide,
  type SetEffect,
} from '../ordering/effect.ts';
import type { Version } from '../ordering/version.ts';
import { DamageError } from './journal-error.ts';

/** How the log's entries hold a write. Numbers are big-endian; times are doubles. */

export const EFFECTS = numbering<EffectKind>({
  set: 0,
  delete: 1,
  flush: 2,
  'flush-later': 3,
  'flush-due': 4,
  join: 5,
});

export const SIDES = numbering<JoinSide>({ end: 0, beginning: 1 });

/** Side, size of the whole value, and the sum of the chain. */
const JOIN_BYTES = 1 + 4 + 4 + 4;

export const VERSION_BYTES = 9;

/** kind, presence, marks, key length, version, flags, expiry. */
const EFFECT_BYTES = 4 + VERSION_BYTES + 4 + 8;
export const HAS_CONDITION = 1;
export const HAS_TOKEN = 2;
export const HAS_VALUE = 4;

export function effectBytesMax(effect: Effect): number {
  const fixed = EFFECT_BYTES + VERSION_BYTES + 8;
  if (!isOfKey(effect)) return fixed;
  return fixed + JOIN_BYTES + effect.key.length + (bytesOf(effect)?.length ?? 0);
}

export function writeVersion({ time, node }: Version, into: Buffer, at: number): number {
  const next = writeTimeFor(node, time, into, at);
  into[next] = node & 0xff;
  return next + 1;
}

/**
 * Writes a time beside which the lowest eight bits of an id stand. It is a double, unless the id is 256 or more: then
 * it is an integer of seven bytes, and the byte before them has the other bits of the id, and four bits that no double
 * of a time begins with.
 */
export function writeTimeFor(id: ControllerId, time: VersionTime, into: Buffer, at: number): number {
  if (id <= 0xff) return into.writeDoubleBE(time, at);
  into.writeUInt32BE(Math.floor(time / 2 ** 32), at);
  into[at] = LARGE_ID | (id >> 8);
  return into.writeUInt32BE(time >>> 0, at + 4);
}

/** @param lowest eight bits of the id that the time was written for @throws DamageError */
export function idOfTime(bytes: Buffer, at: number, lowest: number): ControllerId {
  const first = bytes[at]!;
  const id = first < LARGE_ID ? lowest : ((first & ~LARGE_ID) << 8) + lowest;
  if (id < IDS_END) return id;
  throw new DamageError(`an entry names the controller ${id}`);
}

export function readTime(bytes: Buffer, at: number): VersionTime {
  if (bytes[at]! < LARGE_ID) return bytes.readDoubleBE(at);
  return (bytes.readUInt32BE(at) & 0xff_ffff) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

const LARGE_ID = 0xf0;

/** Keys are Latin-1 and at most 250 bytes, so one byte holds the length. */
export function writeKey(key: string, into: Buffer, at: number): number {
  const next = into.writeUInt8(key.length, at);
  return next + into.write(key, next, 'latin1');
}

/** All kinds have the same fields on disk. The fields that an effect does not have are zero. */
export function writeEffect(effect: Effect, into: Buffer, at: number): number {
  const next = writeEffectFields(effect, into, at);
  const bytes = bytesOf(effect);
  return bytes === null ? next : next + bytes.copy(into, next);
}

/** All of the effect but the bytes of its value, which are the last. */
export function writeEffectFields(effect: Effect, into: Buffer, at: number): number {
  into[at] = EFFECTS.numberOf[effect.kind];
  if (effect.kind === 'set') return writeSet(effect, into, at);
  if (effect.kind === 'join') return writeJoin(effect, into, at);
  const condition = conditionOf(effect);
  into[at + 1] = condition === null ? 0 : HAS_CONDITION;
  into[at + 2] = 0;
  let next = writeVersion(effect.version, into, at + 3);
  next = into.writeUInt32BE(0, next);
  next = into.writeDoubleBE('atMs' in effect ? effect.atMs : 0, next);
  if (condition !== null) next = writeVersion(condition, into, next);
  return writeKey(effect.kind === 'delete' ? effect.key : '', into, next);
}

function writeSet(effect: SetEffect, into: Buffer, at: number): number {
  const { condition, token, value } = effect;
  into[at + 1] =
    (condition === null ? 0 : HAS_CONDITION) |
    (token === null ? 0 : HAS_TOKEN) |
    (value === null ? 0 : HAS_VALUE);
  into[at + 2] = effect.marks;
  let next = writeVersion(effect.version, into, at + 3);
  next = into.writeUInt32BE(effect.flags, next);
  next = into.writeDoubleBE(effect.expiresAtMs, next);
  if (condition !== null) next = writeVersion(condition, into, next);
  if (token !== null) next = into.writeBigUInt64BE(token, next);
  return writeKey(effect.key, into, next);
}

/** The fields of a set, with the added bytes as its value; behind the key, what only a difference has. */
function writeJoin(effect: JoinEffect, into: Buffer, at: number): number {
  const { side, valueBytes, chain } = effect;
  into[at + 1] = HAS_CONDITION | HAS_VALUE;
  into[at + 2] = 0;
  let next = writeVersion(effect.version, into, at + 3);
  next = into.writeUInt32BE(0, next);
  next = into.writeDoubleBE(effect.expiresAtMs, next);
  next = writeVersion(effect.condition, into, next);
  next = writeKey(effect.key, into, next);
  next = into.writeUInt8(SIDES.numberOf[side], next);
  next = into.writeUInt32BE(valueBytes, next);
  return into.writeUInt32BE(chain.bytes, into.writeUInt32BE(chain.count, next));
}
