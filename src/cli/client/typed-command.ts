import { UsageError } from '../failure.ts';
import { COMMAND_WORDS, type CommandWord, SHORT_FORM_WORDS } from './command-words.ts';
import { base64Of, isBinaryKey, metaLine, metaWrite } from './meta-form.ts';
import { unquote } from './quoting.ts';
import { BARRIER, type ReplyShape } from './text-reply-reader.ts';
import { typedWords } from './words.ts';

/** A command as it goes to a controller. */
export interface WireCommand {
  /** The line, and the data block when there is one, with their line ends. */
  readonly bytes: Buffer;
  readonly reply: ReplyShape;
  readonly writes: boolean;
  /** For people: the command and its key. */
  readonly title: string;
  /** The line that is sent in place of what was typed; absent where that is sent as it is. */
  readonly sentAs?: string;
  /** The answer goes on until the connection ends: `watch`. */
  readonly isEndless?: true;
}

export type TypedCommand =
  | { readonly kind: 'quit' }
  | { readonly kind: 'complete'; readonly command: WireCommand }
  /** The value is still to come: this many bytes, then a line end. */
  | { readonly kind: 'value_follows'; readonly valueBytes: number; complete(value: Buffer): WireCommand };

/** A value that no controller would take, in bytes: typing one is certainly a mistake. */
const VALUE_BYTES_MAX = 1024 * 1024 * 1024;

/** `<flags> <exptime> <bytes>`, and for `cas` the token: then the protocol's own form was meant. */
const PROTOCOL_FORM = /^\d+ +-?\d+ +\d+( |$)/;

const LINE_END = Buffer.from('\r\n');

/**
 * Understands one typed line. Text is latin-1 throughout, one character a byte. A key may stand in quotes; one with
 * spaces or control characters, which the classic commands cannot name, is sent as the meta command that does the same.
 *
 * A store command has three forms: `set k 0 0 5` with the value to follow, `set k 0 0 5 hello`, and
 * `set k hello`. A value that looks like the numbers of the first form has to be quoted.
 *
 * @throws UsageError when the line could not be followed by an intelligible reply, so that it must not be sent
 */
export function parseTyped(line: string): TypedCommand {
  const word = line.trim().split(' ', 1)[0]!;
  const row = COMMAND_WORDS.get(word);
  if (row?.reply === 'close') return { kind: 'quit' };
  if (!row?.takesValue) return complete(plainCommand(line, row));
  if (row.takesFlags) return metaForm(row, line);
  const [, key] = typedWords(line, 2);
  const rest = key === undefined ? '' : line.slice(key.end).trimStart();
  if (key === undefined || rest === '')
    throw new UsageError('CLIENT_COMMAND', `usage: ${usageOf(word, row)}`);
  refuseEmpty(key.text);
  if (SHORT_FORM_WORDS.has(word) && !PROTOCOL_FORM.test(rest))
    return complete(shortForm(word, row, key.text, rest));
  return protocolForm(row, rest, [word, key.text, ...rest.split(/ +/).filter((part) => part !== '')]);
}

/** The value follows on a line of its own: on the first one it could not be told from the flags. */
function metaForm(row: CommandWord, line: string): TypedCommand {
  const words = withBase64Key(typedWords(line).map(({ text }) => text));
  return {
    kind: 'value_follows',
    valueBytes: lengthIn(row, words),
    complete: (value) => withValue(row, words, value),
  };
}

/** How a command may be typed: as the protocol has it, or in short. */
export function usageOf(word: string, row: CommandWord): string {
  const value = row.takesValue ? ', then <value>' : '';
  const short = SHORT_FORM_WORDS.has(word) ? `${word} <key> <value>, or ` : '';
  return `${short}${row.usage}${value}`;
}

function complete(command: WireCommand): TypedCommand {
  return { kind: 'complete', command };
}

function plainCommand(line: string, row: CommandWord | undefined): WireCommand {
  const typed = typedWords(line);
  const words = typed.map(({ text }) => text);
  if (typed.every(({ isQuoted }) => !isQuoted)) return wireCommand(words, row, []);
  for (const { text } of typed) refuseEmpty(text);
  if (!words.some(isBinaryKey)) return wireCommand(words, row, []);
  const sentAs = metaLine(words);
  const sent = sentAs.split(' ');
  const title = `${words[0]} ${JSON.stringify(words[1])}`;
  return { ...wireCommand(sent, COMMAND_WORDS.get(sent[0]!), []), sentAs, title };
}

