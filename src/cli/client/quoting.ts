import { UsageError } from '../failure.ts';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' };

/**
 * The value that a typed text stands for. In quotes, single or double, `\n`, `\r`, `\t`, `\0`, `\xNN` and a
 * backslash before anything else are understood; without quotes the text is taken as it is.
 *
 * @throws UsageError when a quote is not closed
 */
export function unquote(text: string): string {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text;
  const { value, end } = quotedAt(text, 0);
  if (end < text.length)
    throw new UsageError(
      'CLIENT_COMMAND',
      `there is more behind the closing ${quote}; put \\ before an inner one`,
    );
  return value;
}

/**
 * What the quoted text that begins there stands for, and the place behind its closing quote.
 *
 * @throws UsageError when the quote is not closed
 */
export function quotedAt(text: string, start: number): { readonly value: string; readonly end: number } {
  const quote = text[start]!;
  let value = '';
  let at = start + 1;
  while (at < text.length && text[at] !== quote) {
    const { part, next } = text[at] === '\\' ? escapeAt(text, at + 1) : { part: text[at]!, next: at + 1 };
    value += part;
    at = next;
  }
  if (at >= text.length) throw new UsageError('CLIENT_COMMAND', `the quote ${quote} is not closed`);
  return { value, end: at + 1 };
}

function escapeAt(text: string, at: number): { part: string; next: number } {
  const hex = /^x([0-9a-fA-F]{2})/.exec(text.slice(at, at + 3))?.[1];
  if (hex !== undefined) return { part: String.fromCharCode(Number.parseInt(hex, 16)), next: at + 3 };
  const letter = text[at] ?? '';
  return { part: ESCAPES[letter] ?? letter, next: at + 1 };
}

/** The inverse of `unquote`. */
export function quote(value: string): string {
  const escaped = value.replace(/[\\"\n\r\t\0]/g, (character) => {
    const letter = Object.keys(ESCAPES).find((name) => ESCAPES[name] === character);
    return `\\${letter ?? character}`;
  });
  return `"${escaped}"`;
}

/** A key as it has to be typed: as it is, or in quotes where it holds more than visible ASCII. @param key latin-1 */
export function typedKey(key: string): string {
  if (/^[!#-&(-~][!-~]*$/.test(key)) return key;
  const escaped = quote(key).replace(
    /[^ -~]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return escaped;
}
