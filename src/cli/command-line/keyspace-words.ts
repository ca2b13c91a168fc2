import { wantedKeyspace } from '../../protocol/text-words.ts';
import { UsageError } from '../failure.ts';
import type { Mode } from './modes.ts';

/**
 * The words behind `level` and `keyspace`: those of the protocol's command `keyspace`, with the scheme behind the level
 * where a flag names one.
 *
 * @returns the words that a controller takes; none to list the keyspaces
 * @throws UsageError
 */
export function keyspaceWords(
  mode: Mode,
  words: readonly string[],
  given: ReadonlyMap<string, string>,
): readonly string[] {
  const asked = given.has('cancel') ? [...words, 'cancel'] : words;
  const scheme = given.get('scheme');
  const isList = words.length === 0 || (mode === 'keyspace' && words.length === 1 && words[0] === 'list');
  if (isList && asked.length === words.length && scheme === undefined) return [];
  const wanted = asked.every((word) => /^[\x21-\x7e]+$/.test(word)) ? wantedKeyspace(asked) : null;
  if (wanted === null || (mode === 'level' && !ABOUT_LEVELS.includes(wanted.what))) refuse(mode, given);
  if (scheme === undefined) return asked;
  if (wanted.what !== 'add' && wanted.what !== 'level')
    throw new UsageError('COMMAND_LINE', `--scheme stands beside a level, such as: ${EXAMPLES.scheme}`);
  return [...asked.slice(0, -1), `${wanted.level}/${scheme}`];
}

/** What `level` does; `keyspace` does everything. */
const ABOUT_LEVELS: readonly string[] = ['level', 'cancel'];

const EXAMPLES = {
  level: 'main.ts level default sequential',
  keyspace: 'main.ts keyspace add carts cart: causal',
  scheme: 'main.ts level default sequential --scheme chain',
} as const;

function refuse(mode: Mode, given: ReadonlyMap<string, string>): never {
  if (given.has('cancel'))
    throw new UsageError('COMMAND_LINE', `which keyspace? Such as: main.ts ${mode} default --cancel`);
  throw new UsageError(
    'COMMAND_LINE',
    mode === 'level'
      ? `which keyspace, and which level? Such as: ${EXAMPLES.level}`
      : 'what about which keyspace? Say add <name> <prefix> <level>, remove <name>, prefix <name> <prefix>, ' +
          `<name> shards <number>, <name> move <shard> <controllers>, <name> rebalance, or <name> <level>, without spaces in a prefix; such as: ${EXAMPLES.keyspace}`,
  );
}
