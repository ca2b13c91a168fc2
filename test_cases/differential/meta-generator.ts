import type { Random } from '../sim/random.ts';
import { abrupt, type Command, command, type GenerateOptions, type Rendering } from './stream.ts';
import { pickWeighted, textCommands } from './text-generator.ts';
import * as words from './words.ts';

/**
 * Meta commands, well-formed and malformed, among classic ones. The generator leaves out, for the reasons in
 * docs/protocol.md: `me`, which shows memcached's own memory; `E`, and the `x` of `md`, which 1.6.18 does not have; an
 * opaque that is too long; the `T` of `ma`; and `R` beside `T`.
 */
export function metaCommands(random: Random, options: GenerateOptions): Command[] {
  if (random.chance(0.25)) return textCommands(random, options);
  return [pickWeighted(random, SHAPES)(random)];
}

type Part = (rendering: Rendering) => string;
type Shape = (random: Random) => Command;

const SHAPES: readonly (readonly [weight: number, shape: Shape])[] = [
  [30, metaGet],
  [25, metaSet],
  [10, metaDelete],
  [15, metaArithmetic],
  [4, metaNoop],
  [3, badLine],
  [3, badChunk],
];

/** The name of a key, and whether it is sent in base64. */
interface Key {
  readonly name: string;
  readonly isBase64: boolean;
}

/**
 * An entry keeps the form in which its key was written when it was stored; therefore one key is always in base64, and
 * the others never are. Counting loses that form when the number becomes longer: see `textKey`.
 */
function anyKey(random: Random): Key {
  return random.chance(0.15)
    ? { name: 'encoded', isBase64: true }
    : { name: words.keyName(random), isBase64: false };
}

function textKey(random: Random): Key {
  return { name: words.keyName(random), isBase64: false };
}

function written({ name, isBase64 }: Key): Part {
  return ({ key }) => (isBase64 ? Buffer.from(key(name), 'latin1').toString('base64') : key(name));
}

/** One flag: bytes, or bytes that contain a token. */
type Flag = string | Part;

function metaGet(random: Random): Command {
  const key = anyKey(random);
  const pool: Flag[] = ['v', 'v', 'v', 'f', 'h', 'k', 'c', 'c', 's', 't', 'q', 'u', seconds('T', random)];
  pool.push(seconds('N', random), 'R30', 'R1000', 'R0', opaque(random));
  return line(random, 'mg', key, flagsFrom(pool, random, key.isBase64));
}

function metaSet(random: Random): Command {
  const key = anyKey(random);
  const value = words.value(random);
  const pool: Flag[] = [
    mode(random, 'EAPRSeaprs'),
    'c',
    'k',
    'q',
    'I',
    opaque(random),
    `F${words.flags(random)}`,
  ];
  pool.push(seconds('T', random), seconds('N', random), compared(random, key), compared(random, key), 'b');
  const flags = flagsFrom(pool, random, key.isBase64);
  return line(random, 'ms', key, [String(value.length), ...flags], `${value}\r\n`);
}

function metaDelete(random: Random): Command {
  const key = anyKey(random);
  const pool: Flag[] = ['I', 'I', 'k', 'q', opaque(random), seconds('T', random), compared(random, key)];
  return line(random, 'md', key, flagsFrom(pool, random, key.isBase64));
}

function metaArithmetic(random: Random): Command {
  const key = textKey(random);
  const pool: Flag[] = [
    mode(random, 'IDid+-'),
    `D${words.delta(random)}`,
    `J${words.delta(random)}`,
    'v',
    'v',
    'c',
  ];
  pool.push('t', 'k', 'q', seconds('N', random), opaque(random), compared(random, key));
  return line(random, 'ma', key, flagsFrom(pool, random, key.isBase64));
}

function metaNoop(random: Random): Command {
  const bytes = random.pick(['mn\r\n', 'mn\r\n', 'mn\r\n', 'mn x\r\n', 'mn x y z\r\n', 'mn \r\n']);
  return command(() => bytes, random);
}

function compared(random: Random, { name }: Key): Part {
  const token = words.token(random, name);
  return (rendering) => `C${words.tokenText(token(rendering))}`;
}

function seconds(flag: string, random: Random): string {
  return `${flag}${words.exptime(random)}`;
}

function opaque(random: Random): string {
  return `O${random.pick(['1', 'opaque', '0123456789', 'a-b_c', 'o'.repeat(31)])}`;
}

