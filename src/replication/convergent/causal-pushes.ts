import { Fifo } from '../../base/fifo.ts';
import { type Effect, effectBytes } from '../../ordering/effect.ts';
import { Stretches } from '../../ordering/stretches.ts';
import type { Knowledge } from './knowledge.ts';
import type { CausalPush } from './messages.ts';

/** Pushes of one peer that wait for what they depend on, in bytes. What is beyond it, an exchange brings. */
const WAITING_BYTES_MAX = 16_777_216;

export interface CausalPushesPorts {
  readonly knowledge: Knowledge;
  /** Takes in the writes of a push, which are shown from now on. */
  readonly show: (push: CausalPush) => void;
  /** A push of the peer waits for something that an exchange may bring. */
  readonly onWaiting: (peer: number) => void;
  /** Pushes of the peer were given up, because too many waited. */
  readonly onGivenUp: (peer: number) => void;
}

interface Waiting {
  readonly pushes: Fifo<CausalPush>;
  bytes: number;
}

/**
 * Pushes of peers at `causal`: each is shown once everything is shown that its writes may depend on. That is the peer's
 * write before these, and what the peer itself showed when it made them.
 *
 * A push says only what the peer has come to show since its push before. That is enough: nobody shows the writes of the
 * later push before those of the earlier one, and whoever has them by an exchange has what they depend on as well.
 */
export class CausalPushes {
  readonly #ports: CausalPushesPorts;
  readonly #waiting = new Map<number, Waiting>();

  constructor(ports: CausalPushesPorts) {
    this.#ports = ports;
  }

  /** Bytes of pushes that wait, of all peers. */
  get waitingBytes(): number {
    let bytes = 0;
    for (const waiting of this.#waiting.values()) bytes += waiting.bytes;
    return bytes;
  }

  take(from: number, push: CausalPush): void {
    let waiting = this.#waiting.get(from);
    if (waiting === undefined) {
      waiting = { pushes: new Fifo(), bytes: 0 };
      this.#waiting.set(from, waiting);
    }
    waiting.bytes += bytesOf(push.effects);
    waiting.pushes.push(push);
    if (waiting.bytes > WAITING_BYTES_MAX) {
      this.forget(from);
      this.#ports.onGivenUp(from);
    }
    this.showDue();
    if (waiting.pushes.length > 0) this.#ports.onWaiting(from);
  }

  hasWaiting(from: number): boolean {
    return (this.#waiting.get(from)?.pushes.length ?? 0) > 0;
  }

  /** Pushes of the peer were not taken, or may be lost: an exchange brings the writes. */
  forget(from: number): void {
    this.#waiting.delete(from);
  }

  /** Shows what waits for nothing any more; to be called when more is known. */
  showDue(): void {
    for (let isMoved = true; isMoved; ) {
      isMoved = false;
      for (const [from, waiting] of this.#waiting) isMoved = this.#showFirst(from, waiting) || isMoved;
    }
  }

  #showFirst(from: number, waiting: Waiting): boolean {
    const push = waiting.pushes.first();
    if (push === undefined || !this.#isDue(from, push)) return false;
    waiting.pushes.shift();
    waiting.bytes -= bytesOf(push.effects);
    this.#ports.show(push);
    const last = push.effects.at(-1);
    if (last !== undefined) this.#ports.knowledge.add(from, push.previousTime, last.version.time);
    return true;
  }

  #isDue(from: number, { previousTime, runStart, needs }: CausalPush): boolean {
    const { knowledge } = this.#ports;
    if (previousTime !== runStart && !knowledge.reaches(from, previousTime)) return false;
    // mutant: dependency-not-awaited
    return knowledge.covers(Stretches.of(needs));
  }
}

function bytesOf(effects: readonly Effect[]): number {
  return effects.reduce((sum, effect) => sum + effectBytes(effect), 0);
}
