import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';
import type { Level } from './judge-record.ts';
import { RecordedLoad } from './recorded-load.ts';

/** The number of times that each failure is repeated: once in `npm test`, more often in `scripts/failures.sh`. */
export const ROUNDS = Number(process.env.FAILURE_ROUNDS ?? 1);

/** The ids of three controllers. */
export const ALL = [0, 1, 2];

/** Makes something fail; resolves once the cause of the failure is removed. */
export type Fault = (cluster: Cluster, load: RecordedLoad, round: number) => Promise<void>;

/**
 * Starts a cluster and brings about faults under load, one after the other. After each fault every controller has to
 * serve again. At the end all that clients saw is judged.
 */
export async function underLoad(
  options: ClusterOptions & { readonly level: Level },
  round: number,
  faults: Readonly<Record<string, Fault>>,
): Promise<void> {
  await using cluster = await startCluster(options);
  const load = await RecordedLoad.start(cluster);
  await load.moreWrites(ALL);
  for (const [name, fault] of Object.entries(faults)) {
    load.renewKeys();
    await named(name, async () => {
      await fault(cluster, load, round);
      await cluster.ready();
      await load.moreWrites(ALL);
    });
  }
  await load.expectRight(options.level);
}

async function named(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (cause) {
    throw new Error(`${name}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/**
 * The timeout of a test whose rounds take about so many seconds each.
 * @returns milliseconds
 */
export function timeFor(secondsPerRound: number): number {
  return 600_000 + ROUNDS * secondsPerRound * 10_000;
}

export async function repeat(round: (at: number) => Promise<void>): Promise<void> {
  for (let at = 0; at < ROUNDS; at++) await round(at);
}
