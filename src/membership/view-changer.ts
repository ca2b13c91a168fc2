import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import type { Version } from '../ordering/version.ts';
import type { Placement } from '../placement/agreed-placement.ts';
import { type Configuration, haveMajority, newerConfiguration } from '../placement/configuration.ts';
import { follows, isRemovedByForce } from '../placement/forced.ts';
import { Acceptor } from './acceptor.ts';
import { type Ballot, compareBallots, NO_BALLOT, sameBallot } from './ballot.ts';
import { Installed } from './installed.ts';
import {
  type Accept,
  type AcceptorState,
  asSent,
  type InstalledTold,
  type Promised,
  unconfigured,
  unplaced,
  type ViewMessage,
} from './messages.ts';
import { promiseOf } from './promise.ts';
import {
  ACCEPTS_WITHIN_MS,
  isWorthWaiting,
  leasesEndMs,
  NO_PROPOSAL,
  newProposal,
  PROMISES_WITHIN_MS,
  type Proposal,
} from './proposal.ts';
import { ballotName, isOfRun, type Member, type View } from './view.ts';
import type { ViewChangerPorts } from './view-changer-ports.ts';
import { chooseView, configurationToAsk, isRecovered } from './view-choice.ts';
import { ViewReport } from './view-report.ts';

/**
 * Agrees on views, by two-phase ballots: prepare, promise, accept, accepted, install.
 *
 *  1. A promise ends the part of its sender in every older view, and tells what it has applied and queued.
 *  2. The proposer takes the controllers that know the newest view as sources, and the union of their queues as the
 *     first requests of the new view.
 *  3. All members accept. A member that is no source copies the state of one before it does.
 *  4. The view is installed once all members have accepted, and once every lease of a controller that is left out has
 *     run out.
 *
 * Invariants:
 *  - A promise or an acceptance is on disk before any other controller is told of it. The state with which a view is
 *    accepted is on disk before the acceptance.
 *  - The accepted ballot is at least the promised one.
 *  - A member goes by the placement of a view, where that is the stricter one, before it says that it has accepted it.
 *  - A view is installed only when all its members have accepted it. Each of them has ended its part in older views
 *    by then, so no older view can complete a write any more.
 *
 * `Membership` decides whether a change is due; this class carries it out.
 */
export class ViewChanger {
  readonly #ports: ViewChangerPorts;
  readonly #record: Acceptor;
  #view: View | null = null;
  /** Accepted, and waiting to be installed. */
  #coming: View | null = null;
  #proposal: Proposal | null = null;
  /** The member whose state is being copied; null when there is none. */
  #transferringFrom: Member | null = null;
  /** The largest ballot that any controller has named. */
  #seen = NO_BALLOT;
  /** When the change under way last made a step, and how long its next step may take, in milliseconds. */
  #movedMs = Number.NEGATIVE_INFINITY;
  #stuckAfterMs = 0;
  #installedMs = Number.NEGATIVE_INFINITY;
  #waitsFor = '';
  readonly #report: ViewReport;
  /** The placement and the configuration that are known to be installed, in this run or an earlier one. */
  readonly installed: Installed;

