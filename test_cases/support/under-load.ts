import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';
import type { Level } from './judge-record.ts';
import { RecordedLoad } from './recorded-load.ts';

/** The ids of three controllers. */
export const ALL = [0, 1, 2];

/**
 * A round of failures under load, on a cluster of its own: it has to serve again on every controller afterwards, and
 * what clients saw from first to last is judged.
 */
export async function underLoad(
  options: ClusterOptions & { readonly level: Level },
  fail: (cluster: Cluster, load: RecordedLoad) => Promise<void>,
): Promise<void> {
  await using cluster = await startCluster(options);
  const load = await RecordedLoad.start(cluster);
  await load.moreWrites(ALL);
  await fail(cluster, load);
  await cluster.ready();
  await load.moreWrites(ALL);
  await load.expectRight(options.level);
}
