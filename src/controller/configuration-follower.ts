import type { ControllerId, GroupNumber, MonotonicMs } from '../base/number-kinds.ts';
import type { Membership } from '../membership/membership.ts';
import type { ConfigurationTold, GoesBy, InstalledTold } from '../membership/messages.ts';
import { ROOT_GROUP } from '../membership/peer-bus.ts';
import type { Peers } from '../membership/peers.ts';
import { OLDER_RELEASE } from '../peer/cluster-identity.ts';
import type { PeerMessage } from '../peer/messages.ts';
import {
  type Configuration,
  configurationAmong,
  configurationEpoch,
  idsOf,
  isChanging,
  isConfigured,
  isCounted,
  isFollower,
  isGone,
  isVoter,
  newerConfiguration,
  votersOf,
} from '../placement/configuration.ts';
import { forcedWithout, isMissingMarks, isRemovedByForce } from '../placement/forced.ts';
import { beforeHeard, sameVoters, toDrop, towards, without } from '../placement/member-changes.ts';
import type { PlannedShard } from '../placement/shards.ts';
import type { CorePorts } from './core-ports.ts';
import { FollowersWord } from './followers-word.ts';
import type { Groups } from './groups.ts';
import { PlacementTeller } from './placement-teller.ts';
import type { Retirement } from './retirement.ts';

/** What a controller is told that may be in no view of the root group, and what it says of that. */
type Told = InstalledTold | ConfigurationTold | GoesBy;

const TOLD: ReadonlySet<PeerMessage['type']> = new Set<Told['type']>([
  'installed',
  'configuration',
  'goes-by',
]);

export function isTold(group: GroupNumber, message: PeerMessage): message is Told {
  return group === ROOT_GROUP && TOLD.has(message.type);
}

export interface ConfigurationFollowerPorts {
  readonly core: Pick<CorePorts, 'settings' | 'configured' | 'clock' | 'refuse' | 'bus'>;
  readonly groups: Groups;
  readonly peers: Peers;
  readonly retirement: Retirement;
  /** Peers that are connected, and run a release that knows no agreed placements. */
  readonly olderPeers: () => readonly ControllerId[];
}

/**
 * What follows by itself from the configuration that the root group has agreed on:
 *
 *  - A peer of an older release can't read the messages of views that have a placement or a configuration, and would go
 *    by its own settings: it is refused.
 *  - The groups beside the root group, with views of their own, come to the same voters. In each view the
 *    first member that votes in the root group asks for that. A shard keeps the controllers that it was planned with,
 *    but for those that are gone for good.
 *  - Controllers that were removed by force are removed from the groups of their shards as well.
 *  - Controllers that follow are told what is installed, and say what they go by.
 *  - A controller that was added once, and was removed, is dropped, once it counts in no group, and once what it wrote
 *    alone is at the others. The first member of the view of the root group asks for that.
 */
export class ConfigurationFollower {
  readonly #ports: ConfigurationFollowerPorts;
  /** Groups that did not come to the voters of the root group, and when they are to try again. */
  readonly #againMs = new Map<Membership, MonotonicMs>();
  readonly #teller: PlacementTeller;
  readonly word: FollowersWord;

  constructor(ports: ConfigurationFollowerPorts) {
    this.#ports = ports;
    const { core, groups } = ports;
    this.#teller = new PlacementTeller(core.bus, groups.views);
    this.word = new FollowersWord({
      node: core.settings.self,
      configured: core.configured,
      buses: core.bus,
      isHeard: (peer) => ports.peers.isHeard(peer),
      views: groups.views,
    });
  }

  onPeerDown(peer: ControllerId): void {
    this.#teller.onPeerDown(peer);
    this.word.onPeerDown(peer);
  }

  /** To be called when this controller may have another view, or a lease. */
  tell(): void {
    this.#teller.onTick();
    this.word.onTick();
  }

  /** The peer says what is installed, or what it goes by. */
  onTold(from: ControllerId, message: Told): void {
    const { core, groups } = this.#ports;
    if (message.type === 'goes-by') return this.word.onWord(from, message);
    if (message.type === 'installed' && isFollower(groups.views.configuration, from))
      return core.refuse(from, 'it says what is installed, and does not vote');
    groups.views.onMessage(from, message);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const { core, groups, olderPeers } = this.#ports;
    const { views } = groups;
    this.tell();
    if (views.acceptedPlacement !== null || views.configuration.epoch !== undefined)
      for (const peer of olderPeers()) core.refuse(peer, OLDER_RELEASE);
    if (isRemovedByForce(views.configuration, core.settings.self)) return this.#endAll();
    for (const one of viewsOfAll(groups)) this.#follow(one);
    for (const one of shardViews(groups)) this.#forceFromShard(one);
    this.#dropRemoved();
  }