  constructor(ports: ViewChangerPorts) {
    this.#ports = ports;
    this.#record = new Acceptor(ports.viewLog, ports.clock);
    this.#report = new ViewReport(ports.log, this.#record);
    this.installed = new Installed(this.#record, ports.node, ports.configured);
  }

  /** The view that this controller serves in, if any. */
  get view(): View | null {
    return this.#view;
  }

  /** The view that is accepted here and not yet installed. */
  get coming(): View | null {
    return this.#coming;
  }

  /** The placement of the view that was accepted here last. That view may never be installed. */
  get acceptedPlacement(): Placement | null {
    return this.#coming === null ? this.installed.acceptedPlacement : this.#coming.placement;
  }

  /** The configuration of the view that was accepted here last. That view may never be installed. */
  get acceptedConfiguration(): Configuration {
    return (this.#coming === null ? this.#record : this.#coming).configuration ?? this.#ports.configured;
  }

  /** The newest that is known here. Of two with one epoch, the installed one is the one that was agreed. */
  get newestConfiguration(): Configuration {
    return newerConfiguration(this.installed.configuration, this.acceptedConfiguration);
  }

  /** When the view was installed here, on the monotonic clock. */
  get installedMs(): MonotonicMs {
    return this.#installedMs;
  }

  get acceptor(): AcceptorState {
    const { incarnation, state } = this.#ports;
    const { promised, accepted, members, retention, journal } = this.#record;
    const hasLost = state.isPartial || (isRecovered(retention) && state.found.lacksStateOf(journal));
    const isGone = retention !== 'lost' && hasLost;
    return { promised, accepted, members, retention: isGone ? 'view-only' : retention, incarnation };
  }

  /** This controller is copying the state of the view that it is about to accept. */
  get isTransferring(): boolean {
    if (this.#transferringFrom === null) return false;
    const { node, incarnation } = this.#transferringFrom;
    const run = this.#ports.incarnationOf(node);
    return this.#ports.heard().includes(node) && (run === null || run === incarnation);
  }

  /** A change is under way, and its next step is not overdue. */
  get isMoving(): boolean {
    return this.#view === null && this.#ports.clock.nowMs() - this.#movedMs < this.#stuckAfterMs;
  }

  /** This controller may propose a view. A proposal needs its own promise first, and its disk may not take that. */
  get mayPropose(): boolean {
    // mutant: proposes-without-promise
    return this.#record.isKept && this.#ports.journal.journalTrouble === '';
  }

  /** What this controller's own proposal waits for; empty for nothing. */
  get waitsFor(): string {
    return this.#waitsFor;
  }

  /** To be called every few milliseconds. */
  onTick(): void {
    if (this.isTransferring) this.#moved(ACCEPTS_WITHIN_MS);
    this.#record.onTick();
    this.installed.onTick();
    this.#choose();
    this.#installIfDue();
  }

  /**
   * Begins a change of view.
   *
   * @param reason human-readable
   * @param without controllers that the view is to leave out, if it can
   */
  propose(reason: string, without: readonly ControllerId[]): void {
    const { node, bus, heard, clock, log } = this.#ports;
    const newest = compareBallots(this.#seen, this.#record.promised) > 0 ? this.#seen : this.#record.promised;
    const ballot = { counter: newest.counter + 1, node };
    const given = { ballot, reason, without, startedMs: clock.nowMs(), expected: [node, ...heard()] };
    this.#proposal = newProposal(given);
    log.info('proposing a view', { view: ballotName(ballot), reason });
    bus.sendToAll({ type: 'prepare', ballot });
    this.#onPrepare(node, ballot);
  }

  onMessage(from: ControllerId, message: ViewMessage): void {
    switch (message.type) {
      case 'prepare':
        return this.#onPrepare(from, message.ballot);
      case 'promised':
        return this.#onPromised(from, message);
      case 'rejected':
        return this.#see(message.promised);
      case 'accept':
        return this.#onAccept(from, message);
      case 'placed':
        return this.onMessage(from, unplaced(message));
      case 'configured':
        return this.onMessage(from, unconfigured(message));
      case 'configuration':
        return this.#onConfiguration(message.configuration);
      case 'installed':
        return this.#onTold(message);
      case 'accepted':
        return this.#onAccepted(from, message.ballot);
      case 'install':
        return this.#onInstall(message.ballot);
    }
    message satisfies never;
  }

  /** What a peer says of its part in views in its heartbeat. */
  onAcceptorState(installed: Ballot, acceptor: AcceptorState, transferring: boolean): void {
    this.#see(acceptor.promised);
    if (transferring && sameBallot(acceptor.promised, this.#record.promised)) this.#moved(ACCEPTS_WITHIN_MS);
    // If the message to install the view was lost, this heartbeat stands for it.
    if (this.#coming !== null && sameBallot(this.#coming.ballot, installed)) this.#onInstall(installed);
    if (!this.isSupersededBy(installed)) return;
    if ((this.#view ?? this.#coming) !== null) {
      this.#ports.log.warn('this controller was left out of a newer view', { view: ballotName(installed) });
      this.#leave();
    }
    // No view below one that is served elsewhere may be accepted here any more, not even an own proposal.
    if (compareBallots(installed, this.#record.promised) > 0) this.#promise(installed, () => {});
  }

  /**
   * The other controllers go on without this one: they serve in a view that this controller did not accept, or not in
   * this run. A view below the one that it accepted last supersedes nothing. What this controller has on disk of the
   * newer view must not be replaced by an older state.
   */
  isSupersededBy(installed: Ballot): boolean {
    if (sameBallot(installed, NO_BALLOT)) return false;
    const { accepted, retention } = this.#record;
    const order = compareBallots(installed, accepted);
    return retention === 'intact' ? order > 0 : order >= 0;
  }

  #see(ballot: Ballot): void {
    if (compareBallots(ballot, this.#seen) > 0) this.#seen = ballot;
  }

  #moved(stuckAfterMs: number): void {
    this.#movedMs = this.#ports.clock.nowMs();
    this.#stuckAfterMs = stuckAfterMs;
  }

  #leave(): void {
    this.#view = null;
    this.#coming = null;
    this.#transferringFrom = null;
    this.#ports.state.freeze();
    this.#ports.onChange();
  }

  #onPrepare(from: ControllerId, ballot: Ballot): void {
    this.#see(ballot);
    if (compareBallots(ballot, this.#record.promised) <= 0) {
      return this.#tell(from, { type: 'rejected', promised: this.#record.promised });
    }
    this.#promise(ballot, () =>
      this.#tell(from, promiseOf(this.#ports, this.#record, this.acceptor, ballot)),
    );
  }

  /** @param done called when the promise is on disk, unless a higher one has been given by then */
  #promise(ballot: Ballot, done: () => void): void {
    if (this.#proposal !== null && !sameBallot(this.#proposal.ballot, ballot)) this.#proposal = null;
    this.#moved(PROMISES_WITHIN_MS);
    this.#leave();
    this.#record.promise(ballot, done);
  }

  #onPromised(from: ControllerId, promise: Promised): void {
    const proposal = this.#proposal;
    if (proposal === null || proposal.accept !== null || !sameBallot(proposal.ballot, promise.ballot)) return;
    proposal.promises.set(from, promise);
    proposal.promisedMs.set(from, this.#ports.clock.nowMs());
    this.#choose();
  }

  /**
   * Forms the view, once the expected controllers have promised, or once a majority has and the others take long.
   * This controller's own promise must be among them: only then can no other run of this controller propose another
   * view under the same ballot.
   */
  #choose(): void {
    const { node, bus, clock, heard, leaseMs, mayForm, configured, keepsOrder } = this.#ports;
    const proposal = this.#proposal;
    if (proposal === null || proposal.accept !== null) return;
    const { configurationAfter } = this.#ports;
    const configuration = configurationToAsk(proposal.promises, configured, configurationAfter);
    if (!haveMajority(configuration, [...proposal.promises.keys()])) return;
    if (!proposal.promises.has(node) || isWorthWaiting(proposal, heard(), leaseMs, clock.nowMs())) return;
    const { placementAfter } = this.#ports;
    const view = { keepsOrder, configured, placementAfter, configurationAfter };
    const accept = chooseView({ ...proposal, ...view }, configuration, mayForm);
    if (typeof accept === 'string') {
      this.#waitsFor = accept;
      return;
    }
    this.#waitsFor = '';
    proposal.accept = accept;
    proposal.leasesEndMs = leasesEndMs(proposal, configuration, leaseMs);
    const members = accept.members.map((member) => member.node);
    bus.sendTo(
      members.filter((member) => member !== node),
      asSent(accept),
    );
    if (members.includes(node)) this.#onAccept(node, accept);
  }

  #onAccept(from: ControllerId, accept: Accept): void {
    const { ballot } = accept;
    const { promised, accepted } = this.#record;
    if (compareBallots(ballot, promised) < 0) return this.#tell(from, { type: 'rejected', promised });
    if (sameBallot(ballot, accepted) || (this.#coming && sameBallot(ballot, this.#coming.ballot))) return;
    // An earlier run has promised this ballot, if any has: the view counts on a state that this run does not have.
    if (!sameBallot(ballot, promised) || !isOfRun(accept, this.#ports)) return;
    this.#moved(ACCEPTS_WITHIN_MS);
    // mutant: joins-with-old-state
    if (accept.sources.includes(this.#ports.node)) return this.#take(from, accept, null);
    const sources = accept.members.filter(({ node }) => accept.sources.includes(node));
    const donor = sources.find(({ node }) => node === accept.donor)!;
    this.#transferringFrom = donor;
    this.#ports.transfer(donor, sources, () => {
      if (this.#transferringFrom === null || !sameBallot(ballot, this.#record.promised)) return;
      this.#transferringFrom = null;
      this.#take(from, accept, accept.donorApplied);
    });
  }

  /** Accepts the view: from now on this controller belongs to it, and waits for the installation. */
  #take(from: ControllerId, accept: Accept, copied: Version | null): void {
    const { ballot, members, union, reason, placement, configuration } = accept;
    const { state, sync, endTransfers, onPlacement, log } = this.#ports;
    endTransfers();
    this.#moved(ACCEPTS_WITHIN_MS);
    const view = { ballot, members, reason, placement, configuration };
    this.#coming = view;
    onPlacement();
    state.adopt(view, union, copied, (error) => {
      if (!sameBallot(this.#record.promised, ballot)) return;
      if (error !== null)
        return log.warn('the state of a view is not on disk', { view: ballotName(ballot), reason: error });
      const { journal } = state.found;
      this.#record.accept(view, sync, journal, () => this.#tell(from, { type: 'accepted', ballot }));
    });
  }

  #onAccepted(from: ControllerId, ballot: Ballot): void {
    const proposal = this.#proposal;
    if (proposal === null || !sameBallot(proposal.ballot, ballot)) return;
    proposal.accepted.add(from);
    this.#installIfDue();
  }

  #installIfDue(): void {
    const { node, bus, clock } = this.#ports;
    const { accept, accepted, leasesEndMs, ballot } = this.#proposal ?? NO_PROPOSAL;
    if (accept === null || clock.nowMs() < leasesEndMs) return;
    // mutant: installs-unaccepted
    if (!accept.members.every((member) => accepted.has(member.node))) return;
    this.#proposal = null;
    const others = accept.members.map((member) => member.node).filter((member) => member !== node);
    bus.sendTo(others, { type: 'install', ballot });
    this.#onInstall(ballot);
  }

  #onInstall(ballot: Ballot): void {
    const { state, onChange } = this.#ports;
    if (this.#coming === null || !sameBallot(this.#coming.ballot, ballot)) return;
    this.#view = this.#coming;
    this.#coming = null;
    this.#proposal = null;
    this.#installedMs = this.#ports.clock.nowMs();
    this.installed.onView(this.#view);
    this.#report.onInstalled(this.#view);
    state.install();
    onChange();
  }

  /**
   * A view with this configuration is installed elsewhere. That is no vote: promises name the configuration of the view
   * that was accepted here. A controller that has a view, or is about to have one, goes by that one, unless it was
   * removed by force: the others go on without it, so its view must end.
   */
  #onConfiguration(configuration: Configuration): void {
    if (!follows(configuration, this.installed.configuration)) return;
    // mutant: serves-beside-the-forced
    if (isRemovedByForce(configuration, this.#ports.node)) this.#leave();
    if (this.#view !== null || this.#coming !== null) return;
    this.installed.onConfiguration(configuration);
    this.#ports.onPlacement();
    this.#ports.onChange();
  }

  /** To a controller that follows. One that votes, or is to vote, gets its placement from a view. */
  #onTold({ placement, configuration }: InstalledTold): void {
    const { onPlacement, onChange } = this.#ports;
    if (configuration !== null) this.#onConfiguration(configuration);
    this.installed.onTold(placement, onChange);
    onPlacement();
  }

  /** Sends to a peer, or hands the message to this controller itself. */
  #tell(node: ControllerId, message: ViewMessage): void {
    if (node === this.#ports.node) this.onMessage(node, message);
    else this.#ports.bus.send(node, asSent(message));
  }
}
