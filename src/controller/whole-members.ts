import type { ControllerId } from '../base/number-kinds.ts';
import { busAmong, type PeerBus } from '../membership/peer-bus.ts';
import { type Configuration, hasFollowers, isConfigured, isFollower } from '../placement/configuration.ts';

/**
 * The controllers that take part in the groups of whole keyspaces: all that do not follow. Where controllers follow, no
 * keyspace is in such a group, so one that follows has it for itself.
 */
export class WholeMembers {
  readonly #self: ControllerId;
  readonly #configuration: () => Configuration;
  /** The configuration for which the rest was found. */
  #knownIn: Configuration | null = null;
  #areAll = true;
  #isFollowing = false;

  constructor(self: ControllerId, configuration: () => Configuration) {
    this.#self = self;
    this.#configuration = configuration;
  }

  /** Nobody follows. */
  get areAll(): boolean {
    this.#look();
    return this.#areAll;
  }

  has(id: ControllerId): boolean {
    if (this.areAll || id === this.#self) return true;
    const configuration = this.#configuration();
    return !this.#isFollowing && isConfigured(configuration, id) && !isFollower(configuration, id);
  }

  /** @param ids those of them that are peers here */
  busAmong<Message>(bus: PeerBus<Message>, ids: () => readonly ControllerId[]): PeerBus<Message> {
    const among = busAmong(bus, ids);
    const now = () => (this.areAll ? bus : among);
    return {
      send: (peer, message) => now().send(peer, message),
      sendToAll: (message) => now().sendToAll(message),
      sendTo: (peers, message) => now().sendTo(peers, message),
      isUp: (peer) => now().isUp(peer),
    };
  }

  #look(): void {
    const configuration = this.#configuration();
    if (configuration === this.#knownIn) return;
    this.#knownIn = configuration;
    this.#areAll = !hasFollowers(configuration);
    this.#isFollowing = isFollower(configuration, this.#self);
  }
}
