import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';

/**
 * How the controllers of one group talk to each other.
 *
 * Guarantee: from the moment at which a peer comes up to the moment at which it goes down, every message to it
 * arrives whole, in order and once. When it goes down, the last messages may be lost. No message that
 * was sent before that arrives once the peer is up again. Nothing is buffered for a peer that is down.
 */
export interface PeerBus<Message> {
  send(node: ControllerId, message: Message): void;
  /** Sends to every peer that is up. The message is encoded once. */
  sendToAll(message: Message): void;
  /** Sends to those of these peers that are up. The message is encoded once. */
  sendTo(nodes: readonly number[], message: Message): void;
  isUp(node: ControllerId): boolean;
}

/** The buses of all groups. They share the links, so the guarantee of order holds across groups as well. */
export interface GroupBuses<Message> {
  /** The bus whose messages belong to this group. */
  of(group: GroupNumber): PeerBus<Message>;
  isUp(node: ControllerId): boolean;
}

/** The number of the group that keeps views and membership. */
export const ROOT_GROUP = 0;

/**
 * The bus of a group that not all controllers take part in: it reaches these peers alone.
 *
 * @param peers asked anew each time: a peer may be known to be one of the cluster later than the group is made
 */
export function busAmong<Message>(
  bus: PeerBus<Message>,
  peers: () => readonly ControllerId[],
): PeerBus<Message> {
  return {
    send: (peer, message) => {
      if (peers().includes(peer)) bus.send(peer, message);
    },
    sendToAll: (message) => bus.sendTo(peers(), message),
    sendTo: (some, message) => {
      const reached = some.filter((peer) => peers().includes(peer));
      bus.sendTo(reached, message);
    },
    isUp: (peer) => peers().includes(peer) && bus.isUp(peer),
  };
}
