/** How a text looks on a terminal. */
export interface Colours {
  /** Whether there are any: a hint that looks like what was typed would be taken for it. */
  readonly areOn: boolean;
  grey(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

/** Colours where the output is a terminal that has them, and the user has not said no: see https://no-color.org. */
export function coloursFor(isTerminal: boolean, environment: NodeJS.ProcessEnv): Colours {
  const areOn = isTerminal && !environment.NO_COLOR && environment.TERM !== 'dumb';
  const painted = (code: number) => (text: string) =>
    areOn && text !== '' ? `\x1b[${code}m${text}\x1b[39m` : text;
  return { areOn, grey: painted(90), red: painted(31), yellow: painted(33) };
}
