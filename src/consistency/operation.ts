import type { MonotonicMs } from '../base/number-kinds.ts';
import { type Level, levelOfLetter } from '../placement/level.ts';
import type { Hit, Reply } from '../protocol/reply.ts';
import type { ReadItemRequest, Request } from '../protocol/request.ts';
import type { Reader, ReadFlow } from '../replication/read-flow.ts';
import type { RequestContext } from '../replication/request-context.ts';
import type { Scheme, WriteOutcome } from '../replication/scheme.ts';
import { type Access, isWrite } from './access.ts';
import type { ClientStream, LocalOperation } from './client-stream.ts';
import { noTimes, PHASES, type PhaseNumber } from './request-phases.ts';

/** The pipeline of an operation, as far as the operation knows it. */
export interface OperationListener {
  /** The reads of the client. */
  readonly flow: ReadFlow;

  /** Names the client among those of this controller. */
  readonly client: number;

  readonly context: RequestContext;

  readonly stream: ClientStream;

  /** The operation has been answered. Called once. */
  onDone(operation: Operation): void;

  /** Later requests can no longer take effect before the operation: they may start. */
  onBarrierReleased(operation: Operation): void;

  /** Later requests could take effect before the operation again. None has been started. */
  onBarrierTaken(operation: Operation): void;

  /** All earlier requests have been answered, so a part of this reply may be sent now. */
  isNext(operation: Operation): boolean;

  /** Sends a part of the reply. */
  onPart(operation: Operation, hits: readonly Hit[]): void;

  /** At some time since `ms` the client had not taken all of its replies, so that its requests had to wait. */
  waitedForClientSince(ms: MonotonicMs): boolean;

  /** The address of the client, human-readable. */
  readonly clientName: string;

  nowMs(): MonotonicMs;
}

/** One client request, from its arrival to its answer. It is answered exactly once. */
export class Operation implements Reader, LocalOperation {
  readonly request: Request;
  readonly access: Access;
  readonly arrivedMs: MonotonicMs;
  /** When the operation is answered at the latest. */
  deadlineMs: MonotonicMs;
  /** An effect may have left this controller: a failure from now on means "outcome unknown". */
  proposed = false;
  /** Later requests may start as soon as the read has been issued. */
  releasesBarrierWhenIssued = false;
  readonly isNextReply = false;
  readonly countsAsRead: boolean;
  /** The session that the request has brought is part of that of its connection. */
  hasTakenSession = false;
  /** The answer is a stream: there is no deadline. */
  isStreaming = false;
  /** The level that the request asks for by itself; null where it asks for none. */
  readonly #ownLevel: Level | null;
  /** The bound on staleness that the request names by itself, in milliseconds; null where it names none. */
  readonly #ownMaxAgeMs: number | null;
  readonly #listener: OperationListener;
  #onNext: (() => void) | null = null;
  /**
   * The number of the operation among the started ones of its session; 0 until it is started, or if it touches no
   * entry.
   */
  #startedAs = 0;
  #reply: Reply | null = null;
  #reservedBytes = 0;
  #ageMs = 0;
  #phase: PhaseNumber = PHASES.waiting;
  /** When the phase began, in whole microseconds since the arrival: V8 keeps a small integer without a heap number. */
  #phaseSinceUs = 0;
  /** Microseconds by phase; null until a phase has ended that took time. */
  #spentUs: number[] | null = null;

  constructor(
    request: Request,
    access: Access,
    countsAsRead: boolean,
    arrivedMs: MonotonicMs,
    deadlineMs: MonotonicMs,
    listener: OperationListener,
  ) {
    this.request = request;
    this.access = access;
    this.countsAsRead = countsAsRead;
    this.#ownLevel = request.kind === 'read_item' ? ownLevelOf(request) : null;
    this.#ownMaxAgeMs = request.kind === 'read_item' ? (request.ageFlag?.maxMs ?? null) : null;
    this.arrivedMs = arrivedMs;
    this.deadlineMs = deadlineMs;
    this.#listener = listener;
  }

  /** Null until the operation is answered. */
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

