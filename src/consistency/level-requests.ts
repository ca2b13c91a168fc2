import { isLevel, isStronger, LEVELS, type Level, letterOf, levelOfLetter } from '../placement/level.ts';
import { REPLIES, type Reply, refused } from '../protocol/reply.ts';
import type { LevelRequest } from '../protocol/request.ts';
import type { Operation } from './operation.ts';
import { type RequestRouter, readPolicyOf } from './policies.ts';

/** `level`: the level that the reads of a connection ask for, unless a read names its own. */
export class LevelRequests {
  readonly #router: RequestRouter;

  constructor(router: RequestRouter) {
    this.#router = router;
  }

  answer(operation: Operation, { words }: LevelRequest): void {
    operation.finish(words.length === 0 ? this.#show(operation) : set(operation, words));
  }

  /** What the connection asks for, and the level at which its reads are served in each keyspace. */
  #show({ context: { level } }: Operation): Reply {
    const lines = [`ASKED ${level ?? DEFAULT}`];
    for (const keyspace of this.#router.all) {
      const name = keyspace.prefix === '' ? DEFAULT : keyspace.prefix;
      lines.push(`KEYSPACE ${name} ${keyspace.policy.level} READS ${readPolicyOf(keyspace, level).level}`);
    }
    return { kind: 'lines', lines };
  }
}

/** Why a read may not ask for this level in a keyspace of that level; null if it may. */
export function refusalOfLevel(letter: string, own: Level): Reply | null {
  const asked = levelOfLetter(letter);
  if (asked === undefined) {
    const known = LEVELS.map((level) => `${letterOf(level)} (${level})`).join(', ');
    return refused('LEVEL_UNKNOWN', `there is no level "${letter}": the levels are ${known}`);
  }
  if (!isStronger(asked, own)) return null;
  return refused(
    'LEVEL_TOO_STRONG',
    `a read cannot ask for ${asked}: its keyspace has the weaker level ${own}`,
  );
}

/** The word for the level of each keyspace, and the name of the keyspace with the empty prefix. */
const DEFAULT = 'default';

function set({ context }: Operation, [word, ...more]: readonly string[]): Reply {
  if (word === undefined || more.length > 0 || !(word === DEFAULT || isLevel(word)))
    return refused('LEVEL_UNKNOWN', `usage: level [${[DEFAULT, ...LEVELS].join('|')}]`);
  context.level = word === DEFAULT ? null : word;
  return REPLIES.ok;
}
