/**
 * A closed set of words, and the number that stands for each in bytes. A number never changes, and is never used
 * again.
 */
export interface Numbering<Word extends string> {
  readonly numberOf: Readonly<Record<Word, number>>;
  /** By number; undefined where no word has it. */
  readonly words: readonly (Word | undefined)[];
}

/** @param numberOf complete by its type, so that a new word without a number does not compile */
export function numbering<Word extends string>(numberOf: Readonly<Record<Word, number>>): Numbering<Word> {
  const words: (Word | undefined)[] = [];
  for (const word of Object.keys(numberOf) as Word[]) {
    const number = numberOf[word];
    if (words[number] !== undefined) throw new RangeError(`${words[number]} and ${word} have one number`);
    words[number] = word;
  }
  return { numberOf, words };
}