  /** The level that the reads of the request ask for; null for the level of the keyspace. */
  get askedLevel(): Level | null {
    if (this.#ownMaxAgeMs !== null) return null;
    return this.#ownLevel ?? this.#listener.context.level;
  }

  /** The bound on staleness of the reads of the request, in milliseconds; null for none. */
  get maxAgeMs(): number | null {
    if (this.#ownLevel !== null) return null;
    return this.#ownMaxAgeMs ?? this.#listener.context.maxAgeMs;
  }

  /** What a read with a bound has brought may be so old, in milliseconds; 0 where no proof of its age has served it. */
  get ageMs(): number {
    return this.#ageMs;
  }

  /** A proof of its age has served a read of the operation. */
  noteAge(ageMs: number): void {
    this.#ageMs = Math.max(this.#ageMs, ageMs);
  }

  openStream(): ClientStream {
    this.isStreaming = true;
    return this.#listener.stream;
  }

  /** The operation was started, and may change an entry. */
  get isWriteUnderWay(): boolean {
    return this.#startedAs !== 0 && isWrite(this.access);
  }

  get flow(): ReadFlow {
    return this.#listener.flow;
  }

  get client(): number {
    return this.#listener.client;
  }

  /** Bytes of the client's budget that the operation has reserved. */
  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** A later request of the same session has been started. */
  get hasMovedOn(): boolean {
    return this.#startedAs !== 0 && this.context.session.started !== this.#startedAs;
  }

  get isNext(): boolean {
    return this.#listener.isNext(this);
  }

  /** Calls back when all earlier requests have been answered. */
  whenNext(callback: () => void): void {
    this.#onNext = callback;
  }

  /** All earlier requests have been answered. */
  becomeNext(): void {
    this.#onNext?.();
  }

  /** The operation is the last one that its session has started. */
  becomeStarted(): void {
    this.enter(PHASES.store);
    this.#startedAs = ++this.context.session.started;
  }

  /** A write of the operation is handed to the scheme: a failure from now on means "outcome unknown". */
  becomeProposed({ views }: Scheme): void {
    this.proposed = true;
    this.enter(views === null ? PHASES.store : PHASES.agreement);
  }

  /** A write of the operation was applied, and what came last was not what took longest. */
  noteOutcome({ agreedMs, storedMs }: Extract<WriteOutcome, { readonly kind: 'applied' }>): void {
    if (agreedMs !== undefined) this.enterAt(PHASES.store, agreedMs);
    if (storedMs !== undefined) this.enterAt(PHASES.journal, storedMs);
  }

  /** Later requests may start from now on. They may do so after the answer in any case. */
  releaseBarrier(): void {
    this.#listener.onBarrierReleased(this);
  }

  /** Later requests wait for the answer. None of them may have been started. */
  takeBarrier(): void {
    this.#listener.onBarrierTaken(this);
  }

  onIssued(): void {
    this.enter(PHASES.store);
    if (this.releasesBarrierWhenIssued) this.#listener.onBarrierReleased(this);
  }

  /** Nothing of the reply can be sent before the only read is done. */
  onBlocked(): void {
    this.enter(PHASES.waiting);
  }

  onDelayed(): void {
    this.enter(PHASES.agreement);
  }

  reserve(bytes: number): void {
    if (bytes === this.#reservedBytes) return;
    this.#listener.flow.reserve(bytes - this.#reservedBytes);
    this.#reservedBytes = bytes;
  }

  /** Sends a part of the reply; the rest follows. */
  sendPart(hits: readonly Hit[]): void {
    this.#listener.onPart(this, hits);
  }

  waitedForClientSince(ms: MonotonicMs): boolean {
    return this.#listener.waitedForClientSince(ms);
  }

  get clientName(): string {
    return this.#listener.clientName;
  }

  /** From now on the operation waits for something else. */
  enter(phase: PhaseNumber): void {
    if (phase !== this.#phase) this.enterAt(phase, this.#listener.nowMs());
  }

  enterAt(phase: PhaseNumber, atMs: MonotonicMs): void {
    if (phase === this.#phase) return;
    const atUs = Math.max(this.#phaseSinceUs, Math.round((atMs - this.arrivedMs) * 1000));
    if (atUs > this.#phaseSinceUs) {
      this.#spentUs ??= noTimes();
      this.#spentUs[this.#phase]! += atUs - this.#phaseSinceUs;
    }
    this.#phase = phase;
    this.#phaseSinceUs = atUs;
  }

  /** The time that the operation has spent in this phase until now, in milliseconds. */
  spentMs(phase: PhaseNumber, nowMs: MonotonicMs): number {
    const endedMs = this.#spentUs === null ? 0 : this.#spentUs[phase]! / 1000;
    if (phase !== this.#phase) return endedMs;
    return endedMs + Math.max(0, nowMs - this.arrivedMs - this.#phaseSinceUs / 1000);
  }

  /** Answers the operation, unless it has been answered. */
  finish(reply: Reply): void {
    if (this.#reply !== null) return;
    this.#reply = reply;
    this.#listener.onDone(this);
  }
}

/** A letter that stands for no level is refused when the request is carried out. */
function ownLevelOf({ levelFlag }: ReadItemRequest): Level | null {
  return levelFlag === undefined ? null : (levelOfLetter(levelFlag.asked) ?? null);
}
