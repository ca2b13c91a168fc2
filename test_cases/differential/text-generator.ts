import type { Random } from '../sim/random.ts';
import { abrupt, type Command, command, type GenerateOptions } from './stream.ts';
import * as words from './words.ts';

/**
 * Commands of the text protocol, well-formed and malformed. The generator leaves out, for the reasons in
 * docs/protocol.md: `show`; `who`; `stats`, except for its errors; lines above 2 KiB that name no keys and have an end;
 * and a `flush_all` with a delay after one without, by which a memcached revives entries that it has not removed yet.
 */
export function textCommands(random: Random, { alone }: GenerateOptions): Command[] {
  if (alone && random.chance(0.08)) return [flushAll(random)];
  return [pickWeighted(random, SHAPES)(random)];
}

type Shape = (random: Random) => Command;

const SHAPES: readonly (readonly [weight: number, shape: Shape])[] = [
  [30, store],
  [12, retrieval],
  [8, retrievalWithTokens],
  [10, compareAndSwap],
  [12, arithmetic],
  [5, touch],
  [7, retrievalAndTouch],
  [8, remove],
  [3, plain],
  [8, oddlyNumbered],
  [6, jumbled],
  [5, badlyChunked],
  [2, noise],
  [1, longRetrieval],
  [0.15, nearItemLimit],
  [0.3, last],
];

export function pickWeighted<T>(random: Random, list: readonly (readonly [weight: number, item: T])[]): T {
  let left = random.next() * list.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, item] of list) {
    left -= weight;
    if (left < 0) return item;
  }
  return list.at(-1)![1];
}

const STORE_VERBS = ['set', 'set', 'set', 'add', 'replace', 'append', 'prepend'];

function store(random: Random): Command {
  const [verb, name, last] = [random.pick(STORE_VERBS), words.keyName(random), noreply(random)];
  const [flags, exptime, value] = [words.flags(random), words.exptime(random), words.value(random)];
  const end = lineEnd(random);
  return command(
    ({ key }) => `${verb} ${key(name)} ${flags} ${exptime} ${value.length}${last}${end}${value}\r\n`,
    random,
  );
}

function compareAndSwap(random: Random): Command {
  const [name, last, value] = [words.keyName(random), noreply(random), words.value(random)];
  const [flags, exptime, token] = [words.flags(random), words.exptime(random), words.token(random, name)];
  return command((rendering) => {
    const head = `cas ${rendering.key(name)} ${flags} ${exptime} ${value.length} ${words.tokenText(token(rendering))}`;
    return `${head}${last}\r\n${value}\r\n`;
  }, random);
}

function retrieval(random: Random): Command {
  return keyList('get', random);
}

/** A read that shows tokens is more often waited for than not: otherwise later commands could not use the tokens. */
function retrievalWithTokens(random: Random): Command {
  const shown = keyList('gets', random);
  return { ...shown, pauseAfter: shown.pauseAfter || random.chance(0.6) };
}

function retrievalAndTouch(random: Random): Command {
  return keyList(`${random.pick(['gat', 'gats'])} ${words.exptime(random)}`, random);
}

function keyList(head: string, random: Random): Command {
  const count = random.chance(0.7) ? 1 : 1 + random.below(random.chance(0.8) ? 5 : 40);
  const names = Array.from({ length: count }, () => words.keyName(random));
  const isRefused = random.chance(0.02);
  // The long key comes first: memcached counts the keys before it as read, which `mg … h` shows.
  if (isRefused) names.unshift('too long');
  const space = random.chance(0.9) ? ' ' : '  ';
  const end = lineEnd(random, names.at(-1));
  const one = command(({ key }) => `${head} ${names.map(key).join(space)}${end}`, random);
  return isRefused ? abrupt(one) : one;
}

function arithmetic(random: Random): Command {
  const [verb, name, last] = [random.pick(['incr', 'decr']), words.keyName(random), noreply(random)];
  const delta = words.delta(random);
  return command(({ key }) => `${verb} ${key(name)} ${delta}${last}\r\n`, random);
}

function touch(random: Random): Command {
  const [name, exptime, last] = [words.keyName(random), words.exptime(random), noreply(random)];
  return command(({ key }) => `touch ${key(name)} ${exptime}${last}\r\n`, random);
}

function remove(random: Random): Command {
  const name = words.keyName(random);
  const last = random.pick(['', '', '', ' noreply', ' 0', ' 0 noreply', ' 5', ' 00', ' 0 0', ' x noreply']);
  return command(({ key }) => `delete ${key(name)}${last}\r\n`, random);
}

function flushAll(random: Random): Command {
  const words = random.pick([
    '',
    ' 0',
    ' -1',
    ' noreply',
    ' 0 noreply',
    ' 0 1',
    ' x',
    ' 0x noreply',
    ' 1 2 3',
  ]);
  return command(() => `flush_all${words}\r\n`, random);
}

function plain(random: Random): Command {
  const line = random.pick([
    ...[
      'version',
      'version x',
      'verbosity 0',
      'verbosity 1 noreply',
      'verbosity',
      'verbosity x',
      'stats foo',
    ],
    ...[
      'stats noreply',
      '',
      ' ',
      'get',
      'gets ',
      'gat',
      'gat 0',
      'set',
      'incr',
      'decr a',
      'touch',
      'delete',
      'x',
    ],
    ...[
      'GET a',
      'Set a 0 0 1',
      'getx a',
      'g',
      'mx',
      'm',
      'mnn',
      'foo bar',
      'x HTTP/1.1',
      'gat x a',
      'cas a 0 0 1',
    ],
    ...[
      'shutdown',
      'shutdown graceful',
      'refresh_certs',
      'misbehave',
      'bget a',
      'slabs',
      'lru',
      'cache_memlimit',
      'slabs x',
    ],
  ]);
  const end = lineEnd(random);
  const one = command(() => `${line}${end}`, random);
  return line.includes('HTTP/') ? abrupt(one) : one;
}

