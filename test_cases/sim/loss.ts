import { type Effect, isOfKey, type SetEffect } from '../../src/ordering/effect.ts';
import type { Event, History } from '../checkers/history.ts';
import type { Loss, SimCluster } from './sim-cluster.ts';

/**
 * A history as durability `async` promises it: a write that was answered while it was not on disk yet, before all that
 * knew it died, has happened or not; and whoever was told of the state at that time may have been told what was lost.
 */
export function withoutLost(history: History, losses: readonly Loss[]): History {
  if (losses.length === 0) return history;
  const isLost = ({ returnedAt }: Event) =>
    losses.some(({ fromMs, toMs }) => fromMs <= returnedAt && returnedAt <= toMs);
  return history.flatMap((event) => {
    if (!isLost(event)) return [event];
    if (event.action.kind === 'get') return [];
    return [{ ...event, answer: { kind: 'unknown' }, returnedAt: Number.POSITIVE_INFINITY }];
  });
}

/**
 * Deletions by which controllers agree on a loss that nothing promises against: with nothing on disk, a write that no
 * store but its origin's has ever taken, whose controller has died since. Others may have heard of it while their own
 * stores were away, and overwrite what is left in the origin's.
 *
 * @param applied every write, in the order of versions
 */
export function unavoidableDeletes(
  { durability, nodes }: SimCluster,
  applied: readonly Effect[],
): Set<Effect> {
  const found = new Set<Effect>();
  if (durability !== 'none') return found;
  const newest = new Map<string, SetEffect>();
  for (const effect of applied) {
    if (!isOfKey(effect)) continue;
    const { key } = effect;
    if (effect.kind === 'set') newest.set(key, effect);
    const lost = newest.get(key);
    if (effect.kind !== 'delete' || lost === undefined) continue;
    const { version } = lost;
    const origin = nodes[version.node]!;
    const takenBy = nodes.filter(({ store }) => store.takenMs(key, version) !== null);
    const isOnlyThere = takenBy.length === 1 && takenBy[0] === origin;
    if (isOnlyThere && origin.diedMs > origin.store.takenMs(key, version)!) found.add(effect);
  }
  return found;
}
