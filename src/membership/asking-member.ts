import type { ControllerId } from '../base/number-kinds.ts';
import type { MembershipPorts } from './membership-ports.ts';
import type { View } from './view.ts';

/**
 * Of all members of a view one asks for what follows by itself: the first one that may ask, and is not about to end. A
 * member that is about to end proposes no view, and where a change of the configuration is under way, the view may need
 * it.
 */
export function isAskingIn(
  { members }: View,
  { node, peers, mayPropose }: Pick<MembershipPorts, 'node' | 'peers' | 'mayPropose'>,
  isAble: (id: ControllerId) => boolean,
): boolean {
  // mutant: asks-while-it-ends
  const isStaying = (id: ControllerId) => (id === node ? mayPropose() : peers.departureOf(id) !== 'drained');
  return members.find((one) => isStaying(one.node) && isAble(one.node))?.node === node;
}
