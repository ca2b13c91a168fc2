/** What is typed into the console, as the text protocol has it. Everything may also be typed as the protocol has it. */

/** Commands with a value, which may be typed in short: `set greeting hello`. */
const STORES = ['set', 'add', 'replace', 'append', 'prepend'];

/** Numbers of the protocol's own form: `<flags> <exptime> <bytes>`. */
const PROTOCOL_FORM = /^\d+ +-?\d+ +(\d+)(?: +(.*))?$/s;

/** Words that are offered while a command is typed. */
export const WORDS = [
  'get',
  'gets',
  'set',
  'add',
  'replace',
  'append',
  'prepend',
  'cas',
  'delete',
  'incr',
  'decr',
  'touch',
  'gat',
  'mg',
  'ms',
  'md',
  'ma',
  'me',
  'mn',
  'level',
  'show',
  'show requests',
  'keyspace',
  'stats',
  'stats settings',
  'stats conns',
  'stats items',
  'flush_all',
  'version',
  'verbosity',
  'clear',
];

/**
 * @param {string} line
 * @returns {string} what is sent: one or two lines, each with its end
 * @throws {Error} when a value is missing, or is not as long as announced
 */
export function requestOf(line) {
  const text = line.trim();
  const [word = '', key = ''] = text.split(/ +/, 2);
  if (word === 'ms') return metaSet(text);
  if (!STORES.includes(word)) return `${text}\r\n`;
  const rest = text.slice(word.length).trimStart().slice(key.length).trimStart();
  if (key === '' || rest === '') throw new Error(`usage: ${word} <key> <value>`);
  const numbers = PROTOCOL_FORM.exec(rest);
  if (numbers === null) {
    const value = unquote(rest);
    return `${word} ${key} 0 0 ${byteLength(value)}\r\n${value}\r\n`;
  }
  const value = unquote(numbers[2] ?? '');
  if (byteLength(value) !== Number(numbers[1]))
    throw new Error(
      `The value has ${byteLength(value)} bytes, but ${numbers[1]} are announced. Nothing was sent.`,
    );
  const head = rest.slice(0, rest.length - (numbers[2]?.length ?? 0)).trimEnd();
  return `${word} ${key} ${head}\r\n${value}\r\n`;
}

/**
 * `ms <key> <bytes> <flags>* <value>`: the value is the last of the text, as long as announced.
 *
 * @param {string} text
 */
function metaSet(text) {
  const bytes = Number(text.split(/ +/)[2]);
  const value = text.slice(Math.max(0, text.length - bytes));
  if (!Number.isInteger(bytes) || bytes < 0 || text.length <= bytes)
    throw new Error('usage: ms <key> <bytes> <flags>* <value>');
  if (byteLength(value) !== bytes) throw new Error('In the console, the value of ms has to be plain ASCII.');
  return `${text.slice(0, text.length - bytes).trimEnd()}\r\n${value}\r\n`;
}

/**
 * In double or single quotes, `\n`, `\r`, `\t`, `\\` and the quote itself can be written.
 *
 * @param {string} text
 */
function unquote(text) {
  const quote = text[0];
  if ((quote !== '"' && quote !== "'") || text.length < 2 || text.at(-1) !== quote) return text;
  return text
    .slice(1, -1)
    .replace(
      /\\(.)/gs,
      (_, letter) => ({ n: '\n', r: '\r', t: '\t' })[/** @type {string} */ (letter)] ?? letter,
    );
}

/** @param {string} text */
function byteLength(text) {
  return new TextEncoder().encode(text).length;
}
