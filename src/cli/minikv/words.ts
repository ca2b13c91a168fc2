import { UsageError } from '../failure.ts';

/** What a command line of MiniKV says, before the values are checked. */
export interface MiniKvWords {
  /** The words that are no options, in their order. */
  readonly words: readonly string[];
  /** By name, without dashes. The last one of a name wins. */
  readonly options: ReadonlyMap<string, string>;
  readonly showHelp: boolean;
}

/**
 * Takes a command line apart: `--name value`, `--name=value`, and for options of one letter also `-Cvalue`.
 *
 * @param names the options there are, and short names for some of them
 * @throws UsageError
 */
export function miniKvWords(
  given: readonly string[],
  names: readonly string[],
  shortNames: Readonly<Record<string, string>> = {},
): MiniKvWords {
  const words: string[] = [];
  const options = new Map<string, string>();
  let showHelp = false;
  for (let at = 0; at < given.length; at++) {
    const word = given[at]!;
    if (word === '--help' || word === '-h') showHelp = true;
    else if (!/^-[^\d]/.test(word)) words.push(word);
    else {
      const { name, value } = optionIn(word, names, shortNames);
      const text = value ?? given[++at];
      if (text === undefined)
        throw new UsageError('COMMAND_LINE', `${word} needs a value; --help shows which`);
      options.set(name, text);
    }
  }
  return { words, options, showHelp };
}

function optionIn(
  word: string,
  names: readonly string[],
  shortNames: Readonly<Record<string, string>>,
): { readonly name: string; readonly value: string | undefined } {
  const [, long, longValue] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (long !== undefined && names.includes(long)) return { name: long, value: longValue };
  const [, letter, shortValue] = /^-([A-Za-z])=?(.+)?$/s.exec(word) ?? [];
  const name = letter === undefined ? undefined : shortNames[letter];
  if (name !== undefined) return { name, value: shortValue };
  throw new UsageError('COMMAND_LINE', `unknown option "${word}"; --help lists all options`);
}

/** @throws UsageError when the option is no whole number */
export function wholeOption(options: ReadonlyMap<string, string>, name: string, fallback: number): number {
  const text = options.get(name);
  if (text === undefined) return fallback;
  if (/^[+-]?\d{1,15}$/.test(text.trim())) return Number(text);
  throw new UsageError('COMMAND_LINE', `--${name} is "${text}", which is no whole number`);
}

const LOG_LEVELS = ['warn', 'info', 'debug'] as const;

export type MiniKvLogLevel = (typeof LOG_LEVELS)[number];

/** @throws UsageError when the level is none of MiniKV's */
export function logLevelOption(options: ReadonlyMap<string, string>): MiniKvLogLevel {
  const text = options.get('loglevel') ?? 'info';
  const level = LOG_LEVELS.find((name) => name === text);
  if (level !== undefined) return level;
  throw new UsageError('COMMAND_LINE', `--loglevel is "${text}"; choose one of ${LOG_LEVELS.join(', ')}`);
}
