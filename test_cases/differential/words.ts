import type { Random } from '../sim/random.ts';
import { FOREIGN_TOKEN, type Rendering } from './stream.ts';

/**
 * Words that the generators share: keys, numbers and values, usual and odd. Two cases are left out, since no two
 * servers can agree on them: an expiry that comes while a stream runs; and counting to numbers from 2^63 on, after
 * which memcached looks for a minus sign in whatever memory follows.
 */

export const KEY_BYTES_MAX = 250;

/** The names of the keys of one stream: few, so that several commands use the same key. */
const KEYS = ['a', 'b', 'c', 'd', 'n'];
const ODD_KEYS = ['longest', 'control', 'high'];

export function keyName(random: Random): string {
  return random.chance(0.93) ? random.pick(KEYS) : random.pick(ODD_KEYS);
}

/** The bytes of a key; the prefix makes it a key of one stream only. */
export function keyBytes(prefix: string, name: string): string {
  switch (name) {
    case 'longest':
      return prefix.padEnd(KEY_BYTES_MAX, 'k');
    case 'too long':
      return prefix.padEnd(KEY_BYTES_MAX + 1, 'k');
    case 'control':
      return `${prefix}\x01\t\x7f`;
    case 'high':
      return `${prefix}\xff\x80\xe9`;
    default:
      return `${prefix}${name}`;
  }
}

/**
 * An expiry that never comes while a stream runs: 0, a hundred seconds and more, long past, or beyond the range of a
 * field.
 */
export function exptime(random: Random): string {
  if (random.chance(0.6)) return '0';
  return random.pick([
    ...['100', '1000', '2591999', '2592000', '2000000000', '2147483647', '+100', '0100', '4294967396'],
    ...['-1', '-100', '2592001', '1000000000', '2147483648', '4294967295', '-9223372036854775808'],
  ]);
}

export function flags(random: Random): string {
  if (random.chance(0.6)) return '0';
  return random.pick(['1', '7', '65535', '4294967295', '4294967296', '4294967301', '18446744073709551615']);
}

export function delta(random: Random): string {
  if (random.chance(0.5)) return String(random.below(12));
  return random.pick([
    ...['0', '1', '99', '1000000', '9999999999', '99999999999999999', '+1', '007'],
    ...['18446744073709551616', '-18446744073709551615'],
  ]);
}

/**
 * Words that are no numbers, or only to C. As an expiry none is below 5 seconds; as a token no server gives any of
 * them.
 */
export function oddNumber(random: Random): string {
  return random
    .pick([
      ...[
        '',
        '-',
        '+',
        '-0',
        '+-5',
        '5x',
        '0x5',
        'a',
        '1.5',
        '1e3',
        '\t5',
        '5\t-',
        '5\r',
        '\x0b+5',
        '--1',
        '∞',
      ],
      ...[
        '-1',
        '-2',
        '-2147483648',
        '-2147483649',
        '2147483648',
        '4294967296',
        '4294967396',
        '9223372036854775807',
      ],
      ...['9223372036854775808', '-9223372036854775809', '18446744073709551615', '18446744073709551616'],
      ...['-18446744073709551615', '99999999999999999999999999', `${'0'.repeat(30)}5`, 'noreply'],
    ])
    .replace('∞', '\xe2\x88\x9e');
}

/**
 * Values that `incr` may find: numbers whose width grows, and values that are no number. The bounds of 64 bits are in
 * the tables of cases.
 */
const NUMERIC_VALUES = [
  ...['0', '1', '9', '10', '99', '100', '999999999999999999', '1000000000000000000'],
  ...[
    '18446744073709551616',
    '99999999999999999999999',
    '007',
    ' 5',
    '5 ',
    '+5',
    '-5',
    '5x',
    '',
    '1\0',
    '12 34',
  ],
];

export function value(random: Random): string {
  if (random.chance(0.35)) return random.pick(NUMERIC_VALUES);
  if (random.chance(0.6)) return 'value'.repeat(random.below(6)).slice(0, random.below(30));
  return anyBytes(random, random.chance(0.9) ? 60 : 20_000);
}

/** Any bytes, with line ends and command words among them, which a server must not take for commands. */
export function anyBytes(random: Random, lengthMax: number): string {
  const parts: string[] = [];
  let length = random.below(lengthMax + 1);
  while (length > 0) {
    const part = random.chance(0.1)
      ? random.pick(['\r\n', '\n', 'END\r\n', 'get a\r\n', '\0', ' noreply\r\n', 'VALUE a 0 1\r\n', 'HD\r\n'])
      : String.fromCharCode(random.below(256));
    parts.push(part.slice(0, length));
    length -= part.length;
  }
  return parts.join('');
}

/**
 * The text of a token, of one length for both servers: a malformed request may be read as something else, which must
 * not depend on the length.
 */
export function tokenText(token: bigint): string {
  return token.toString().padStart(TOKEN_DIGITS, '0');
}

/** The number of digits of the largest number of 64 bits. */
const TOKEN_DIGITS = 20;

export function token(random: Random, name: string): (rendering: Rendering) => bigint {
  const kind = random.next();
  if (kind < 0.75) return (rendering) => rendering.token(name, 'newest');
  if (kind < 0.95) return (rendering) => rendering.token(name, 'oldest');
  return () => FOREIGN_TOKEN;
}
