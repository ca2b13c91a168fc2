import { KEY_BYTES_MAX } from './limits.ts';
import { arithmeticRequest, deleteRequest } from './make-request.ts';
import type { MetaFlags } from './meta/meta-flags.ts';
import { parseI32, parseU32, parseU64 } from './numbers.ts';
import type {
  InvalidRequest,
  Request,
  StorageVerb,
  WantedKeyspace,
  WantedMembers,
  WantedRemoval,
} from './request.ts';
import type { TextLine } from './text-line.ts';

/**
 * Turns the words of a command line into a request, with one function per shape of command. The checks come in
 * memcached's order: the order decides which error a line with several mistakes gets, and whether `noreply` has
 * suppressed it already.
 */

/** A storage command whose value follows: `valueBytes` bytes and a line end. */
export interface StorageHeader {
  readonly kind: 'header';
  readonly verb: StorageVerb;
  readonly key: string;
  readonly flags: number;
  readonly exptime: number;
  readonly valueBytes: number;
  /** The token of `cas`; null for the other verbs. */
  readonly compare: bigint | null;
  readonly noreply: boolean;
  /** The flags of `ms`. */
  readonly meta?: MetaFlags;
}

/** A storage command that is refused. Its value follows all the same, and is skipped. */
export interface RefusedValue {
  readonly kind: 'refused';
  readonly line: string;
  readonly valueBytes: number;
}

/** The result of parsing a line. */
export type Parsed = Request | StorageHeader | RefusedValue;

/** The largest value that can be announced, in bytes: with its line end it fills 31 bits. */
export const VALUE_BYTES_MAX = 2 ** 31 - 1 - 2;

const ZERO = Buffer.from('0');
const JSON_WORD = Buffer.from('json');
const REQUESTS_WORD = Buffer.from('requests');
const RESET_WORD = Buffer.from('reset');

export function invalid(line: string, noreply = false, fatal = false): InvalidRequest {
  return { kind: 'invalid', line, fatal, noreply };
}

/** The command does not exist, or has too few or too many words. */
export const UNKNOWN = Object.freeze(invalid('ERROR'));

export const badFormat = (noreply = false) => invalid('CLIENT_ERROR bad command line format', noreply);
const badExptime = (noreply = false) => invalid('CLIENT_ERROR invalid exptime argument', noreply);

export function parseGet(line: TextLine, withCas: boolean): Request {
  const { keys, cutShort } = keysFrom(line, 1);
  if (!cutShort) return { kind: 'get', keys, withCas };
  return keys.length === 0 ? badFormat() : { kind: 'get', keys, withCas, cutShort };
}

export function parseGetAndTouch(line: TextLine, withCas: boolean): Request {
  const exptime = parseI32(line.bytes, line.startOf(1), line.endOf(1));
  if (exptime === null) return badExptime();
  const { keys, cutShort } = keysFrom(line, 2);
  if (!cutShort) return { kind: 'gat', keys, withCas, exptime };
  return keys.length === 0 ? badFormat() : { kind: 'gat', keys, withCas, exptime, cutShort };
}

export function parseStorage(line: TextLine, verb: StorageVerb): StorageHeader | InvalidRequest {
  const noreply = line.endsWithNoreply();
  if (keyIsTooLong(line, 1)) return badFormat(noreply);
  const flags = parseU32(line.bytes, line.startOf(2), line.endOf(2));
  const exptime = parseI32(line.bytes, line.startOf(3), line.endOf(3));
  const valueBytes = parseI32(line.bytes, line.startOf(4), line.endOf(4));
  const compare = verb === 'cas' ? parseU64(line.bytes, line.startOf(5), line.endOf(5)) : null;
  if (flags === null || exptime === null || valueBytes === null) return badFormat(noreply);
  if (verb === 'cas' && compare === null) return badFormat(noreply);
  if (valueBytes < 0 || valueBytes > VALUE_BYTES_MAX) return badFormat(noreply);
  return { kind: 'header', verb, key: line.text(1), flags, exptime, valueBytes, compare, noreply };
}

export function parseArithmetic(line: TextLine, verb: 'incr' | 'decr'): Request {
  const noreply = line.endsWithNoreply();
  if (keyIsTooLong(line, 1)) return badFormat(noreply);
  const delta = parseU64(line.bytes, line.startOf(2), line.endOf(2));
  if (delta === null) return invalid('CLIENT_ERROR invalid numeric delta argument', noreply);
  return arithmeticRequest(verb, line.text(1), delta, noreply);
}

