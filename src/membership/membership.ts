import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import type { Placement } from '../placement/agreed-placement.ts';
import { type Configuration, haveMajority, idsEndOf, votersOf } from '../placement/configuration.ts';
import type { WantedChange } from './agreed-change.ts';
import { isAskingIn } from './asking-member.ts';
import { type Ballot, NO_BALLOT } from './ballot.ts';
import { ClosedGates } from './closed-gates.ts';
import { type Gate, type Need, OPEN, waitBecause } from './gate.ts';
import { JoinBlocker } from './join-blocker.ts';
import { GrantedLeases, HeldLease } from './lease.ts';
import type { MembershipPorts } from './membership-ports.ts';
import type { AcceptorState, Granted, MembershipMessage, ViewPart } from './messages.ts';
import { PeerParts } from './peer-parts.ts';
import { PlacementSpread } from './placement-spread.ts';
import { proposalDelayMs } from './proposal-delay.ts';
import { Readmission } from './readmission.ts';
import { isMember, type View } from './view.ts';
import { ViewChanger } from './view-changer.ts';
import { predecessorOf } from './view-choice.ts';
import { majorityGate, SHARDS_UNKNOWN } from './view-gates.ts';
import { ViewReasons } from './view-reasons.ts';
import { ViewTimes } from './view-times.ts';
import { Voter } from './voter.ts';
import { WantedChanges } from './wanted-changes.ts';

/**
 * This controller's part in the views of its group: when a change is due, and what may be served meanwhile.
 *
 * A change is due in one of these cases:
 *  - a member is silent or was restarted;
 *  - a member takes no writes, and the others can do without it;
 *  - a controller that was outside is back and keeps up;
 *  - no view holds;
 *  - a client of this controller has asked for another placement.
 *
 * Members propose the change. A controller outside of a view in which others serve waits to be taken in, so that two
 * peers that cannot reach each other do not cause a change every second.
 */
export class Membership {
  readonly times: ViewTimes;
  readonly parts: PeerParts;
  readonly #ports: MembershipPorts;
  readonly #changer: ViewChanger;
  readonly #held: HeldLease;
  readonly #granted: GrantedLeases;
  readonly #readmission: Readmission;
  readonly #reasons: ViewReasons;
  readonly #obstacle: JoinBlocker;
  readonly #changes: WantedChanges;
  readonly #spread: PlacementSpread;
  readonly #voter: Voter;
  readonly #closed: ClosedGates;
  #proposeAtMs: MonotonicMs | null = null;
  /** The peer that this controller's own proposal is to take back; null for none. */
  #candidate: ControllerId | null = null;

