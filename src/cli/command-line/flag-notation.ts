/**
 * The flags of several letters that stand behind a single dash. An option parser would read `-kvh` as
 * `-k -v -h`, so these are rewritten, exactly and first, to the notation with two dashes.
 */
const SINGLE_DASH_FLAGS: ReadonlySet<string> = new Set([
  'cons',
  'cli',
  'kv',
  'kvh',
  'kvp',
  'pr',
  'shards',
  'replicas',
]);

/**
 * Rewrites the flags in front of a command: `-cons=x` to `--cons=x`, `-h <host>` to `--host <host>`, `-h`
 * alone to `--help`. What follows the first word that is neither a flag nor the value of one, or `--`, is the
 * command of the client, and stays as it is: a value such as `-h` must reach the store.
 *
 * @param takesValue whether a flag, without its dashes, is followed by a value
 */
export function normaliseFlags(
  words: readonly string[],
  takesValue: (flag: string) => boolean,
): { readonly flags: string[]; readonly rest: string[] } {
  const flags: string[] = [];
  let at = 0;
  while (at < words.length) {
    const word = words[at]!;
    if (word === '--') return { flags, rest: words.slice(at + 1) };
    if (!isFlag(word)) break;
    const next = words[at + 1];
    const flag = normaliseFlag(word, next);
    flags.push(flag);
    at++;
    if (next !== undefined && !flag.includes('=') && takesValue(flag.replace(/^-+/, ''))) {
      flags.push(next);
      at++;
    }
  }
  return { flags, rest: words.slice(at) };
}

function isFlag(word: string): boolean {
  return word.length > 1 && word.startsWith('-');
}

function normaliseFlag(word: string, next: string | undefined): string {
  const name = /^-([a-z]+)(?==|$)/.exec(word)?.[1];
  if (name === undefined) return word;
  const value = word.slice(name.length + 1);
  if (name === 'h')
    return value !== '' || (next !== undefined && !isFlag(next)) ? `--host${value}` : '--help';
  return SINGLE_DASH_FLAGS.has(name) ? `-${word}` : word;
}

/** For people: a flag with its dashes as it is documented. */
export function dashed(flag: string): string {
  return flag.length === 1 || SINGLE_DASH_FLAGS.has(flag) ? `-${flag}` : `--${flag}`;
}

/**
 * Turns the help of the option parser back to the notation that is documented: single dashes, in aligned
 * columns, and no types, since every flag but the self-evident takes a value.
 */
export function documentedNotation(help: string): string {
  return help
    .split('\n')
    .map(documentedLine)
    .filter((line) => line !== null)
    .join('\n');
}

function documentedLine(line: string): string | null {
  const untyped = line.replace(/\s*\[(string|boolean)\]$/, '');
  if (untyped === '' && line !== '') return null;
  const renamed = untyped.replace(/--([a-z]+)\b(?!-)/g, (_, flag: string) => dashed(flag));
  const lost = untyped.length - renamed.length;
  return renamed.replace(/(\S)( {2,})/, (_, before: string, gap: string) => before + gap + ' '.repeat(lost));
}
