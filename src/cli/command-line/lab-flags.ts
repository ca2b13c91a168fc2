import { UsageError } from '../failure.ts';
import { TIE_RULES, type TieRule } from '../lab/engine/tie-rule.ts';
import { didYouMean } from '../suggestion.ts';

/** What the command line says with `lab`. */
export interface LabFlags {
  /** Ends what aborted runs have left, and runs no script. */
  readonly cleansUp: boolean;
  readonly inProcess: boolean;
  readonly keepGoing: boolean;
  readonly tie: TieRule;
  /** How often servers exchange in the background, in milliseconds; null: never. */
  readonly backgroundMs: number | null;
}

export const LAB_SYNOPSIS = `Usage: main.ts lab [flags] < script   or main.ts lab, to type the commands
       main.ts lab cleanup            ends what an aborted lab has left

Shows what weak consistency does under partitions, and what session guarantees save: starts servers and
clients as the script says, each in a process of its own, cuts and makes links between them, and lets them
exchange their writes when it is told to. Clocks are logical, so that a script has one right output. Exit code
0: done, 1: an expectation is not met, or the lab was interrupted, 2: there was an unknown command.`;

const PERIOD_SECONDS_MAX = 86_400;

/** @param words those behind `lab`. @throws UsageError */
export function labFlagsOf(given: ReadonlyMap<string, string>, words: readonly string[]): LabFlags {
  const [word, ...others] = words;
  const foreign = word === 'cleanup' ? others[0] : word;
  if (foreign !== undefined) {
    const hint = didYouMean(foreign, ['cleanup']);
    throw new UsageError(
      'COMMAND_LINE',
      `lab takes no word "${foreign}"${hint}; it reads its commands from standard input: main.ts lab < FILE`,
    );
  }
  return {
    cleansUp: word === 'cleanup',
    inProcess: given.has('in-process'),
    keepGoing: given.has('keep-going'),
    tie: tieOf(given.get('tie')),
    backgroundMs: periodOf(given.get('background-exchange')),
  };
}

function tieOf(text = 'lowest'): TieRule {
  const tie = TIE_RULES.find((rule) => rule === text);
  if (tie !== undefined) return tie;
  throw new UsageError(
    'COMMAND_LINE',
    `--tie is "${text}": choose ${TIE_RULES.join(' or ')}, the server id that wins`,
  );
}

function periodOf(text = 'off'): number | null {
  if (text === 'off') return null;
  const ms = /^\d+(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : 0;
  if (ms > 0 && ms <= PERIOD_SECONDS_MAX * 1000) return ms;
  throw new UsageError(
    'COMMAND_LINE',
    `--background-exchange is "${text}": give off, or seconds up to ${PERIOD_SECONDS_MAX} such as 0.25`,
  );
}