export function parseTouch(line: TextLine): Request {
  const noreply = line.endsWithNoreply();
  if (keyIsTooLong(line, 1)) return badFormat(noreply);
  const exptime = parseI32(line.bytes, line.startOf(2), line.endOf(2));
  if (exptime === null) return badExptime(noreply);
  return { kind: 'touch', key: line.text(1), exptime, noreply };
}

/** `delete <key> [0] [noreply]`: the 0 is left over from a delay that memcached gave up long ago. */
export function parseDelete(line: TextLine): Request {
  const extra = line.count - 2;
  const noreply = extra > 0 && line.endsWithNoreply();
  if (extra > 0) {
    const hasZero = line.is(2, ZERO);
    const allowed = extra === 1 ? hasZero || noreply : hasZero && noreply;
    if (!allowed) {
      return invalid('CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]', noreply);
    }
  }
  if (keyIsTooLong(line, 1)) return badFormat(noreply);
  return deleteRequest(line.text(1), noreply);
}

/** A delay in the past means at once. */
export function parseFlushAll(line: TextLine): Request {
  const noreply = line.endsWithNoreply();
  if (line.count === (noreply ? 2 : 1)) return { kind: 'flush_all', delay: 0, noreply };
  const delay = parseI32(line.bytes, line.startOf(1), line.endOf(1));
  if (delay === null) return badExptime(noreply);
  return { kind: 'flush_all', delay: Math.max(0, delay), noreply };
}

export function parseVerbosity(line: TextLine): Request {
  const noreply = line.endsWithNoreply();
  const level = parseU32(line.bytes, line.startOf(1), line.endOf(1));
  return level === null ? badFormat(noreply) : { kind: 'verbosity', noreply };
}

export function parseStats(line: TextLine): Request {
  return { kind: 'stats', words: wordsFrom(line, 1) };
}

/** memcached, or the controller, decides what the words mean. */
export function parseAdmin(line: TextLine): Request {
  return { kind: 'admin', words: wordsFrom(line, 0) };
}

function wordsFrom(line: TextLine, first: number): string[] {
  const words: string[] = [];
  for (let word = first; word < line.count; word++) words.push(line.text(word));
  return words;
}

export function parseShow(line: TextLine): Request {
  const isOnRequests = line.count > 1 && line.is(1, REQUESTS_WORD);
  const what = isOnRequests ? 'requests' : 'cluster';
  const words = line.count - (isOnRequests ? 2 : 1);
  if (words === 0) return { kind: 'show', what, format: 'table' };
  if (words === 1 && line.is(line.count - 1, JSON_WORD)) return { kind: 'show', what, format: 'json' };
  return invalid('CLIENT_ERROR usage: show [requests] [json]; of the whole cluster: main.ts status');
}

export function parseSlowlog(line: TextLine): Request {
  const isJson = line.count > 1 && line.is(line.count - 1, JSON_WORD);
  const format = isJson ? 'json' : 'table';
  const words = line.count - (isJson ? 2 : 1);
  if (words === 0) return { kind: 'slowlog', what: 'list', count: null, format };
  if (words === 1 && !isJson && line.is(1, RESET_WORD))
    return { kind: 'slowlog', what: 'reset', count: null, format };
  const count = words === 1 ? parseU32(line.bytes, line.startOf(1), line.endOf(1)) : null;
  if (count !== null && count > 0) return { kind: 'slowlog', what: 'list', count, format };
  return invalid('CLIENT_ERROR usage: slowlog [<count>|reset] [json]; the count is 1 or more');
}

export function parseSession(line: TextLine): Request {
  return { kind: 'session', token: line.count === 1 ? null : line.text(1) };
}

export function parseKeyspace(line: TextLine): Request {
  if (line.count === 1) return { kind: 'keyspace', change: null, format: 'table' };
  if (line.count === 2 && line.is(1, JSON_WORD)) return { kind: 'keyspace', change: null, format: 'json' };
  const change = wantedKeyspace(wordsFrom(line, 1));
  if (change === null) return invalid(`CLIENT_ERROR usage: ${KEYSPACE_USAGE}`);
  return { kind: 'keyspace', change, format: 'table' };
}

