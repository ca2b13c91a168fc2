import { UsageError } from '../failure.ts';

/** A key that cannot stand in a command of the classic text protocol: it has spaces or control characters. */
export function isBinaryKey(key: string): boolean {
  return /[\x00-\x20\x7f]/.test(key);
}

/** What stands in a command line for such a key: base64, with the flag `b`. */
export function base64Of(key: string): string {
  return Buffer.from(key, 'latin1').toString('base64');
}

/** A write with a value, as it was typed. */
export interface TypedWrite {
  readonly word: string;
  readonly key: string;
  readonly flags: string;
  readonly exptime: string;
  readonly valueBytes: number;
}

/** The mode of `ms` that does what the command does. */
const MODES: Readonly<Record<string, string>> = {
  set: '',
  add: ' ME',
  replace: ' MR',
  append: ' MA',
  prepend: ' MP',
};

/** The line of `ms` that stores a value under a key that the classic commands cannot name. */
export function metaWrite({ word, key, flags, exptime, valueBytes }: TypedWrite): string {
  const mode = MODES[word];
  if (mode === undefined) throw noForm(word);
  const expires = exptime === '0' ? '' : ` T${exptime}`;
  const userFlags = flags === '0' ? '' : ` F${flags}`;
  return `ms ${base64Of(key)} ${valueBytes} b${userFlags}${expires}${mode}`;
}

/** The meta command that does the same for such a key. @param words without quotes */
export function metaLine(words: readonly string[]): string {
  const [word = '', first = '', second = ''] = words;
  const isWithNumber = word === 'gat' || word === 'gats';
  const key = base64Of(isWithNumber ? second : first);
  const extra = words.length - (isWithNumber || /^(incr|decr|touch)$/.test(word) ? 3 : 2);
  switch (word) {
    case 'get':
    case 'bget':
    case 'gets':
    case 'gat':
    case 'gats': {
      if (extra > 0) throw new UsageError('CLIENT_COMMAND', 'ask for keys with spaces one at a time');
      const token = word.endsWith('s') ? ' c' : '';
      return `mg ${key} b${token} f v${isWithNumber ? ` T${first}` : ''}`;
    }
    case 'delete':
      return `md ${key} b`;
    case 'incr':
      return `ma ${key} b D${second} v`;
    case 'decr':
      return `ma ${key} b MD D${second} v`;
    case 'touch':
      return `mg ${key} b T${second}`;
    case 'mg':
    case 'md':
    case 'ma':
    case 'me':
      return [word, key, 'b', ...words.slice(2)].join(' ');
    default:
      throw noForm(word);
  }
}

function noForm(word: string): UsageError {
  return new UsageError('CLIENT_COMMAND', `${word} takes no key with spaces or control characters`);
}
