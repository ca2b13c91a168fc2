import { isLevel, LEVELS, type Level } from './level.ts';

/** How ordered keyspaces can be replicated. The first one is the default. */
export const ORDERED_SCHEMES = ['broadcast', 'chain'] as const;

export type OrderedScheme = (typeof ORDERED_SCHEMES)[number];

type OrderedLevel = 'linearizability' | 'sequential';

/**
 * A level as placements have it: at the ordered levels the scheme follows it, where that is not `broadcast`.
 * Placements, hellos and records of views have this word.
 */
export type PlacedLevel = Level | `${OrderedLevel}/chain`;

const CHAINED = {
  linearizability: 'linearizability/chain',
  sequential: 'sequential/chain',
} as const satisfies Record<OrderedLevel, PlacedLevel>;

export const PLACED_LEVELS: readonly PlacedLevel[] = [...LEVELS, ...Object.values(CHAINED)];

export function isPlacedLevel(word: string): word is PlacedLevel {
  return (PLACED_LEVELS as readonly string[]).includes(word);
}

/** The levels at which all writes have one order. Only they have schemes to choose from. */
export function hasSchemes(level: Level): level is OrderedLevel {
  return level in CHAINED;
}

/** @param scheme of no meaning at a level that is not ordered */
export function placedLevel(level: Level, scheme: OrderedScheme): PlacedLevel {
  return scheme === 'chain' && hasSchemes(level) ? CHAINED[level] : level;
}

/** The level without the scheme. */
export function levelOf(placed: PlacedLevel): Level {
  return placed.split('/')[0] as Level;
}

/** The ordered scheme; null at a level that is not ordered. */
export function orderedSchemeOf(placed: PlacedLevel): OrderedScheme | null {
  if (!hasSchemes(levelOf(placed))) return null;
  return placed.endsWith('/chain') ? 'chain' : 'broadcast';
}

/**
 * The level that a user asks for in one word: `sequential`, or `sequential/chain` with the scheme. Without a scheme
 * an ordered keyspace keeps its own.
 *
 * @param now the level of the keyspace so far
 * @param fallback the scheme of a keyspace that had none
 * @returns null where the word is no level
 */
export function levelAsked(word: string, now: PlacedLevel, fallback: OrderedScheme): PlacedLevel | null {
  const [level = '', scheme, ...rest] = word.split('/');
  if (!isLevel(level) || rest.length > 0) return null;
  if (scheme === undefined) return placedLevel(level, orderedSchemeOf(now) ?? fallback);
  return isOrderedScheme(scheme) && hasSchemes(level) ? placedLevel(level, scheme) : null;
}

function isOrderedScheme(word: string): word is OrderedScheme {
  return (ORDERED_SCHEMES as readonly string[]).includes(word);
}
