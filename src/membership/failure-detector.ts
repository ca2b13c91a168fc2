import type { ControllerId, MonotonicMs } from '../base/number-kinds.ts';

/**
 * Decides which peers are up, by the moment at which each was last heard. Anything that is heard counts, not only
 * heartbeats: a peer whose heartbeat waits behind a large frame is alive.
 *
 * A broken link proves nothing: it may be back before the peer is missed. A peer whose machine refuses connections
 * (`onGone`) is down at once.
 *
 * A peer that was silent for `threshold` heartbeats is suspect. The detector waits longer if this process has been
 * late itself lately, because the machine is loaded then; the end of a peer is mostly noticed by its link anyway. A
 * peer that is slow alone gains no patience, because all writes wait for it.
 *
 * A suspicion is a guess. It is good enough for messages to humans, and to refuse a request that could not complete.
 * It never decides which controllers take part in an ordered write: a view does.
 *
 * After a pause of this process itself (a long collection, SIGSTOP) silence proves nothing, because what came
 * meanwhile is still in the sockets. A late tick therefore moves the clock of every peer on by the pause.
 */
export class FailureDetector {
  readonly #suspectAfterMs: number;
  readonly #tickMs: number;
  readonly #pauseMsMin: number;
  readonly #peers = new Map<ControllerId, PeerState>();
  readonly #lateness: Lateness;
  #lastTickMs: MonotonicMs;

  /**
   * @param heartbeatMs how often a peer is to be heard of
   * @param threshold missed heartbeats before a peer counts as down
   * @param nowMs monotonic
   * @param tickMs how often `onTick` is to be called
   */
  constructor(
    peers: readonly ControllerId[],
    heartbeatMs: number,
    threshold: number,
    nowMs: MonotonicMs,
    tickMs = heartbeatMs,
  ) {
    this.#suspectAfterMs = heartbeatMs * threshold;
    this.#tickMs = tickMs;
    this.#pauseMsMin = heartbeatMs / 2;
    this.#lastTickMs = nowMs;
    this.#lateness = new Lateness(nowMs);
    this.setPeers(peers, nowMs);
  }

  /** These are the peers from now on. What is known of those that stay is kept; a new one is down until it is heard. */
  setPeers(peers: readonly ControllerId[], nowMs: MonotonicMs): void {
    for (const peer of this.#peers.keys()) if (!peers.includes(peer)) this.#peers.delete(peer);
    for (const peer of peers)
      if (!this.#peers.has(peer)) this.#peers.set(peer, { heardMs: null, upSinceMs: nowMs, up: false });
  }

  /** @returns true when the peer was down until now */
  onHeard(peer: ControllerId, nowMs: MonotonicMs): boolean {
    const state = this.#peers.get(peer);
    if (state === undefined) return false;
    state.heardMs = nowMs;
    if (state.up) return false;
    state.up = true;
    state.upSinceMs = nowMs;
    return true;
  }

  /** The process of the peer is gone. @returns true when it was up until now */
  onGone(peer: ControllerId): boolean {
    const state = this.#peers.get(peer);
    if (!state?.up) return false;
    state.up = false;
    return true;
  }

  /** @returns peers that are suspect from now on */
  onTick(nowMs: MonotonicMs): number[] {
    const pauseMs = nowMs - this.#lastTickMs - this.#tickMs;
    this.#lastTickMs = nowMs;
    this.#learn(pauseMs, nowMs);
    const patienceMs = this.#patienceMs(nowMs);
    const suspects: ControllerId[] = [];
    for (const [peer, state] of this.#peers) {
      if (!state.up || state.heardMs === null) continue;
      if (pauseMs > this.#pauseMsMin) state.heardMs += Math.min(pauseMs, nowMs - state.heardMs);
      if (nowMs - state.heardMs < patienceMs) continue;
      state.up = false;
      suspects.push(peer);
    }
    return suspects;
  }

  has(peer: ControllerId): boolean {
    return this.#peers.has(peer);
  }

  isUp(peer: ControllerId): boolean {
    return this.#peers.get(peer)?.up ?? false;
  }

  /** Milliseconds for which the peer has been up without a pause; 0 when it is not. */
  upForMs(peer: ControllerId, nowMs: MonotonicMs): number {
    const state = this.#peers.get(peer);
    return state?.up ? nowMs - state.upSinceMs : 0;
  }

  /** Milliseconds since the peer was last heard of; null: never. */
  silentMs(peer: ControllerId, nowMs: MonotonicMs): number | null {
    const heardMs = this.#peers.get(peer)?.heardMs ?? null;
    return heardMs === null ? null : Math.max(0, nowMs - heardMs);
  }

  /** How long a peer may be silent now. */
  #patienceMs(nowMs: MonotonicMs): number {
    const extraMs = LATENESS_FACTOR * this.#lateness.ms(nowMs);
    return this.#suspectAfterMs + Math.min(extraMs, EXTRA_PATIENCE_MAX * this.#suspectAfterMs);
  }

  /** A pause that lasted longer than a peer is waited for says nothing about how slow the machine is. */
  #learn(lateMs: number, nowMs: MonotonicMs): void {
    if (lateMs > 0 && lateMs < this.#suspectAfterMs * (1 + EXTRA_PATIENCE_MAX))
      this.#lateness.note(lateMs, nowMs);
  }
}

interface PeerState {
  heardMs: MonotonicMs | null;
  upSinceMs: MonotonicMs;
  up: boolean;
}

/**
 * The longest delay of this process lately, in whole milliseconds. Half of it is forgotten every `HALVED_EVERY_MS`.
 */
class Lateness {
  #ms = 0;
  #notedMs: MonotonicMs;

  constructor(nowMs: MonotonicMs) {
    this.#notedMs = nowMs;
  }

  ms(nowMs: MonotonicMs): number {
    return this.#ms === 0 ? 0 : Math.floor(this.#ms * 0.5 ** ((nowMs - this.#notedMs) / HALVED_EVERY_MS));
  }

  note(lateMs: number, nowMs: MonotonicMs): void {
    if (lateMs <= this.ms(nowMs)) return;
    this.#ms = lateMs;
    this.#notedMs = nowMs;
  }
}

/** A peer may be silent for longer by so many times the longest delay that was seen lately. */
const LATENESS_FACTOR = 2;

/**
 * The most by which a peer may be silent for longer, as a fraction of the usual time. More: a controller that stands
 * still on a loaded machine is missed later. Less: a controller that is merely slow there is left out.
 */
const EXTRA_PATIENCE_MAX = 1.5;

/** After so many milliseconds half of a delay is forgotten. */
const HALVED_EVERY_MS = 5_000;
