import type { ControllerId } from '../base/number-kinds.ts';
import type { Membership } from '../membership/membership.ts';
import { type GroupBuses, ROOT_GROUP } from '../membership/peer-bus.ts';
import type { View } from '../membership/view.ts';
import type { PeerMessage } from '../peer/messages.ts';
import { type Configuration, idsOf, isFollower } from '../placement/configuration.ts';

/** What a view carries beside its members. */
type Carried = Pick<View, 'placement' | 'configuration'>;

/**
 * Tells the controllers that follow what is installed: when their links come up, and whenever it changes.
 *
 * Only while this controller holds a lease. So there is no later view at that moment, and what is told to a run of a
 * controller is not older than what any member had told an earlier run.
 */
export class PlacementTeller {
  readonly #buses: GroupBuses<PeerMessage>;
  readonly #views: Pick<Membership, 'view' | 'leaseLeftMs' | 'configuration'>;
  /** What was told to each on the present link. */
  readonly #told = new Map<ControllerId, Carried>();
  #followersIn: Configuration | null = null;
  #followers: readonly ControllerId[] = [];

  constructor(
    buses: GroupBuses<PeerMessage>,
    views: Pick<Membership, 'view' | 'leaseLeftMs' | 'configuration'>,
  ) {
    this.#buses = buses;
    this.#views = views;
  }

  onPeerDown(peer: ControllerId): void {
    this.#told.delete(peer);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const { view, leaseLeftMs, configuration } = this.#views;
    // mutant: tells-without-lease
    if (view === null || leaseLeftMs === 0) return;
    const { placement, configuration: agreed } = view;
    const untold = this.#among(configuration).filter((peer) => {
      const told = this.#told.get(peer);
      const isTold = told?.placement === placement && told.configuration === agreed;
      return !isTold && this.#buses.isUp(peer);
    });
    if (untold.length === 0) return;
    for (const peer of untold) this.#told.set(peer, view);
    this.#buses.of(ROOT_GROUP).sendTo(untold, { type: 'installed', placement, configuration: agreed });
  }

  #among(configuration: Configuration): readonly ControllerId[] {
    if (configuration !== this.#followersIn) {
      this.#followersIn = configuration;
      this.#followers = idsOf(configuration).filter((id) => isFollower(configuration, id));
    }
    return this.#followers;
  }
}
