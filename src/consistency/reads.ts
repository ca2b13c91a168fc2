import type { RequestFailure } from '../base/error-codes.ts';
import { NO_VERSION } from '../ordering/version.ts';
import { letterOf } from '../placement/level.ts';
import { readItemRequest } from '../protocol/make-request.ts';
import { failed } from '../protocol/reply.ts';
import type { DebugRequest, GetAndTouchRequest, GetRequest, ReadItemRequest } from '../protocol/request.ts';
import type { ExistingEntry } from '../replication/evaluation.ts';
import type { Reader } from '../replication/read-flow.ts';
import type { ReadDone } from '../replication/replica-reads.ts';
import type { Scheme } from '../replication/scheme.ts';
import type { Entry } from '../store/entry.ts';
import type { BoundedReads } from './bounded-reads.ts';
import { hasMark } from './conditional.ts';
import type { ConditionalWrites } from './conditional-writes.ts';
import type { GateQueue } from './gate-queue.ts';
import { hitOf, NO_HITS } from './hits.ts';
import type { Forwarding } from './hop/forwarding.ts';
import type { Rerouting } from './hop/rerouting.ts';
import { refusalOfLevel } from './level-requests.ts';
import { type KeyRead, MultiRead, type MultiReadPorts } from './multi-read.ts';
import type { Operation } from './operation.ts';
import {
  gateIn,
  isOvertaken,
  OVERTAKEN,
  type Policy,
  READ_NEEDS,
  type RequestRouter,
  readPolicyOf,
  type ServedPart,
} from './policies.ts';
import type { ReadsServed } from './reads-served.ts';

export interface ReadsPorts {
  readonly router: RequestRouter;
  readonly gates: GateQueue;
  readonly conditionalWrites: ConditionalWrites;
  /** Null where no keyspace has shards. */
  readonly forwarding: Forwarding;
  readonly rerouting: Rerouting;
  /** Calls back in a later event-loop turn, so that a long request leaves turns to others. */
  readonly nextTurn: (callback: () => void) => void;
  /** From now on only one reply holds this value: its memory may be used again once the reply has been sent. */
  readonly lend: (value: Buffer) => void;
  /** Is counted up with every key that is read. */
  readonly served: ReadsServed;
  /** Carries out the reads that ask for a bound on staleness. */
  readonly bounded: BoundedReads;
}

/**
 * Reads entries, by the policy of their keyspaces. A value is given out only if the gate for the read is still open
 * once the value has come: a controller that has lost its lease meanwhile, or was stopped for long, must not answer.
 */
export class Reads {
  readonly #ports: ReadsPorts;

  constructor(ports: ReadsPorts) {
    this.#ports = ports;
  }

  get(operation: Operation, request: GetRequest): void {
    if (request.keys.length === 1 && operation.maxAgeMs === null)
      return this.#getOne(operation, request, request.keys[0]!);
    operation.releasesBarrierWhenIssued = true;
    new MultiRead(
      operation,
      request,
      this.#multiReadPorts(operation, request, (keyRead) => this.#readKey(operation, keyRead)),
    ).begin();
  }

  /** Reads plainly, unless the entry has to be changed, or the right to recache it can be won. */
  readItem(operation: Operation, request: ReadItemRequest): void {
    const { router, conditionalWrites } = this.#ports;
    const keyspace = router.partHere(request.key);
    const { scheme } = keyspace.group;
    const { levelFlag } = request;
    const refusal = levelFlag === undefined ? null : refusalOfLevel(levelFlag.asked, keyspace.policy.level);
    if (refusal !== null) return operation.finish(refusal);
    const change = () => {
      tellLevel(request, keyspace.policy);
      tellAge(request, operation);
      conditionalWrites.answer(operation, request);
    };
    const record = scheme.newest(request.key);
    const toBeWon = record !== undefined && mayBeWon(request, record);
    if (toBeWon || operation.access === 'conditional write') return change();
    // A write under way may mark the entry: then this request has to write, and later ones must not overtake it.
    const pending = scheme.predict(request.key) !== null;
    const onExisting: OnExisting = (failure, found) => {
      if (failure !== null) return operation.finish(failed(failure));
      if (found !== null && mayBeWon(request, found)) return change();
      tellLevel(request, readPolicyOf(keyspace, operation.askedLevel));
      tellAge(request, operation);
      if (found !== null) this.#ports.lend(found.value);
      operation.finish(conditionalWrites.evaluate(request, found).reply(NO_VERSION));
    };
    this.#found(operation, request.key, !pending, onExisting);
  }

