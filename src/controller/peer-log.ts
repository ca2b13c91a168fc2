import type { ControllerId } from '../base/number-kinds.ts';
import type { Heartbeat } from '../membership/messages.ts';
import type { Peers } from '../membership/peers.ts';
import type { CorePorts } from './core-ports.ts';

export interface PeerLogPorts extends Pick<CorePorts, 'log'> {
  readonly peers: Peers;
}

/** What the log says of peers: once for each change. */
export class PeerLog {
  readonly #ports: PeerLogPorts;

  constructor(ports: PeerLogPorts) {
    this.#ports = ports;
  }

  up(peer: ControllerId): void {
    this.#ports.log.info('peer is up', this.#named(peer));
  }

  down(peer: ControllerId): void {
    this.#ports.log.warn('peer is down', this.#named(peer));
  }

  journal(peer: ControllerId, { journalTrouble }: Heartbeat): void {
    if (journalTrouble === '') this.#ports.log.info('peer takes writes again', this.#named(peer));
    else this.#ports.log.warn('peer takes no writes', { ...this.#named(peer), reason: journalTrouble });
  }

  store(peer: ControllerId, { storeTrouble }: Heartbeat): void {
    if (storeTrouble === '') this.#ports.log.info('the store of a peer is back', this.#named(peer));
    else this.#ports.log.warn('the store of a peer is down', { ...this.#named(peer), reason: storeTrouble });
  }

  #named(peer: ControllerId): { readonly peer: string } {
    return { peer: this.#ports.peers.nameOf(peer) };
  }
}
