import { PLACED_LEVELS } from '../../placement/placed-level.ts';
import { COMMAND_FORMS, type CommandForm, formsFor, isPlace } from './command-forms.ts';
import { COMMAND_ARGUMENTS } from './command-notes.ts';
import { CLIENT_WORDS, COMMAND_WORDS } from './command-words.ts';
import { argumentsOf } from './hints.ts';
import { typedKey } from './quoting.ts';

/** For `node:readline`: what may stand in the place of the end of the line, and that end. */
export type Completions = [matches: string[], completed: string];

/** Finds keys that begin like this, in latin-1 and as they are typed. */
export type FindKeys = (typed: string) => Promise<readonly string[]>;

/** Finds the names of the keyspaces. */
export type FindKeyspaces = () => Promise<readonly string[]>;

/** Completes commands, the words that they take, keys, and names of keyspaces. @param line up to the cursor */
export async function completionsOf(
  line: string,
  findKeys: FindKeys,
  findKeyspaces: FindKeyspaces,
): Promise<Completions> {
  const quoted = /(?:^| )("[^"]*)$/.exec(line)?.[1];
  const words = line.trimStart().split(/ +/);
  const last = quoted ?? words.at(-1) ?? '';
  const word = words[0] ?? '';
  if (words.length <= 1) return matching([...COMMAND_WORDS.keys(), ...CLIENT_WORDS], last, ' ');
  if (word === 'help') return words.length > 2 ? [[], last] : matching(COMMAND_WORDS.keys(), last, '');
  const forms = COMMAND_FORMS[word];
  if (forms !== undefined)
    return matching(await wordsIn(forms, words.slice(1, -1), findKeyspaces), last, ' ');
  const place = words.length - 2;
  const args = place === 0 ? (COMMAND_ARGUMENTS[word] ?? []).map(([name]) => name) : laterWords(word);
  if (args.length > 0) return matching(args, last, ' ');
  if (!takesKeyAt(word, place)) return [[], last];
  const keys = await findKeys(last);
  return [keys.map((key) => `${key} `), last];
}

/** The words that may follow these in one of the forms. */
async function wordsIn(
  forms: readonly CommandForm[],
  typed: readonly string[],
  findKeyspaces: FindKeyspaces,
): Promise<readonly string[]> {
  const next = new Set(formsFor(forms, typed).flatMap((form) => form[typed.length] ?? []));
  const words = [...next].filter((word) => !isPlace(word));
  if (next.has('<level>')) words.push(...PLACED_LEVELS);
  if (next.has('<keyspace>')) words.push(...(await findKeyspaces()));
  return words;
}

/** The commands that take several words of one kind. */
function laterWords(word: string): readonly string[] {
  if (word === 'watch') return COMMAND_ARGUMENTS.watch!.map(([name]) => name);
  return word === 'lru_crawler' ? ['all', 'hash'] : [];
}

/** @param place of the argument, from 0 */
function takesKeyAt(word: string, place: number): boolean {
  const usage = COMMAND_WORDS.get(word)?.usage;
  if (usage === undefined) return false;
  const expected = argumentsOf(usage);
  const argument = expected[place] ?? (expected.at(-1)?.includes('…') ? expected.at(-1) : undefined);
  return argument?.includes('<key>') ?? false;
}

function matching(words: Iterable<string>, start: string, end: string): Completions {
  return [[...words].filter((word) => word.startsWith(start)).map((word) => word + end), start];
}

/** Most keys that are offered. */
export const KEYS_OFFERED_MAX = 50;

/** Keys that are looked at for it. A controller with more may have others that fit. */
const KEYS_LOOKED_AT_MAX = 50_000;

/** Of these keys those that begin like this, as they are typed. */
export async function keysThatBegin(typed: string, keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  let looked = 0;
  for await (const key of keys) {
    const text = Buffer.from(typedKey(key), 'latin1').toString('utf8');
    if (text.startsWith(typed)) found.push(text);
    if (found.length >= KEYS_OFFERED_MAX || ++looked >= KEYS_LOOKED_AT_MAX) break;
  }
  return found.sort();
}
