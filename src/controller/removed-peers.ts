import type { ControllerId } from '../base/number-kinds.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import { REMOVED_BY_FORCE_TEXT } from '../membership/view-gates.ts';
import type { Configuration } from '../placement/configuration.ts';
import { isRemovedByForce } from '../placement/forced.ts';
import type { CorePorts } from './core-ports.ts';

/**
 * Controllers that were removed by force, and come back. Nothing is taken from them, whatever they know: the others
 * went on without it. They are told, so that they serve nothing and form no view with each other.
 */
export class RemovedPeers {
  readonly #ports: Pick<CorePorts, 'bus' | 'refuse'>;
  readonly #configuration: () => Configuration;

  constructor(ports: Pick<CorePorts, 'bus' | 'refuse'>, configuration: () => Configuration) {
    this.#ports = ports;
    this.#configuration = configuration;
  }

  has(peer: ControllerId): boolean {
    // mutant: takes-back-the-removed
    return isRemovedByForce(this.#configuration(), peer);
  }

  /** The peer is connected. It learns why it is refused from the configuration, and so does its operator. */
  turnAway(peer: ControllerId): void {
    const { bus, refuse } = this.#ports;
    bus.of(ROOT_GROUP).send(peer, { type: 'configuration', configuration: this.#configuration() });
    refuse(peer, REMOVED_BY_FORCE_TEXT);
  }
}
