import type { Effect } from '../ordering/effect.ts';
import { compareVersions, sameVersion, type Version } from '../ordering/version.ts';
import {
  type Accept,
  type Ballot,
  compareBallots,
  type Member,
  NO_BALLOT,
  type PeerBus,
  type PeerMessage,
  type Promised,
  sameBallot,
} from '../peer/messages.ts';
import { ballotName, quorum, type View } from './view.ts';

export interface ViewPorts {
  readonly node: number;
  readonly nodes: number;
  readonly incarnation: number;
  readonly bus: PeerBus;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** The run of this peer that is connected now; null when it is silent. */
  readonly incarnationOf: (peer: number) => number | null;
  /** The peer is up, and knows all that the others knew a moment ago, so that a change has little to move. */
  readonly isReady: (peer: number) => boolean;
  readonly log: (message: string) => void;
  readonly engine: ViewEngine;
  /** Brings this replica to exactly the state of the peer, which stands still meanwhile. */
  readonly transfer: (from: number, done: () => void) => void;
}

/** What a view change asks of the ordered engine. */
export interface ViewEngine {
  readonly applied: Version;
  queued(): Effect[];
  freeze(): void;
  adopt(ballot: Ballot, union: readonly Effect[], base: Version | null): void;
  install(): void;
}

/** A proposal of this controller's. */
interface Proposal {
  readonly ballot: Ballot;
  readonly promises: Map<number, Promised>;
  readonly accepted: Set<number>;
  accept: Accept | null;
}

/**
 * Agrees on views: prepare, promise, accept, accepted, install, as two-phase ballots.
 *
 *  1. A promise ends the promiser's part in every older view, and tells what it has applied and queued.
 *  2. The proposer takes the responders with the highest accepted view as the source of truth, and the union
 *     of their queues as the first requests of the new view.
 *  3. All members accept, those that are no source after taking the state of the one that is furthest; only
 *     then is the view installed anywhere.
 *
 * Invariants: a ballot accepted is at least the ballot promised; a view is installed only when all of its
 * members have accepted it, so an older view can no longer complete anything.
 *
 * A view needs all configured controllers (`quorum`). One that restarts has forgotten its part, so its return
 * is a view change too. Any controller proposes when no view holds; they take turns by their ids, and a
 * proposal that is stuck is followed by one with a higher ballot after a random wait.
 */
export class ViewChanger {
  readonly #ports: ViewPorts;
  #promised: Ballot = NO_BALLOT;
  #accepted: Ballot = NO_BALLOT;
  #view: View | null = null;
  /** Accepted, and waiting to be installed. */
  #coming: View | null = null;
  #proposal: Proposal | null = null;
  #proposeAtMs: number | null = null;
  /** When the change under way last moved, and how long its next step may take. */
  #movedMs = Number.NEGATIVE_INFINITY;
  #stuckAfterMs = 0;

  constructor(ports: ViewPorts) {
    this.#ports = ports;
  }

  /** The view that this controller serves in, if any. */
  get view(): View | null {
    return this.#view;
  }

  /** To be called every few milliseconds while the controller runs. */
  onTick(): void {
    const { nowMs } = this.#ports;
    if (!this.#isNeeded() || !this.#canPropose()) {
      this.#proposeAtMs = null;
      return;
    }
    this.#proposeAtMs ??= nowMs() + this.#turnMs();
    if (nowMs() < this.#proposeAtMs) return;
    if (!this.#isBroken(this.#coming) && nowMs() - this.#movedMs < this.#stuckAfterMs) return;
    this.#proposeAtMs = null;
    this.#propose();
  }

  onMessage(from: number, message: PeerMessage): void {
    switch (message.type) {
      case 'prepare':
        return this.#onPrepare(from, message.ballot);
      case 'promised':
        return this.#onPromised(from, message);
      case 'rejected':
        return this.#onRejected(message.promised);
      case 'accept':
        return this.#onAccept(from, message);
      case 'accepted':
        return this.#onAccepted(from, message.ballot);
      case 'install':
        return this.#onInstall(message.ballot);
      default:
        return;
    }
  }

  /** A peer serves in this view: had the message to install it been lost, this one stands for it. */
  onInstalledElsewhere(ballot: Ballot): void {
    if (this.#coming !== null && sameBallot(this.#coming.ballot, ballot)) this.#onInstall(ballot);
  }

  /** No view, or one whose members are not all in the life that they were in. */
  #isNeeded(): boolean {
    return this.#view === null || this.#isBroken(this.#view);
  }

  #isBroken(view: View | null): boolean {
    const { node, incarnation, incarnationOf } = this.#ports;
    if (view === null) return false;
    return view.members.some((member) => {
      const now = member.node === node ? incarnation : incarnationOf(member.node);
      return now !== null && now !== member.incarnation;
    });
  }

  #moved(stuckAfterMs: number): void {
    this.#movedMs = this.#ports.nowMs();
    this.#stuckAfterMs = stuckAfterMs;
  }

