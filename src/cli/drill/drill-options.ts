import type { CommandLine } from '../command-line/arguments.ts';
import { UsageError } from '../failure.ts';
import { didYouMean } from '../suggestion.ts';
import { FAULT_NAMES, type FaultName, isFaultName } from './fault-table.ts';

/** What the command line asks a drill for. */
export interface DrillOptions {
  /** Null: those that cost nothing. Empty: none. */
  readonly faults: readonly FaultName[] | null;
  readonly forMs: number;
  /** The name of a keyspace; null: the default one. */
  readonly keyspace: string | null;
  /** Null: two for each controller. */
  readonly clients: number | null;
  /** Null: any. */
  readonly seed: number | null;
  /** Where the page goes; null: into the run directory. */
  readonly page: string | null;
  readonly json: boolean;
  /** Nothing is done but to undo what an earlier drill has left. */
  readonly undo: boolean;
}

/** For how long faults are done, in milliseconds. */
const FOR_MS = 20_000;
const FOR_MS_MIN = 3_000;

/** @throws UsageError */
export function drillOptions({ drill, measuredMs, json }: CommandLine): DrillOptions {
  const { faults, ...others } = drill;
  if (measuredMs !== null && measuredMs < FOR_MS_MIN)
    throw new UsageError(
      'COMMAND_LINE',
      `--seconds is ${measuredMs / 1000}: a drill takes ${FOR_MS_MIN / 1000} or more`,
    );
  return {
    ...others,
    json,
    forMs: measuredMs ?? FOR_MS,
    faults: faults === null ? null : parseFaults(faults),
  };
}

/** @param text `pause,kill`, or `none` @throws UsageError */
export function parseFaults(text: string): FaultName[] {
  if (text.trim() === 'none') return [];
  const words = text.split(',').map((word) => word.trim());
  return [...new Set(words)].map((word) => {
    if (isFaultName(word)) return word;
    throw new UsageError(
      'COMMAND_LINE',
      `--faults is "${text}": there is no fault "${word}"${didYouMean(word, FAULT_NAMES)}; ` +
        `give none, or some of ${FAULT_NAMES.join(', ')}, with commas`,
    );
  });
}
