import type { JournalRecord } from '../journal/journal.ts';
import { type Effect, NO_ENTRY } from '../ordering/effect.ts';
import { Fifo } from '../ordering/fifo.ts';
import { NO_VERSION, type Version } from '../ordering/version.ts';
import { absoluteExpiryMs } from '../protocol/expiry.ts';
import { readItemRequest } from '../protocol/make-request.ts';
import { REPLIES, type Reply, serverError } from '../protocol/reply.ts';
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
import { type Draft, type Engine, type Gate, OPEN, type WriteOutcome } from '../replication/engine.ts';
import type { ReadDone, Replica } from '../replication/replica.ts';
import { type ConditionalRequest, type Found, isMarked, type Verdict } from './conditional.ts';
import { decide, needsValue } from './decide.ts';
import { setChange, storedReply } from './decide-store.ts';
import { Gathering } from './gathering.ts';
import type { Policy } from './level.ts';
import { Operation } from './operation.ts';
import { isNoticed, ReadTimes } from './read-times.ts';
import { isPlainRead, isPlainWrite, isWrite } from './request-kinds.ts';

export interface CoordinatorPorts {
  readonly engine: Engine;
  readonly replica: Replica;
  readonly policy: Policy;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** Monotonic. */
  readonly nowMs: () => number;
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
export type Need = 'read' | 'strong-read' | 'write' | null;

/**
 * Carries out client requests by the level's policy: what a read waits for, when a write is answered, and the
 * loop of decide, propose, decide again for everything that depends on what a key holds.
 *
 * Every request is answered within `requestTimeoutMs`. "Outcome unknown" is said only when an effect may have
 * left this controller.
 */
export class Coordinator {
  readonly #ports: CoordinatorPorts;
  /** In order of deadline, since all are given the same time. */
  readonly #deadlines = new Fifo<Operation>();
  readonly #readTimes: ReadTimes;

  constructor(ports: CoordinatorPorts) {
    this.#ports = ports;
    this.#readTimes = new ReadTimes(ports.replica, ports.wallMs);
  }

  get policy(): Policy {
    return this.#ports.policy;
  }

  /** Takes a request in and watches its deadline. */
  admit(request: Request, onDone: () => void): Operation {
    const operation = new Operation(request, this.#ports.nowMs() + this.#ports.requestTimeoutMs, onDone);
    this.#deadlines.push(operation);
    return operation;
  }

  gate(need: Need): Gate {
    if (need === null) return OPEN;
    const trouble = this.#ports.replica.storeTrouble();
    if (trouble !== null) return { state: 'closed', reason: `the store is down: ${trouble}` };
    return this.#ports.engine.gate(need);
  }

  needOf(request: Request): Need {
    if (isPlainRead(request)) return this.policy.strongReads ? 'strong-read' : 'read';
    return isWrite(request) ? 'write' : null;
  }

  /** To be called every few milliseconds: answers what has run out of time. */
  onTick(): void {
    const now = this.#ports.nowMs();
    for (let first = this.#deadlines.first(); first !== undefined; first = this.#deadlines.first()) {
      if (!first.done && first.deadlineMs > now) return;
      this.#deadlines.shift();
      if (!first.done) first.finish(this.#timedOut(first));
    }
  }

  /**
   * @param ordered called once, when the connection's next request may start: what this one does or sees can
   *   no longer come after it
   */
  start(operation: Operation, ordered: () => void): void {
    const { request } = operation;
    switch (request.kind) {
      case 'get':
        return this.#get(operation, request, ordered);
      case 'store':
        if (isPlainWrite(request)) return this.#set(operation, request, ordered);
        return this.#conditional(operation, request, ordered);
      case 'delete':
        if (isPlainWrite(request)) return this.#delete(operation, request, ordered);
        return this.#conditional(operation, request, ordered);
      case 'read_item':
        return this.#readItem(operation, request, ordered);
      case 'debug':
        return this.#debug(operation, request, ordered);
      case 'flush_all':
        return this.#flushAll(operation, request, ordered);
      case 'arithmetic':
      case 'touch':
        return this.#conditional(operation, request, ordered);
      case 'gat':
        return this.#getAndTouch(operation, request, ordered);
      default:
        this.#ports.local(request, (reply) => operation.finish(reply));
        ordered();
    }
  }

  /** No one has the value of this write any more: a loss that all have to agree on. */
  settleLoss(record: JournalRecord, done: ReadDone): void {
    const { engine, replica } = this.#ports;
    const gate = engine.gate('write');
    if (gate.state !== 'open') return done(`the value is lost, and ${gate.reason}`, null);
    const draft = { ...NO_ENTRY, kind: 'delete', key: record.key, base: record.version } as const;
    engine.write(draft, (outcome) => {
      if (outcome.kind === 'applied') done(null, null);
      else if (outcome.kind === 'conflict') replica.read(record.key, done);
      else done(outcome.reason, null);
    });
  }

  #timedOut(operation: Operation): Reply {
    const { waitingFor } = this.#ports;
    const waits = waitingFor();
    if (operation.proposed) return serverError(`outcome unknown: not agreed in time${waits && `, ${waits}`}`);
    const gate = this.gate(this.needOf(operation.request));
    if (gate.state !== 'open') return serverError(gate.reason);
    return serverError(`timed out${waits && `, ${waits}`}`);
  }

  #get(operation: Operation, request: GetRequest, ordered: () => void): void {
    const { engine } = this.#ports;
    const gathering = new Gathering(operation, request.keys, request.withCas);
    let unissued = 1;
    const issued = () => {
      if (--unissued === 0) ordered();
    };
    const readOne = (index: number) => {
      const key = request.keys[index]!;
      const read = () => this.#ports.replica.read(key, gathering.onRead(index));
      const readLater = () => {
        read();
        issued();
      };
      if (this.policy.strongReads && engine.afterPending(key, readLater)) unissued++;
      else read();
    };
    this.#inSlices(operation, request.keys.length, readOne, issued);
  }

