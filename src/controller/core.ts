import type { DurationHistogram } from '../base/duration-histogram.ts';
import type { ControllerId, GroupNumber, MonotonicMs } from '../base/number-kinds.ts';
import type { Coordinator } from '../consistency/coordinator.ts';
import type { AbsentPeers } from '../membership/absent-peers.ts';
import { Departure } from '../membership/departure.ts';
import type { Heartbeat } from '../membership/messages.ts';
import type { Peers } from '../membership/peers.ts';
import type { View } from '../membership/view.ts';
import type { MessageChecks } from '../peer/message-checks.ts';
import { isHandshake, type PeerMessage } from '../peer/messages.ts';
import { type Configuration, isFollower } from '../placement/configuration.ts';
import { keyspacesOf } from '../placement/placement.ts';
import type { PlannedShard } from '../placement/shards.ts';
import { isHopMessage } from '../replication/hop/messages.ts';
import { isRangeMessage } from '../replication/range-messages.ts';
import type { ControllerPorts } from '../replication/scheme-ports.ts';
import { ConfigurationFollower, isTold } from './configuration-follower.ts';
import { controllerPortsOf } from './controller-ports.ts';
import type { CorePorts } from './core-ports.ts';
import { healthOf, notReadyBecauseOf, type OrderedGroup, orderedGroupsOf, rolesOf } from './core-reports.ts';
import { CoreTime } from './core-time.ts';
import { mayBeGroup } from './group-plan.ts';
import { type ControllerRouter, type Groups, groupsOf } from './groups.ts';
import type { Health } from './health.ts';
import { Heartbeats } from './heartbeats.ts';
import { Levels } from './levels.ts';
import type { Mover } from './moves/mover.ts';
import { moverOf } from './moves/mover-of.ts';
import { type PassingPeers, passingOf } from './passing-peers.ts';
import { PeerLog } from './peer-log.ts';
import { absenceOf, PeerUpdates, peersOf } from './peers-of.ts';
import { RemovedPeers } from './removed-peers.ts';
import { Retirement } from './retirement.ts';
import type { Roles } from './roles.ts';
import { Serving } from './serving.ts';
import { breakSilentLinks } from './silent-links.ts';
import { WholeMembers } from './whole-members.ts';

/**
 * One controller without its sockets, files and timers: everything between what arrives and what leaves. A controller
 * process and a simulation run this same code, and give it different ports.
 *
 * The core holds what is one for the whole controller: its clock, its knowledge of the peers, its heartbeats, its
 * requests. What is replicated is in its groups, and the core does not know how: it hands each message to the group
 * that the message names.
 */
export class Core {
  readonly serving: Serving;
  readonly peers: Peers;
  readonly passing: PassingPeers;
  readonly time: CoreTime;
  readonly departure: Departure;
  readonly retirement: Retirement;
  readonly roles: Roles;
  readonly groups: Groups;
  readonly levels: Levels;
  readonly mover: Mover;
  readonly #ports: CorePorts;
  readonly #configuration: () => Configuration;
  /** The configuration that this controller goes by. */
  #known: Configuration;
  readonly #absence: AbsentPeers;
  readonly #admission: MessageChecks;
  readonly #peerLog: PeerLog;
  readonly #health: Health;
  readonly #heartbeats: Heartbeats;
  readonly follower: ConfigurationFollower;
  readonly #removed: RemovedPeers;
  readonly #peerUpdates: PeerUpdates;
  readonly #whole: WholeMembers;
  /** This run has to end, because the next one starts empty. It does nothing more. */
  #isOver = false;

