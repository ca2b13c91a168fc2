import { UsageError } from '../failure.ts';

/** How many words follow each of these. */
const WORDS_BEHIND: Readonly<Record<string, number>> = { add: 1, remove: 1, replace: 2 };

/**
 * The words behind `member`: those of the protocol's command `member`.
 *
 * @param isForced with `--force`
 * @param zone with `--zone`
 * @returns the words that a controller takes; none to list the controllers
 * @throws UsageError
 */
export function memberWords(
  words: readonly string[],
  isForced: boolean,
  zone: string | undefined,
): readonly string[] {
  const [first = 'list'] = words;
  if (zone !== undefined && first === 'add' && words.length === 2 && [...words, zone].every(isWord))
    return [...words, 'zone', zone];
  if (zone !== undefined) throw new UsageError('COMMAND_LINE', ZONE_USAGE);
  if (isForced && first === 'remove' && words.length > 1 && words.every(isWord)) return [...words, 'force'];
  if (isForced) throw new UsageError('COMMAND_LINE', FORCED_USAGE);
  if (first === 'list' && words.length <= 1) return [];
  const isWhole = words.every(isWord);
  if (isWhole && Object.hasOwn(WORDS_BEHIND, first) && WORDS_BEHIND[first] === words.length - 1) return words;
  throw new UsageError(
    'COMMAND_LINE',
    'which controllers? Say list, add <controller>, remove <controller>, or replace <controller> <controller>, ' +
      'each by its id or as <host>:<port>; such as: main.ts member remove 4',
  );
}

function isWord(word: string): boolean {
  return /^[\x21-\x7e]+$/.test(word);
}

const ZONE_USAGE = '--zone goes with add: main.ts member add 127.0.0.1:8003 --zone b';

const FORCED_USAGE =
  '--force goes with remove, and with all controllers that are gone for good: main.ts member remove 1 2 --force';
