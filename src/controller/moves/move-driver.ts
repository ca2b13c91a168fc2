import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ControllerId, MonotonicMs, WallMs } from '../../base/number-kinds.ts';
import type { Membership } from '../../membership/membership.ts';
import type { Member, View } from '../../membership/view.ts';
import {
  type Move,
  type MovePhase,
  movedOn,
  nameOfChange,
  type Placement,
  withBarrierLifted,
} from '../../placement/agreed-placement.ts';
import { isFollower } from '../../placement/configuration.ts';
import { hasReached, type MoveStep } from '../../placement/moving.ts';
import type { MoveWords } from './move-words.ts';

export interface MoveDriverPorts {
  readonly node: ControllerId;
  readonly incarnation: number;
  readonly peers: () => readonly ControllerId[];
  readonly views: Membership;
  readonly words: MoveWords;
  readonly ownStep: () => MoveStep;
  readonly clock: Clock;
  /** Cluster time; null while there is none. */
  readonly agreedMs: () => WallMs | null;
  readonly requestTimeoutMs: number;
  readonly incarnationOf: (peer: ControllerId) => number | null;
  readonly log: Log;
}

/** The step that every controller has to reach before the next phase begins. */
const LAST_STEPS: Readonly<Record<MovePhase, MoveStep>> = {
  preparing: 'copied',
  barrier: 'handed-over',
  settling: 'cleared',
};

/** After a barrier was lifted, the next one waits for so long, in milliseconds: twice as long each time. */
const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 30_000;

/**
 * Brings a move on: one controller at a time, the first member of the view, has the members agree on the next phase
 * once every configured controller has said that it is done with the one before.
 *
 *  - A view carries the next phase only if all that vote are members, each in the run in which it said so. Those that
 *    follow are members of none: their links have held since they said so, at the moment at which the view is chosen.
 *    By then all that vote have promised, so no later run of one that follows has been told of this phase since.
 *  - Writes of clients wait for the barrier. If it takes half of the time that they may wait, or a controller is
 *    gone, it is lifted: the group before serves on, and the move tries again later.
 */
export class MoveDriver {
  readonly #ports: MoveDriverPorts;
  #epoch = 0;
  #sinceMs: MonotonicMs = 0;
  #pauseMs = PAUSE_MS_MIN;

  constructor(ports: MoveDriverPorts) {
    this.#ports = ports;
  }

  /** To be called every few milliseconds, in an installed view whose placement this is. */
  step(view: View, placement: Placement, move: Move): void {
    const { node, views, clock } = this.#ports;
    if (placement.epoch !== this.#epoch) {
      this.#epoch = placement.epoch;
      this.#sinceMs = clock.nowMs();
      if (move.phase === 'settling') this.#pauseMs = PAUSE_MS_MIN;
    }
    if (view.members[0]!.node !== node || views.isChanging) return;
    const sinceMs = clock.nowMs() - this.#sinceMs;
    if (this.#areDone(move, view)) {
      if (move.phase !== 'preparing' || sinceMs >= this.#pauseMs - PAUSE_MS_MIN) this.#goOn(placement, move);
    } else if (move.phase === 'barrier' && this.#takesTooLong(view, sinceMs)) {
      this.#lift(placement, move);
    }
  }

  #areDone({ phase }: Move, { members }: View): boolean {
    const { ownStep } = this.#ports;
    const last = LAST_STEPS[phase];
    const areAll = members.length === this.#parties.voting.length + 1;
    return areAll && hasReached(ownStep(), last) && this.#haveReached(this.#ports.peers(), last);
  }

  #haveReached(peers: readonly ControllerId[], step: MoveStep): boolean {
    return peers.every((peer) => this.#ports.words.hasReached(peer, this.#epoch, step));
  }

  /** The peers that are members of views, and those that are none. */
  get #parties(): { readonly voting: readonly ControllerId[]; readonly following: readonly ControllerId[] } {
    const { views } = this.#ports;
    const peers = this.#ports.peers();
    const isFollowing = (peer: ControllerId) => isFollower(views.configuration, peer);
    return { voting: peers.filter((peer) => !isFollowing(peer)), following: peers.filter(isFollowing) };
  }

  #takesTooLong({ members }: View, sinceMs: number): boolean {
    const { requestTimeoutMs, incarnationOf } = this.#ports;
    const { voting, following } = this.#parties;
    const isGone = members.length <= voting.length || following.some((peer) => incarnationOf(peer) === null);
    return isGone || sinceMs >= requestTimeoutMs / 2;
  }

  #goOn(placement: Placement, move: Move): void {
    const { node, incarnation, incarnationOf, agreedMs } = this.#ports;
    const nowMs = agreedMs();
    if (nowMs === null) return;
    const { voting, following } = this.#parties;
    const runs = new Map(voting.map((peer) => [peer, incarnationOf(peer)]));
    runs.set(node, incarnation);
    const isThatRun = (member: Member) => runs.get(member.node) === member.incarnation;
    // mutant: goes-on-without-followers
    const areStill = () => this.#haveReached(following, LAST_STEPS[move.phase]);
    const isFor = (members: readonly Member[]) =>
      members.length === runs.size && members.every(isThatRun) && areStill();
    this.#change(placement, movedOn(placement, move, nowMs), move, isFor);
  }

  #lift(placement: Placement, move: Move): void {
    const { log } = this.#ports;
    this.#pauseMs = Math.min(2 * this.#pauseMs, PAUSE_MS_MAX);
    log.warn('the barrier of a move is lifted, since it took too long', { keyspace: nameOfChange(move) });
    this.#change(placement, withBarrierLifted(placement, move), move, () => true);
  }

  #change(from: Placement, to: Placement, move: Move, isFor: (members: readonly Member[]) => boolean): void {
    const { views, clock, requestTimeoutMs } = this.#ports;
    const phase = to.move === null ? 'is over' : `goes on: ${to.move.phase}`;
    views.change({
      from,
      to,
      reason: `the move of ${nameOfChange(move)} ${phase}`,
      deadlineMs: clock.nowMs() + requestTimeoutMs,
      isFor,
      done: () => {},
    });
  }
}
