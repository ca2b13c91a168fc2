import type { ControllerId } from '../../base/number-kinds.ts';
import type { Effect } from '../../ordering/effect.ts';
import type { OpenAsk } from './asks.ts';
import type { StreamItem } from './messages.ts';

/**
 * A value is not sent back to the controller that asked for its write: that controller has it.
 *
 *  1. The predecessor of that controller leaves the value of a plain set out, and everyone else sends it.
 *  2. The controller keeps an ask, with its value, until the write comes along the chain (`Asks`). It asks for nothing
 *     but in its own run, and a run that ended is no member of the view any more. So the value is there when the
 *     write comes, and is put in again before the write is queued.
 *  3. The queue of every member therefore has whole writes, and so have the union of a view and the log.
 *
 * The writes of conditional requests come whole. The head has made their values, even where it only took them over.
 */

/** The write of the item, as that member needs it. */
export function sentTo(member: ControllerId, { effect, ticket }: StreamItem): Effect {
  if (effect.kind !== 'set' || ticket.verdict !== null) return effect;
  // mutant: leaves-out-what-others-asked-for
  if (ticket.node !== member) return effect;
  return withValue(effect, null);
}

/**
 * The write that has come, with the value of the ask.
 *
 * @param ask undefined when this controller has asked for no such write
 * @returns null when the ask is of another write
 */
export function restored(effect: Effect, ask: OpenAsk | undefined): Effect | null {
  if (ask?.kind !== 'write' || ask.effect.kind !== 'set') return null;
  return effect.kind === 'set' && effect.key === ask.effect.key ? withValue(effect, ask.effect.value) : null;
}

function withValue(
  { kind, version, key, condition, flags, expiresAtMs, token, marks }: Extract<Effect, { kind: 'set' }>,
  value: Buffer | null,
): Effect {
  return { kind, version, key, condition, flags, expiresAtMs, token, marks, value };
}