  /** Reads an entry with everything that is known of it, human-readable. */
  debug(operation: Operation, { key }: DebugRequest): void {
    const request = readItemRequest(key);
    const onExisting: OnExisting = (failure, found) => {
      if (failure !== null) return operation.finish(failed(failure));
      operation.finish(this.#ports.conditionalWrites.evaluate(request, found).reply(NO_VERSION));
    };
    this.#found(operation, key, true, onExisting);
  }

  /** Makes a conditional write of each key. The value of a hit is the value that the write leaves. */
  getAndTouch(operation: Operation, request: GetAndTouchRequest): void {
    const touch = (keyRead: KeyRead) => {
      const one = { kind: 'gat-one', key: keyRead.key, exptime: request.exptime } as const;
      this.#ports.conditionalWrites.carryOut(operation, one, keyRead, ({ change }, version) => {
        if (change?.kind !== 'set' || change.value === null) keyRead.onRead(null, null);
        else keyRead.onRead(null, { ...change, value: change.value, version });
      });
    };
    new MultiRead(operation, request, this.#multiReadPorts(operation, request, touch)).begin();
  }

  /** One key is the most frequent request, and takes the shortest way. */
  #getOne(operation: Operation, request: GetRequest, key: string): void {
    const { router, gates, rerouting } = this.#ports;
    if (rerouting.leaves(operation, key, operation)) return;
    const begun = router.partHere(key);
    const { scheme } = begun.group;
    const { reads, level } = readPolicyOf(begun, operation.askedLevel);
    const need = READ_NEEDS[reads];
    let isMiss = false;
    const onRead = (failure: RequestFailure | null, entry: Entry | null): void => {
      // The key may be in another keyspace or shard by now.
      const keyspace = router.partOf(key);
      isMiss ||= entry === null && isMissIn(keyspace, scheme, failure);
      const isTold = failure === null && (entry !== null || isMiss);
      if (keyspace.elsewhere !== null && !(isTold && scheme.gate(need).state === 'open')) {
        if (operation.hasMovedOn) operation.finish(failed(OVERTAKEN));
        else rerouting.leaves(operation, key, operation);
        return;
      }
      if (keyspace.elsewhere === null && gateIn(keyspace, need).state !== 'open')
        return gates.whenOpen(operation, key, need, () => onRead(failure, entry));
      if (keyspace.elsewhere === null && isOvertaken(keyspace, scheme, isTold)) {
        if (operation.hasMovedOn) operation.finish(failed(OVERTAKEN));
        else this.#getOne(operation, request, key);
        return;
      }
      if (failure !== null) return operation.finish(failed(failure));
      this.#ports.served[level]++;
      if (entry === null) operation.finish(NO_HITS);
      else {
        this.#ports.lend(entry.value);
        operation.finish({ kind: 'hits', hits: [hitOf(key, entry, request.withCas)] });
      }
    };
    operation.releasesBarrierWhenIssued = true;
    scheme.read(key, reads, onRead, operation);
  }

  #readKey(operation: Operation, keyRead: KeyRead): void {
    this.#read(operation, keyRead.key, (failure, entry) => keyRead.onRead(failure, entry), keyRead);
  }

  /** @param readHere reads or touches a key that this controller has */
  #multiReadPorts(
    operation: Operation,
    request: GetRequest | GetAndTouchRequest,
    readHere: (keyRead: KeyRead) => void,
  ): MultiReadPorts {
    const { router, forwarding, nextTurn, lend } = this.#ports;
    const read = (keyRead: KeyRead) => {
      const { elsewhere } = router.partOf(keyRead.key);
      if (elsewhere === null) readHere(keyRead);
      else forwarding.carryOutKey(keyRead, request, operation, elsewhere);
    };
    return {
      read: router.hasShards ? read : readHere,
      nextTurn,
      lend,
      readAgainFromMemory: (bytes, done, keyRead) =>
        router.partOf(keyRead.key).group.scheme.readAgainFromMemory(bytes, done, keyRead),
    };
  }

  /**
   * Reads one entry with everything that is known of it.
   *
   * @param isOrdered later requests may start if the read is issued at once. A read that has to wait may find an
   *   entry that it has to change
   */
  #found(operation: Operation, key: string, isOrdered: boolean, done: OnExisting): void {
    const onRead: ReadDone = (failure, entry, readAtSec) =>
      done(failure, entry === null ? null : { ...entry, readAtSec, base: null });
    operation.releasesBarrierWhenIssued = isOrdered;
    this.#read(operation, key, onRead, operation);
    operation.releasesBarrierWhenIssued = false;
  }

  /** Calls `done` only once the value may be given out. */
  #read(operation: Operation, key: string, done: ReadDone, reader: Reader): void {
    const { router, gates, served, bounded, rerouting } = this.#ports;
    const { maxAgeMs } = operation;
    if (maxAgeMs !== null) return bounded.read(operation, key, maxAgeMs, done, reader);
    if (rerouting.leaves(operation, key, reader)) return;
    const begun = router.partHere(key);
    const { scheme } = begun.group;
    const { reads, level } = readPolicyOf(begun, operation.askedLevel);
    const need = READ_NEEDS[reads];
    let isMiss = false;
    const onRead: ReadDone = (failure, entry, readAtSec) => {
      const keyspace = router.partOf(key);
      isMiss ||= entry === null && isMissIn(keyspace, scheme, failure);
      const isTold = failure === null && (entry !== null || isMiss);
      if (keyspace.elsewhere !== null && !(isTold && scheme.gate(need).state === 'open')) {
        if (reader.hasMovedOn) done(OVERTAKEN, null, 0);
        else rerouting.leaves(operation, key, reader);
        return;
      }
      if (keyspace.elsewhere === null && gateIn(keyspace, need).state !== 'open')
        return gates.whenOpen(operation, key, need, () => onRead(failure, entry, readAtSec));
      if (keyspace.elsewhere === null && isOvertaken(keyspace, scheme, isTold)) {
        if (reader.hasMovedOn) done(OVERTAKEN, null, 0);
        else this.#read(operation, key, done, reader);
        return;
      }
      if (failure === null) served[level]++;
      done(failure, entry, readAtSec);
    };
    scheme.read(key, reads, onRead, reader);
  }
}

