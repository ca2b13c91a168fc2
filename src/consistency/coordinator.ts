import type { Clock } from '../base/clock.ts';
import type { RequestFailure } from '../base/error-codes.ts';
import { Fifo } from '../base/fifo.ts';
import type { JournalRecord } from '../journal/journal.ts';
import { closedBecause, type EngineNeed, type Gate, OPEN } from '../membership/gate.ts';
import type { Draft } from '../ordering/effect.ts';
import { NO_VERSION, type Version } from '../ordering/version.ts';
import { flushAtMs } from '../protocol/expiry.ts';
import { readItemRequest } from '../protocol/make-request.ts';
import { failed, REPLIES, type Reply, serverError } from '../protocol/reply.ts';
import type {
  DebugRequest,
  DeleteRequest,
  FlushAllRequest,
  GetAndTouchRequest,
  GetRequest,
  ReadItemRequest,
  Request,
  StoreRequest,
} from '../protocol/request.ts';
import type { ReadDone, Replica } from '../replication/replica.ts';
import type { Scheme } from '../replication/scheme.ts';
import type { Entry } from '../store/entry.ts';
import { LARGE_VALUES } from '../store/large-values.ts';
import { type ConditionalRequest, type Found, isMarked } from './conditional.ts';
import { setChange, storedReply } from './decide-store.ts';
import { Decision, unknownReply } from './decision.ts';
import { hitOf, NO_HITS } from './hits.ts';
import type { Policy } from './level.ts';
import { MultiRead, type MultiReadPorts, type Part } from './multi-read.ts';
import { Operation, type OperationOwner } from './operation.ts';
import { Parked } from './parked.ts';
import { ReadTimes } from './read-times.ts';
import { isPlainRead, isPlainWrite, isWrite } from './request-kinds.ts';

export interface CoordinatorPorts {
  readonly scheme: Scheme;
  readonly replica: Replica;
  readonly policy: Policy;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => number;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly itemBytesMax: number;
  /** What a write that is not answered in time waits for, for people. */
  readonly waitingFor: () => string;
  /** Goes on with a long request after others have had their turn. */
  readonly nextTurn: (callback: () => void) => void;
  /** Requests that concern no entry: `version`, `stats`, `show`, … */
  readonly local: (request: Request, answer: (reply: Reply) => void) => void;
}

/** What a request needs of the engine before it may start; null: nothing. */
export type Need = EngineNeed | null;

/**
 * Carries out client requests by the level's policy: what a read waits for, and when a write is answered.
 * A value is given out only when the gate for it is still open after it has been read: a controller that lost
 * its lease in between, or stood still for long, has nothing to say.
 *
 * Every request is answered within `requestTimeoutMs`. "Outcome unknown" is said only when an effect may have
 * left this controller.
 */
export class Coordinator {
  readonly #ports: CoordinatorPorts;
  readonly #clock: Clock;
  readonly #parked = new Parked();
  readonly #decision: Decision;
  /** In order of deadline, since all are given the same time. */
  readonly #deadlines = new Fifo<Operation>();
  readonly #readTimes: ReadTimes;

