import { type Effect, withoutValue } from '../ordering/effect.ts';
import type { PeerMessage } from './messages.ts';

/**
 * The message as a peer of version 3 or 2 can read it, which knows no differences: such a write comes without its
 * value, which the peer fetches when it needs it. Writers send whole values while such a peer is connected, so this
 * concerns the differences that were under way when it came.
 */
export function withoutDifferences(message: PeerMessage): PeerMessage {
  if (message.type === 'ordered' && hasDifference(message.effects))
    return { ...message, effects: message.effects.map(whole) };
  if (message.type === 'promised' && hasDifference(message.queue))
    return { ...message, queue: message.queue.map(whole) };
  if (message.type === 'accept' && hasDifference(message.union))
    return { ...message, union: message.union.map(whole) };
  return message;
}

function hasDifference(effects: readonly Effect[]): boolean {
  return effects.some(({ kind }) => kind === 'join');
}

function whole(effect: Effect): Effect {
  return effect.kind === 'join' ? withoutValue(effect) : effect;
}
