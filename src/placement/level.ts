/** The levels that a keyspace can have, the strongest first. What each promises: docs/guarantees.md. */
export const LEVELS = ['linearizability', 'sequential', 'causal', 'eventual'] as const;

export type Level = (typeof LEVELS)[number];

export function isLevel(word: string): word is Level {
  return (LEVELS as readonly string[]).includes(word);
}

export function isStronger(level: Level, than: Level): boolean {
  return LEVELS.indexOf(level) < LEVELS.indexOf(than);
}

/** The letter that stands for the level where a word is too long: its first one, which no other level has. */
export function letterOf(level: Level): string {
  return level[0]!;
}

/** @returns undefined for a letter that stands for no level */
export function levelOfLetter(letter: string): Level | undefined {
  return LEVELS.find((level) => letterOf(level) === letter);
}