const ODD_SHAPES = [
  ...['set K N 0 1', 'set K 0 N 1', 'set K 0 0 N', 'cas K 0 0 1 N', 'add K N N N', 'incr K N', 'decr K N'],
  ...[
    'touch K N',
    'gat N K',
    'gats N K K',
    'delete K N',
    'verbosity N',
    'set L 0 0 1',
    'incr L N',
    'touch L N',
  ],
  ...['delete L N', 'get L K K', 'gat N L', 'cas L 0 0 1 N', 'append L N N 1'],
];

/**
 * A line with the right number of words, and odd numbers among them; after a storage command comes a value, whether its
 * header is valid or not.
 */
function oddlyNumbered(random: Random): Command {
  const shape = random.pick(ODD_SHAPES).split(' ');
  const name = words.keyName(random);
  const numbers = shape.map(() => (shape[0] === 'incr' ? words.delta(random) : words.oddNumber(random)));
  const [last, end] = [noreply(random), lineEnd(random, name)];
  const hasValue = /set|cas|add|append/.test(shape[0]!);
  const one = command(({ key }) => {
    const line = shape.map((word, at) => {
      if (word === 'K') return key(name);
      if (word === 'L') return key('too long');
      return word === 'N' ? numbers[at] : word;
    });
    return `${line.join(' ')}${last}${end}${hasValue ? 'x\r\n' : ''}`;
  }, random);
  return shape.includes('L') ? abrupt(one) : one;
}

const JUMBLE_NAMES = [
  'get',
  'gets',
  'set',
  'add',
  'incr',
  'touch',
  'delete',
  'cas',
  'gat',
  'Get',
  'mx',
  'foo',
  'verbosity',
];

/** The name of a command, with the words of other commands. */
function jumbled(random: Random): Command {
  const first = random.pick(JUMBLE_NAMES);
  const count = random.below(7);
  const rest = Array.from({ length: count }, () =>
    random.pick(['K', 'K', '0', '0', '-1', '100', 'noreply', 'x', 'HTTP/1.1', 'L', '\0', '1x', 'a\tb']),
  );
  const space = random.chance(0.85) ? ' ' : random.pick(['  ', '   ']);
  const end = lineEnd(random);
  const one = command(({ key }) => {
    const line = rest.map((word) => (word === 'K' ? key('a') : word === 'L' ? key('too long') : word));
    return `${[first, ...line].join(space)}${end}`;
  }, random);
  return rest.includes('HTTP/1.1') || rest.includes('L') ? abrupt(one) : one;
}

/** A value that is shorter or longer than announced, or that has no line end after it. */
function badlyChunked(random: Random): Command {
  const [verb, name, value] = [random.pick(STORE_VERBS), words.keyName(random), words.value(random)];
  const length = Math.max(0, value.length + random.pick([0, 0, -3, -2, -1, 1, 2, 3, 30]));
  const end = random.pick(['\r\n', '\r\n', '\n', '\r', '', 'xx', '\n\n', '\r\r\n']);
  const last = noreply(random);
  return command(({ key }) => `${verb} ${key(name)} 0 0 ${length}${last}\r\n${value}${end}`, random);
}

function noise(random: Random): Command {
  // The first byte is changed when it is 0x80: at the beginning of a connection that would select the binary protocol.
  const bytes = words.anyBytes(random, 80).replace(/^[\x80\x4d]/, 'x');
  return command(() => `${bytes}\r\n`, random);
}

function longRetrieval(random: Random): Command {
  const [head, count] = [random.pick(['get', 'gets', '  get']), 20 + random.below(800)];
  // A value that is shorter than announced must not swallow the beginning of this line: the rest would not be a `get`.
  return abrupt(
    command(({ key }) => `${head} ${`${key('n')} ${key('nothing')} `.repeat(count)}\r\n`, random),
  );
}

const ITEM_BYTES_MAX = 1_048_576;

/** Values around the item limit: one that is too large is swallowed, and a `set` of it removes the old entry. */
function nearItemLimit(random: Random): Command {
  const [verb, name] = [random.pick(STORE_VERBS), words.keyName(random)];
  const length = ITEM_BYTES_MAX - random.pick([0, 1, 40, 66, 67, 68, 69, 70, 80, 400]);
  const last = random.pick(['', '', ' noreply']);
  return command(
    ({ key }) => `${verb} ${key(name)} 0 0 ${length}${last}\r\n${'v'.repeat(length)}\r\n`,
    random,
  );
}

/** Longer than one read of memcached, so that memcached sees no line end in it however the network cuts it. */
const ENDLESS_LINE = 'x'.repeat(600_000);

/** A line that ends the connection. */
function last(random: Random): Command {
  const bytes = random.pick(['quit\r\n', 'quit x\r\n', 'post / HTTP/1.1\r\n', ENDLESS_LINE, 'HTTP/\r\n']);
  return abrupt(command(() => bytes, random));
}

function noreply(random: Random): string {
  if (random.chance(0.8)) return '';
  return random.pick([' noreply', ' noreply', ' noreply', ' norep', ' noreply x', ' ']);
}

/**
 * @param lastKey the key before the line end. An odd end makes that key longer: one byte too long if it is the longest.
 */
function lineEnd(random: Random, lastKey = ''): string {
  const end = random.chance(0.93) ? '\r\n' : random.pick(['\n', ' \r\n', '\r\r\n', '\0\r\n']);
  return lastKey === 'longest' ? '\r\n' : end;
}
