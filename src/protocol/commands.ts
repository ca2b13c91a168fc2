import * as meta from './meta/meta-words.ts';
import type { InvalidRequest, Request, StorageVerb } from './request.ts';
import type { TextLine } from './text-line.ts';
import * as words from './text-words.ts';

/**
 * The one table of commands. The decoder understands these, `help` prints them, and the interactive client completes
 * their names. Names are case-sensitive, as in memcached.
 */
export interface Command {
  readonly name: string;
  /** The kind of request that a well-formed line of this command becomes. */
  readonly makes: Exclude<Request['kind'], 'invalid'>;
  readonly usage: string;
  /** One line, human-readable. */
  readonly help: string;
  /** Words of the line, the name included. A line with fewer or more words is answered with `ERROR`. */
  readonly wordsMin: number;
  readonly wordsMax: number;
  readonly parse: (line: TextLine) => words.Parsed;
}

const VERSION: Request = Object.freeze({ kind: 'version' });
const QUIT: Request = Object.freeze({ kind: 'quit' });
const WHO: Request = Object.freeze({ kind: 'who' });

export const COMMANDS: readonly Command[] = [
  retrieval('get', false, 'the values of keys'),
  retrieval('bget', false, 'as get'),
  retrieval('gets', true, 'the values of keys, each with the token that cas asks for'),
  retrievalAndTouch('gat', false, 'the values of keys, and a new expiry time for each'),
  retrievalAndTouch('gats', true, 'as gat, with the token that cas asks for'),
  storage('set', 'store a value'),
  storage('add', 'store a value if the key has none'),
  storage('replace', 'store a value if the key has one'),
  storage('append', 'put bytes behind the value that is there'),
  storage('prepend', 'put bytes in front of the value that is there'),
  {
    name: 'cas',
    makes: 'storage',
    usage: 'cas <key> <flags> <exptime> <bytes> <token> [noreply]',
    help: 'store a value if the one there still has this token',
    wordsMin: 6,
    wordsMax: 7,
    parse: (line) => words.parseStorage(line, 'cas'),
  },
  arithmetic('incr', 'add to a number'),
  arithmetic('decr', 'subtract from a number, not below 0'),
  {
    name: 'touch',
    makes: 'touch',
    usage: 'touch <key> <exptime> [noreply]',
    help: 'give a key a new expiry time',
    wordsMin: 3,
    wordsMax: 4,
    parse: words.parseTouch,
  },
  {
    name: 'delete',
    makes: 'delete',
    usage: 'delete <key> [noreply]',
    help: 'remove a key',
    wordsMin: 2,
    wordsMax: 4,
    parse: words.parseDelete,
  },
  {
    name: 'flush_all',
    makes: 'flush_all',
    usage: 'flush_all [delay] [noreply]',
    help: 'remove every key, now or after a delay in seconds',
    wordsMin: 1,
    wordsMax: 3,
    parse: words.parseFlushAll,
  },
  {
    name: 'mg',
    makes: 'read_item',
    usage: 'mg <key> [<flag> …]',
    help: 'the value of a key, and what its flags ask for',
    wordsMin: 2,
    wordsMax: Infinity,
    parse: meta.parseMetaGet,
  },
  {
    name: 'ms',
    makes: 'storage',
    usage: 'ms <key> <bytes> [<flag> …]',
    help: 'store a value in the way that the flags say',
    wordsMin: 2,
    wordsMax: Infinity,
    parse: meta.parseMetaSet,
  },
  {
    name: 'md',
    makes: 'delete',
    usage: 'md <key> [<flag> …]',
    help: 'remove a key, or mark it as out of date',
    wordsMin: 2,
    wordsMax: Infinity,
    parse: meta.parseMetaDelete,
  },
  {
    name: 'ma',
    makes: 'arithmetic',
    usage: 'ma <key> [<flag> …]',
    help: 'add to a number, or subtract from it',
    wordsMin: 2,
    wordsMax: Infinity,
    parse: meta.parseMetaArithmetic,
  },
  {
    name: 'mn',
    makes: 'noop',
    usage: 'mn',
    help: 'nothing but an answer, to tell that all before has been answered',
    wordsMin: 1,
    wordsMax: Infinity,
    parse: meta.parseMetaNoop,
  },
  {
    name: 'me',
    makes: 'debug',
    usage: 'me <key> [b]',
    help: 'what is known of a key, without its value',
    wordsMin: 1,
    wordsMax: Infinity,
    parse: meta.parseMetaDebug,
  },
  {
    name: 'version',
    makes: 'version',
    usage: 'version',
    help: 'the version of this server',
    wordsMin: 1,
    wordsMax: Infinity,
    parse: () => VERSION,
  },
  {
    name: 'verbosity',
    makes: 'verbosity',
    usage: 'verbosity <level> [noreply]',
    help: 'accepted for compatibility, changes nothing',
    wordsMin: 2,
    wordsMax: 3,
    parse: words.parseVerbosity,
  },
  {
    name: 'stats',
    makes: 'stats',
    usage: 'stats [<name>]',
    help: 'statistics of this controller',
    wordsMin: 1,
    wordsMax: Infinity,
    parse: words.parseStats,
  },
  administrative('cache_memlimit <megabytes> [noreply]', 2, 3, 'the memory of the local memcached'),
  administrative('slabs <subcommand> [<word> …]', 1, Infinity, 'passed on to the local memcached'),
  administrative('lru <subcommand> [<word> …]', 1, Infinity, 'passed on to the local memcached'),
  administrative(
    'lru_crawler <subcommand> [<word> …]',
    1,
    Infinity,
    'metadump all, mgdump all: every key; the rest is passed on to the local memcached',
  ),
  administrative('extstore <subcommand> [<word> …]', 1, Infinity, 'passed on to the local memcached'),
  administrative(
    'watch [<word> …]',
    1,
    Infinity,
    'a line for each request of the clients here: fetchers, mutations, deletions',
  ),
  administrative('refresh_certs', 1, Infinity, 'refused: there is no TLS here'),
  administrative('shutdown [graceful]', 1, Infinity, 'ends this controller, where shutdown_command = yes'),
  {
    name: 'show',
    makes: 'show',
    usage: 'show [requests] [json]',
    help: 'the cluster as this controller sees it; the requests that are pending',
    wordsMin: 1,
    wordsMax: Infinity,
    parse: words.parseShow,
  },
  {
    name: 'keyspace',
    makes: 'keyspace',
    usage: words.KEYSPACE_USAGE,
    help: 'the level of each keyspace; another level or prefix for one of them; one more, or one less',
    wordsMin: 1,
    wordsMax: 5,
    parse: words.parseKeyspace,
  },
  {
    name: 'member',
    makes: 'member',
    usage: words.MEMBER_USAGE,
    help: 'the controllers, and which of them vote; one more, one less, or one in the place of another',
    wordsMin: 1,
    wordsMax: 24,
    parse: words.parseMember,
  },
  {
    name: 'slowlog',
    makes: 'slowlog',
    usage: 'slowlog [<count>|reset] [json]',
    help: 'the slowest requests of the last ten minutes, and where their time went; reset forgets them',
    wordsMin: 1,
    wordsMax: Infinity,
    parse: words.parseSlowlog,
  },
  {
    name: 'who',
    makes: 'who',
    usage: 'who',
    help: 'which controller this is',
    wordsMin: 1,
    wordsMax: Infinity,
    parse: () => WHO,
  },
  {
    name: 'session',
    makes: 'session',
    usage: 'session [<token>]',
    help: 'the token of what this connection has seen, for another one to go on from',
    wordsMin: 1,
    wordsMax: 2,
    parse: words.parseSession,
  },
  {
    name: 'level',
    makes: 'level',
    usage: 'level [<level>|stale-ms <milliseconds>|default]',
    help: 'what the reads of this connection ask for: a level, or a bound on how old their answers are',
    wordsMin: 1,
    wordsMax: 3,
    parse: words.parseLevel,
  },
  {
    name: 'quit',
    makes: 'quit',
    usage: 'quit',
    help: 'close the connection',
    wordsMin: 1,
    wordsMax: Infinity,
    parse: () => QUIT,
  },
];

