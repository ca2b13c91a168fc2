import type { GroupNumber } from '../base/number-kinds.ts';
import type { Effect } from '../ordering/effect.ts';
import type { SeenPart } from './convergent/messages.ts';

/**
 * Asks a controller that has a part in the first group for the next records of the keys that go to the second one, in
 * which the sender has a part. The sender has none in the first.
 */
export interface RangeAsk {
  readonly type: 'range-ask';
  readonly from: GroupNumber;
  readonly to: GroupNumber;
  /** Names the copy: with a new number it begins at its first record. */
  readonly copy: number;
  /** Of the placement with the barrier, once the first group takes no more writes of these keys; 0 before that. */
  readonly barrier: number;
}

/** The next records, with their values. The next part is sent when it is asked for. */
export interface RangePart {
  readonly type: 'range-part';
  readonly from: GroupNumber;
  readonly to: GroupNumber;
  readonly copy: number;
  /** `anew`: all that came before is void. `little`: all but little has been sent. `end`: all has been sent. */
  readonly state: 'more' | 'little' | 'end' | 'anew';
  /** Why nothing comes now, for people; empty where something does. */
  readonly trouble: string;
  readonly effects: readonly Effect[];
  /** At `causal`, with the end: what the reader of any of these records depends on. See `SchemeSessions.legacy`. */
  readonly depends: readonly SeenPart[];
}

export type RangeMessage = RangeAsk | RangePart;

export function isRangeMessage(message: { readonly type: string }): message is RangeMessage {
  return message.type === 'range-ask' || message.type === 'range-part';
}
