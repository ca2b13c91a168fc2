import type { Core } from '../../src/controller/core.ts';
import { isForAsker, type PeerMessage } from '../../src/peer/messages.ts';
import type { KnownPeers } from './known-peers.ts';
import type { NetworkNode } from './sim-network.ts';

interface NodeLinksPorts {
  /** Null while the controller does not run, and while it opens its disk. */
  readonly core: () => Core | null;
  readonly incarnation: () => number;
  readonly peers: KnownPeers;
  /** Runs this once the process is awake, and never if it has died by then. */
  readonly deliver: (run: () => void) => void;
}

/** What a controller on a machine hears of its links. */
export class NodeLinks implements NetworkNode {
  readonly #ports: NodeLinksPorts;
  /** The passing peers that the controller has asked for a link to. */
  readonly called = new Set<number>();

  constructor(ports: NodeLinksPorts) {
    this.#ports = ports;
  }

  get incarnation(): number {
    return this.#ports.incarnation();
  }

  isPeer(peer: number): boolean {
    return this.#ports.peers.has(peer);
  }

  isPassing(peer: number): boolean {
    return this.#ports.core()?.passing.has(peer) === true;
  }

  isCalled(peer: number): boolean {
    return this.called.has(peer);
  }

  whenAwake(run: () => void): void {
    this.#ports.deliver(run);
  }

  onPeerUp(peer: number): void {
    this.#ports.core()?.onPeerUp(peer);
  }

  onPeerDown(peer: number): void {
    this.#ports.core()?.onPeerDown(peer);
  }

  onAskerUp(peer: number): void {
    this.#ports.core()?.passing.onAskerUp(peer);
  }

  onAskerDown(peer: number): void {
    this.#ports.core()?.passing.onAskerDown(peer);
  }

  onPeerGone(peer: number): void {
    this.#ports.core()?.onPeerGone(peer);
  }

  onMessage(from: number, group: number, message: PeerMessage): void {
    const core = this.#ports.core();
    if (isForAsker(message) || core?.passing.has(from) === false) core?.onHeard(from);
    core?.onMessage(from, group, message);
  }
}