function withBase64Key(words: readonly string[]): readonly string[] {
  const [word = '', key = '', bytes, ...flags] = words;
  if (!isBinaryKey(key)) return words;
  return bytes === undefined ? words : [word, base64Of(key), bytes, 'b', ...flags];
}

function refuseEmpty(key: string): void {
  if (key === '') throw new UsageError('CLIENT_COMMAND', 'a key has at least one character');
}

function wireCommand(
  words: readonly string[],
  row: CommandWord | undefined,
  block: readonly Buffer[],
): WireCommand {
  const { reply = 'line', writes = true, takesFlags = false } = row ?? {};
  const silent = takesFlags ? words.includes('q') : writes && words.at(-1) === 'noreply';
  return {
    bytes: Buffer.concat([
      Buffer.from(`${words.join(' ')}\r\n`, 'latin1'),
      ...block,
      Buffer.from(silent ? BARRIER : '', 'latin1'),
    ]),
    reply: silent ? 'silent' : reply === 'close' ? 'line' : (dumpReply(words) ?? reply),
    writes,
    title: words.slice(0, 2).join(' '),
    ...(words[0] === 'watch' && { isEndless: true }),
  };
}

/** The dumps of `lru_crawler` have more than a line, up to `END` or `EN`. */
function dumpReply([word, mode]: readonly string[]): ReplyShape | null {
  return word === 'lru_crawler' && (mode === 'metadump' || mode === 'mgdump') ? 'dump' : null;
}

function shortForm(word: string, row: CommandWord, key: string, rest: string): WireCommand {
  const value = Buffer.from(unquote(rest), 'latin1');
  return withValue(row, [word, key, '0', '0', String(value.length)], value);
}

/** @param words `<command> <key> <flags> <exptime> <bytes>` for a classic command */
function withValue(row: CommandWord, words: readonly string[], value: Buffer): WireCommand {
  const [word = '', key = '', flags = '0', exptime = '0'] = words;
  if (row.takesFlags || !isBinaryKey(key)) return wireCommand(words, row, [value, LINE_END]);
  const sentAs = metaWrite({ word, key, flags, exptime, valueBytes: value.length });
  const sent = sentAs.split(' ');
  const title = `${word} ${JSON.stringify(key)}`;
  return { ...wireCommand(sent, COMMAND_WORDS.get('ms'), [value, LINE_END]), sentAs, title };
}

/** The head is what the protocol has in front of the value: numbers, and perhaps `noreply`. */
function protocolForm(row: CommandWord, rest: string, words: readonly string[]): TypedCommand {
  const valueBytes = lengthIn(row, words);
  const follows = (headLength: number): TypedCommand => ({
    kind: 'value_follows',
    valueBytes,
    complete: (value) => withValue(row, words.slice(0, headLength), value),
  });
  const numbers = words[0] === 'cas' ? 6 : 5;
  if (words.length < numbers) throw new UsageError('CLIENT_COMMAND', `usage: ${usageOf(words[0]!, row)}`);
  const tail = withoutWords(rest, numbers - 2);
  if (tail === '') return follows(numbers);
  if (tail.trim() === 'noreply') return follows(numbers + 1);
  const inline = inlineValue(tail, valueBytes);
  if (inline !== null) return complete(withValue(row, words.slice(0, numbers), inline));
  const afterNoreply = tail.startsWith('noreply ')
    ? inlineValue(tail.slice('noreply '.length), valueBytes)
    : null;
  if (afterNoreply !== null) return complete(withValue(row, words.slice(0, numbers + 1), afterNoreply));
  throw new UsageError(
    'CLIENT_COMMAND',
    `the value has ${tail.length} bytes, but ${valueBytes} are announced; nothing was sent`,
  );
}

function lengthIn(row: CommandWord, words: readonly string[]): number {
  const text = words[row.bytesAt] ?? '';
  const length = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (length <= VALUE_BYTES_MAX) return length;
  throw new UsageError(
    'CLIENT_COMMAND',
    `usage: ${usageOf(words[0]!, row)} (<bytes> is the length of the value, a number)`,
  );
}

/** What stands behind the first `count` words and one space; further spaces belong to the value. */
function withoutWords(text: string, count: number): string {
  return text.replace(new RegExp(`^(?:\\S+(?: +|$)){${count - 1}}\\S+ ?`), '');
}

/** The value, quoted or not, if it is as long as announced. */
function inlineValue(text: string, valueBytes: number): Buffer | null {
  if (text.length === valueBytes) return Buffer.from(text, 'latin1');
  const quoted = text[0] === '"' || text[0] === "'" ? unquote(text) : text;
  return quoted.length === valueBytes ? Buffer.from(quoted, 'latin1') : null;
}
