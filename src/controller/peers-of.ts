import type { ControllerId } from '../base/number-kinds.ts';
import { AbsentPeers } from '../membership/absent-peers.ts';
import { Peers } from '../membership/peers.ts';
import {
  addressTextOf,
  type Configuration,
  hasFollowers,
  isConfigured,
  isFollower,
} from '../placement/configuration.ts';
import type { CorePorts } from './core-ports.ts';
import { shardGroups } from './group-plan.ts';
import type { Groups } from './groups.ts';
import { type StandingSituation, standingPeers } from './standing-peers.ts';

/** The other controllers of the cluster, by their configuration. @param tickMs how often the core ticks */
export function peersOf(ports: CorePorts, configuration: () => Configuration, tickMs: number): Peers {
  const { settings, bus, clock, viewLog } = ports;
  const { self, heartbeatMs, threshold } = settings;
  const remembered = viewLog.load();
  const shards = shardGroups(settings, remembered).map(({ shard }) => shard);
  const placement = remembered?.placement ?? null;
  return new Peers({
    ids: [...standingPeers({ self, configuration: configuration(), shards, placement })],
    heartbeatMs,
    threshold,
    clock,
    tickMs,
    isLinked: (peer) => bus.isUp(peer),
    nameOf: (peer) => addressTextOf(configuration(), peer),
  });
}

/** Which of them are absent. */
export function absenceOf(
  { settings, clock }: CorePorts,
  configuration: () => Configuration,
  peers: Peers,
): AbsentPeers {
  const { self: node, tombstoneHorizonMs: horizonMs } = settings;
  return new AbsentPeers({ node, configuration, peers, clock, horizonMs });
}

/**
 * Keeps the list of peers as the configuration and the placement have it.
 *
 * Two controllers learn at different moments that they have no shard in common any more. If one of them took the other
 * for a passing peer while the other waits for its heartbeats, the other would break the link. So a peer stays one as
 * long as its link lasts.
 */
export class PeerUpdates {
  readonly #ports: Pick<CorePorts, 'settings' | 'bus' | 'relink'>;
  readonly #peers: Peers;
  readonly #groups: () => Groups;
  /** What the list was made of. */
  #last: StandingSituation | null = null;
  #shards: Groups['shards'] | null = null;

  constructor(ports: Pick<CorePorts, 'settings' | 'bus' | 'relink'>, peers: Peers, groups: () => Groups) {
    this.#ports = ports;
    this.#peers = peers;
    this.#groups = groups;
  }

  /** To be called when any of that may be another one. */
  update(configuration: Configuration): void {
    const { shards, views } = this.#groups();
    const { placement } = views;
    const last = this.#last;
    const isKnown = last?.configuration === configuration && last.placement === placement;
    if (isKnown && this.#shards === shards) return;
    this.#shards = shards;
    const { self } = this.#ports.settings;
    this.#last = { self, configuration, shards: shards.map(({ shard }) => shard), placement };
    this.#apply(this.#last);
  }

  /** The link to the peer is gone. */
  onPeerDown(peer: ControllerId): void {
    const last = this.#last;
    if (last !== null && isFollower(last.configuration, last.self) && this.#peers.has(peer))
      this.#apply(last);
  }

  #apply(situation: StandingSituation): void {
    const { bus, relink } = this.#ports;
    const peers = this.#peers;
    const wanted = standingPeers(situation);
    const { configuration } = situation;
    // mutant: drops-peers-at-once
    const stay = peers.ids.filter((id) => !wanted.has(id) && isConfigured(configuration, id) && bus.isUp(id));
    const ids = [...wanted, ...stay].sort((a, b) => a - b);
    const before = peers.ids;
    if (ids.join() === before.join()) return;
    peers.setIds(ids);
    // Otherwise all controllers are peers, and linked for ever.
    if (!hasFollowers(configuration)) return;
    for (const id of ids) if (!before.includes(id)) relink(id);
    for (const id of before) if (!ids.includes(id)) relink(id);
  }
}
