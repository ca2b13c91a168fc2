import type { MonotonicMs } from '../base/number-kinds.ts';
import type { Hit, Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import type { Reader, ReadFlow } from '../replication/read-flow.ts';
import type { RequestContext } from '../replication/request-context.ts';
import { type Access, isWrite } from './access.ts';

/** Who has asked for operations, and is told of each. */
export interface OperationListener {
  /** Its reads. */
  readonly flow: ReadFlow;

  readonly context: RequestContext;

  /** It has been answered; called once. */
  onDone(operation: Operation): void;

  /** What it does or sees can no longer come after what is asked behind it. */
  onBarrierReleased(operation: Operation): void;

  /** All that was asked before it has been answered: a part of its reply may go out now. */
  isNext(operation: Operation): boolean;

  /** A part of its reply goes out. */
  onPart(operation: Operation, hits: readonly Hit[]): void;

  /** At some time since then, what was answered was not taken: its requests had to wait for that. */
  waitedForClientSince(ms: MonotonicMs): boolean;
}

/** One client request, from its arrival until it is answered: exactly once, whatever comes first. */
export class Operation implements Reader {
  readonly request: Request;
  readonly access: Access;
  /** Monotonic, milliseconds. */
  deadlineMs: MonotonicMs;
  /** Its effect may have left this controller: after that a failure means "outcome unknown". */
  proposed = false;
  /** What comes behind it may start when its read has been issued. */
  releasesBarrierWhenIssued = false;
  /** Told when all that was asked before it has been answered. */
  onNext: (() => void) | null = null;
  readonly isAwaited = false;
  readonly countsAsRead: boolean;
  readonly #listener: OperationListener;
  /** Its number among the started requests of its session; 0 before it is started, or where the order does not matter. */
  #startedAs = 0;
  #reply: Reply | null = null;
  #heldBytes = 0;

  constructor(
    request: Request,
    access: Access,
    countsAsRead: boolean,
    deadlineMs: MonotonicMs,
    listener: OperationListener,
  ) {
    this.request = request;
    this.access = access;
    this.countsAsRead = countsAsRead;
    this.deadlineMs = deadlineMs;
    this.#listener = listener;
  }

  /** Null until it is answered. */
  get reply(): Reply | null {
    return this.#reply;
  }

  get done(): boolean {
    return this.#reply !== null;
  }

  get isGone(): boolean {
    return this.#reply !== null;
  }

  get context(): RequestContext {
    return this.#listener.context;
  }

  /** It was started, is not answered, and may change an entry. */
  get isWriteUnderWay(): boolean {
    return this.#startedAs !== 0 && isWrite(this.access);
  }

  get flow(): ReadFlow {
    return this.#listener.flow;
  }

  /** Of its client's room, in bytes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Its connection has gone on to the next request since it was started. */
  get isOvertaken(): boolean {
    return this.#startedAs !== 0 && this.context.session.started !== this.#startedAs;
  }

  get isNext(): boolean {
    return this.#listener.isNext(this);
  }

  /** It is started now, as the newest request of its session. */
  becomeStarted(): void {
    this.#startedAs = ++this.context.session.started;
  }

  /** From now on the connection's next request may start. An answer says so in any case. */
  releaseBarrier(): void {
    this.#listener.onBarrierReleased(this);
  }

  onIssued(): void {
    if (this.releasesBarrierWhenIssued) this.#listener.onBarrierReleased(this);
  }

  /** It has nothing to give before its only read is done. */
  onHeldUp(): void {}

  hold(bytes: number): void {
    if (bytes === this.#heldBytes) return;
    this.#listener.flow.hold(bytes - this.#heldBytes);
    this.#heldBytes = bytes;
  }

  /** Hands out a part of the reply: the rest is to follow. */
  sendPart(hits: readonly Hit[]): void {
    this.#listener.onPart(this, hits);
  }

  waitedForClientSince(ms: MonotonicMs): boolean {
    return this.#listener.waitedForClientSince(ms);
  }

  /** Answers, unless that has happened. */
  finish(reply: Reply): void {
    if (this.#reply !== null) return;
    this.#reply = reply;
    this.#listener.onDone(this);
  }
}
