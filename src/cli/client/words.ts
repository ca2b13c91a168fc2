import { UsageError } from '../failure.ts';
import { quotedAt } from './quoting.ts';

/** A word of a typed line. */
export interface TypedWord {
  /** What the word stands for, in latin-1: without its quotes. */
  readonly text: string;
  readonly isQuoted: boolean;
  /** The place behind the word in the line. */
  readonly end: number;
}

/**
 * The words of a typed line. A word in quotes, single or double, may hold any byte: `get "a b"`. A quote inside of a
 * word is part of it.
 *
 * @param count most words that are read: the rest of a line may be a value, which has rules of its own
 * @throws UsageError when a quote is not closed
 */
export function typedWords(line: string, count = Number.POSITIVE_INFINITY): TypedWord[] {
  const words: TypedWord[] = [];
  let at = 0;
  while (words.length < count) {
    while (line[at] === ' ') at++;
    if (at >= line.length) return words;
    const word = line[at] === '"' || line[at] === "'" ? quotedWord(line, at) : plainWord(line, at);
    words.push(word);
    at = word.end;
  }
  return words;
}

function plainWord(line: string, start: number): TypedWord {
  const space = line.indexOf(' ', start);
  const end = space === -1 ? line.length : space;
  return { text: line.slice(start, end), isQuoted: false, end };
}

function quotedWord(line: string, start: number): TypedWord {
  const { value, end } = quotedAt(line, start);
  if (end < line.length && line[end] !== ' ')
    throw new UsageError(
      'CLIENT_COMMAND',
      `there is more behind the closing ${line[start]!}; put \\ before an inner one`,
    );
  return { text: value, isQuoted: true, end };
}
