import { parseAddress } from '../../base/address-text.ts';
import { IDS_END } from '../../base/number-kinds.ts';
import type { Address, Settings } from '../../controller/settings.ts';
import { DURABILITIES, type Durability } from '../../journal/durability.ts';
import { isLevel, LEVELS, type Level } from '../../placement/level.ts';
import {
  hasSchemes,
  ORDERED_SCHEMES,
  type OrderedScheme,
  type PlacedLevel,
  placedLevel,
} from '../../placement/placed-level.ts';
import { STORE_TYPES, type StoreType } from '../../store/create-driver.ts';
import { didYouMean } from '../suggestion.ts';
import { formatAddress, sameAddress } from './address.ts';

/**
 * From the text of a setting to its value. A text that will not do throws `BadValue`, whose message completes
 * the sentence `<where> is "<text>": …`.
 */
export class BadValue extends Error {
  readonly code = 'BAD_VALUE';
}

export type ValueReader<T> = (text: string) => T;

/** Seconds, fractions allowed, to whole milliseconds. */
export function seconds(min: number, max: number): ValueReader<number> {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return Math.round(value * 1000);
    throw new BadValue(`give seconds from ${min} to ${max}, such as ${Math.max(min, 0.5)}`);
  };
}

export function count(min: number, max: number): ValueReader<number> {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new BadValue(`give a whole number from ${min} to ${max}`);
  };
}

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes, with the units of memcached's `-I`: `k`, `m`, `g`. */
export function bytes(min: string, max: string): ValueReader<number> {
  const parse = (text: string): number => {
    const match = /^(\d+)([kmg]?)$/i.exec(text);
    return match === null ? Number.NaN : Number(match[1]) * UNIT_BYTES[match[2]!.toLowerCase()]!;
  };
  return (text) => {
    const value = parse(text);
    if (value >= parse(min) && value <= parse(max)) return value;
    throw new BadValue(`give bytes from ${min} to ${max}, such as 1048576, 512k or 1m`);
  };
}

export function level(text: string): Level {
  const word = text.toLowerCase();
  if (isLevel(word)) return word;
  const choice = `choose ${oneOfWords(LEVELS)}`;
  throw new BadValue(`there is no such level${didYouMean(word, LEVELS)}; ${choice}`);
}

/** @param fallback the scheme of an ordered level that names none */
export function levelWithScheme(text: string, fallback: OrderedScheme): PlacedLevel {
  const [levelText = '', schemeText] = text.split(/\/(.*)/s);
  const plain = level(levelText);
  if (schemeText === undefined) return placedLevel(plain, fallback);
  if (!hasSchemes(plain))
    throw new BadValue(`${plain} has no schemes to choose from; leave "${schemeText}" out`);
  return placedLevel(plain, scheme(schemeText));
}

export function scheme(text: string): OrderedScheme {
  return oneOf(ORDERED_SCHEMES)(text);
}

export function durability(text: string): Durability {
  return oneOf(DURABILITIES)(text);
}

export function storeType(text: string): StoreType {
  return oneOf(STORE_TYPES)(text);
}

export function logLevel(text: string): Settings['logLevel'] {
  return oneOf<Settings['logLevel']>(['error', 'warn', 'info', 'debug'])(text);
}

export function logFormat(text: string): Settings['logFormat'] {
  return oneOf<Settings['logFormat']>(['text', 'json'])(text);
}

export function yesOrNo(text: string): boolean {
  return oneOf(['yes', 'no'])(text) === 'yes';
}

function oneOf<T extends string>(words: readonly T[]): ValueReader<T> {
  return (text) => {
    const found = words.find((word) => word === text.toLowerCase());
    if (found !== undefined) return found;
    throw new BadValue(`choose ${oneOfWords(words)}${didYouMean(text, words)}`);
  };
}

function oneOfWords(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** Names of hosts, as they stand in front of the port in a URL. */
export function hostNames(text: string): readonly string[] {
  if (text === '') return [];
  return text.split(',').map((word) => {
    const name = word.trim();
    if (/^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252})$/.test(name)) return name;
    throw new BadValue(`"${name}" is no name of a host; give names without ports, such as cache.example.org`);
  });
}

/** A word that can stand in a handshake, a file name and a line of a log. */
export function name(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text;
  throw new BadValue('give 1 to 64 letters, digits, dots, dashes or underscores');
}

export function fileName(text: string): string {
  if (text !== '' && !text.includes('\0')) return text;
  throw new BadValue('give a name, or "-"');
}

/** A list without repetitions: two peers at one address could not both listen there. */
export function addresses(text: string): readonly Address[] {
  const list: Address[] = [];
  for (const word of text.split(',')) {
    const address = parseAddress(word);
    if (address === null) throw new BadValue(`"${word.trim()}" is no host:port with a port from 1 to 65535`);
    if (list.some((other) => sameAddress(other, address))) {
      throw new BadValue(`${formatAddress(address)} stands there twice; every address must be different`);
    }
    list.push(address);
  }
  if (list.length <= IDS_END) return list;
  throw new BadValue(`there are ${list.length}; a cluster has ${IDS_END} controllers at most`);
}
