import { findUnfilled } from './judge.ts';
import type { SimCluster } from './sim-cluster.ts';
import { NotLive } from './violation.ts';

/** Waits until a cluster that nobody hinders any more has done what it has to do by itself. */

/** Stores must have all known values again after this time, in virtual milliseconds: longer than the longest pause. */
const FILLED_WITHIN_MS = 40_000;

/** A move of slots must have ended this long after all faults were healed, in virtual milliseconds. */
const RESHARDED_WITHIN_MS = 90_000;

/**
 * Values that stores lost or did not take come back without a read. Values that they evict need not.
 *
 * @returns what is missing for too long, in words; null when nothing is
 */
export async function unfilledFor(cluster: SimCluster): Promise<string | null> {
  if (cluster.nodes.some(({ store }) => store.evictions > 0)) return null;
  const untilMs = cluster.scheduler.nowMs + FILLED_WITHIN_MS;
  let lost = findUnfilled(cluster);
  while (lost !== null && cluster.scheduler.nowMs < untilMs) {
    await cluster.run(100);
    lost = findUnfilled(cluster);
  }
  return lost;
}

/** A move of slots comes to its end, and all controllers go by one placement. @throws NotLive where they do not */
export async function untilResharded(cluster: SimCluster): Promise<void> {
  const untilMs = cluster.scheduler.nowMs + RESHARDED_WITHIN_MS;
  const areEqual = () => {
    const placements = cluster.nodes.map(({ core }) => core!.groups.views.placement);
    const [first] = placements;
    return placements.every((one) => one?.epoch === first?.epoch && (one?.move ?? null) === null);
  };
  while (!areEqual() && cluster.scheduler.nowMs < untilMs) await cluster.run(20);
  if (areEqual()) return;
  const words = cluster.nodes.map(({ core }) => core!.mover.word?.trouble || core!.mover.word?.step);
  throw new NotLive(`the move of slots did not end within ${RESHARDED_WITHIN_MS} ms: ${words.join(', ')}`);
}