function retrieval(name: 'get' | 'bget' | 'gets', withCas: boolean, help: string): Command {
  return {
    name,
    makes: 'get',
    usage: `${name} <key> [<key> …]`,
    help,
    wordsMin: 2,
    wordsMax: Infinity,
    parse: (line) => words.parseGet(line, withCas),
  };
}

function retrievalAndTouch(name: 'gat' | 'gats', withCas: boolean, help: string): Command {
  return {
    name,
    makes: 'gat',
    usage: `${name} <exptime> <key> [<key> …]`,
    help,
    wordsMin: 2,
    wordsMax: Infinity,
    parse: (line) => words.parseGetAndTouch(line, withCas),
  };
}

function storage(name: Exclude<StorageVerb, 'cas'>, help: string): Command {
  return {
    name,
    makes: 'storage',
    usage: `${name} <key> <flags> <exptime> <bytes> [noreply]`,
    help,
    wordsMin: 5,
    wordsMax: 6,
    parse: (line) => words.parseStorage(line, name),
  };
}

function arithmetic(name: 'incr' | 'decr', help: string): Command {
  return {
    name,
    makes: 'arithmetic',
    usage: `${name} <key> <number> [noreply]`,
    help,
    wordsMin: 3,
    wordsMax: 4,
    parse: (line) => words.parseArithmetic(line, name),
  };
}

