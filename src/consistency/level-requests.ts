import { isLevel, isStronger, LEVELS, type Level, letterOf, levelOfLetter } from '../placement/level.ts';
import { REPLIES, type Reply, refused } from '../protocol/reply.ts';
import type { LevelRequest } from '../protocol/request.ts';
import type { Operation } from './operation.ts';
import { type RequestRouter, readPolicyOf } from './policies.ts';

/**
 * `level`: the level, or the bound on staleness, that the reads of a connection ask for, unless a read names its own.
 */
export class LevelRequests {
  readonly #router: RequestRouter;

  constructor(router: RequestRouter) {
    this.#router = router;
  }

  answer(operation: Operation, { words }: LevelRequest): void {
    operation.finish(words.length === 0 ? this.#show(operation) : set(operation, words));
  }

  /** What the connection asks for, and the level at which its reads are served in each keyspace. */
  #show({ context: { level, maxAgeMs } }: Operation): Reply {
    const bound = maxAgeMs === null ? null : `${STALE_MS} ${maxAgeMs}`;
    const lines = [`ASKED ${bound ?? level ?? DEFAULT}`];
    for (const keyspace of this.#router.named) {
      const served = bound ?? readPolicyOf(keyspace, level).level;
      lines.push(`KEYSPACE ${keyspace.name} ${keyspace.level} READS ${served}`);
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

/** The word for the level of each keyspace. */
const DEFAULT = 'default';

/** The word for a bound on staleness, in milliseconds. */
const STALE_MS = 'stale-ms';

const USAGE = `usage: level [${[DEFAULT, ...LEVELS].join('|')}|${STALE_MS} <milliseconds>]`;

function set({ context }: Operation, words: readonly string[]): Reply {
  const [word = '', bound = ''] = words;
  const isBound = word === STALE_MS && words.length === 2 && /^\d{1,9}$/.test(bound);
  const level = words.length === 1 && isLevel(word) ? word : null;
  const isDefault = words.length === 1 && word === DEFAULT;
  if (!isBound && level === null && !isDefault) return refused('LEVEL_UNKNOWN', USAGE);
  context.level = level;
  context.maxAgeMs = isBound ? Number(bound) : null;
  return REPLIES.ok;
}
