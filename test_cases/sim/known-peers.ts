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
    const configuration = this.#configuration();
    return isConfigured(configuration, peer) || isToldThatItIsGone(configuration, peer, this.#founders);
  }

  get ids(): readonly number[] {
    const configuration = this.#configuration();
    const founders = Array.from({ length: this.#founders }, (_, id) => id);
    const known = new Set([...founders.filter((peer) => this.has(peer)), ...idsOf(configuration)]);
    return [...known].filter((peer) => peer !== this.#self);
  }

  /** Those that are none any more by this configuration. */
  lostBy(configuration: Configuration): readonly number[] {
    return this.ids.filter((peer) => {
      return !isConfigured(configuration, peer) || isRemovedByForce(configuration, peer);
    });
  }
}

/** One of the start that was removed by force is still called, to be told so. */
function isToldThatItIsGone(configuration: Configuration, peer: number, founders: number): boolean {
  return peer < founders && isRemovedByForce(configuration, peer);
}
