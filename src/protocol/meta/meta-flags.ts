import { parseI32, parseU32, parseU64 } from '../numbers.ts';
import type { AgeFlag, LevelFlag, RequestSession } from '../request.ts';
import type { TextLine } from '../text-line.ts';
import { decodeKey } from './base64-key.ts';

/** Longest opaque in bytes, its `O` included. memcached documents 32 bytes behind the `O`; 1.6.18 accepts 31. */
const OPAQUE_BYTES_MAX = 32;

/** Bytes from this one on are no flags. memcached takes them for repeated flags. */
const FLAG_BYTES_END = 127;

/** The largest bound on staleness, in milliseconds: 49 days. */
const AGE_MAX_MS = 2n ** 32n - 1n;

const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;

/** The bits that tell the letters of one case apart: the place of the letter in the alphabet. */
const LETTER_BITS = 31;

const KEY_WORD = 1;

const BAD_FORMAT = 'CLIENT_ERROR bad command line format';
const BAD_TOKEN = 'CLIENT_ERROR bad token in command line format';
const BAD_KEY = 'CLIENT_ERROR error decoding key';
const BAD_MODE = 'CLIENT_ERROR incorrect length for M token';
const BAD_INITIAL = 'CLIENT_ERROR invalid numeric initial value';
const BAD_DELTA = 'CLIENT_ERROR invalid numeric delta value';
const DUPLICATE = 'CLIENT_ERROR duplicate flag';
const UNKNOWN = 'CLIENT_ERROR invalid flag';

/** `G` and `A` are not memcached's: these errors are memchorus's own. */
export const LEVEL_OF_WRITE =
  'CLIENT_ERROR a write has the level of its keyspace: only a plain mg takes G or A';
export const LEVEL_AND_AGE =
  'CLIENT_ERROR a read asks for a level (G) or for a bound on its age (A), not for both';
const BAD_LEVEL = 'CLIENT_ERROR G takes the letter of a level, as in Gs';

/** The command, which decides the shape of the answer. */
export type MetaCommand = 'mg' | 'ms' | 'md' | 'ma' | 'me' | 'mn';

/**
 * The flags of one meta command, and what its answer has to know of them. As in memcached, one table of flags serves
 * all commands: a command accepts every well-formed flag, even one that has no meaning for it.
 */
export class MetaFlags {
  readonly command: MetaCommand;
  /** The key as memcached looks it up, decoded if the client sent base64. */
  key = '';
  binaryKey = false;
  quiet = false;
  value = false;
  invalidate = false;
  dropValue = false;
  countsAsRead = true;
  /** `T`, as an `exptime`. Null for a missing flag, here and below. */
  touch: number | null = null;
  /** `N`. */
  vivify: number | null = null;
  /** The exptime of an entry that this request makes: that of `N` or `T`, whichever comes later on the line. */
  madeExptime = 0;
  /** `R`: see `ReadItemRequest.recacheBelow`. */
  recacheBelow: number | null = null;
  clientFlags = 0;
  compare: bigint | null = null;
  newToken: bigint | null = null;
  /** The byte behind `M`; 0 for none. */
  mode = 0;
  initial = 0n;
  delta = 1n;
  /** The opaque with its `O`; empty for none. */
  opaque = '';
  /** `G`: the level that the read asks for. */
  level: LevelFlag | null = null;
  /** `A`: the bound on staleness that the read asks for. */
  age: AgeFlag | null = null;
  /** The flags that the answer may return, in the order in which they were sent. */
  returns = '';
  /** `Y`: the token of the session that the request belongs to. */
  sessionToken: string | null = null;
  /** Of `Y` and `y`; null for neither. */
  session: RequestSession | null = null;
  /** `t` comes after `T` on the line, and shows the time that `T` has set. */
  ttlAfterTouch = false;
  /** The exptime that `t` shows of an entry that this request has made: the one at that place of the line. */
  ttlIfMade = 0;

  constructor(command: MetaCommand) {
    this.command = command;
  }
}

/**
 * Reads the key, and the words from `first` on. The checks come in memcached's order: an unknown or repeated flag
 * ends the reading, and of several bad tokens the last one decides the error.
 *
 * @returns the answer to a malformed line; null for a well-formed one
 */
export function readFlags(flags: MetaFlags, line: TextLine, first: number): string | null {
  let error: string | null = null;
  let seenUpper = 0;
  let seenLower = 0;
  flags.key = line.text(KEY_WORD);
  for (let word = first; word < line.count; word++) {
    const flag = line.bytes[line.startOf(word)]!;
    const isUpper = flag >= UPPER_A && flag <= UPPER_Z;
    const isLower = flag >= LOWER_A && flag <= LOWER_Z;
    if (!isUpper && !isLower) return flag >= FLAG_BYTES_END ? DUPLICATE : UNKNOWN;
    const bit = 1 << (flag & LETTER_BITS);
    if (((isUpper ? seenUpper : seenLower) & bit) !== 0) return DUPLICATE;
    if (isUpper) seenUpper |= bit;
    else seenLower |= bit;
    const trouble = isUpper ? readUpper(flags, flag, line, word) : readLower(flags, flag, line);
    if (trouble === UNKNOWN) return UNKNOWN;
    // memcached has no message of its own for a bad F: the message of a bad token before it stays.
    if (trouble === BAD_FORMAT) error ??= BAD_FORMAT;
    else error = trouble ?? error;
  }
  const wantsToken = flags.returns.includes('y');
  if (wantsToken || flags.sessionToken !== null)
    flags.session = { token: flags.sessionToken, wantsToken, given: '' };
  return error;
}

