import type { OperationName, TracedWork, Work } from './count.ts';
import table from './table.json' with { type: 'json' };

/** The work per operation as it was when the table was last written: `npm run work-count -- --write`. */
export type Table = Readonly<Record<string, Readonly<Record<OperationName, Work & TracedWork>>>>;

export const TABLE: Table = table;

export const LEVELS_COUNTED = ['linearizability', 'eventual'] as const;

/**
 * How much more than the table says is let pass, as a factor. Calls, frames and bytes repeat exactly but for a
 * heartbeat now and then; allocation differs somewhat with what V8 chooses to compile, and with its version.
 */
const SLACK: Readonly<Record<keyof (Work & TracedWork), number>> = {
  originSocketReads: 1.1,
  originSocketWrites: 1.1,
  framesBetweenControllers: 1.1,
  bytesBetweenControllers: 1.1,
  originAllocatedBytes: 1.3,
  peersAllocatedBytes: 1.3,
};

/** Below this a figure counts as nothing: heartbeats and the like, per operation. */
const NOISE: Readonly<Record<keyof (Work & TracedWork), number>> = {
  originSocketReads: 0.2,
  originSocketWrites: 0.2,
  framesBetweenControllers: 0.2,
  bytesBetweenControllers: 10,
  originAllocatedBytes: 500,
  peersAllocatedBytes: 1000,
};

/** @returns the figures that have grown past their bound, in words; empty when all is well */
export function excesses(measured: Partial<Work & TracedWork>, expected: Work & TracedWork): string[] {
  return Object.entries(measured).flatMap(([key, value]) => {
    const name = key as keyof (Work & TracedWork);
    const bound = expected[name] * SLACK[name] + NOISE[name];
    return value <= bound ? [] : [`${name}: ${value} per operation, at most ${bound} are allowed`];
  });
}
