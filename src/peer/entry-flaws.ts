import { type Effect, isOfKey, type JoinEffect, type KeyEffect, MARKS } from '../ordering/effect.ts';
import { compareVersions, sameVersion } from '../ordering/version.ts';
import { KEY_BYTES_MAX } from '../protocol/limits.ts';
import type { EntryReply } from '../protocol/reply.ts';
import type { ConditionalRequest } from '../protocol/request.ts';
import type { AskedReply, AskedRequest } from '../replication/hop/messages.ts';

/** What no controller would send of a write, a request or a reply, as far as these alone show it. */

/** The largest expiry that the envelope of a stored entry can hold, in milliseconds. */
const EXPIRY_MS_MAX = 2 ** 48 - 1;

/** The largest `item_size_max`, in bytes. */
const VALUE_BYTES_MAX = 134_217_728;

const MARKS_ALL = MARKS.stale | MARKS.taken;

/** The largest number of seconds that a client can send. */
const SECONDS_MAX = 2 ** 32 - 1;

/** Flaws that do not depend on the sender, nor on the time. */
export function effectFlaw(effect: Effect): string | null {
  return effect.version.time === 0 ? 'a write has no version' : unstampedFlaw(effect);
}

/** The same, of a write that has no version yet. */
export function unstampedFlaw(effect: Effect): string | null {
  if (isOfKey(effect)) return entryFlaw(effect);
  return effect.kind === 'flush' || effect.atMs <= EXPIRY_MS_MAX ? null : `a flush is due in ${effect.atMs}`;
}

function entryFlaw(effect: KeyEffect): string | null {
  const { kind, key } = effect;
  if (key === '') return `a ${kind} of the key ""`;
  if (key.length > KEY_BYTES_MAX) return `a key has ${key.length} bytes`;
  if (kind === 'delete') return null;
  const { expiresAtMs } = effect;
  if (expiresAtMs > EXPIRY_MS_MAX) return `a write expires in ${expiresAtMs}`;
  if (effect.kind === 'join') return joinFlaw(effect);
  const { marks, value } = effect;
  if (marks > MARKS_ALL) return `a write has the marks ${marks}`;
  if (value === null) return null;
  return value.length <= VALUE_BYTES_MAX ? null : `a value has ${value.length} bytes`;
}

function joinFlaw({ condition, version, part, valueBytes, chain }: JoinEffect): string | null {
  if (condition.time === 0) return 'a difference was made of nothing';
  if (sameVersion(condition, version)) return 'a difference was made of itself';
  if (valueBytes > VALUE_BYTES_MAX) return `a value has ${valueBytes} bytes`;
  if (part.length > valueBytes) return `${part.length} bytes are added to a value of ${valueBytes}`;
  return chain.count === 0 ? 'a difference is not counted in its chain' : null;
}

export function keyFlaw(key: string): string | null {
  return key.length > 0 && key.length <= KEY_BYTES_MAX ? null : `a key has ${key.length} bytes`;
}

/** Of a request that another controller is to carry out. */
export function requestFlaw(request: ConditionalRequest): string | null {
  const flaw = keyFlaw(request.key) ?? secondsFlaw(secondsIn(request));
  if (flaw !== null || request.kind !== 'storage') return flaw;
  const bytes = request.value.length;
  return bytes <= VALUE_BYTES_MAX ? null : `a value has ${bytes} bytes`;
}

/** Of a request of a client of another controller. A `flush_all` has no key. */
export function askedFlaw(request: AskedRequest): string | null {
  switch (request.kind) {
    case 'flush_all':
      return secondsFlaw([request.delay]);
    case 'get':
    case 'debug':
      return keyFlaw('keys' in request ? request.keys[0]! : request.key);
    case 'gat':
      return requestFlaw({ kind: 'gat-one', key: request.keys[0]!, exptime: request.exptime });
    case 'storage':
    case 'arithmetic':
    case 'touch':
    case 'delete':
    case 'read_item':
      return requestFlaw(request);
  }
}

function secondsIn(request: ConditionalRequest): readonly (number | null)[] {
  switch (request.kind) {
    case 'storage':
      return [request.exptime, request.vivify];
    case 'arithmetic':
      return [request.touch, request.initial?.exptime ?? null];
    case 'touch':
    case 'gat-one':
      return [request.exptime];
    case 'delete':
      return [request.touch];
    case 'read_item':
      return [request.touch, request.vivify, request.recacheBelow === Infinity ? null : request.recacheBelow];
  }
}

function secondsFlaw(seconds: readonly (number | null)[]): string | null {
  const wrong = seconds.find((one) => one !== null && Math.abs(one) > SECONDS_MAX);
  return wrong === undefined ? null : `a request names ${wrong} seconds`;
}

/** Of the reply to such a request. */
export function replyFlaw(reply: EntryReply): string | null {
  if (reply.kind !== 'item') return null;
  const { key, value } = reply.item;
  return keyFlaw(key) ?? (value.length <= VALUE_BYTES_MAX ? null : `a value has ${value.length} bytes`);
}

/** Of the answer to a request of a client of this controller. */
export function answerFlaw(reply: AskedReply): string | null {
  if (reply.kind !== 'hits') return replyFlaw(reply);
  const [hit] = reply.hits;
  return hit === undefined ? null : keyFlaw(hit.key);
}

/** Writes come in the order of their versions. */
export function orderFlaw(effects: readonly Effect[]): string | null {
  for (let i = 1; i < effects.length; i++) {
    if (compareVersions(effects[i - 1]!.version, effects[i]!.version) >= 0) return 'writes are out of order';
  }
  return null;
}
