import type { Event, History } from '../checkers/history.ts';
import type { Loss } from './sim-cluster.ts';

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
