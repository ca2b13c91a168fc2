import type { ControllerId } from '../base/number-kinds.ts';
import type { Membership } from '../membership/membership.ts';
import type { GoesBy } from '../membership/messages.ts';
import { type GroupBuses, ROOT_GROUP } from '../membership/peer-bus.ts';
import type { PeerMessage } from '../peer/messages.ts';
import { type Placement, placementStamp } from '../placement/agreed-placement.ts';
import {
  type Configuration,
  configurationStamp,
  isFollower,
  newerConfiguration,
  votersOf,
} from '../placement/configuration.ts';
import { isSameOrOlder } from '../placement/stamp.ts';

export interface FollowersWordPorts {
  readonly node: ControllerId;
  readonly configured: Configuration;
  readonly buses: GroupBuses<PeerMessage>;
  readonly isHeard: (peer: ControllerId) => boolean;
  readonly views: Pick<
    Membership,
    'placement' | 'configuration' | 'acceptedPlacement' | 'acceptedConfiguration'
  >;
}

/**
 * What controllers that follow go by. Each says it to those that vote: when their links come up, and whenever it
 * changes.
 *
 * A member of a view may have told a follower what the controllers that vote, and are left, do not know. Those that are
 * left need to know that before they go on without the others.
 */
export class FollowersWord {
  readonly #ports: FollowersWordPorts;
  /** Of each peer that follows, what it has said on the present link. */
  readonly #said = new Map<ControllerId, GoesBy>();
  /** What this controller has said to each peer on the present link. */
  readonly #told = new Map<ControllerId, GoesBy>();
  /** What this controller has said last, and of what. */
  #last: { placement: Placement | null; configuration: Configuration; word: GoesBy } | null = null;

  constructor(ports: FollowersWordPorts) {
    this.#ports = ports;
  }

  onPeerDown(peer: ControllerId): void {
    this.#said.delete(peer);
    this.#told.delete(peer);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const { node, buses, views } = this.#ports;
    const { configuration } = views;
    if (!isFollower(configuration, node)) return;
    const word = this.#word(configuration);
    const untold = votersOf(configuration).filter(
      (peer) => this.#told.get(peer) !== word && buses.isUp(peer),
    );
    if (untold.length === 0) return;
    for (const peer of untold) this.#told.set(peer, word);
    buses.of(ROOT_GROUP).sendTo(untold, word);
  }

  onWord(from: ControllerId, word: GoesBy): void {
    this.#said.set(from, word);
  }

  /** The controllers that vote and that the peer hears, as it says. */
  hearsOf(peer: ControllerId): readonly ControllerId[] {
    return this.#said.get(peer)?.hears ?? [];
  }

  /**
   * What the peer goes by is accepted here, or something newer is. Null: the peer has not said what it goes by on the
   * present link.
   */
  isKnownOf(peer: ControllerId): boolean | null {
    const said = this.#said.get(peer);
    if (said === undefined) return null;
    const { configured, views } = this.#ports;
    const configuration = newerConfiguration(views.acceptedConfiguration ?? configured, views.configuration);
    return (
      isSameOrOlder(said.placement, placementStamp(views.acceptedPlacement)) &&
      isSameOrOlder(said.configuration, configurationStamp(configuration))
    );
  }

  #word(configuration: Configuration): GoesBy {
    const { views, isHeard } = this.#ports;
    const { placement } = views;
    const last = this.#last;
    const hears = votersOf(configuration).filter(isHeard);
    const isSame = last?.placement === placement && last.configuration === configuration;
    if (isSame && hears.join() === last.word.hears.join()) return last.word;
    const [ofPlacement, ofConfiguration] = isSame
      ? [last.word.placement, last.word.configuration]
      : [placementStamp(placement), configurationStamp(configuration)];
    const word: GoesBy = { type: 'goes-by', placement: ofPlacement, configuration: ofConfiguration, hears };
    this.#last = { placement, configuration, word };
    return word;
  }
}
