import { type Configuration, idsOf, isConfigured } from '../../src/placement/configuration.ts';
import { isRemovedByForce } from '../../src/placement/forced.ts';

/** The peers of a simulated controller: those that the cluster was formed with, and those that were added since. */
export class KnownPeers {
  readonly #self: number;
  readonly #founders: number;
  readonly #configuration: () => Configuration;

  /** @param configuration gives the one that the controller goes by now */
  constructor(self: number, founders: number, configuration: () => Configuration) {
    this.#self = self;
    this.#founders = founders;
    this.#configuration = configuration;
  }

  has(peer: number): boolean {
    return peer < this.#founders || isConfigured(this.#configuration(), peer);
  }

  get ids(): readonly number[] {
    const founders = Array.from({ length: this.#founders }, (_, id) => id);
    return [...founders, ...this.#added(this.#configuration())].filter((peer) => peer !== this.#self);
  }

  /** Those that are none any more by this configuration. */
  lostBy(configuration: Configuration): readonly number[] {
    const stay = this.#added(configuration);
    const isGone = (peer: number) => peer >= this.#founders && !stay.includes(peer);
    return this.ids.filter((peer) => isGone(peer) || isRemovedByForce(configuration, peer));
  }

  #added(configuration: Configuration): readonly number[] {
    return idsOf(configuration).filter((id) => id >= this.#founders);
  }
}
