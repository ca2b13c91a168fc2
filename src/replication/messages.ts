import type { MembershipMessage } from '../membership/messages.ts';
import type { OrderedFrame } from './broadcast/messages.ts';
import type { CausalPush, Push } from './convergent/messages.ts';
import type { ExchangeMessage } from './exchange/messages.ts';
import type { RestoreMessage } from './restore/messages.ts';

/**
 * The messages that the schemes of two controllers send each other: those of each scheme, and those that schemes
 * share.
 */
export type SchemeMessage = OrderedFrame | Push | CausalPush | MembershipMessage | ExchangeMessage;

/** Messages within one group. */
export type GroupMessage = SchemeMessage | RestoreMessage;
