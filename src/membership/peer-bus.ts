/**
 * How a controller talks to its peers.
 *
 * Guarantee: between a peer's coming up and its next going down, what was sent to it arrives whole, in order
 * and once; at its going down, the end of what was sent may be lost. Nothing is kept for a peer that is down.
 */
export interface PeerBus<Message> {
  send(node: number, message: Message): void;
  /** To every peer that is up; built once. */
  broadcast(message: Message): void;
  /** To those of these peers that are up; built once. */
  multicast(nodes: readonly number[], message: Message): void;
  isUp(node: number): boolean;
}
