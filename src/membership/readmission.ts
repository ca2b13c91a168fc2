import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';
import type { Heartbeat } from './messages.ts';
import type { Peers } from './peers.ts';
import { isMember, type View } from './view.ts';

export interface ReadmissionPorts {
  readonly node: ControllerId;
  readonly peers: Peers;
  readonly clock: Clock;
  /**
   * For how long a peer has to keep up before it is taken back for the first time, and within which time an answer is
   * in time, in milliseconds.
   */
  readonly steadyMs: number;
  readonly log: Log;
}

/** What is remembered about one run of a peer. */
interface Past {
  readonly incarnation: number;
  /** How often the peer was left out of a view, less what it was forgiven. */
  times: number;
  takenInMs: MonotonicMs;
  /** When its last heartbeat came. */
  heardMs: MonotonicMs;
  /** Since when all answers of the peer came in time; null when the last one did not. */
  keepsUpSinceMs: MonotonicMs | null;
}

/**
 * Decides which peers may be taken back into the view.
 *
 * A peer on probation has to show that it keeps up: it is heard without a pause, it answers in time, and by its own
 * account neither its event loop nor its store has kept anything waiting. A peer that is soon left out again has to
 * keep up for longer each time. Otherwise a controller that runs in bursts would be left out and taken back for ever,
 * and each change of view stops all writes.
 *
 * Each controller remembers for itself, and tells the others which controllers it has on probation. So every
 * controller has a say, whichever of them proposes the next view, and none has to have seen all of the past. A new
 * run of a peer is another process, about which nothing is known. A planned end is no failure.
 */
export class Readmission {
  readonly #ports: ReadmissionPorts;
  readonly #pasts = new Map<ControllerId, Past>();
  #view: View | null = null;

  constructor(ports: ReadmissionPorts) {
    this.#ports = ports;
  }

  /** Peers outside of the last view that this controller would not take back yet. */
  get onProbation(): readonly number[] {
    const view = this.#view;
    if (view === null) return [];
    return this.#ports.peers.ids.filter((peer) => !isMember(view, peer) && this.#onProbation(peer));
  }

  onHeartbeat(from: ControllerId, { acceptor, heard, lagMs }: Heartbeat): void {
    const { node, clock, steadyMs } = this.#ports;
    const past = this.#deletionKnowledgeOf(from, acceptor.incarnation);
    const now = clock.nowMs();
    const askedMs = heard[node] ?? 0;
    const answeredAfterMs = now - askedMs;
    const isAnswer = askedMs > 0 && answeredAfterMs >= 0 && answeredAfterMs <= steadyMs;
    const isInTime = isAnswer && now - past.heardMs <= steadyMs && lagMs <= steadyMs / 2;
    past.heardMs = now;
    if (!isInTime) past.keepsUpSinceMs = null;
    else past.keepsUpSinceMs ??= now;
  }

  /** A view that was to take this peer in was formed without it, because the peer did not take its part in time. */
  onFailed(peer: ControllerId): void {
    const past = this.#pasts.get(peer);
    if (past !== undefined) this.#count(peer, past);
  }

  /** A view has been installed here. */
  onView(view: View): void {
    const before = this.#view;
    this.#view = view;
    for (const peer of this.#ports.peers.ids) {
      const was = before?.members.find((member) => member.node === peer);
      if (isMember(view, peer)) {
        const past = this.#pasts.get(peer);
        if (was === undefined && past !== undefined) past.takenInMs = this.#ports.clock.nowMs();
      } else if (was !== undefined) this.#onLeftOut(peer, was.incarnation);
    }
  }

  #onLeftOut(peer: ControllerId, incarnation: number): void {
    const { peers, clock } = this.#ports;
    if (peers.departureOf(peer) !== 'staying') return;
    const past = this.#deletionKnowledgeOf(peer, incarnation);
    const forgiven = Math.floor((clock.nowMs() - past.takenInMs) / FORGIVES_ONE_AFTER_MS);
    past.times = Math.max(0, past.times - forgiven);
    this.#count(peer, past);
  }

  #count(peer: ControllerId, past: Past): void {
    const { peers, log } = this.#ports;
    // mutant: forgets-readmissions
    past.times = Math.min(past.times + 1, TIMES_MAX);
    past.keepsUpSinceMs = null;
    const forMs = this.#wellForMs(past);
    if (past.times > 1)
      log.info('a peer was left out again', { peer: peers.nameOf(peer), hasToKeepUpForMs: forMs });
  }

  #onProbation(peer: ControllerId): boolean {
    const past = this.#pasts.get(peer);
    if (past?.keepsUpSinceMs == null) return true;
    const { peers, clock, steadyMs } = this.#ports;
    if (clock.nowMs() - past.heardMs > steadyMs / 2) return true;
    return Math.min(clock.nowMs() - past.keepsUpSinceMs, peers.upForMs(peer)) < this.#wellForMs(past);
  }

  #wellForMs({ times }: Past): number {
    const { steadyMs } = this.#ports;
    return times < 2 ? steadyMs : Math.max(steadyMs, WELL_FOR_MS_MIN * 2 ** (times - 2));
  }

  #deletionKnowledgeOf(peer: ControllerId, incarnation: number): Past {
    const known = this.#pasts.get(peer);
    if (known?.incarnation === incarnation) return known;
    const now = this.#ports.clock.nowMs();
    const past = { incarnation, times: 0, takenInMs: now, heardMs: now, keepsUpSinceMs: null };
    this.#pasts.set(peer, past);
    return past;
  }
}

/**
 * How long a peer must have kept up that was left out twice, in milliseconds; twice as long for each further time.
 * Longer: a controller with two short failures is missed for longer. Shorter: more changes of view around a
 * controller that fails again.
 */
const WELL_FOR_MS_MIN = 1_000;

/** The most times that are counted: no peer has to keep up for longer than 8 seconds. */
const TIMES_MAX = 5;

/** A member that stays in the view for so long is forgiven one of the times that it was left out, in milliseconds. */
const FORGIVES_ONE_AFTER_MS = 10_000;
