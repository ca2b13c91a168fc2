import { KEY_BYTES_MAX } from '../limits.ts';
import { storageRequest } from '../make-request.ts';
import { parseI32 } from '../numbers.ts';
import type { InvalidRequest, NoopRequest, Request, StorageRequest, StorageVerb } from '../request.ts';
import type { TextLine } from '../text-line.ts';
import { invalid, type RefusedValue, type StorageHeader, VALUE_BYTES_MAX } from '../text-words.ts';
import { decodeKey } from './base64-key.ts';
import {
  LEVEL_AND_AGE,
  LEVEL_OF_WRITE,
  type MetaCommand,
  MetaFlags,
  opaqueIsTooLong,
  readFlags,
} from './meta-flags.ts';

/**
 * Turns the words of a meta command into a request: doc/protocol.txt of memcached, "Meta Commands". The errors, and
 * the order of the checks, are those of memcached 1.6.18.
 */

/** The most words of a line, command and key included. */
const META_WORDS_MAX = 19;

const BAD_FORMAT = 'CLIENT_ERROR bad command line format';
const TOO_MANY_FLAGS = 'CLIENT_ERROR options flags too long';
const BAD_FLAG = 'CLIENT_ERROR invalid or duplicate flag';
const LONG_OPAQUE = 'CLIENT_ERROR opaque token too long';

const B_FLAG = Buffer.from('b');

const NOOP: NoopRequest = Object.freeze({ kind: 'noop', wire: Object.freeze(new MetaFlags('mn')) });

export function parseMetaGet(line: TextLine): Request {
  if (keyIsTooLong(line)) return invalid(BAD_FORMAT);
  if (line.count > META_WORDS_MAX) return invalid('CLIENT_ERROR options flags are too long');
  const wire = new MetaFlags('mg');
  const error = readFlags(wire, line, 2);
  if (error !== null) return invalid(error);
  if (opaqueIsTooLong(wire)) return invalid(LONG_OPAQUE);
  const { key, touch, recacheBelow, countsAsRead } = wire;
  const vivify = wire.vivify === null ? null : wire.madeExptime;
  const request: Request = { kind: 'read_item', key, touch, vivify, recacheBelow, countsAsRead, wire };
  const { level, age } = wire;
  if (level === null && age === null) return withSession(request, wire);
  if (recacheBelow !== null || touch !== null || vivify !== null) return invalid(LEVEL_OF_WRITE);
  if (level !== null && age !== null) return invalid(LEVEL_AND_AGE);
  return withSession(level === null ? { ...request, ageFlag: age! } : { ...request, levelFlag: level }, wire);
}

/** A line with wrong flags still says how many bytes follow it. These bytes are skipped. */
export function parseMetaSet(line: TextLine): StorageHeader | RefusedValue | InvalidRequest {
  if (keyIsTooLong(line) || line.count === 2) return invalid(BAD_FORMAT);
  if (line.count > META_WORDS_MAX) return invalid(TOO_MANY_FLAGS);
  const valueBytes = parseI32(line.bytes, line.startOf(2), line.endOf(2));
  if (valueBytes === null || valueBytes < 0 || valueBytes > VALUE_BYTES_MAX) return invalid(BAD_FORMAT);
  const meta = new MetaFlags('ms');
  const error = readFlags(meta, line, 3);
  if (error !== null) return { kind: 'refused', line: error, valueBytes };
  const verb = verbOf(meta);
  if (verb === null) return { kind: 'refused', line: 'CLIENT_ERROR invalid mode for ms M token', valueBytes };
  if (opaqueIsTooLong(meta)) return { kind: 'refused', line: LONG_OPAQUE, valueBytes };
  const { key, clientFlags: flags, touch, compare } = meta;
  return { kind: 'header', verb, key, flags, exptime: touch ?? 0, valueBytes, compare, noreply: false, meta };
}