  #canPropose(): boolean {
    const { nodes, isReady } = this.#ports;
    let ready = 0;
    for (let node = 0; node < nodes; node++) if (isReady(node)) ready++;
    return ready >= quorum(nodes);
  }

  /** Lower ids go first; the random part ends duels. */
  #turnMs(): number {
    return this.#ports.node * TURN_MS + this.#ports.random() * TURN_MS;
  }

  #propose(): void {
    const { node, bus } = this.#ports;
    const ballot = { counter: this.#promised.counter + 1, node };
    this.#proposal = { ballot, promises: new Map(), accepted: new Set(), accept: null };
    this.#ports.log(`proposing view ${ballotName(ballot)}`);
    bus.broadcast({ type: 'prepare', ballot });
    this.#onPrepare(node, ballot);
  }

  #onPrepare(from: number, ballot: Ballot): void {
    const { engine, incarnation } = this.#ports;
    if (compareBallots(ballot, this.#promised) <= 0) {
      return this.#tell(from, { type: 'rejected', promised: this.#promised });
    }
    this.#promise(ballot);
    this.#tell(from, {
      type: 'promised',
      ballot,
      accepted: this.#accepted,
      incarnation,
      applied: engine.applied,
      queue: engine.queued(),
    });
  }

  #promise(ballot: Ballot): void {
    this.#promised = ballot;
    this.#moved(PROMISES_WITHIN_MS);
    this.#view = null;
    this.#coming = null;
    if (this.#proposal !== null && !sameBallot(this.#proposal.ballot, ballot)) this.#proposal = null;
    this.#ports.engine.freeze();
  }

  #onPromised(from: number, promise: Promised): void {
    const proposal = this.#proposal;
    if (proposal === null || proposal.accept !== null || !sameBallot(proposal.ballot, promise.ballot)) return;
    proposal.promises.set(from, promise);
    if (proposal.promises.size < quorum(this.#ports.nodes)) return;
    proposal.accept = choose(proposal.ballot, proposal.promises);
    this.#ports.bus.broadcast(proposal.accept);
    this.#onAccept(this.#ports.node, proposal.accept);
  }

  /** Somebody is ahead: the next proposal of this controller goes above that. */
  #onRejected(promised: Ballot): void {
    if (compareBallots(promised, this.#promised) > 0) this.#promise(promised);
  }

  #onAccept(from: number, accept: Accept): void {
    const { ballot } = accept;
    if (compareBallots(ballot, this.#promised) < 0) {
      return this.#tell(from, { type: 'rejected', promised: this.#promised });
    }
    if (sameBallot(ballot, this.#accepted)) return;
    if (!sameBallot(ballot, this.#promised)) this.#promise(ballot);
    this.#moved(ACCEPTS_WITHIN_MS);
    if (accept.sources.includes(this.#ports.node)) return this.#take(from, accept, null);
    this.#ports.transfer(accept.base, () => {
      if (sameBallot(ballot, this.#promised)) this.#take(from, accept, accept.baseApplied);
    });
  }

  /** Accepts: from here on this controller belongs to the view, and waits for its installation. */
  #take(from: number, accept: Accept, base: Version | null): void {
    const { ballot, members, union } = accept;
    this.#moved(ACCEPTS_WITHIN_MS);
    this.#accepted = ballot;
    this.#coming = { ballot, members };
    this.#ports.engine.adopt(ballot, union, base);
    this.#tell(from, { type: 'accepted', ballot });
  }

  #onAccepted(from: number, ballot: Ballot): void {
    const proposal = this.#proposal;
    if (proposal?.accept == null || !sameBallot(proposal.ballot, ballot)) return;
    proposal.accepted.add(from);
    if (!proposal.accept.members.every((member) => proposal.accepted.has(member.node))) return;
    this.#ports.bus.broadcast({ type: 'install', ballot });
    this.#onInstall(ballot);
  }

  #onInstall(ballot: Ballot): void {
    const { engine, log } = this.#ports;
    if (this.#coming === null || !sameBallot(this.#coming.ballot, ballot)) return;
    this.#view = this.#coming;
    this.#coming = null;
    this.#proposal = null;
    log(
      `view ${ballotName(ballot)} is installed, members ${this.#view.members.map((m) => m.node).join(', ')}`,
    );
    engine.install();
  }

  /** To a peer through the bus, to oneself at once. */
  #tell(node: number, message: PeerMessage): void {
    if (node === this.#ports.node) this.onMessage(node, message);
    else this.#ports.bus.send(node, message);
  }
}

/** Between the turns of two controllers to propose, in milliseconds. */
const TURN_MS = 40;

/**
 * A change that makes no step within this time is stuck, and may be followed by another, in milliseconds. Too
 * short, and a slow transfer is overtaken again and again; too long, and a proposer that died holds all up.
 */
const PROMISES_WITHIN_MS = 400;
const ACCEPTS_WITHIN_MS = 3_000;

/** From the promises of a quorum, the view: who continues what. */
function choose(ballot: Ballot, promises: ReadonlyMap<number, Promised>): Accept {
  const responders = [...promises].sort(([a], [b]) => a - b);
  const highest = responders
    .map(([, promise]) => promise.accepted)
    .reduce((a, b) => (compareBallots(a, b) >= 0 ? a : b));
  const sources = responders.filter(([, promise]) => sameBallot(promise.accepted, highest));
  const [base, basePromise] = sources.reduce((a, b) =>
    compareVersions(a[1].applied, b[1].applied) >= 0 ? a : b,
  );
  return {
    type: 'accept',
    ballot,
    members: responders.map(([node, promise]): Member => ({ node, incarnation: promise.incarnation })),
    sources: sources.map(([node]) => node),
    base,
    baseApplied: basePromise.applied,
    union: union(sources.map(([, promise]) => promise.queue)),
  };
}

/** Everything queued at any source, once each, in version order. */
function union(queues: readonly (readonly Effect[])[]): Effect[] {
  const all = queues.flat().sort((a, b) => compareVersions(a.version, b.version));
  return all.filter((effect, i) => i === 0 || !sameVersion(effect.version, all[i - 1]!.version));
}
