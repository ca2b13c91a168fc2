import type { Scheduler } from './scheduler.ts';

/** One direction of a connection: what was sent arrives in order, or, from some point on, not at all. */
class Pipe {
  readonly #scheduler: Scheduler;
  readonly #inbox: (() => void)[] = [];
  #clearMs = 0;
  /** Arrivals whose time has come while the direction was blocked. */
  #due = 0;
  #closed = false;
  #blocked: boolean;

  constructor(scheduler: Scheduler, blocked: boolean) {
    this.#scheduler = scheduler;
    this.#blocked = blocked;
  }

  send(delayMs: number, arrive: () => void): void {
    if (this.#closed) return;
    this.#inbox.push(arrive);
    this.#clearMs = Math.max(this.#clearMs, this.#scheduler.nowMs + delayMs);
    this.#scheduler.at(this.#clearMs, () => {
      this.#due++;
      this.#deliver();
    });
  }

  setBlocked(blocked: boolean): void {
    this.#blocked = blocked;
    this.#deliver();
  }

  /** What is under way is lost, and nothing more is taken. */
  close(): void {
    this.#closed = true;
    this.#inbox.length = 0;
  }

  #deliver(): void {
    while (!this.#blocked && !this.#closed && this.#due > 0 && this.#inbox.length > 0) {
      this.#due--;
      this.#inbox.shift()!();
    }
  }
}

/** One side of a connection. */
export interface End {
  readonly node: number;
  readonly peer: number;
  /** The run of the peer that said hello. */
  readonly peerIncarnation: number;
  readonly connection: SimConnection;
  state: 'opening' | 'open' | 'closed';
  /** Carries what this side sends. */
  readonly pipe: Pipe;
}

/**
 * One TCP connection of a pair. Each side learns for itself that it is there and that it is gone; what a side
 * learns travels in order with what the other sends.
 */
export class SimConnection {
  readonly ends: readonly [End, End];

  /** @param isBlocked whether nothing gets from one node to another now */
  constructor(
    scheduler: Scheduler,
    sides: readonly { readonly node: number; readonly incarnation: number }[],
    isBlocked: (from: number, to: number) => boolean,
  ) {
    const [a, b] = sides;
    const end = (self: typeof a, peer: typeof a): End => ({
      node: self!.node,
      peer: peer!.node,
      peerIncarnation: peer!.incarnation,
      connection: this,
      state: 'opening',
      pipe: new Pipe(scheduler, isBlocked(self!.node, peer!.node)),
    });
    this.ends = [end(a, b), end(b, a)];
  }

  endOf(node: number): End {
    return this.ends[0].node === node ? this.ends[0] : this.ends[1];
  }

  /** Loses what is under way, both ways. */
  cutOff(): void {
    for (const { pipe } of this.ends) pipe.close();
  }
}
