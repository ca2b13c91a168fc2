/**
 * Decides who is up, from when each peer was last heard of. Anything heard counts, not only heartbeats: a
 * peer whose heartbeat waits behind a large frame is alive.
 *
 * A link that broke proves nothing either: it may be back before the peer is missed.
 *
 * A peer that was silent for `threshold` heartbeats is suspect. That is a guess, good enough to say so and to
 * refuse what could not complete; it never decides who takes part in an ordered write (a view does).
 *
 * When this process itself stood still (a long collection, SIGSTOP), silence proves nothing: what came
 * meanwhile is still in the sockets. A late tick therefore moves everybody's clock on by the pause.
 */
export class FailureDetector {
  readonly #suspectAfterMs: number;
  readonly #tickMs: number;
  readonly #pauseMsMin: number;
  readonly #peers = new Map<number, { heardMs: number | null; upSinceMs: number; up: boolean }>();
  #lastTickMs: number;

  /**
   * @param heartbeatMs how often a peer is to be heard of
   * @param threshold missed heartbeats before a peer counts as down
   * @param nowMs monotonic
   * @param tickMs how often `onTick` is to be called
   */
  constructor(
    peers: readonly number[],
    heartbeatMs: number,
    threshold: number,
    nowMs: number,
    tickMs = heartbeatMs,
  ) {
    this.#suspectAfterMs = heartbeatMs * threshold;
    this.#tickMs = tickMs;
    this.#pauseMsMin = heartbeatMs / 2;
    this.#lastTickMs = nowMs;
    for (const peer of peers) this.#peers.set(peer, { heardMs: null, upSinceMs: nowMs, up: false });
  }

  /** @returns true when the peer was down until now */
  onHeard(peer: number, nowMs: number): boolean {
    const state = this.#peers.get(peer);
    if (state === undefined) return false;
    state.heardMs = nowMs;
    if (state.up) return false;
    state.up = true;
    state.upSinceMs = nowMs;
    return true;
  }

  /** @returns peers that are suspect from now on */
  onTick(nowMs: number): number[] {
    const pauseMs = nowMs - this.#lastTickMs - this.#tickMs;
    this.#lastTickMs = nowMs;
    const suspects: number[] = [];
    for (const [peer, state] of this.#peers) {
      if (!state.up || state.heardMs === null) continue;
      if (pauseMs > this.#pauseMsMin) state.heardMs += Math.min(pauseMs, nowMs - state.heardMs);
      if (nowMs - state.heardMs < this.#suspectAfterMs) continue;
      state.up = false;
      suspects.push(peer);
    }
    return suspects;
  }

  isUp(peer: number): boolean {
    return this.#peers.get(peer)?.up ?? false;
  }

  /** Milliseconds for which the peer has been up without a pause; 0 when it is not. */
  upForMs(peer: number, nowMs: number): number {
    const state = this.#peers.get(peer);
    return state?.up ? nowMs - state.upSinceMs : 0;
  }

  /** Milliseconds since the peer was last heard of; null: never. */
  silentMs(peer: number, nowMs: number): number | null {
    const heardMs = this.#peers.get(peer)?.heardMs ?? null;
    return heardMs === null ? null : Math.max(0, nowMs - heardMs);
  }
}
