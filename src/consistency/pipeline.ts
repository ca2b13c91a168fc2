import { Fifo } from '../base/fifo.ts';
import type { MonotonicMs } from '../base/number-kinds.ts';
import { failed, type Hit, type Reply, serverError } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import { type ReadBudget, ReadFlow } from '../replication/read-flow.ts';
import type { RequestContext } from '../replication/request-context.ts';
import { isWrite } from './access.ts';
import type { ClientStream } from './client-stream.ts';
import type { Coordinator } from './coordinator.ts';
import type { Operation, OperationListener } from './operation.ts';
import { kindOf } from './request-kinds.ts';
import { PHASES } from './request-phases.ts';

export interface PipelinePorts {
  /** Goes with every request of the connection. */
  readonly context: RequestContext;
  /** Called for every request, in order. */
  readonly onReply: (request: Request, reply: Reply) => void;
  /** Called for a part of a reply that is sent before the reply is complete. */
  readonly onPart: (request: Request, hits: readonly Hit[]) => void;
  /** For answers that go on for long. */
  readonly stream: ClientStream;
  /** The budget for the values that are read for the client. */
  readonly budget: ReadBudget;
  /** At some time since `ms` the client had not taken all of its replies. */
  readonly waitedForClientSince: (ms: MonotonicMs) => boolean;
  /** The address of the client, human-readable. */
  readonly clientName: () => string;
}

/**
 * The requests of one client connection. They are started so that they take effect in the order in which the client
 * sent them, and they are answered in that order.
 *
 *  1. Plain writes (`set`, `delete`, `flush_all`) follow each other without waiting, because the scheme keeps their
 *     order.
 *  2. A read starts once the earlier writes of the connection are answered, if the policy says so. It is the barrier
 *     of the pipeline until it has been handed to the store: the store answers in order.
 *  3. A conditional write is the barrier until it is answered, because it may have to be proposed again, and would
 *     then take effect after requests that were sent later.
 *  4. A request that touches no entry neither waits for a barrier nor becomes one.
 */
export class Pipeline implements OperationListener {
  readonly flow: ReadFlow;
  readonly context: RequestContext;
  readonly client: number;
  readonly #coordinator: Coordinator;
  readonly #ports: PipelinePorts;
  readonly #unanswered = new Fifo<Operation>();
  readonly #waiting = new Fifo<Operation>();
  /** Later requests do not start before this operation has released the barrier. */
  #barrier: Operation | null = null;
  #draining = false;
  #writesUnderWay = 0;
  #hasLeft = false;
  /** While a request is admitted: the time of that moment, so that the clock is not read again; 0 otherwise. */
  #admittedMs: MonotonicMs = 0;

  constructor(coordinator: Coordinator, ports: PipelinePorts) {
    this.#coordinator = coordinator;
    this.#ports = ports;
    this.context = ports.context;
    this.client = coordinator.nextClient();
    this.flow = new ReadFlow(ports.budget);
  }

  /** Requests that have not been answered. */
  get inProgress(): number {
    return this.#unanswered.length;
  }

  submit(request: Request): void {
    const operation = this.#coordinator.admit(request, this);
    this.#unanswered.push(operation);
    this.#waiting.push(operation);
    // If an earlier request waits, this one waits behind it, and whatever ends that wait calls `drain`.
    if (this.#waiting.length > 1) return;
    this.#admittedMs = operation.arrivedMs;
    this.drain();
    this.#admittedMs = 0;
  }

  /** Starts the requests that may start. To be called again when a gate may have opened. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (let first = this.#waiting.first(); first !== undefined; first = this.#waiting.first()) {
      if (!first.done && !this.#mayStart(first)) break;
      this.#waiting.shift();
      if (!first.done) this.#start(first);
    }
    this.#draining = false;
  }

  #mayStart(operation: Operation): boolean {
    if (operation.access === 'none')
      return !kindOf(operation.request).isStartedLast || this.#unanswered.first() === operation;
    const gate = this.#coordinator.gate(operation);
    if (gate.state === 'closed') {
      operation.finish(failed(gate));
      return true;
    }
    if (gate.state === 'wait' || this.#barrier !== null) return false;
    // mutant: reads-before-own-writes
    return this.#writesUnderWay === 0 || !this.#coordinator.waitsForOwnWrites(operation);
  }

  /** Only an operation that touches entries becomes the barrier. */
  #start(operation: Operation): void {
    if (operation.access !== 'none') {
      operation.becomeStarted();
      this.#barrier = operation;
      if (isWrite(operation.access)) this.#writesUnderWay++;
    }
    this.#coordinator.start(operation);
  }

  onBarrierTaken(operation: Operation): void {
    this.#barrier ??= operation;
  }

  onBarrierReleased(operation: Operation): void {
    if (this.#barrier !== operation) return;
    this.#barrier = null;
    if (this.#waiting.length > 0) this.drain();
  }

  /** Hands out the answers whose turn it is. */
  onDone(operation: Operation): void {
    if (operation.isWriteUnderWay) this.#writesUnderWay--;
    if (this.#barrier === operation) this.#barrier = null;
    let first = this.#unanswered.first();
    if (first !== operation) operation.enter(PHASES.reply);
    for (; first?.reply; first = this.#unanswered.first()) {
      this.#unanswered.shift();
      if (first.request.session !== undefined) this.#coordinator.tellSession(first);
      if (!this.#hasLeft || first.access !== 'read') {
        this.#ports.onReply(first.request, first.reply);
        this.#coordinator.times.onAnswered(first);
      }
      first.reserve(0);
    }
    first?.becomeNext();
    if (this.flow.isBlocked) this.flow.retry();
    if (this.#waiting.length > 0) this.drain();
  }

  onPart(operation: Operation, hits: readonly Hit[]): void {
    this.#ports.onPart(operation.request, hits);
  }

  isNext(operation: Operation): boolean {
    return this.#unanswered.first() === operation;
  }

  get stream(): ClientStream {
    return this.#ports.stream;
  }

  waitedForClientSince(ms: MonotonicMs): boolean {
    return this.#ports.waitedForClientSince(ms);
  }

  get clientName(): string {
    return this.#ports.clientName();
  }

  nowMs(): MonotonicMs {
    return this.#admittedMs === 0 ? this.#coordinator.nowMs() : this.#admittedMs;
  }

  /** The client does not wait any longer: what is not answered yet is answered now, as at its deadline. */
  expire(): void {
    for (const operation of this.#unanswered.filter(({ done }) => !done)) this.#coordinator.expire(operation);
  }

  /** The client has left. Its reads are given up; the writes that it has sent are still carried out. */
  leave(): void {
    this.#hasLeft = true;
    const unanswered = this.#unanswered.filter(({ done, access }) => !done && access === 'read');
    for (const operation of unanswered) operation.finish(NOT_WANTED);
    this.flow.retry();
  }
}

const NOT_WANTED = serverError('CLIENT_LEFT', 'the client has left');