/** A mode of the command; now and then one that does not exist. */
function mode(random: Random, modes: string): string {
  return `M${random.chance(0.95) ? random.pick([...modes]) : random.pick(['', 'X', 'SS', 'set', '0'])}`;
}

/** Few or many flags, in any order, each at most once except for the occasional mistake. */
function flagsFrom(pool: readonly Flag[], random: Random, isBase64: boolean): Flag[] {
  const left = [...pool];
  const flags: Flag[] = [];
  for (let count = random.below(random.chance(0.8) ? 5 : 9); count > 0 && left.length > 0; count--) {
    flags.push(left.splice(random.below(left.length), 1)[0]!);
  }
  if (random.chance(0.04))
    flags.push(random.pick(['v', 'q', 'c', 'Z', '!', '9', 'Tx', 'N-', 'C', 'Cx', 'D', 'Dx', 'Jx', 'R']));
  const seen = new Set<string>();
  return withoutNeverComparable(flags, isBase64).filter((flag) => {
    const letter = typeof flag === 'string' ? flag[0]! : 'C';
    if (seen.has(letter) && random.chance(0.9)) return false;
    seen.add(letter);
    return true;
  });
}

/**
 * Leaves out combinations that two servers can't agree on. For a past expiry memcached shows the time left as 2³² minus
 * the seconds since then; an entry that a read created under a base64 key returns its key decoded; and 1.6.18 does not
 * create entries by append.
 */
function withoutNeverComparable(flags: readonly Flag[], isBase64: boolean): readonly Flag[] {
  const has = (pattern: RegExp): boolean =>
    flags.some((flag) => typeof flag === 'string' && pattern.test(flag));
  const isPast = has(/^[NT](-|2592001|1000000000|2147483648|4294967295)/);
  const isTouched = has(/^T/);
  const makesNone = isBase64 || has(/^M[AaPp]/);
  return flags.filter((flag) => {
    if (typeof flag !== 'string') return true;
    if (isTouched && flag.startsWith('R')) return false;
    return !(isPast && flag === 't') && !(makesNone && flag.startsWith('N'));
  });
}

function line(random: Random, name: string, key: Key, flags: readonly Flag[], value = ''): Command {
  const keyPart = written(key);
  const all: Flag[] = key.isBase64 && random.chance(0.95) ? [...flags, 'b'] : [...flags];
  const end = random.chance(0.95) ? '\r\n' : '\n';
  const returnsToken = all.includes('c');
  const one = command((rendering) => {
    const parts = all.map((flag) => (typeof flag === 'string' ? flag : flag(rendering)));
    return `${[name, keyPart(rendering), ...parts].join(' ')}${end}${value}`;
  }, random);
  return { ...one, pauseAfter: one.pauseAfter || (returnsToken && random.chance(0.5)) };
}

const BAD_LINES = [
  ...[
    'mg',
    'ms',
    'md',
    'ma',
    'mn',
    'me',
    'ms a',
    'ms a x',
    'ms a -1',
    'ms a S5',
    'mg a v v',
    'mg a !',
    'mx a',
    'M a',
  ],
  ...[
    'mg a b',
    'mg \x01 b v',
    'mg !!! b v',
    'md a C',
    'md a Cx',
    'ma a D',
    'ma a Dx',
    'ma a N',
    'ma a MX',
    'ms a 0 MX',
  ],
  ...[
    'mg a T',
    'mg a Tx',
    'mg a R',
    'mg a N',
    'ms a 99999999999999999999',
    'ms a 2147483647',
    'mgg a',
    'mga',
  ],
];

function badLine(random: Random): Command {
  const isTooLong = random.chance(0.2);
  const bad = random.pick(BAD_LINES);
  const head = random.pick(['mg', 'md', 'ma', 'ms']);
  const one = command(({ key }) => {
    return isTooLong ? `${head} ${key('too long')} v\r\n` : `${bad.replace(/ a/, () => ` ${key('a')}`)}\r\n`;
  }, random);
  return isTooLong || bad === 'ms a 2147483647' ? abrupt(one) : one;
}

function badChunk(random: Random): Command {
  const [name, value] = [words.keyName(random), words.value(random)];
  const length = Math.max(0, value.length + random.pick([-2, -1, 0, 1, 2]));
  const end = random.pick(['\r\n', '\n', '', 'xx']);
  const flags = random.pick(['', ' q', ' c', ' k Oabc', ' S5', ' MX', ' Tx', ' Fx']);
  return command(({ key }) => `ms ${key(name)} ${length}${flags}\r\n${value}${end}`, random);
}
