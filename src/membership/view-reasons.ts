import type { Clock } from '../base/clock.ts';
import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import { type Configuration, haveMajority, isVoter, votersOf } from '../placement/configuration.ts';
import { compareBallots } from './ballot.ts';
import type { PeerParts } from './peer-parts.ts';
import type { Peers } from './peers.ts';
import type { Readmission } from './readmission.ts';
import { isMember, type View } from './view.ts';
import { hasMajority } from './view-choice.ts';

export interface ViewReasonsPorts {
  readonly node: ControllerId;
  readonly configuration: () => Configuration;
  readonly leaseMs: number;
  readonly peers: Peers;
  readonly parts: PeerParts;
  readonly readmission: Readmission;
  /** The run of the peer that is connected; null when it is not. */
  readonly incarnationOf: (peer: ControllerId) => number | null;
  readonly clock: Clock;
}

/** Finds the reason for the next view, in the words that are given with it. */
export class ViewReasons {
  readonly #ports: ViewReasonsPorts;

  constructor(ports: ViewReasonsPorts) {
    this.#ports = ports;
  }

  /** @param installedMs when the view was installed @returns null when it may go on */
  reasonToChange(view: View, installedMs: MonotonicMs): string | null {
    const urgent = this.broken(view) ?? this.#leaving(view);
    if (urgent !== null || this.#ports.clock.nowMs() - installedMs < this.#ports.leaseMs) return urgent;
    // A change that is only an improvement waits until the view is as old as a lease.
    const returning = this.returning(view);
    const others = returning === null ? null : `${this.#nameOf(returning)} is back`;
    return this.#stalling(view) ?? this.#forgetting(view) ?? others;
  }

  /**
   * A member says that it has not accepted the view. Nobody installs a view that a member has not accepted, so the
   * member has begun its part in the group anew within one run, as it does when shards are moved, and is in no view.
   */
  #forgetting(view: View): string | null {
    const { node, parts } = this.#ports;
    const member = view.members.find((one) => {
      const accepted = one.node === node ? undefined : parts.of(one.node)?.acceptor.accepted;
      return accepted !== undefined && compareBallots(accepted, view.ballot) < 0;
    });
    return member === undefined ? null : `${this.#nameOf(member.node)} has begun anew`;
  }

  /** Why the view cannot go on as it is; null when it can. */
  broken(view: View | null): string | null {
    const { node, peers, incarnationOf } = this.#ports;
    for (const member of view?.members ?? []) {
      if (member.node === node) continue;
      if (!peers.isUp(member.node)) return `${peers.nameOf(member.node)} is down`;
      const incarnation = incarnationOf(member.node);
      if (incarnation !== null && incarnation !== member.incarnation) {
        return `${peers.nameOf(member.node)} was restarted`;
      }
    }
    return null;
  }

  /** Peers that the next view is to leave out, if it can. */
  toLeaveOut(view: View | null): readonly number[] {
    const { peers, parts } = this.#ports;
    const isNew = (peer: ControllerId) => view === null || !isMember(view, peer);
    const doubted = peers.ids.filter((peer) => isNew(peer) && this.#isOnProbation(peer));
    return [...parts.stalling, ...peers.departing('drained'), ...doubted];
  }

  /** The peers that stay could form a view without this controller, now or once they hear each other. */
  othersHaveQuorum(view: View): boolean {
    const { configuration, peers, parts } = this.#ports;
    const couldJoin = (peer: ControllerId) => isMember(view, peer) || parts.of(peer)?.caughtUp === true;
    const heard = peers.ids.filter((peer) => peers.isHeard(peer) && !peers.unavailable.includes(peer));
    return haveMajority(configuration(), this.#staying(heard.filter(couldJoin)));
  }

  /** A member is ending, and serves no client any more. */
  #leaving(view: View): string | null {
    const { node, peers } = this.#ports;
    const leaving = peers.departing('drained').find((peer) => isMember(view, peer));
    if (leaving === undefined || !this.#haveQuorum(view, [node, ...this.#staying(this.#able(view))]))
      return null;
    return `${peers.nameOf(leaving)} is leaving`;
  }

  /**
   * A member keeps requests waiting. It is left out if the others are enough; otherwise leaving it out would gain
   * nothing.
   */
  #stalling(view: View): string | null {
    const { node, peers, parts } = this.#ports;
    const unable = parts.stalling.find((peer) => isMember(view, peer));
    if (unable === undefined || !this.#haveQuorum(view, [node, ...this.#able(view)])) return null;
    // mutant: keeps-full-disk-member
    return `${peers.nameOf(unable)} takes no writes: ${peers.heartbeat(unable)!.journalTrouble}`;
  }

  /** A peer that is back and keeps up: it is caught up, and all members and the peer hear each other. */
  returning(view: View): number | null {
    const { node, configuration, peers, parts } = this.#ports;
    const outside = votersOf(configuration()).filter((id) => !isMember(view, id));
    const others = view.members.map((member) => member.node).filter((member) => member !== node);
    for (const peer of outside) {
      if (!peers.isSteady(peer) || peers.departureOf(peer) !== 'staying') continue;
      const said = peers.heartbeat(peer);
      // mutant: takes-back-too-slow
      if (said === undefined || parts.of(peer)?.caughtUp !== true || this.#isOnProbation(peer)) continue;
      if (![node, ...others].every((member) => said.hears.includes(member))) continue;
      if (others.every((member) => peers.heartbeat(member)?.hears.includes(peer))) return peer;
    }
    return null;
  }

  #nameOf(peer: ControllerId): string {
    return this.#ports.peers.nameOf(peer);
  }

  /** This controller, or a peer that says so, has the peer on probation. */
  #isOnProbation(peer: ControllerId): boolean {
    const { peers, parts, readmission } = this.#ports;
    if (readmission.onProbation.includes(peer)) return true;
    return peers.ids.some((other) => other !== peer && parts.of(other)?.onProbation.includes(peer));
  }

  /** Peers that could be members of a view that is formed now. */
  #able(view: View): readonly number[] {
    const { peers, parts } = this.#ports;
    const isReady = (peer: ControllerId) =>
      isMember(view, peer) || (parts.of(peer)?.caughtUp === true && !this.#isOnProbation(peer));
    return peers.steady.filter((peer) => !peers.unavailable.includes(peer) && isReady(peer));
  }

  #staying(peers: readonly ControllerId[]): readonly number[] {
    return peers.filter((peer) => this.#ports.peers.departureOf(peer) === 'staying');
  }

  /**
   * These controllers contain a member of the view, and a majority of the configured controllers whose members all
   * hear each other.
   */
  #haveQuorum(view: View, able: readonly ControllerId[]): boolean {
    const { node, peers } = this.#ports;
    const configuration = this.#ports.configuration();
    const candidates = able.filter((id) => isVoter(configuration, id));
    if (!haveMajority(configuration, candidates)) return false;
    if (!candidates.some((one) => isMember(view, one))) return false;
    const hearsOf = (a: number) => (a === node ? peers.steady : (peers.heartbeat(a)?.hears ?? []));
    return hasMajority(candidates, configuration, (a, b) => hearsOf(a).includes(b) && hearsOf(b).includes(a));
  }
}
