import { Fifo } from '../ordering/fifo.ts';
import { type Reply, serverError } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import type { Coordinator } from './coordinator.ts';
import type { Operation, OperationOwner, ProgramOrder } from './operation.ts';
import { isPlainWrite, isWrite } from './request-kinds.ts';

/**
 * One client connection's requests: started so that they take effect in the order in which they were sent,
 * and answered in that order.
 *
 * What may be under way at once, on one connection:
 *  - plain writes (set, delete, flush_all) follow each other without waiting: the engine keeps their order;
 *  - a read starts once the connection's own writes are done, where the policy says so, and holds back what
 *    follows only until it has been handed to the store, which answers in order;
 *  - a conditional write holds back what follows until it is decided: it may have to be proposed again, and
 *    would then come after requests that were sent later.
 */
export class ClientSession implements OperationOwner {
  readonly #coordinator: Coordinator;
  readonly #onReply: (request: Request, reply: Reply) => void;
  readonly #unanswered = new Fifo<Operation>();
  readonly #held = new Fifo<Operation>();
  readonly #order: ProgramOrder = { started: 0 };
  /** Holds back what follows it. */
  #barrier: Operation | null = null;
  #draining = false;
  #writesUnderWay = 0;

  /** @param onReply called for every request, in order */
  constructor(coordinator: Coordinator, onReply: (request: Request, reply: Reply) => void) {
    this.#coordinator = coordinator;
    this.#onReply = onReply;
  }

  /** Requests that have not been answered. */
  get inProgress(): number {
    return this.#unanswered.length;
  }

  submit(request: Request): void {
    const operation = this.#coordinator.admit(request, this);
    this.#unanswered.push(operation);
    this.#held.push(operation);
    this.drain();
  }

  /** Starts what may start; to be called again when a gate of the engine may have opened. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (let first = this.#held.first(); first !== undefined; first = this.#held.first()) {
      if (!first.done && !this.#mayStart(first)) break;
      this.#held.shift();
      if (!first.done) this.#start(first);
    }
    this.#draining = false;
  }

  #mayStart(operation: Operation): boolean {
    const { request } = operation;
    // Figures are of what has been answered: those of a pipeline too count what stands before them.
    if (request.kind === 'stats') return this.#unanswered.first() === operation;
    const need = this.#coordinator.needOf(request);
    if (need === null) return true;
    const gate = this.#coordinator.gate(need);
    if (gate.state === 'closed') {
      operation.finish(serverError(gate.reason));
      return true;
    }
    if (gate.state === 'wait' || this.#barrier !== null) return false;
    const alone = this.#coordinator.policy.ownWritesFirst && !isPlainWrite(request);
    return !alone || this.#writesUnderWay === 0;
  }

  #start(operation: Operation): void {
    const { request } = operation;
    if (isWrite(request)) {
      operation.isWriteUnderWay = true;
      this.#writesUnderWay++;
    }
    // What concerns no entry passes by a barrier, and is none.
    if (this.#coordinator.needOf(request) !== null) {
      operation.takeItsPlaceIn(this.#order);
      this.#barrier = operation;
    }
    this.#coordinator.start(operation);
  }

  onOrdered(operation: Operation): void {
    if (this.#barrier !== operation) return;
    this.#barrier = null;
    if (this.#held.length > 0) this.drain();
  }

  /** Hands out the answers that are next in line. */
  onDone(operation: Operation): void {
    if (operation.isWriteUnderWay) this.#writesUnderWay--;
    if (this.#barrier === operation) this.#barrier = null;
    for (let first = this.#unanswered.first(); first?.reply; first = this.#unanswered.first()) {
      this.#unanswered.shift();
      this.#onReply(first.request, first.reply);
    }
    if (this.#held.length > 0) this.drain();
  }
}