/** The request of a meta header, once its value has come. */
export function metaStorageRequest(
  { verb, key, flags, exptime }: StorageHeader,
  wire: MetaFlags,
  value: Buffer,
) {
  const joins = verb === 'append' || verb === 'prepend';
  const compare = joins ? conditionOf(wire) : verb === 'cas' ? wire.compare : null;
  const request: StorageRequest = {
    ...storageRequest(verb, key, flags, exptime, value, compare),
    newToken: wire.newToken,
    wantsToken: wire.returns.includes('c'),
    // A token of 0 is older than any other.
    invalidate: verb === 'cas' && wire.invalidate && compare !== 0n,
    vivify: joins ? wire.vivify : null,
    wire,
  };
  return withSession(request, wire);
}

export function parseMetaDelete(line: TextLine): Request {
  const wire = readMeta('md', line);
  if (!(wire instanceof MetaFlags)) return wire;
  if (opaqueIsTooLong(wire)) return invalid(LONG_OPAQUE);
  const { key, compare, newToken, invalidate, dropValue, touch } = wire;
  const request: Request = {
    kind: 'delete',
    key,
    compare,
    newToken,
    wantsToken: false,
    invalidate,
    dropValue,
    touch,
    noreply: false,
    wire,
  };
  return withSession(request, wire);
}

export function parseMetaArithmetic(line: TextLine): Request {
  const wire = readMeta('ma', line);
  if (!(wire instanceof MetaFlags)) return wire;
  const verb = directionOf(wire.mode);
  if (verb === null) return invalid('CLIENT_ERROR invalid mode for ma M token');
  if (opaqueIsTooLong(wire)) return invalid(LONG_OPAQUE);
  const { key, delta, newToken, touch } = wire;
  const request: Request = {
    kind: 'arithmetic',
    verb,
    key,
    delta,
    initial: wire.vivify === null ? null : { value: wire.initial, exptime: wire.madeExptime },
    touch,
    compare: conditionOf(wire),
    newToken,
    wantsToken: wire.returns.includes('c'),
    noreply: false,
    wire,
  };
  return withSession(request, wire);
}

/** Hardly a request has a session of its own: the others keep their shape. */
function withSession<R extends Request>(request: R, { session }: MetaFlags): R {
  return session === null ? request : { ...request, session };
}

/** `me <key> [b]`: other words are skipped. */
export function parseMetaDebug(line: TextLine): Request {
  if (line.count < 2 || keyIsTooLong(line)) return invalid(BAD_FORMAT);
  const wire = new MetaFlags('me');
  wire.binaryKey = line.count > 2 && line.is(2, B_FLAG);
  const key = wire.binaryKey ? decodeKey(line.bytes, line.startOf(1), line.endOf(1)) : line.text(1);
  if (key === null) return invalid(BAD_FORMAT);
  wire.key = key;
  return { kind: 'debug', key, wire };
}

export function parseMetaNoop(): Request {
  return NOOP;
}

/** Common to `md` and `ma`: any mistake in their flags has the same error. */
function readMeta(command: MetaCommand, line: TextLine): MetaFlags | InvalidRequest {
  if (keyIsTooLong(line)) return invalid(BAD_FORMAT);
  if (line.count > META_WORDS_MAX) return invalid(TOO_MANY_FLAGS);
  const flags = new MetaFlags(command);
  const error = readFlags(flags, line, 2);
  if (error === null) return flags;
  return invalid(error === LEVEL_OF_WRITE ? error : BAD_FLAG);
}

/** A token of 0 is no condition for `ma` and for an append. For the others it is a condition that no entry meets. */
function conditionOf({ compare }: MetaFlags): bigint | null {
  return compare === 0n ? null : compare;
}

function verbOf({ mode, compare }: MetaFlags): StorageVerb | null {
  switch (mode) {
    case 0:
    case 0x53: // S
      return compare === null ? 'set' : 'cas';
    case 0x52: // R
      return compare === null ? 'replace' : 'cas';
    case 0x45: // E
      return 'add';
    case 0x41: // A
      return 'append';
    case 0x50: // P
      return 'prepend';
    default:
      return null;
  }
}

function directionOf(mode: number): 'incr' | 'decr' | null {
  switch (mode) {
    case 0:
    case 0x49: // I
    case 0x2b: // +
      return 'incr';
    case 0x44: // D
    case 0x2d: // -
      return 'decr';
    default:
      return null;
  }
}

function keyIsTooLong(line: TextLine): boolean {
  return line.lengthOf(1) > KEY_BYTES_MAX;
}
