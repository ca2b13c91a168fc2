export type Colour = 'good' | 'bad' | 'title' | 'faint';

export interface Look {
  /** Of a line, in characters. */
  readonly width: number;
  readonly paint: (text: string, colour: Colour) => string;
}

export const INDENT = '   ';

/** The width of lines where the output goes to no terminal, and the most and least that are of use, in characters. */
const WIDTH = 80;
const WIDTH_MAX = 100;
const WIDTH_MIN = 40;

export function lookOf({ isTTY, columns }: NodeJS.WriteStream): Look {
  const width = Math.max(WIDTH_MIN, Math.min(WIDTH_MAX, columns ?? WIDTH));
  const isColoured = isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return { width, paint: (text, colour) => (isColoured ? `\u001b[${SGR[colour]}m${text}\u001b[0m` : text) };
}

/** See ECMA-48, SGR. */
const SGR = { good: 32, bad: 31, title: 1, faint: 2 } as const;

/** `a`, `a and b`, or `a, b and c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

export function indented(lines: readonly string[]): string[] {
  return lines.map((text) => (text === '' ? '' : `${INDENT}${text}`));
}

export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