/** @param usage begins with the name of the command */
function administrative(usage: string, wordsMin: number, wordsMax: number, help: string): Command {
  const name = usage.split(' ')[0]!;
  return { name, makes: 'admin', usage, help, wordsMin, wordsMax, parse: words.parseAdmin };
}

interface Candidate {
  readonly name: Buffer;
  readonly command: Command;
}

/** Commands by the first byte of their names, so that no string is made to find the command of a line. */
const CANDIDATES: readonly (readonly Candidate[])[] = candidatesByFirstByte();

function candidatesByFirstByte(): Candidate[][] {
  const table: Candidate[][] = Array.from({ length: 256 }, () => []);
  for (const command of COMMANDS) {
    const name = Buffer.from(command.name, 'latin1');
    table[name[0]!]!.push({ name, command });
  }
  return table;
}

/** The request of a line that has been split into words; for a storage command, the header of the value to read. */
export function parseCommand(line: TextLine): words.Parsed {
  const command = commandOf(line);
  if (command === null) return unknownCommand(line);
  if (line.count < command.wordsMin || line.count > command.wordsMax) return words.UNKNOWN;
  return command.parse(line);
}

function commandOf(line: TextLine): Command | null {
  if (line.count === 0) return null;
  const candidates = CANDIDATES[line.bytes[line.startOf(0)]!]!;
  for (let at = 0; at < candidates.length; at++) {
    const { name, command } = candidates[at]!;
    if (line.is(0, name)) return command;
  }
  return null;
}

const HTTP = Buffer.from('HTTP/');
const META_FIRST_LETTER = 0x6d;
const FIRST_LETTERS_NEVER_HTTP = Buffer.from('gsacidt');

/**
 * memcached ends the connection of a browser. If the last word of an unknown command begins with `HTTP/`, it closes the
 * connection without an answer. Words that begin like a real command never get that far, because their first letter has
 * already sent them to the parser of that command.
 */
function unknownCommand(line: TextLine): InvalidRequest {
  if (line.count === 0 || line.lengthOf(0) < 2) return words.UNKNOWN;
  const first = line.bytes[line.startOf(0)]!;
  const isMeta = first === META_FIRST_LETTER && line.lengthOf(0) === 2;
  if (isMeta || FIRST_LETTERS_NEVER_HTTP.includes(first)) return words.UNKNOWN;
  return line.startsWith(line.count - 1, HTTP) ? words.invalid('', false, true) : words.UNKNOWN;
}
