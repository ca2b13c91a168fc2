import { signed, unsigned } from './twin-decoder.ts';

/**
 * A slow and obvious parser of the flags of a meta command, on strings, to compare with the real one. It shares no code
 * with it.
 */
export interface TwinFlags {
  readonly key: string;
  readonly error: string | null;
  /** The token of each flag, by its letter. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** Where memcached would keep the low 32 bits, a larger number is refused. */
function unsigned32(word: string): bigint | null {
  const value = unsigned(word);
  return value !== null && value < 2n ** 32n ? value : null;
}

const NUMBERS: Readonly<Record<string, readonly [read: (word: string) => unknown, error: string | null]>> = {
  N: [signed, 'CLIENT_ERROR bad token in command line format'],
  R: [signed, 'CLIENT_ERROR bad token in command line format'],
  T: [signed, 'CLIENT_ERROR bad token in command line format'],
  C: [unsigned, 'CLIENT_ERROR bad token in command line format'],
  E: [unsigned, 'CLIENT_ERROR bad token in command line format'],
  J: [unsigned, 'CLIENT_ERROR invalid numeric initial value'],
  D: [unsigned, 'CLIENT_ERROR invalid numeric delta value'],
  F: [unsigned, null],
  A: [unsigned32, 'CLIENT_ERROR bad token in command line format'],
};

export function twinFlags(key: string, words: readonly string[]): TwinFlags {
  const tokens = new Map<string, string>();
  let error: string | null = null;
  let failed = false;
  let found = key;
  for (const word of words) {
    const letter = word[0]!;
    if (letter.charCodeAt(0) >= 127 || tokens.has(letter)) {
      return { key: found, error: 'CLIENT_ERROR duplicate flag', tokens };
    }
    if (!/[bcfhklqstuvxyACDEFGIJLMNOPRTY]/.test(letter)) {
      return { key: found, error: 'CLIENT_ERROR invalid flag', tokens };
    }
    const token = word.slice(1);
    tokens.set(letter, token);
    const row = NUMBERS[letter];
    if (row !== undefined && row[0](token) === null) {
      failed = true;
      error = row[1] ?? error;
    }
    if (letter === 'G' && token.length !== 1) {
      failed = true;
      error = 'CLIENT_ERROR G takes the letter of a level, as in Gs';
    }
    if (letter === 'M' && token.length !== 1) {
      failed = true;
      error = 'CLIENT_ERROR incorrect length for M token';
    }
    if (letter === 'b') {
      const decoded = twinKey(key);
      if (decoded === null) {
        failed = true;
        error = 'CLIENT_ERROR error decoding key';
      } else {
        found = decoded;
      }
    }
  }
  return { key: found, error: failed ? (error ?? 'CLIENT_ERROR bad command line format') : null, tokens };
}

/** Decodes groups of four characters of base64, ignores all others, and stops after the first group that is padded. */
export function twinKey(text: string): string | null {
  const digits = text.replace(/[^A-Za-z0-9+/=]/g, '');
  if (digits === '' || digits.length % 4 !== 0) return null;
  let key = '';
  for (const four of digits.match(/..../gs) ?? []) {
    const pads = four.split('=').length - 1;
    if (pads > 2) return null;
    key += Buffer.from(four.replace(/=/g, 'A'), 'base64')
      .toString('latin1')
      .slice(0, 3 - pads);
    if (pads > 0) break;
  }
  return key;
}