  /** Does one thing per key, some in each event-loop turn: a request with very many holds nobody else up. */
  #inSlices(operation: Operation, count: number, one: (index: number) => void, done: () => void): void {
    const run = (from: number): void => {
      const end = operation.done ? count : Math.min(count, from + KEYS_PER_TURN);
      for (let index = from; index < end && !operation.done; index++) one(index);
      if (end === count) done();
      else this.#ports.nextTurn(() => run(end));
    };
    run(0);
  }

  #set(operation: Operation, request: StoreRequest, ordered: () => void): void {
    const draft: Draft = { ...setChange(request, this.#ports.wallMs()), key: request.key, base: null };
    this.#plain(operation, draft, (_, version) => storedReply(request, version));
    ordered();
  }

  #delete(operation: Operation, request: DeleteRequest, ordered: () => void): void {
    const draft: Draft = { ...NO_ENTRY, kind: 'delete', key: request.key };
    this.#plain(operation, draft, (existed) => (existed ? REPLIES.deleted : REPLIES.notFound));
    ordered();
  }

  #flushAll(operation: Operation, request: FlushAllRequest, ordered: () => void): void {
    const atMs = request.delay > 0 ? absoluteExpiryMs(request.delay, this.#ports.wallMs()) : 0;
    const draft: Draft = { ...NO_ENTRY, kind: atMs === 0 ? 'flush' : 'flush-later', expiresAtMs: atMs };
    this.#plain(operation, draft, () => REPLIES.ok);
    ordered();
  }

