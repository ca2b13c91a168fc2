import type { GroupNumber } from '../base/number-kinds.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import type { PeerMessage } from './messages.ts';

/** The first version in which a message names its group. */
export const FIRST_WITH_GROUPS = 3;

/**
 * Of which group each message is in version 2, which names none: there is one group with data beside the root group.
 */
const BELONGS_TO: Readonly<Record<PeerMessage['type'], 'root' | 'data'>> = {
  hello: 'root',
  proof: 'root',
  welcome: 'root',
  refusal: 'root',
  heartbeat: 'root',
  'view-part': 'root',
  granted: 'root',
  prepare: 'root',
  promised: 'root',
  rejected: 'root',
  accept: 'root',
  placed: 'root',
  configured: 'root',
  configuration: 'root',
  retired: 'root',
  installed: 'root',
  'goes-by': 'root',
  moving: 'root',
  'range-ask': 'root',
  'range-part': 'root',
  accepted: 'root',
  install: 'root',
  ordered: 'data',
  ask: 'data',
  answer: 'data',
  'ask-session': 'data',
  'answer-session': 'data',
  'chain-ask': 'data',
  'chain-down': 'data',
  'chain-stable': 'data',
  'chain-told': 'data',
  'chain-request': 'data',
  'chain-verdict': 'data',
  'chain-question': 'data',
  'chain-holds': 'data',
  push: 'data',
  'causal-push': 'data',
  foreign: 'data',
  'sync-shows': 'data',
  'sync-request': 'data',
  'sync-lapsed': 'data',
  'sync-response': 'data',
  'sync-next': 'data',
  'sync-complete': 'data',
  announced: 'data',
  fetch: 'data',
  fetched: 'data',
  'fetch-many': 'data',
  'fetched-many': 'data',
};

/** @param dataGroup the only group with entries: a peer of version 2 has no keyspaces */
export function impliedGroup(message: PeerMessage, dataGroup: GroupNumber): number {
  return BELONGS_TO[message.type] === 'root' ? ROOT_GROUP : dataGroup;
}
