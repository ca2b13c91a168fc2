import type { Event, History } from '../../src/checkers/history.ts';
import type { Seen } from '../../src/checkers/session-order.ts';
import { type Effect, isOfKey, type SetEffect } from '../../src/ordering/effect.ts';
import { everyNode, type Judged } from './judged.ts';
import type { Loss } from './sim-cluster.ts';

/**
 * A history by the promise of durability `async`. If all controllers that knew a write died before it was on disk, the
 * write has an unknown outcome even if it was answered, and reads of that time are left out: they may show what was
 * lost. A controller that forwards a request may get the answer after the death of the one that gave it, so whatever
 * was under way in that time counts.
 */
export function withoutLost(history: History, losses: readonly Loss[]): History {
  if (losses.length === 0) return history;
  return history.flatMap((event) => {
    if (!isLost(event, losses)) return [event];
    if (event.action.kind === 'get') return [];
    return [{ ...event, answer: { kind: 'unknown' }, returnedAt: Number.POSITIVE_INFINITY }];
  });
}

/** What a client that outlives them was shown by controllers that died with it may be gone as well. */
export function seenForGood(seen: readonly Seen[], losses: readonly Loss[]): readonly Seen[] {
  return losses.length === 0 ? seen : seen.filter((one) => !isLost(one, losses));
}

function isLost({ invokedAt, returnedAt }: Pick<Event, 'invokedAt' | 'returnedAt'>, losses: readonly Loss[]) {
  return losses.some(({ fromMs, toMs }) => fromMs <= returnedAt && invokedAt <= toMs);
}

/**
 * The deletions by which controllers agree on a loss that no promise excludes. With nothing on disk, that is the loss
 * of a write that only the origin's store ever took, or none, if the origin has died since. Other controllers may have
 * received the write while their own stores were away, and then overwrite what is left in the origin's store. A shard
 * with one replica has no other store at all.
 *
 * @param applied every write, in the order of versions
 */
export function unavoidableDeletes(cluster: Judged, applied: readonly Effect[]): Set<Effect> {
  const { durability } = cluster;
  const nodes = everyNode(cluster);
  const replicas = cluster.replicas ?? nodes.length;
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
    const origin = nodes.find(({ id }) => id === version.node)!;
    const takenBy = nodes.filter(({ store }) => store.takenMs(key, version) !== null);
    const isNowhereElse = takenBy.every((node) => node === origin);
    const hasDied = origin.diedMs > (origin.store.takenMs(key, version) ?? 0);
    if (replicas === 1 || (isNowhereElse && hasDied)) found.add(effect);
  }
  return found;
}
