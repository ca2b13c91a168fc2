import type { RequestFailure } from '../base/error-codes.ts';
import { NO_VERSION } from '../ordering/version.ts';
import { readItemRequest } from '../protocol/make-request.ts';
import { failed } from '../protocol/reply.ts';
import type { DebugRequest, GetAndTouchRequest, GetRequest, ReadItemRequest } from '../protocol/request.ts';
import type { Reader } from '../replication/read-flow.ts';
import type { ReadDone } from '../replication/replica.ts';
import type { Entry } from '../store/entry.ts';
import { type ExistingEntry, hasMark } from './conditional.ts';
import type { ConditionalWrites } from './conditional-writes.ts';
import type { GateQueue } from './gate-queue.ts';
import { hitOf, NO_HITS } from './hits.ts';
import { type KeyRead, MultiRead, type MultiReadPorts } from './multi-read.ts';
import type { Operation } from './operation.ts';
import { policyOf, READ_NEEDS, type RequestRouter } from './policies.ts';

export interface ReadsPorts {
  readonly router: RequestRouter;
  readonly gates: GateQueue;
  readonly conditionalWrites: ConditionalWrites;
  /** Goes on with a long request after others have had their turn. */
  readonly nextTurn: (callback: () => void) => void;
  /** One reply alone has this value from now on: its memory may be used again once that has been sent. */
  readonly lend: (value: Buffer) => void;
}

/**
 * Reads of entries, as the level says. A value is given out only when the gate for the read is still open after the value
 * has come: a controller that lost its lease in between, or stood still for long, must not answer.
 */
export class Reads {
  readonly #ports: ReadsPorts;

  constructor(ports: ReadsPorts) {
    this.#ports = ports;
  }

  get(operation: Operation, request: GetRequest): void {
    if (request.keys.length === 1) return this.#getOne(operation, request, request.keys[0]!);
    operation.releasesBarrierWhenIssued = true;
    new MultiRead(
      operation,
      request,
      this.#multiReadPorts((part) => this.#readPart(operation, part)),
    ).begin();
  }

  /** A plain read, unless there is something to change or to win. */
  readItem(operation: Operation, request: ReadItemRequest): void {
    const { router, conditionalWrites } = this.#ports;
    const { scheme } = router.of(request.key).group;
    const record = scheme.newest(request.key);
    const toBeWon = record !== undefined && hasMark(record, 'stale') && !hasMark(record, 'taken');
    if (toBeWon || operation.access === 'conditional write')
      return conditionalWrites.answer(operation, request);
    // What is pending may mark the entry: the next request must not overtake what this one may then have to write.
    const pending = scheme.predict(request.key) !== null;
    const onExisting: OnExisting = (failure, found) => {
      if (failure !== null) return operation.finish(failed(failure));
      if (found !== null && hasMark(found, 'stale') && !hasMark(found, 'taken')) {
        return conditionalWrites.answer(operation, request);
      }
      if (found !== null) this.#ports.lend(found.value);
      operation.finish(conditionalWrites.evaluate(request, found).reply(NO_VERSION));
    };
    this.#found(operation, request.key, !pending, onExisting);
  }

  /** What is known of an entry, for people. */
  debug(operation: Operation, { key }: DebugRequest): void {
    const request = readItemRequest(key);
    const onExisting: OnExisting = (failure, found) => {
      if (failure !== null) return operation.finish(failed(failure));
      operation.finish(this.#ports.conditionalWrites.evaluate(request, found).reply(NO_VERSION));
    };
    this.#found(operation, key, true, onExisting);
  }

  /** A conditional write of each key, whose value is what the write leaves. */
  getAndTouch(operation: Operation, request: GetAndTouchRequest): void {
    const touch = (part: KeyRead) => {
      const one = { kind: 'gat-one', key: part.key, exptime: request.exptime } as const;
      this.#ports.conditionalWrites.carryOut(operation, one, part, ({ change }, version) => {
        if (change?.kind !== 'set' || change.value === null) part.onRead(null, null);
        else part.onRead(null, { ...change, value: change.value, version });
      });
    };
    new MultiRead(operation, request, this.#multiReadPorts(touch)).begin();
  }

  /** As with many keys, by the shortest way: it is what is asked most. */
  #getOne(operation: Operation, { withCas }: GetRequest, key: string): void {
    const { router, gates } = this.#ports;
    const keyspace = router.of(key);
    const { scheme } = keyspace.group;
    const { reads } = policyOf(keyspace, operation.context);
    const need = READ_NEEDS[reads];
    const onRead = (failure: RequestFailure | null, entry: Entry | null): void => {
      if (scheme.gate(need).state !== 'open')
        gates.whenOpen(operation, scheme, need, () => onRead(failure, entry));
      else if (failure !== null) operation.finish(failed(failure));
      else if (entry === null) operation.finish(NO_HITS);
      else {
        this.#ports.lend(entry.value);
        operation.finish({ kind: 'hits', hits: [hitOf(key, entry, withCas)] });
      }
    };
    operation.releasesBarrierWhenIssued = true;
    scheme.read(key, reads, onRead, operation);
  }

  #readPart(operation: Operation, part: KeyRead): void {
    this.#read(operation, part.key, (failure, entry) => part.onRead(failure, entry), part);
  }

  #multiReadPorts(read: (part: KeyRead) => void): MultiReadPorts {
    const { router, nextTurn, lend } = this.#ports;
    return {
      read,
      nextTurn,
      lend,
      giveAgain: (bytes, done, part) => router.of(part.key).group.scheme.giveAgain(bytes, done, part),
    };
  }

  /**
   * Reads one entry with all that is known of it.
   *
   * @param isOrdered what comes behind it may start when the read is issued, if that is at once: one that had to wait
   *   may find what it has to change
   */
  #found(operation: Operation, key: string, isOrdered: boolean, done: OnExisting): void {
    const onRead: ReadDone = (failure, entry, readAtSec) =>
      done(failure, entry === null ? null : { ...entry, readAtSec });
    operation.releasesBarrierWhenIssued = isOrdered;
    this.#read(operation, key, onRead, operation);
    operation.releasesBarrierWhenIssued = false;
  }

  /** Hands on what was read only while it may be given out. */
  #read(operation: Operation, key: string, done: ReadDone, reader: Reader): void {
    const { router, gates } = this.#ports;
    const keyspace = router.of(key);
    const { scheme } = keyspace.group;
    const { reads } = policyOf(keyspace, operation.context);
    const need = READ_NEEDS[reads];
    const onRead: ReadDone = (failure, entry, readAtSec) => {
      if (scheme.gate(need).state === 'open') done(failure, entry, readAtSec);
      else gates.whenOpen(operation, scheme, need, () => done(failure, entry, readAtSec));
    };
    scheme.read(key, reads, onRead, reader);
  }
}

/** @param found null when there is no entry, or when it could not be read */
type OnExisting = (failure: RequestFailure | null, found: ExistingEntry | null) => void;
