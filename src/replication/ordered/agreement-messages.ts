import type { OrderedFrame } from '../broadcast/messages.ts';
import { type ChainMessage, isChainMessage } from '../chain/messages.ts';
import type { SchemeMessage } from '../messages.ts';

/** What members send each other to agree on requests. */
export type AgreementMessage = OrderedFrame | ChainMessage;

export function isAgreementMessage(message: SchemeMessage): message is AgreementMessage {
  return message.type === 'ordered' || isChainMessage(message);
}
