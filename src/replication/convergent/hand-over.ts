import type { ControllerId, VersionTime } from '../../base/number-kinds.ts';
import type { AntiEntropy } from '../exchange/anti-entropy.ts';
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
  readonly #exchange: AntiEntropy;

  constructor(ports: SchemePorts, exchange: AntiEntropy) {
    this.#ports = ports;
    this.#exchange = exchange;
  }

  /** A peer that is heard has not yet said that it has everything that was written here up to this time. */
  isAwaited(writtenUntil: VersionTime): boolean {
    const { controller, knownBy } = this.#ports;
    const { peers, node } = controller;
    return peers.ids.some((peer) => peers.isHeard(peer) && knownBy(peer).timeOf(node) < writtenUntil);
  }

  /** To be called every few milliseconds: asks peers that are about to end, or that vote no more. */
  onTick(): void {
    const { peers } = this.#ports.controller;
    for (const peer of peers.ids) {
      if (!peers.isHeard(peer) || !this.#ports.replica.journal.state.writable) continue;
      const isEnding = peers.departureOf(peer) === 'drained';
      if (isEnding ? this.#isBehind(peer) : this.#isUnasked(peer)) this.#exchange.pull(peer);
    }
  }

  #isBehind(peer: ControllerId): boolean {
    const { vector, knownBy } = this.#ports;
    return vector.timeOf(peer) < knownBy(peer).timeOf(peer);
  }

  /** It votes no more, and was not asked since. What it wrote may lie beyond what it claims to know. */
  #isUnasked(peer: ControllerId): boolean {
    const retiredMs = this.#ports.controller.retiredMs(peer);
    return retiredMs !== null && retiredMs >= (this.#exchange.startedMs(peer) ?? Number.NEGATIVE_INFINITY);
  }

  /** An exchange with the peer has completed. */
  onExchanged(peer: ControllerId): void {
    const { peers, announce } = this.#ports.controller;
    if (peers.departureOf(peer) === 'drained') announce();
  }
}