  /** This controller was removed by force: it takes part in the views of no group any more. */
  #endAll(): void {
    const { core, groups } = this.#ports;
    const { configuration } = groups.views;
    for (const { views } of groups.furtherViews)
      if (!isRemovedByForce(views.configuration, core.settings.self))
        views.onMessage(core.settings.self, { type: 'configuration', configuration });
  }

  /** Controllers were removed by force from the root group, and from this one as well. */
  #forceAsRoot(views: Membership): void {
    const { marks, removed } = this.#ports.groups.views.configuration.forced!;
    const lost = removed.map(({ id }) => id).filter((id) => isConfigured(views.configuration, id));
    this.#force(views, lost, marks.at(-1)!);
  }

  /**
   * Controllers of this shard are gone for good: its group goes on without them. It may have no majority left. Of those
   * that are left the first one asks.
   */
  #forceFromShard(views: Membership): void {
    const { core, groups, peers } = this.#ports;
    const root = groups.views.configuration;
    const lost = idsOf(views.configuration).filter((id) => isGone(root, id));
    if (lost.length === 0 || views.isReconfiguring || isChanging(root)) return;
    const isLeft = (id: ControllerId) => id === core.settings.self || peers.isHeard(id);
    // mutant: forces-no-shard
    if (votersOf(views.configuration).find(isLeft) === core.settings.self)
      this.#force(views, lost, `epoch-${configurationEpoch(root)}`);
  }

  #force(views: Membership, lost: readonly ControllerId[], mark: string): void {
    const to = forcedWithout(views.configuration, lost, mark);
    if (typeof to === 'string') return;
    this.#reconfigure(views, to, {
      reason: `controllers were removed by force: ${lost.join(', ')}`,
      isFor: [],
    });
  }

  #follow(views: Membership): void {
    const { groups, peers } = this.#ports;
    const root = groups.views;
    // mutant: forces-the-root-alone
    if (root.isAsking() && !views.isReconfiguring && isMissingMarks(views.configuration, root.configuration))
      return this.#forceAsRoot(views);
    if (root.view === null || views.isReconfiguring || this.#nowMs < (this.#againMs.get(views) ?? 0)) return;
    // A member that is about to leave the group may have left the root group already, and not know of it.
    if (!views.isAsking((id) => isVoter(root.configuration, id))) return;
    const isReady = (id: ControllerId) =>
      views.isInView(id) || (peers.isHeard(id) && views.parts.of(id)?.caughtUp === true);
    const { configuration } = views;
    // mutant: follows-nobody
    const to = towards(configuration, root.configuration, isReady);
    if (to === null) return;
    const come = votersOf(to).filter((id) => !isVoter(configuration, id));
    this.#reconfigure(views, to, {
      reason: `the root group has other voters: ${votersOf(root.configuration).join(', ')}`,
      isFor: come,
    });
  }

  #dropRemoved(): void {
    const { core, groups, retirement } = this.#ports;
    const { views } = groups;
    if (!views.isAsking() || views.isReconfiguring) return;
    const { configuration } = views;
    const { peers, dropsFounders } = core.settings;
    // mutant: drops-those-of-the-start
    const id = toDrop(configuration, dropsFounders === true ? 0 : peers.length);
    // mutant: drops-while-it-counts
    if (id === null || viewsOfAll(groups).some((one) => isCounted(one.configuration, id))) return;
    if (retirement.isAwaited(id)) return;
    const to = without(configuration, id);
    if (typeof to !== 'string')
      this.#reconfigure(views, to, { reason: `controller ${id} was removed`, isFor: [] });
  }

  /** @param isFor these have to be members of the view that carries the change */
  #reconfigure(
    views: Membership,
    to: Configuration,
    { reason, isFor }: { readonly reason: string; readonly isFor: readonly ControllerId[] },
  ): void {
    const { settings } = this.#ports.core;
    views.reconfigure({
      from: views.view === null ? views.acceptedConfiguration : views.view.configuration,
      to,
      reason,
      deadlineMs: this.#nowMs + settings.requestTimeoutMs,
      isFor: (members) => isFor.every((id) => members.some(({ node }) => node === id)),
      done: ({ kind }) => {
        const pauseMs = kind === 'installed' ? 0 : settings.heartbeatMs * settings.threshold;
        this.#againMs.set(views, this.#nowMs + pauseMs);
      },
    });
  }

  get #nowMs(): MonotonicMs {
    return this.#ports.core.clock.nowMs();
  }
}

/** Every group has the voters of the root group, as far as is known here. */
export function areAllFollowing(groups: Groups): boolean {
  const { configuration } = groups.views;
  return viewsOfAll(groups).every((one) => {
    return !isChanging(one.configuration) && sameVoters(one.configuration, configuration);
  });
}

/** The views of the further groups that all voters of the root group take part in. */
export function viewsOfAll(groups: Groups): readonly Membership[] {
  return groups.furtherViews
    .filter(({ group }) => groups.byNumber[group]?.members === null)
    .map(({ views }) => views);
}

/** The views of the groups of shards. */
function shardViews(groups: Groups): readonly Membership[] {
  return groups.furtherViews
    .filter(({ group }) => groups.byNumber[group]?.members !== null)
    .map(({ views }) => views);
}

/**
 * The configuration that a group begins with.
 *
 * @param shard null for a group of whole keyspaces
 * @param known that of the root group, as this controller knows it
 */
export function configuredIn(
  { configured, settings, viewLog }: CorePorts,
  group: GroupNumber,
  shard: PlannedShard | null,
  known: Configuration,
): Configuration {
  if (shard !== null) {
    const record = viewLog.load();
    const remembered = [record?.configuration, record?.installedConfiguration].filter((one) => one != null);
    // mutant: majority-of-all
    return configurationAmong([configured, ...remembered].reduce(newerConfiguration, known), shard.members);
  }
  const isTold = group === ROOT_GROUP || settings.added === undefined;
  // mutant: votes-before-it-heard
  return isTold ? configured : beforeHeard(configured, settings.self);
}