/**
 * The group had the key while nothing was found of it, so it has not forgotten the key.
 *
 * A value, or a miss, that was read here while the key was here may be given out although the key is elsewhere by now:
 * the read began before its new group served it. Read again, it might show a later write of the same client.
 */
function isMissIn({ group, elsewhere }: ServedPart, scheme: Scheme, failure: RequestFailure | null): boolean {
  // mutant: misses-are-not-remembered
  return failure === null && elsewhere === null && group.scheme === scheme;
}

/** The request would win the right to recache the entry. */
function mayBeWon({ onlyLooks }: ReadItemRequest, entry: { readonly marks: number }): boolean {
  return onlyLooks !== true && hasMark(entry, 'stale') && !hasMark(entry, 'taken');
}

/** Tells the level that serves the request, if the request asks for it. */
function tellLevel({ levelFlag }: ReadItemRequest, { level }: Policy): void {
  if (levelFlag === undefined) return;
  // mutant: names-stronger-level
  levelFlag.served = letterOf(level);
}

/** Tells how old at most the answer is, if the request asks for a bound. */
function tellAge({ ageFlag }: ReadItemRequest, { ageMs }: Operation): void {
  if (ageFlag !== undefined) ageFlag.servedMs = ageMs;
}

/** @param found null if there is no entry, or if it could not be read */
type OnExisting = (failure: RequestFailure | null, found: ExistingEntry | null) => void;
