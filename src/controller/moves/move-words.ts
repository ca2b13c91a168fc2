import type { ControllerId, MonotonicMs } from '../../base/number-kinds.ts';
import { hasReached, type MoveStep, type Moving } from '../../placement/moving.ts';

/** What a peer has said last, and when it first said that it has come to `fenced` in this epoch. */
interface Heard {
  readonly word: Moving;
  readonly fencedMs: MonotonicMs | null;
}

/**
 * What the peers say of their parts in a move. A peer whose link breaks has said nothing: it may have been
 * restarted, and have lost what it had copied.
 */
export class MoveWords {
  readonly #heard = new Map<ControllerId, Heard>();

  onWord(from: ControllerId, word: Moving, nowMs: MonotonicMs): void {
    const before = this.#heard.get(from);
    const wasFenced = before?.word.epoch === word.epoch ? before.fencedMs : null;
    const fencedMs = wasFenced ?? (hasReached(word.step, 'fenced') ? nowMs : null);
    this.#heard.set(from, { word, fencedMs });
  }

  onPeerDown(peer: ControllerId): void {
    this.#heard.delete(peer);
  }

  /** What the peer has said in this epoch; null for nothing. */
  of(peer: ControllerId, epoch: number): Moving | null {
    const word = this.#heard.get(peer)?.word;
    return word?.epoch === epoch ? word : null;
  }

  /** The peer has come so far in this epoch, as it says. */
  hasReached(peer: ControllerId, epoch: number, step: MoveStep): boolean {
    const word = this.of(peer, epoch);
    return word !== null && hasReached(word.step, step);
  }

  /** Since when it is known here that the peer takes no more writes; null where that is not known in this epoch. */
  fencedMs(peer: ControllerId, epoch: number): MonotonicMs | null {
    return this.of(peer, epoch) === null ? null : this.#heard.get(peer)!.fencedMs;
  }
}
