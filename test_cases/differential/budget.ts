import { compareSeed, type Pair } from './differences.ts';
import { describeDifference } from './report.ts';

/**
 * The settings of a run: `DIFF_SECONDS` per protocol and level; `DIFF_SEED`, the first seed; `DIFF_STREAMS`, the most
 * streams, to repeat one. Without settings a run has the same streams every time, so that a faster machine does not
 * test more than a slower one; scripts/differential.sh runs for longer.
 */
const SECONDS = Number(process.env.DIFF_SECONDS ?? 20);
const FIRST_SEED = Number(process.env.DIFF_SEED ?? 1);
const STREAMS_BY_DEFAULT = process.env.DIFF_SECONDS === undefined ? 256 : Number.POSITIVE_INFINITY;
const STREAMS_MAX = Number(process.env.DIFF_STREAMS ?? STREAMS_BY_DEFAULT);

/**
 * The number of streams that run at the same time; one seed in `ALONE_EVERY` runs alone, so that it may flush the
 * store.
 */
const LANES = 4;
const ALONE_EVERY = 8;

export interface Run {
  readonly streams: number;
  readonly commands: number;
  readonly firstSeed: number;
}

/** @throws with the seed, the command that repeats it, and the difference */
export async function runBudget(pair: Pair, where: string, seconds = SECONDS): Promise<Run> {
  const until = performance.now() + seconds * 1000;
  const end = FIRST_SEED + STREAMS_MAX;
  let commands = 0;
  let seed = FIRST_SEED;
  const one = async (its: number): Promise<void> => {
    const result = await compareSeed(pair, its, { alone: its % ALONE_EVERY === 0 });
    commands += result.commands;
    if (result.difference === null) return;
    const again = `DIFF_SEED=${its} DIFF_STREAMS=1 scripts/differential.sh`;
    throw new Error(`${where}, seed ${its} (${again}):\n${describeDifference(result.difference)}`);
  };
  while (seed < end && performance.now() < until) {
    const round: number[] = [];
    while (round.length < LANES && seed < end && seed % ALONE_EVERY !== 0) round.push(seed++);
    const results = await Promise.allSettled(round.map(one));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    if (seed < end && seed % ALONE_EVERY === 0) await one(seed++);
  }
  return { streams: seed - FIRST_SEED, commands, firstSeed: FIRST_SEED };
}
