import type { Scheduler } from './scheduler.ts';

/** One direction of a connection. Messages arrive in the order of sending; from some point on, none may arrive. */
class Pipe {
  readonly #scheduler: Scheduler;
  readonly #inbox: (() => void)[] = [];
  #clearMs = 0;
  /** How many messages should have arrived while the direction was blocked. */
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

  /** Loses the messages under way, and takes no more. */
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
  /** The incarnation of the peer that this connection leads to. */
  readonly peerIncarnation: number;
  readonly connection: SimConnection;
  state: 'opening' | 'open' | 'closed';
  /** Over this connection a passing peer sends requests, as this side sees it. */
  isOfAsker: boolean;
  /** Carries the messages that this side sends. */
  readonly pipe: Pipe;
}

/**
 * One TCP connection of a pair. Each side learns separately that the connection is up or has ended. That news travels
 * in order with the messages of the other side.
 */
export class SimConnection {
  readonly ends: readonly [End, End];

  /** Connections that are made later have higher numbers. */
  readonly number: number;

  /** Who made it. */
  readonly dialler: number;

  /** @param isBlocked whether nothing gets from one controller to another at the moment */
  constructor(
    scheduler: Scheduler,
    number: number,
    sides: readonly { readonly node: number; readonly incarnation: number }[],
    isBlocked: (from: number, to: number) => boolean,
    dialler: number,
  ) {
    this.number = number;
    this.dialler = dialler;
    const [a, b] = sides;
    const end = (self: typeof a, peer: typeof a): End => ({
      node: self!.node,
      peer: peer!.node,
      peerIncarnation: peer!.incarnation,
      connection: this,
      state: 'opening',
      isOfAsker: false,
      pipe: new Pipe(scheduler, isBlocked(self!.node, peer!.node)),
    });
    this.ends = [end(a, b), end(b, a)];
  }

  endOf(node: number): End {
    return this.ends[0].node === node ? this.ends[0] : this.ends[1];
  }

  /** Loses the messages under way, in both directions. */
  cutOff(): void {
    for (const { pipe } of this.ends) pipe.close();
  }
}