/** What these words ask for; null where they are no change of a keyspace. */
export function wantedKeyspace(words: readonly string[]): WantedKeyspace | null {
  const [first = '', second = '', third = '', fourth = ''] = words;
  if (words.length === 4 && first === 'add')
    return { what: 'add', keyspace: second, prefix: third, level: fourth };
  if (words.length === 3 && first === 'prefix') return { what: 'prefix', keyspace: second, prefix: third };
  if (words.length === 3 && second === 'shards') return wantedShards(first, third);
  if (words.length === 4 && second === 'move') return wantedMove(first, third, fourth);
  if (words.length === 4 && second === 'rebalance' && third === 'without')
    return isId(fourth) ? { what: 'rebalance', keyspace: first, without: Number(fourth) } : null;
  if (words.length !== 2 || first === 'add' || first === 'prefix') return null;
  if (first === 'remove') return { what: 'remove', keyspace: second };
  if (second === 'rebalance') return { what: 'rebalance', keyspace: first, without: null };
  if (second === 'cancel' || second === 'pause' || second === 'resume')
    return { what: second, keyspace: first };
  return { what: 'level', keyspace: first, level: second };
}

/** @param spread a number of shards, and how many controllers each gets: `3`, or `3x2` */
function wantedShards(keyspace: string, spread: string): WantedKeyspace | null {
  const numbers = spread.split('x');
  if (numbers.length > 2 || !numbers.every(isId)) return null;
  const [shards, replicas] = numbers.map(Number);
  const wanted = { what: 'shards', keyspace, shards: shards! } as const;
  return replicas === undefined ? wanted : { ...wanted, replicas };
}

function wantedMove(keyspace: string, shard: string, controllers: string): WantedKeyspace | null {
  const ids = controllers.split(',');
  if (!isId(shard) || !ids.every(isId)) return null;
  return { what: 'move', keyspace, shard: Number(shard), controllers: ids.map(Number) };
}

function isId(word: string): boolean {
  return /^\d{1,3}$/.test(word);
}

export const KEYSPACE_USAGE =
  'keyspace [json | <name> <level> | <name> shards <number>[x<replicas>] | <name> move <shard> <controller>,<controller>... | <name> rebalance [without <controller>] | <name> cancel | <name> pause | <name> resume | add <name> <prefix> <level> | remove <name> | prefix <name> <prefix>]';

export function parseMember(line: TextLine): Request {
  if (line.count === 1) return { kind: 'member', change: null, format: 'table' };
  if (line.count === 2 && line.is(1, JSON_WORD)) return { kind: 'member', change: null, format: 'json' };
  const change = memberChangeOf(wordsFrom(line, 1));
  if (change === null) return invalid(`CLIENT_ERROR usage: ${MEMBER_USAGE}`);
  return { kind: 'member', change, format: 'table' };
}

function memberChangeOf(words: readonly string[]): WantedMembers | null {
  const [what, first = '', second = ''] = words;
  if (what === 'add' && words.length === 2) return { come: first, go: null };
  if (what === 'add' && words.length === 4 && second === 'zone')
    return { come: first, go: null, zone: words[3]! };
  const forced = what === 'remove' ? forcedRemovalIn(words.slice(1)) : null;
  if (forced !== null) return { come: null, go: null, forced };
  if (what === 'remove' && words.length === 2) return { come: null, go: first };
  return what === 'replace' && words.length === 3 ? { come: second, go: first } : null;
}

/** @param words behind `remove` @returns null where it is no forced removal */
function forcedRemovalIn(words: readonly string[]): WantedRemoval | null {
  const isConfirmed = words.at(-1) === 'confirmed';
  const rest = isConfirmed ? words.slice(0, -1) : words;
  return rest.length > 1 && rest.at(-1) === 'force' ? { lost: rest.slice(0, -1), isConfirmed } : null;
}

export const MEMBER_USAGE =
  'member [json | add <controller> [zone <zone>] | remove <controller> | replace <controller> <controller> | remove <controller>... force [confirmed]]';

/** The words are looked up when the request is carried out. */
export function parseLevel(line: TextLine): Request {
  return { kind: 'level', words: wordsFrom(line, 1) };
}

/** The keys up to the end of the line, or up to a key that is too long. */
function keysFrom(line: TextLine, first: number): { readonly keys: string[]; readonly cutShort: boolean } {
  const keys: string[] = [];
  let word = first;
  do {
    for (; word < line.count; word++) {
      if (keyIsTooLong(line, word)) return { keys, cutShort: true };
      keys.push(line.text(word));
    }
    word = 0;
  } while (line.readOn());
  return { keys, cutShort: false };
}

function keyIsTooLong(line: TextLine, word: number): boolean {
  return line.lengthOf(word) > KEY_BYTES_MAX;
}
