import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';

/** How far a connection has got: the requests that it has started. */
export interface ProgramOrder {
  started: number;
}

/** One client request, from its arrival until it is answered: exactly once, whatever comes first. */
export class Operation {
  readonly request: Request;
  /** Monotonic, milliseconds. */
  readonly deadlineMs: number;
  /** Its effect may have left this controller: after that a failure means "outcome unknown". */
  proposed = false;
  #order: ProgramOrder | null = null;
  #orderAt = 0;
  #reply: Reply | null = null;
  #onDone: (() => void)[];

  constructor(request: Request, deadlineMs: number, onDone: () => void) {
    this.request = request;
    this.deadlineMs = deadlineMs;
    this.#onDone = [onDone];
  }

  /** Null until it is answered. */
  get reply(): Reply | null {
    return this.#reply;
  }

  /** Its connection has gone on to the next request since it was started. */
  get isOvertaken(): boolean {
    return this.#order !== null && this.#order.started !== this.#orderAt;
  }

  /** It is started now. */
  takeItsPlaceIn(order: ProgramOrder): void {
    this.#order = order;
    this.#orderAt = ++order.started;
  }

  get done(): boolean {
    return this.#reply !== null;
  }

  /** Answers, unless that has happened. */
  finish(reply: Reply): void {
    if (this.#reply !== null) return;
    this.#reply = reply;
    const onDone = this.#onDone;
    this.#onDone = [];
    for (const callback of onDone) callback();
  }

  whenDone(callback: () => void): void {
    if (this.#reply !== null) callback();
    else this.#onDone.push(callback);
  }
}
