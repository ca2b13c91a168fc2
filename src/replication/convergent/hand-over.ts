import type { ControllerId, VersionTime } from '../../base/number-kinds.ts';
import type { SchemePorts } from '../scheme-ports.ts';

/**
 * The planned end of a controller at a convergent level: it waits until the others say that they have its writes.
 * Pushes alone do not always show that, and the next exchange of `sync_interval` may be far away. So the others ask a
 * controller that is about to end for what they lack, and tell at once what they know then.
 *
 * They ask one that votes no more in the same way: it may be dropped once they have what it wrote.
 */
export class HandOver {
  readonly #ports: SchemePorts;
  /** Starts an exchange with the peer, unless one is under way. */
  readonly #pull: (peer: ControllerId) => void;

  constructor(ports: SchemePorts, pull: (peer: ControllerId) => void) {
    this.#ports = ports;
    this.#pull = pull;
  }

  /** A peer that is heard has not yet said that it has everything that was written here up to this time. */
  isAwaited(writtenUntil: VersionTime): boolean {
    const { controller, knownBy } = this.#ports;
    const { peers, node } = controller;
    return peers.ids.some((peer) => peers.isHeard(peer) && knownBy(peer).timeOf(node) < writtenUntil);
  }

  /** To be called every few milliseconds: asks peers that are about to end, or that vote no more. */
  onTick(): void {
    const { group, vector, knownBy, replica, controller } = this.#ports;
    const { peers, retiredAt } = controller;
    for (const peer of peers.ids) {
      const isEnding = peers.departureOf(peer) === 'drained';
      const has = isEnding ? knownBy(peer).timeOf(peer) : retiredAt(peer, group);
      const lacks = vector.timeOf(peer) < has && peers.isHeard(peer);
      if (lacks && replica.journal.state.writable) this.#pull(peer);
    }
  }

  /** An exchange with the peer has completed. */
  onExchanged(peer: ControllerId): void {
    const { peers, announce } = this.#ports.controller;
    if (peers.departureOf(peer) === 'drained') announce();
  }
}