export function opaqueIsTooLong(flags: MetaFlags): boolean {
  return flags.opaque.length > OPAQUE_BYTES_MAX;
}

function readLower(flags: MetaFlags, flag: number, line: TextLine): string | null {
  switch (flag) {
    case 0x62: // b
      return readBinaryKey(flags, line);
    case 0x71: // q
      flags.quiet = true;
      return null;
    case 0x76: // v
      flags.value = true;
      return null;
    case 0x78: // x
      flags.dropValue = true;
      return null;
    case 0x74: // t
      flags.ttlAfterTouch = flags.touch !== null;
      flags.ttlIfMade = flags.madeExptime;
      flags.returns += 't';
      return null;
    case 0x63: // c
    case 0x66: // f
    case 0x68: // h
    case 0x6b: // k
    case 0x6c: // l
    case 0x73: // s
      flags.returns += String.fromCharCode(flag);
      return null;
    case 0x79: // y, which memcached does not have
      flags.returns += 'y';
      return null;
    case 0x75: // u
      flags.countsAsRead = false;
      return null;
    default:
      return UNKNOWN;
  }
}

function readUpper(flags: MetaFlags, flag: number, line: TextLine, word: number): string | null {
  switch (flag) {
    case 0x4e: // N
    case 0x52: // R
    case 0x54: // T
      return readExptime(flags, flag, line, word);
    case 0x43: // C
      flags.compare = unsigned(line, word);
      return flags.compare === null ? BAD_TOKEN : null;
    case 0x45: // E
      flags.newToken = unsigned(line, word);
      return flags.newToken === null ? BAD_TOKEN : null;
    case 0x46: // F
      return readClientFlags(flags, line, word);
    case 0x4d: // M
      if (line.lengthOf(word) !== 2) return BAD_MODE;
      flags.mode = line.bytes[line.startOf(word) + 1]!;
      return null;
    case 0x44: // D
    case 0x4a: // J
      return readOperand(flags, flag, line, word);
    case 0x41: // A
      return readAge(flags, line, word);
    case 0x47: // G
      return readLevel(flags, line, word);
    case 0x49: // I
      flags.invalidate = true;
      return null;
    case 0x4f: // O
      flags.opaque = line.text(word);
      flags.returns += 'O';
      return null;
    case 0x59: // Y, which memcached does not have
      flags.sessionToken = line.text(word).slice(1);
      return null;
    case 0x4c: // L and P are for proxies to read
    case 0x50:
      return null;
    default:
      return UNKNOWN;
  }
}

function readBinaryKey(flags: MetaFlags, line: TextLine): string | null {
  const key = decodeKey(line.bytes, line.startOf(KEY_WORD), line.endOf(KEY_WORD));
  if (key === null) return BAD_KEY;
  flags.key = key;
  flags.binaryKey = true;
  return null;
}

function readExptime(flags: MetaFlags, flag: number, line: TextLine, word: number): string | null {
  const exptime = parseI32(line.bytes, line.startOf(word) + 1, line.endOf(word));
  if (exptime === null) return BAD_TOKEN;
  if (flag === 0x52) {
    flags.recacheBelow = recacheBelow(exptime, flags.touch);
    return null;
  }
  if (flag === 0x4e) flags.vivify = exptime;
  else flags.touch = exptime;
  flags.madeExptime = exptime;
  return null;
}

function readLevel(flags: MetaFlags, line: TextLine, word: number): string | null {
  if (flags.command !== 'mg') return LEVEL_OF_WRITE;
  if (line.lengthOf(word) !== 2) return BAD_LEVEL;
  flags.level = { asked: line.text(word)[1]!, served: '' };
  flags.returns += 'G';
  return null;
}

function readAge(flags: MetaFlags, line: TextLine, word: number): string | null {
  if (flags.command !== 'mg') return LEVEL_OF_WRITE;
  const maxMs = unsigned(line, word);
  if (maxMs === null || maxMs > AGE_MAX_MS) return BAD_TOKEN;
  flags.age = { maxMs: Number(maxMs), servedMs: 0 };
  flags.returns += 'A';
  return null;
}

/** After a `T`, the entry has the expiry that `T` sets, so it is known already whether the right is won. */
function recacheBelow(exptime: number, touch: number | null): number | null {
  if (touch === null) return exptime;
  return touch !== 0 && exptime > 0 && touch < exptime ? Infinity : null;
}

function readClientFlags(flags: MetaFlags, line: TextLine, word: number): string | null {
  const clientFlags = parseU32(line.bytes, line.startOf(word) + 1, line.endOf(word));
  if (clientFlags === null) return BAD_FORMAT;
  flags.clientFlags = clientFlags;
  return null;
}

function readOperand(flags: MetaFlags, flag: number, line: TextLine, word: number): string | null {
  const operand = unsigned(line, word);
  if (operand === null) return flag === 0x44 ? BAD_DELTA : BAD_INITIAL;
  if (flag === 0x44) flags.delta = operand;
  else flags.initial = operand;
  return null;
}

function unsigned(line: TextLine, word: number): bigint | null {
  return parseU64(line.bytes, line.startOf(word) + 1, line.endOf(word));
}
