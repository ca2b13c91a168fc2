import type { DrillOperation } from './drill-record.ts';

/** What the clients saw of one kind of operation. */
export interface OperationTally {
  readonly answered: number;
  /** Writes that may have happened, or not. */
  readonly unknown: number;
  readonly failed: number;
  /** From the request to its answer, or to its end without one; null when there was no request. */
  readonly longest: LongestWait | null;
}

export interface LongestWait {
  readonly ms: number;
  readonly atMs: number;
  readonly controller: number;
}

/** The operations of a drill, counted. */
export interface DrillTally {
  readonly reads: OperationTally;
  readonly writes: OperationTally;
  /** How often each reason stood in the place of an answer, the most frequent one first. */
  readonly errors: readonly (readonly [reason: string, count: number])[];
  readonly keys: number;
  readonly sessions: number;
}

export function tallyOf(operations: readonly DrillOperation[]): DrillTally {
  const errors = new Map<string, number>();
  for (const { outcome, reason } of operations)
    if (outcome !== 'answered') errors.set(shortened(reason), (errors.get(shortened(reason)) ?? 0) + 1);
  return {
    reads: tally(operations.filter(({ kind }) => kind === 'get')),
    writes: tally(operations.filter(({ kind }) => kind === 'set')),
    errors: [...errors].toSorted(([, a], [, b]) => b - a),
    keys: new Set(operations.map(({ key }) => key)).size,
    sessions: new Set(operations.map(({ session }) => session)).size,
  };
}

function tally(operations: readonly DrillOperation[]): OperationTally {
  const count = (wanted: DrillOperation['outcome']): number =>
    operations.filter(({ outcome }) => outcome === wanted).length;
  let longest: LongestWait | null = null;
  for (const { sentMs, endedMs, controller } of operations) {
    const ms = endedMs - sentMs;
    if (longest === null || ms > longest.ms) longest = { ms, atMs: sentMs, controller };
  }
  return { answered: count('answered'), unknown: count('unknown'), failed: count('failed'), longest };
}

/** Reasons that differ in durations alone are the same. */
function shortened(reason: string): string {
  return reason.replaceAll(/\b\d+(\.\d+)? (ms|s)\b/g, '… $2');
}