  constructor(ports: CoordinatorPorts) {
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#readTimes = new ReadTimes(ports.replica, ports.timeMs);
    this.#decision = new Decision({
      ...ports,
      parked: this.#parked,
      readGate: this.#readGate,
      readTimes: this.#readTimes,
    });
  }

  get policy(): Policy {
    return this.#ports.policy;
  }

  /** Takes a request in and watches its deadline. */
  admit(request: Request, owner: OperationOwner): Operation {
    const operation = new Operation(request, this.#clock.nowMs() + this.#ports.requestTimeoutMs, owner);
    this.#deadlines.push(operation);
    return operation;
  }

  gate(need: Need): Gate {
    if (need === null) return OPEN;
    const trouble = need === 'write' ? this.#ports.replica.storeTrouble() : null;
    if (trouble !== null) return closedBecause('STORE_DOWN', `the store is down: ${trouble}`);
    return this.#ports.scheme.gate(need);
  }

  needOf(request: Request): Need {
    if (isPlainRead(request)) return this.policy.strongReads ? 'strong-read' : 'read';
    return isWrite(request) ? 'write' : null;
  }

  /** A gate of the engine may have opened, or closed. */
  onChange(): void {
    this.#parked.retry();
  }

  /** To be called every few milliseconds: answers what has run out of time. */
  onTick(): void {
    this.#parked.retry();
    const now = this.#clock.nowMs();
    for (let first = this.#deadlines.first(); first !== undefined; first = this.#deadlines.first()) {
      if (!first.done && first.deadlineMs > now) return;
      this.#deadlines.shift();
      // mutant: ignores-deadlines
      if (!first.done) this.#onDeadline(first, now);
    }
  }

  /** What its client has not taken is not late: a request behind it has its time once more. */
  #onDeadline(operation: Operation, now: number): void {
    const { requestTimeoutMs } = this.#ports;
    if (!operation.waitedForClientSince(now - requestTimeoutMs))
      return operation.finish(this.#timedOut(operation));
    operation.deadlineMs = now + requestTimeoutMs;
    this.#deadlines.push(operation);
  }

  /** Carries it out, and tells it when it is ordered. */
  start(operation: Operation): void {
    const { request } = operation;
    switch (request.kind) {
      case 'get':
        return this.#get(operation, request);
      case 'store':
        if (isPlainWrite(request)) return this.#set(operation, request);
        return this.#conditional(operation, request);
      case 'delete':
        if (isPlainWrite(request)) return this.#delete(operation, request);
        return this.#conditional(operation, request);
      case 'read_item':
        return this.#readItem(operation, request);
      case 'debug':
        return this.#debug(operation, request);
      case 'flush_all':
        return this.#flushAll(operation, request);
      case 'arithmetic':
      case 'touch':
        return this.#conditional(operation, request);
      case 'gat':
        return this.#getAndTouch(operation, request);
      default:
        this.#ports.local(request, (reply) => operation.finish(reply));
    }
  }

  /**
   * No one has the value of this write any more: a loss that all have to agree on.
   *
   * @param done called when the write is no longer the newest
   */
  settleLoss(record: JournalRecord, done: () => void, refuse: (failure: RequestFailure) => void): void {
    const { scheme } = this.#ports;
    const gate = scheme.gate('write');
    const fail = (reason: string): void => refuse({ code: 'VALUE_LOST', reason });
    if (gate.state !== 'open') return fail(`the value is lost, and ${gate.reason}`);
    const draft: Draft = { kind: 'delete', key: record.key, base: record.version };
    scheme.write(draft, (outcome) => {
      if (outcome.kind === 'unknown') fail(outcome.reason);
      else done();
    });
  }

  #timedOut(operation: Operation): Reply {
    const { waitingFor } = this.#ports;
    const waits = waitingFor();
    const suffix = waits && `, ${waits}`;
    // mutant: unknown-becomes-failure
    if (operation.proposed)
      return serverError('NOT_AGREED_IN_TIME', `outcome unknown: not agreed in time${suffix}`);
    const gate = this.gate(this.needOf(operation.request));
    if (gate.state !== 'open') return failed(gate);
    return serverError('TIMED_OUT', `timed out${suffix}`);
  }

  #get(operation: Operation, request: GetRequest): void {
    if (request.keys.length === 1) return this.#getOne(operation, request, request.keys[0]!);
    const { scheme } = this.#ports;
    const read = (part: Part) => {
      const readNow = () => this.#readPart(operation, part);
      // mutant: reads-before-pending
      if (!this.policy.strongReads || !scheme.afterPending(part.key, readNow)) readNow();
    };
    operation.isOrderedByRead = true;
    new MultiRead(operation, request, this.#multiReadPorts(read)).begin();
  }

  #readPart(operation: Operation, part: Part): void {
    if (operation.done) return;
    const onRead: ReadDone = (failure, entry) => part.onRead(failure, entry);
    this.#ports.replica.read(part.key, this.#ifStillOpen(operation, onRead), part);
  }

  #multiReadPorts(read: (part: Part) => void): MultiReadPorts {
    const { replica, nextTurn } = this.#ports;
    return { read, nextTurn, giveAgain: (bytes, done, reader) => replica.giveAgain(bytes, done, reader) };
  }

  /** As with many keys, by the shortest way: it is what is asked most. */
  #getOne(operation: Operation, { withCas }: GetRequest, key: string): void {
    const { scheme, replica } = this.#ports;
    const onRead = (failure: RequestFailure | null, entry: Entry | null): void => {
      if (this.#readGate().state !== 'open')
        this.#parked.whenOpen(operation, this.#readGate, () => onRead(failure, entry));
      else if (failure !== null) operation.finish(failed(failure));
      else if (entry === null) operation.finish(NO_HITS);
      else {
        LARGE_VALUES.lend(entry.value);
        operation.finish({ kind: 'hits', hits: [hitOf(key, entry, withCas)] });
      }
    };
    const read = () => {
      if (!operation.done) replica.read(key, onRead, operation);
    };
    operation.isOrderedByRead = true;
    if (!this.policy.strongReads || !scheme.afterPending(key, read)) read();
  }

  readonly #readGate = (): Gate => this.#ports.scheme.gate(this.policy.strongReads ? 'strong-read' : 'read');

  /** Hands on what was read only if it may still be given out. */
  #ifStillOpen(operation: Operation, done: ReadDone): ReadDone {
    return (failure, entry, readAtSec) => {
      if (this.#readGate().state === 'open') done(failure, entry, readAtSec);
      else this.#parked.whenOpen(operation, this.#readGate, () => done(failure, entry, readAtSec));
    };
  }

  #set(operation: Operation, request: StoreRequest): void {
    const draft: Draft = { ...setChange(request, this.#ports.timeMs()), key: request.key, base: null };
    this.#plain(operation, draft, (_, version) => storedReply(request, version));
  }

  #delete(operation: Operation, request: DeleteRequest): void {
    const draft: Draft = { kind: 'delete', key: request.key, base: null };
    this.#plain(operation, draft, (existed) => (existed ? REPLIES.deleted : REPLIES.notFound));
  }

  #flushAll(operation: Operation, request: FlushAllRequest): void {
    const atMs = flushAtMs(request.delay, this.#ports.timeMs());
    const draft: Draft = atMs === 0 ? { kind: 'flush' } : { kind: 'flush-later', atMs };
    this.#plain(operation, draft, () => REPLIES.ok);
  }

  /** A write that is its own effect. */
  #plain(operation: Operation, draft: Draft, reply: (existed: boolean, version: Version) => Reply): void {
    operation.proposed = true;
    const { scheme } = this.#ports;
    scheme.write(draft, (outcome) => {
      if (outcome.kind === 'applied') return operation.finish(reply(outcome.existed, outcome.version));
      if (outcome.kind === 'unknown') return operation.finish(unknownReply(outcome));
      operation.proposed = false;
      const again = () => this.#plain(operation, draft, reply);
      this.#parked.whenOpen(operation, () => scheme.gate('write'), again);
    });
    operation.ordered();
  }

  /** Ordered once it is answered, were it by its deadline: the next request need not wait for what is left of it. */
  #conditional(operation: Operation, request: ConditionalRequest & Request): void {
    this.#decision.carryOut(operation, request, operation, (verdict, version) =>
      operation.finish(verdict.reply(version)),
    );
  }

  /** A plain read, unless there is something to change or to win. */
  #readItem(operation: Operation, request: ReadItemRequest): void {
    const { scheme, replica } = this.#ports;
    const record = replica.journal.newest(request.key);
    const toBeWon = record !== undefined && isMarked(record, 'stale') && !isMarked(record, 'taken');
    if (toBeWon || !isPlainRead(request)) return this.#conditional(operation, request);
    // What is pending may mark the entry: the next request must not overtake what this one may then have to write.
    const pending = scheme.predict(request.key) !== null;
    const onFound: OnFound = (failure, found) => {
      if (failure !== null) return operation.finish(failed(failure));
      if (found !== null && isMarked(found, 'stale') && !isMarked(found, 'taken')) {
        return this.#conditional(operation, request);
      }
      if (found !== null) LARGE_VALUES.lend(found.value);
      operation.finish(this.#decision.verdict(request, found).reply(NO_VERSION));
    };
    this.#found(operation, request.key, !pending, onFound, !request.unnoticed);
  }

  /** Looking at an entry for people does not count as reading it. */
  #debug(operation: Operation, { key }: DebugRequest): void {
    const request = readItemRequest(key);
    const onFound: OnFound = (failure, found) => {
      if (failure !== null) return operation.finish(failed(failure));
      operation.finish(this.#decision.verdict(request, found).reply(NO_VERSION));
    };
    this.#found(operation, key, true, onFound, false);
  }

  /**
   * Reads one entry as the level says.
   *
   * @param isOrdered what comes behind it may start when the read is issued, if that is at once: one that had to wait
   *   may find what it has to change
   */
  #found(operation: Operation, key: string, isOrdered: boolean, done: OnFound, noticed: boolean): void {
    const { scheme, replica } = this.#ports;
    const read = () => {
      if (operation.done) return;
      operation.isOrderedByRead = isOrdered;
      this.#readTimes.read(key, noticed, (readAtSec) => {
        const onRead: ReadDone = (failure, entry) =>
          done(failure, entry === null ? null : { ...entry, readAtSec });
        replica.read(key, this.#ifStillOpen(operation, onRead), operation);
      });
      operation.isOrderedByRead = false;
    };
    if (!this.policy.strongReads || !scheme.afterPending(key, read)) read();
  }

  #getAndTouch(operation: Operation, request: GetAndTouchRequest): void {
    const touch = (part: Part) => {
      const one = { kind: 'gat-one', key: part.key, exptime: request.exptime } as const;
      this.#decision.carryOut(operation, one, part, ({ change }, version) => {
        if (change?.kind !== 'set' || change.value === null) part.onRead(null, null);
        else part.onRead(null, { ...change, value: change.value, version });
      });
    };
    new MultiRead(operation, request, this.#multiReadPorts(touch)).begin();
  }
}

/** @param found null when there is no entry, or when it could not be read */
type OnFound = (failure: RequestFailure | null, found: Found | null) => void;
