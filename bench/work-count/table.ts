import type { OperationName, TracedWork, Work } from './count.ts';
import table from './table.json' with { type: 'json' };

/** The work per operation when the table was last written, by `npm run work-count -- --write`. */
export type Table = Readonly<Record<string, Readonly<Record<OperationName, Work & TracedWork>>>>;

export const TABLE: Table = table;

/**
 * By which factor a figure may exceed the table. Calls, frames and bytes are the same in every run, apart
 * from a rare heartbeat; allocation depends somewhat on what V8 chooses to compile, and on its version.
 */
const SLACK: Readonly<Record<keyof (Work & TracedWork), number>> = {
  originSocketReads: 1.1,
  originSocketWrites: 1.1,
  framesBetweenControllers: 1.1,
  bytesBetweenControllers: 1.1,
  originAllocatedBytes: 1.3,
  peersAllocatedBytes: 1.3,
};

/** A figure below this, per operation, counts as nothing: heartbeats and the like. */
const NOISE: Readonly<Record<keyof (Work & TracedWork), number>> = {
  originSocketReads: 0.2,
  originSocketWrites: 0.2,
  framesBetweenControllers: 0.2,
  bytesBetweenControllers: 10,
  originAllocatedBytes: 500,
  peersAllocatedBytes: 1000,
};

/** @returns the figures that exceed their bound, human-readable; empty when all are within it */
export function excesses(measured: Partial<Work & TracedWork>, expected: Work & TracedWork): string[] {
  return Object.entries(measured).flatMap(([key, value]) => {
    const name = key as keyof (Work & TracedWork);
    const bound = expected[name] * SLACK[name] + NOISE[name];
    return value <= bound ? [] : [`${name}: ${value} per operation, at most ${bound} are allowed`];
  });
}
