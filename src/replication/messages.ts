import type { VersionTime } from '../base/number-kinds.ts';
import type { MembershipMessage } from '../membership/messages.ts';
import type { OrderedFrame } from './broadcast/messages.ts';
import type { ChainMessage } from './chain/messages.ts';
import type { CausalPush, Foreign, Push } from './convergent/messages.ts';
import type { ExchangeMessage } from './exchange/messages.ts';
import type { RestoreMessage } from './restore/messages.ts';

/**
 * The messages that the schemes of two controllers send each other: those of each scheme, and those that schemes
 * share.
 */
export type SchemeMessage =
  | OrderedFrame
  | ChainMessage
  | Push
  | CausalPush
  | Foreign
  | MembershipMessage
  | ExchangeMessage;

/** What a controller says of its part in one group with entries. */
export interface Announcement {
  /**
   * The sender knew a moment ago all but little of what its peers know in the group, and the group's journal takes
   * writes.
   */
  readonly caughtUp: boolean;
  /** The sender's version vector of the group. */
  readonly known: readonly VersionTime[];
}

/**
 * The announcement of a group. It follows each heartbeat, which itself announces the first group with entries. A
 * controller with one group sends none.
 */
export interface Announced extends Announcement {
  readonly type: 'announced';
}

/** Messages within one group. */
export type GroupMessage = SchemeMessage | RestoreMessage | Announced;