  /** A write that is its own effect. */
  #plain(operation: Operation, draft: Draft, reply: (existed: boolean, version: Version) => Reply): void {
    operation.proposed = true;
    this.#ports.engine.write(draft, (outcome) => {
      if (outcome.kind === 'applied') operation.finish(reply(outcome.existed, outcome.version));
      else operation.finish(unknown(outcome));
    });
  }

  #conditional(operation: Operation, request: ConditionalRequest & Request, ordered: () => void): void {
    this.#decide(operation, request, (verdict, version) => operation.finish(verdict.reply(version)));
    // The deadline has answered it, or an error: the next request need not wait for what is left of it.
    operation.whenDone(ordered);
  }

  /** A plain read, unless there is something to change or to win. */
  #readItem(operation: Operation, request: ReadItemRequest, ordered: () => void): void {
    const { engine, replica } = this.#ports;
    const record = replica.journal.newest(request.key);
    const toBeWon = record !== undefined && isMarked(record, 'stale') && !isMarked(record, 'taken');
    if (toBeWon || !isPlainRead(request)) return this.#conditional(operation, request, ordered);
    // What is pending may mark the entry: the next request must not overtake what this one may then have to write.
    const pending = engine.predict(request.key) !== null;
    if (pending) operation.whenDone(ordered);
    const onFound: OnFound = (error, found) => {
      if (error !== null) return operation.finish(serverError(error));
      if (found !== null && isMarked(found, 'stale') && !isMarked(found, 'taken')) {
        return this.#conditional(operation, request, ordered);
      }
      operation.finish(this.#verdict(request, found, this.#ports.wallMs()).reply(NO_VERSION));
    };
    this.#found(request.key, pending ? () => {} : ordered, onFound, !request.unnoticed);
  }

  /** Looking at an entry for people does not count as reading it. */
  #debug(operation: Operation, { key }: DebugRequest, ordered: () => void): void {
    const request = readItemRequest(key);
    const onFound: OnFound = (error, found) => {
      if (error !== null) return operation.finish(serverError(error));
      operation.finish(this.#verdict(request, found, this.#ports.wallMs()).reply(NO_VERSION));
    };
    this.#found(key, ordered, onFound, false);
  }

  /** Reads one entry as the level says. @param ordered called once the read has been handed to the store */
  #found(key: string, ordered: () => void, done: OnFound, noticed: boolean): void {
    const { engine, replica } = this.#ports;
    const read = () => {
      this.#readTimes.read(key, noticed, (readAtSec) =>
        replica.read(key, (error, entry) => done(error, entry === null ? null : { ...entry, readAtSec })),
      );
      ordered();
    };
    if (!this.policy.strongReads || !engine.afterPending(key, read)) read();
  }

  #getAndTouch(operation: Operation, request: GetAndTouchRequest, ordered: () => void): void {
    const gathering = new Gathering(operation, request.keys, request.withCas);
    operation.whenDone(ordered);
    if (request.keys.length === 0) operation.finish({ kind: 'hits', hits: [] });
    const touchOne = (index: number) => {
      const one = { kind: 'gat-one', key: request.keys[index]!, exptime: request.exptime } as const;
      this.#decide(operation, one, ({ change }, version) => {
        const value = change?.value ?? null;
        gathering.onRead(index)(
          null,
          change === null || value === null ? null : { ...change, value, version },
        );
      });
    };
    this.#inSlices(operation, request.keys.length, touchOne, () => {});
  }

  /**
   * Decides on the newest state that will hold if all goes as foreseen, and proposes on the condition that it
   * does. An answer that changes nothing is a read, and is given only on what has been applied.
   */
  #decide(operation: Operation, request: ConditionalRequest, done: OnDecided): void {
    if (operation.done) return;
    const { engine } = this.#ports;
    const predicted = engine.predict(request.key);
    if (predicted === null) return this.#decideOnApplied(operation, request, done);
    const verdict = this.#verdict(request, foundIn(predicted.effect), this.#ports.wallMs());
    if (verdict.change !== null) return this.#propose(operation, request, verdict, predicted.version, done);
    engine.afterPending(request.key, () => this.#decideOnApplied(operation, request, done));
  }

  #decideOnApplied(operation: Operation, request: ConditionalRequest, done: OnDecided): void {
    if (operation.done) return;
    const { engine, replica } = this.#ports;
    const held = replica.heldVersion(request.key);
    const onFound = (found: Found | null) => {
      if (operation.done) return;
      const verdict = this.#verdict(request, found, this.#ports.wallMs());
      if (verdict.change === null) return done(verdict, NO_VERSION);
      if (engine.predict(request.key) !== null) return this.#decide(operation, request, done);
      this.#propose(operation, request, verdict, held, done);
    };
    if (!needsValue(request)) {
      const record = replica.journal.newest(request.key);
      const live = record !== undefined && replica.isLive(request.key);
      return onFound(live ? { ...record, flags: 0, value: EMPTY } : null);
    }
    this.#readTimes.read(request.key, isNoticed(request), (readAtSec) =>
      replica.read(request.key, (error, entry) => {
        if (error !== null) operation.finish(serverError(error));
        else onFound(entry === null ? null : { ...entry, readAtSec });
      }),
    );
  }

  #verdict(request: ConditionalRequest, found: Found | null, nowMs: number): Verdict {
    const expired = found !== null && found.expiresAtMs !== 0 && found.expiresAtMs <= nowMs;
    return decide(request, expired ? null : found, { nowMs, itemBytesMax: this.#ports.itemBytesMax });
  }

  #propose(
    operation: Operation,
    request: ConditionalRequest,
    verdict: Verdict,
    base: Version,
    done: OnDecided,
  ): void {
    const { engine } = this.#ports;
    const gate = engine.gate('write');
    if (gate.state !== 'open') return operation.finish(serverError(gate.reason));
    operation.proposed = true;
    const readAtSec = this.#readTimes.after(request, verdict, base);
    const draft: Draft = { ...verdict.change!, key: request.key, base };
    engine.write(draft, (outcome) => {
      if (outcome.kind === 'applied') {
        this.#readTimes.note(request.key, outcome.version, readAtSec);
        return done(verdict, outcome.version);
      }
      if (outcome.kind === 'unknown') return operation.finish(unknown(outcome));
      operation.proposed = false;
      this.#decide(operation, request, done);
    });
  }
}

/** @param version that the change was given; `NO_VERSION` when there was none */
type OnDecided = (verdict: Verdict, version: Version) => void;

/** @param found null when there is no entry, or when it could not be read */
type OnFound = (error: string | null, found: Found | null) => void;

/** Keys of one request that are looked up before others get their turn. */
const KEYS_PER_TURN = 256;

const EMPTY = Buffer.alloc(0);

function foundIn(effect: Effect | null): Found | null {
  if (effect === null || effect.value === null) return null;
  return { ...effect, value: effect.value, readAtSec: 0 };
}

function unknown(outcome: WriteOutcome): Reply {
  const reason = outcome.kind === 'unknown' ? outcome.reason : 'the write was not applied';
  return serverError(`outcome unknown: ${reason}`);
}
