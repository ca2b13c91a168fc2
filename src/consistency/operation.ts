import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';

/** Who has asked for operations, and is told of each. */
export interface OperationOwner {
  /** It has been answered; called once. */
  onDone(operation: Operation): void;
  /** What it does or sees can no longer come after what is asked behind it. */
  onOrdered(operation: Operation): void;
}

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
  /** It was started, and may change an entry. */
  isWriteUnderWay = false;
  readonly #owner: OperationOwner;
  #order: ProgramOrder | null = null;
  #orderAt = 0;
  #reply: Reply | null = null;

  constructor(request: Request, deadlineMs: number, owner: OperationOwner) {
    this.request = request;
    this.deadlineMs = deadlineMs;
    this.#owner = owner;
  }

  /** Null until it is answered. */
  get reply(): Reply | null {
    return this.#reply;
  }

  get done(): boolean {
    return this.#reply !== null;
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

  /** From now on the connection's next request may start. An answer says so in any case. */
  ordered(): void {
    this.#owner.onOrdered(this);
  }

  /** Answers, unless that has happened. */
  finish(reply: Reply): void {
    if (this.#reply !== null) return;
    this.#reply = reply;
    this.#owner.onDone(this);
  }
}