  /**
   * Each part is made from those before it. What happens later in a part comes back through methods of this class.
   */
  constructor(ports: CorePorts) {
    const { settings, clock, log } = ports;
    this.#ports = ports;
    this.#known = ports.configured;
    this.#configuration = () => this.#known;
    this.#removed = new RemovedPeers(ports, this.#configuration);
    this.peers = peersOf(ports, this.#configuration, TICK_MS);
    this.time = new CoreTime(ports, this.peers, this.#configuration, () => this.#onChange());
    const onChange = (): void => this.#onChange();
    this.#whole = new WholeMembers(settings.self, this.#configuration);
    this.passing = passingOf(ports, this.#whole, {
      standing: this.peers,
      isTurnedAway: (peer) => this.#removed.has(peer) && !isFollower(this.#known, settings.self),
      serving: () => this.serving ?? null,
      onChange,
    });
    this.#peerLog = new PeerLog({ peers: this.peers, log });
    this.#absence = absenceOf(ports, this.#configuration, this.peers);
    this.departure = new Departure({
      clock,
      isNeeded: () => this.#isNeeded(),
      announce: () => this.onHeartbeatTick(),
    });
    this.#admission = this.time.admission();
    this.retirement = new Retirement(ports, () => this.groups);
    this.groups = groupsOf(ports, (group, shard) => this.#controllerPorts(group, shard), this.#whole);
    this.#peerUpdates = new PeerUpdates(ports, this.peers, () => this.groups);
    this.#onConfiguration();
    this.levels = new Levels(this.groups.views, keyspacesOf(settings), this.groups);
    this.mover = moverOf(ports, {
      peers: this.peers,
      groups: this.groups,
      levels: this.levels,
      time: this.time,
      announce: () => this.onHeartbeatTick(),
      onChange,
    });
    this.#health = healthOf(ports, this.groups, TICK_MS);
    this.#heartbeats = new Heartbeats(ports, this.#configuration, this, this.#health);
    this.follower = new ConfigurationFollower({
      core: ports,
      groups: this.groups,
      peers: this.peers,
      retirement: this.retirement,
      olderPeers: () => this.olderPeers,
    });
    this.roles = rolesOf(this.peers, this.groups);
    this.serving = new Serving({
      core: ports,
      router: this.groups.router,
      peers: this.peers,
      passing: this.passing,
      time: this.time,
      isPlaced: () => this.#heartbeats.isPlaced,
      views: this.groups.views,
      onChange: () => this.#onChange(),
    });
  }

  get coordinator(): Coordinator {
    return this.serving.coordinator;
  }

  /** The controllers of the cluster, as this one knows them. */
  get configuration(): Configuration {
    return this.#known;
  }

  get router(): ControllerRouter {
    return this.groups.router;
  }

  /** Peers that are connected, and run a release that knows no agreed placements. */
  get olderPeers(): readonly ControllerId[] {
    const { incarnationOf, knowsPlacements } = this.#ports;
    return this.peers.ids.filter((peer) => incarnationOf(peer) !== null && !knowsPlacements(peer));
  }

  /** What a hello says of the placement. */
  get placementOnLink(): string {
    const { zones, added, dataDir } = this.#ports.settings;
    const mayMove = dataDir !== '' && this.groups.configuredShards.length > 0;
    return this.levels.onLink(zones, added !== undefined || mayMove);
  }

  /** The groups with the entries of ordered keyspaces, by number. */
  get orderedGroups(): readonly OrderedGroup[] {
    return orderedGroupsOf(this.groups);
  }

  /** The view that this controller serves in, in the first of them; null where there is none, or no view holds. */
  get view(): View | null {
    return this.orderedGroups[0]?.views.view ?? null;
  }

  /** Milliseconds for which strong reads of all ordered keyspaces need no further grant; null where none is ordered. */
  get leaseLeftMs(): number | null {
    const left = this.orderedGroups.map(({ views }) => views.leaseLeftMs);
    return left.length === 0 ? null : Math.min(...left);
  }

  /** How late the event loop has come to what was due. */
  get eventLoopDelays(): DurationHistogram {
    return this.#health.delays;
  }

  /** Why some requests cannot be served yet; empty when all can. */
  get notReadyBecause(): string {
    return notReadyBecauseOf(this.groups);
  }

  /** To be called at the end of a turn that was asked for: sends what the turn has gathered. */
  flush(): void {
    if (this.#isOver) return;
    for (const group of this.groups.all) group.flush();
  }

  /** To be called at the end of such a turn, once the replies have been handed to their sockets. */
  onTurnEnd(): void {
    this.coordinator.times.onTurnEnd();
  }

  onPeerUp(peer: ControllerId): void {
    if (this.#isOver) return;
    if (this.#removed.has(peer)) return this.#removed.turnAway(peer);
    if (this.passing.has(peer)) {
      this.passing.onUp(peer);
      return this.#onChange();
    }
    this.passing.forget(peer);
    this.onHeard(peer);
    this.#heartbeats.sendTo(peer);
    for (const group of this.groups.all) if (group.has(peer)) group.onPeerUp(peer);
  }

  onPeerDown(peer: ControllerId): void {
    if (this.#removed.has(peer)) return;
    this.passing.onDown(peer);
    for (const group of this.groups.all) if (group.has(peer)) group.onPeerDown(peer);
    this.serving.hop.onPeerDown(peer);
    // mutant: drops-askers
    if (!this.passing.has(peer)) this.serving.asked.onPeerDown(peer);
    this.mover.onPeerDown(peer);
    this.peers.onDown(peer);
    this.time.onPeerDown(peer);
    this.follower.onPeerDown(peer);
    this.#peerUpdates.onPeerDown(peer);
  }

  /** The peer's machine refuses connections: its process is gone. */
  onPeerGone(peer: ControllerId): void {
    if (!this.#isOver && this.peers.onGone(peer)) this.#onSuspect(peer);
  }

  /** Something came from the peer. */
  onHeard(peer: ControllerId): void {
    if (this.#removed.has(peer)) return;
    if (this.passing.onHeard(peer)) this.#onChange();
    if (!this.peers.onHeard(peer)) return;
    this.#peerLog.up(peer);
    this.#onChange();
  }

  /** @param number of the group that the message names */
  onMessage(from: ControllerId, number: GroupNumber, message: PeerMessage): void {
    if (this.#isOver || this.#removed.has(from)) return;
    // The time first: this controller may have none yet, and the checks need one.
    if (message.type === 'heartbeat') this.time.onHeartbeat(from, message);
    const flaw = this.#admission.flawOf(from, message);
    if (flaw !== null) return this.#ports.refuse(from, flaw);
    if (this.passing.has(from)) return this.#onPassing(from, number, message);
    if (message.type === 'heartbeat') return this.#onHeartbeat(from, message);
    // mutant: lease-of-another-group
    if (message.type === 'granted') this.#onAnswer(from, message.askedMs);
    if (isHandshake(message)) return;
    if (isTold(number, message)) return this.follower.onTold(from, message);
    if (message.type === 'retired') return this.retirement.onRetired(from, message);
    if (message.type === 'moving' || isRangeMessage(message)) return this.mover.onMessage(from, message);
    if (isHopMessage(message)) return this.serving.onMessage(from, number, message);
    const group = this.groups.byNumber[number];
    if (group === undefined) return this.#onUnknownGroup(from, number);
    if (!group.has(from)) return this.#ports.refuse(from, `it has no part in group ${number}`);
    // mutant: promise-of-another-group
    group.onMessage(from, message);
  }

  /** To be called every `TICK_MS`. */
  onTick(): void {
    if (this.#isOver) return;
    for (const peer of this.passing.onTick()) this.#ports.breakLink(peer, 'it owes an answer, and is silent');
    for (const peer of this.peers.onTick()) this.#onSuspect(peer);
    this.time.onTick();
    this.#absence.onTick();
    this.follower.onTick();
    for (const group of this.groups.all) group.onTick();
    this.mover.onTick();
    this.serving.onTick();
    this.#health.onTick();
    this.departure.onTick();
  }

  /** The journal takes writes again. */
  onWritable(): void {
    this.#onChange();
  }

  /** To be called every `heartbeat_time`. */
  onHeartbeatTick(): void {
    if (this.#isOver) return;
    for (const group of this.groups.all) group.onHeartbeatTick();
    this.time.onHeartbeatTick();
    breakSilentLinks(this.peers, this.#ports);
    this.#heartbeats.sendToAll();
  }

  /** To be called every `sync_interval`. */
  onSyncTick(): void {
    if (this.#isOver) return;
    for (const group of this.groups.all) group.scheme.onSyncTick();
  }

  #onPlacement(): void {
    this.#onConfiguration();
    const left = this.levels.update();
    this.#peerUpdates.update(this.#known);
    if (left.size > 0) this.serving.hop.onMoved(left);
  }

  /** Others may be controllers of this cluster now. The links that end are told of while their peers are still known. */
  #onConfiguration(): void {
    const { configuration } = this.groups.views;
    if (configuration === this.#known) return;
    this.#ports.onConfiguration(configuration);
    this.#known = configuration;
  }

  #onChange(): void {
    this.#onPlacement();
    this.mover.onTick();
    this.follower?.tell();
    this.serving.onChange();
    this.#ports.onChange();
  }

  #isNeeded(): boolean {
    if (this.#isOver) return false;
    return this.serving.isAsked || this.groups.withEntries.some(({ scheme }) => scheme.isNeeded);
  }

  /** A peer may be ahead with a move, or behind, or have a part in a group that this controller needs no more. */
  #onUnknownGroup(from: ControllerId, number: GroupNumber): void {
    if (mayBeGroup(number) && this.#ports.knowsPlacements(from)) return;
    this.#ports.refuse(from, `there is no group ${number}`);
  }

  /** From a peer that is none but for its requests and answers. */
  #onPassing(from: ControllerId, number: GroupNumber, message: PeerMessage): void {
    if (message.type === 'heartbeat') this.passing.onHeartbeat(from, message.departure);
    else if (isHopMessage(message)) this.serving.onMessage(from, number, message);
  }

  #startEmpty(group: GroupNumber, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ports.startEmpty({ group, reason });
  }

  #controllerPorts(group: GroupNumber, shard: PlannedShard | null): ControllerPorts {
    return controllerPortsOf(this.#ports, group, shard, {
      configuration: this.#configuration,
      peers: this.peers,
      time: this.time,
      absence: this.#absence,
      departure: this.departure,
      retirement: this.retirement,
      views: () => this.groups.views,
      olderPeers: () => this.olderPeers,
      isWholeMember: (id) => this.#whole.has(id),
      onPlacement: () => this.#onPlacement(),
      onChange: () => this.#onChange(),
      announce: () => this.onHeartbeatTick(),
      startEmpty: (reason) => this.#startEmpty(group, reason),
    });
  }

  #onHeartbeat(from: ControllerId, heartbeat: Heartbeat): void {
    this.time.versions.observe(heartbeat.time);
    const wasStoreUp = (this.peers.heartbeat(from)?.storeTrouble ?? '') === '';
    if (this.peers.onHeartbeat(from, heartbeat)) {
      this.#peerLog.journal(from, heartbeat);
      this.#onChange();
    }
    if (wasStoreUp !== (heartbeat.storeTrouble === '')) this.#peerLog.store(from, heartbeat);
    const [first] = this.groups.withEntries;
    if (!this.#heartbeats.isPlaced && first.has(from)) first.onAnnouncement(from, heartbeat);
    if (this.groups.all[0]!.has(from)) this.groups.views.onPart(from, heartbeat);
    this.#onAnswer(from, heartbeat.heard[this.#ports.settings.self] ?? NEVER_HEARD);
    this.departure.onTick();
  }

  /** The peer has handled the heartbeat that this controller sent to it at that moment. */
  #onAnswer(from: ControllerId, askedMs: MonotonicMs): void {
    if (askedMs === NEVER_HEARD) return;
    for (const group of this.groups.all) if (group.has(from)) group.scheme.onAnswer(from, askedMs);
  }

  #onSuspect(peer: ControllerId): void {
    this.#peerLog.down(peer);
    this.#onChange();
  }
}

/** In a heartbeat: none of this controller's heartbeats has been handled on this connection. */
const NEVER_HEARD = 0;

/** How often `onTick` is to be called, in milliseconds: how late a deadline may be noticed. */
export const TICK_MS = 20;