  constructor(ports: MembershipPorts) {
    const { node, configured, leaseMs, clock, peers, suspectAfterMs, incarnationOf, log } = ports;
    this.#ports = ports;
    this.#voter = new Voter(node, configured);
    this.#readmission = new Readmission({ node, peers, clock, steadyMs: suspectAfterMs, log });
    this.#changes = new WantedChanges({ clock, stepMs: suspectAfterMs });
    const parts = new PeerParts(peers);
    this.parts = parts;
    this.#obstacle = new JoinBlocker({ node, peers, parts, heardWithinMs: HEARD_WITHIN * suspectAfterMs });
    this.#reasons = new ViewReasons({
      node,
      configuration: () => this.configuration,
      leaseMs,
      peers,
      parts,
      readmission: this.#readmission,
      incarnationOf,
      clock,
    });
    this.#held = new HeldLease(configured, clock);
    this.times = new ViewTimes(clock);
    this.#granted = new GrantedLeases(leaseMs, clock);
    this.#changer = new ViewChanger({
      node,
      configured,
      leaseMs,
      mayForm: ports.mayForm,
      keepsOrder: ports.keepsOrder,
      incarnation: ports.incarnation,
      bus: ports.bus,
      clock,
      viewLog: ports.viewLog,
      sync: ports.sync,
      state: ports.state,
      journal: ports.journal,
      heard: () => peers.ids.filter((peer) => peers.isHeard(peer)),
      leasesMs: () =>
        this.#granted.remainingMs(Math.max(ports.idsEnd(), idsEndOf(this.#changer.acceptedConfiguration))),
      isCaughtUp: ports.isCaughtUp,
      incarnationOf,
      transfer: ports.transfer,
      endTransfers: ports.endTransfers,
      placementAfter: (...of) => this.#changes.placementAfter(...of),
      configurationAfter: (...of) => this.#changes.configurationAfter(...of),
      onPlacement: ports.onPlacement,
      onChange: () => this.#onViewChange(),
      log,
    });
    this.#closed = new ClosedGates(ports, {
      views: this,
      acceptors: () => this.#acceptors(),
      changer: this.#changer,
      held: this.#held,
      obstacle: this.#obstacle,
      voter: this.#voter,
    });
    this.#spread = new PlacementSpread(() => this.configuration);
    this.#spread.onPlacement(this.#changer.acceptedPlacement);
  }

  /** The view that this controller serves in, if any. */
  get view(): View | null {
    return this.#changer.view;
  }

  /** Milliseconds since this controller installed the view that it serves in; null while it serves in none. */
  get viewAgeMs(): number | null {
    return this.view === null ? null : this.#ports.clock.nowMs() - this.#changer.installedMs;
  }

  /** The controller is a member of the view that this one serves in. */
  isInView(node: ControllerId): boolean {
    return this.view !== null && isMember(this.view, node);
  }

  /** Milliseconds for which the lease still holds; infinite where none is needed. */
  get leaseLeftMs(): number {
    return this.view === null ? 0 : Math.max(0, this.#held.untilMs - this.#ports.clock.nowMs());
  }

  /** The placement of the last view that is known to have been installed here; null while the cluster goes by its configuration. */
  get placement(): Placement | null {
    return this.#changer.installed.placement;
  }

  /** The view that this controller serves in, or what the members of one have told it; null while there is neither. */
  get installation(): object | null {
    return this.view ?? this.#changer.installed.told;
  }

  /** Whether this controller goes by the placement that holds: by its lease, or because none comes without it. */
  placementGate(): Gate {
    return this.#voter.isFollowing(this.configuration) ? this.votingGate() : this.gate('read');
  }

  /** What moves is handed over here, behind the barrier: see `Installed`. */
  goAhead(): void {
    if (!this.#voter.isFollowing(this.configuration)) return;
    this.#changer.installed.goAhead();
    this.#ports.onPlacement();
  }

  /** The placement of the view that was accepted here last. That view may never be installed. */
  get acceptedPlacement(): Placement | null {
    return this.#changer.acceptedPlacement;
  }

  /** Controllers that may still go by an older placement. */
  get unaware(): readonly ControllerId[] {
    return this.#spread.unaware;
  }

  /** A change of the placement that a client of this controller has asked for is not answered yet. */
  get isChanging(): boolean {
    return this.#changes.placement.isUnderWay;
  }

  /** Has the members agree on another placement. Only while no other change of this controller is under way. */
  change(wanted: WantedChange<Placement>): void {
    this.#changes.placement.begin(wanted);
  }

  /** The controllers whose majority counts: as of the view that is served here, or the newest that are known. */
  get configuration(): Configuration {
    const { installed, newestConfiguration } = this.#changer;
    return this.view === null ? newestConfiguration : installed.configuration;
  }

  /** This controller may be a member of a view, as far as it knows. */
  isVoting(): boolean {
    return this.#voter.isIn(this.configuration);
  }

  /** Whether this controller may answer alone: see `Voter.gate`. */
  votingGate(): Gate {
    return this.#voter.gate(this.configuration, this.#changer);
  }

  /** This controller remembers no view. */
  get isBlank(): boolean {
    return this.view === null && !this.#changer.installed.hasView;
  }

  /**
   * The same for shards. They may have moved since this controller had a disk that is gone, so it does not serve those
   * of the configuration before it has a view, which tells.
   */
  shardsGate(): Gate {
    const gate = this.votingGate();
    if (gate.state !== 'open' || !this.isBlank || this.#voter.isFollowing(this.configuration)) return gate;
    // mutant: serves-shards-by-an-empty-disk
    return SHARDS_UNKNOWN;
  }

  /** A change of the configuration that this controller has asked for is not answered yet. */
  get isReconfiguring(): boolean {
    return this.#changes.configuration.isUnderWay;
  }

  /** Has the members agree on another configuration. Only while no other change of this controller is under way. */
  reconfigure(wanted: WantedChange<Configuration>): void {
    this.#changes.configuration.begin(wanted);
  }

  /** Of the view that was accepted here last. Null: that of the configuration file. */
  get acceptedConfiguration(): Configuration | null {
    const { acceptedConfiguration } = this.#changer;
    return acceptedConfiguration === this.#ports.configured ? null : acceptedConfiguration;
  }

  /** This controller asks for what follows by itself. @param isAble may ask */
  isAsking(isAble: (id: ControllerId) => boolean = () => true): boolean {
    return this.view !== null && isAskingIn(this.view, this.#ports, isAble);
  }

  /** What this controller says of its own part. */
  get part(): ViewPart {
    const { clock, journal, isCaughtUp } = this.#ports;
    return {
      askedMs: Math.floor(clock.nowMs()),
      installed: this.view?.ballot ?? NO_BALLOT,
      acceptor: this.#changer.acceptor,
      transferring: this.#changer.isTransferring,
      caughtUp: isCaughtUp(),
      isStalling: journal.isStalling,
      onProbation: this.#readmission.onProbation,
    };
  }

  /** Others serve in a view without this controller. It has to catch up with them before they take it in. */
  get isOutside(): boolean {
    return this.view === null && this.servingPeers.length > 0;
  }

  /** Peers that are heard, and that serve in a view without this controller. */
  get servingPeers(): readonly number[] {
    const { peers } = this.#ports;
    return peers.ids.filter((peer) => {
      const installed = this.parts.of(peer)?.installed;
      return installed !== undefined && peers.isHeard(peer) && this.#changer.isSupersededBy(installed);
    });
  }

  /**
   * The other controllers need this one, which is about to end, for a moment more: until they serve in a view without
   * it. If they cannot form one, until the controllers that end as well have given their clients their last answers.
   */
  get isNeeded(): boolean {
    const { view } = this;
    if (view === null) return this.#changer.isMoving && !this.isOutside;
    return this.#reasons.othersHaveQuorum(view) || this.#ports.peers.departing('draining').length > 0;
  }

  /** Whether views and leases allow a request to start now. */
  gate(need: Need): Gate {
    const { peers } = this.#ports;
    const { view } = this;
    if (view === null) return this.#closed.withoutView;
    // mutant: reads-without-lease
    if (!this.#held.holds) return this.#closed.withoutLease;
    if (need !== 'write' || peers.unavailable.length === 0) return OPEN;
    const unable = peers.unavailable.filter((peer) => isMember(view, peer));
    if (unable.length === 0) return OPEN;
    const tooFew = majorityGate(this.configuration, peers.unavailable, peers);
    if (tooFew !== null) return tooFew;
    // A member whose journal has just begun to fail is left out only once a request has waited for it.
    if (unable.every((peer) => peers.isUp(peer) && !this.parts.stalling.includes(peer))) return OPEN;
    return waitBecause('MEMBER_UNAVAILABLE', `no agreement without ${peers.unavailableText}`);
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    const { node, clock, random, peers, announce, mayPropose } = this.#ports;
    this.#changer.onTick();
    this.#changes.onTick(this.isAsking() ? this.view : null);
    if (this.view !== null && !this.#held.holds) announce();
    if (this.#obstacle.onTick(this.view === null ? this.servingPeers : [])) this.#ports.onChange();
    const reason = mayPropose() ? this.#reasonToChange() : null;
    if (reason === null || !this.#isPromising() || !this.#changer.mayPropose) {
      this.#proposeAtMs = null;
      return;
    }
    const voters = votersOf(this.configuration);
    this.#proposeAtMs ??=
      clock.nowMs() + proposalDelayMs(node, voters, this.view, peers.departing('drained'), random);
    if (clock.nowMs() < this.#proposeAtMs) return;
    if (this.#changer.isMoving && this.#reasons.broken(this.#changer.coming) === null) return;
    this.#proposeAtMs = null;
    this.#candidate = this.view === null ? null : this.#reasons.returning(this.view);
    this.#changer.propose(reason, this.#reasons.toLeaveOut(this.view));
  }

  /** What a peer says of its part. Its heartbeat has come before, or is where this is from. */
  onPart(from: ControllerId, part: ViewPart): void {
    const heartbeat = this.#ports.peers.heartbeat(from);
    if (heartbeat === undefined) return;
    const { askedMs, installed, acceptor, transferring } = part;
    // A heartbeat tells how far its sender is in the group of the entries, which may be another one.
    const caughtUp = this.#ports.hasEntries ? part.caughtUp : heartbeat.journalTrouble === '';
    this.parts.onPart(from, caughtUp === part.caughtUp ? part : { ...part, caughtUp });
    this.#readmission.onHeartbeat(from, heartbeat);
    this.#changer.onAcceptorState(installed, acceptor, transferring);
    this.#grant(from, installed, askedMs);
    this.#tellConfiguration(from);
  }

  /** The connection to the peer is gone. */
  onPeerDown(peer: ControllerId): void {
    this.parts.onPeerDown(peer);
  }

  onMessage(from: ControllerId, message: MembershipMessage): void {
    if (message.type === 'granted') return this.#onGranted(from, message);
    if (message.type === 'view-part') return this.onPart(from, message);
    this.#changer.onMessage(from, message);
  }

  #grant(to: ControllerId, installed: Ballot, askedMs: MonotonicMs): void {
    const { view } = this;
    if (view === null || installed.counter !== view.ballot.counter || installed.node !== view.ballot.node)
      return;
    const forMs = this.#granted.grant(to);
    this.#ports.bus.send(to, { type: 'granted', ballot: installed, askedMs, forMs });
  }

  /** Told again with each of its heartbeats: the message may be lost, and few controllers are ever outside. */
  #tellConfiguration(to: ControllerId): void {
    const configuration = this.view?.configuration ?? null;
    // mutant: outside-untold
    if (configuration === null || this.isInView(to)) return;
    this.#ports.bus.send(to, { type: 'configuration', configuration });
  }

  #onGranted(from: ControllerId, { ballot, askedMs, forMs }: Granted): void {
    const held = this.#held.holds;
    this.#held.onGranted(from, ballot, askedMs, forMs);
    if (!held && this.#held.holds) this.#ports.onChange();
  }

  #onViewChange(): void {
    this.times.onView(this.view);
    this.#held.reset(this.view?.ballot ?? NO_BALLOT, this.configuration);
    if (this.view !== null) {
      this.#spread.onView(this.view);
      this.#changes.onInstalled(this.view);
      this.#readmission.onView(this.view);
      if (this.#candidate !== null && !isMember(this.view, this.#candidate))
        this.#readmission.onFailed(this.#candidate);
      this.#candidate = null;
      this.#ports.announce();
    }
    this.#ports.onChange();
  }

  #reasonToChange(): string | null {
    const { view } = this;
    if (this.#changes.forced(this.#ports.peers) !== null) return this.#changes.reason;
    if (view !== null)
      return this.#reasons.reasonToChange(view, this.#changer.installedMs) ?? this.#changes.reason;
    if (this.isOutside || !this.isVoting()) return null;
    return 'no view held';
  }

  /**
   * The controllers that are heard are enough to form a view. One whose journal takes no writes cannot accept a view.
   */
  #isPromising(): boolean {
    const { mayForm, peers } = this.#ports;
    const configuration = this.#changes.forced(peers) ?? this.configuration;
    const acceptors = this.#acceptors();
    const able = [...acceptors.keys()].filter((node) => !peers.withJournalTrouble.includes(node));
    if (!haveMajority(configuration, able)) return false;
    return predecessorOf(acceptors, configuration, mayForm).kind !== 'unknown';
  }

  #acceptors(): Map<ControllerId, AcceptorState> {
    return new Map([[this.#ports.node, this.#changer.acceptor], ...this.parts.acceptors]);
  }
}

/** A peer that hears a controller says so within so many times the suspicion time. */
const HEARD_WITHIN = 2;
