import type { WallMs } from '../base/number-kinds.ts';
import type { JournalRecord } from '../journal/journal.ts';
import type { Draft, EntryEffect } from '../ordering/effect.ts';
import { NO_VERSION, type Version } from '../ordering/version.ts';
import { failed } from '../protocol/reply.ts';
import type { ConditionalRequest, Request } from '../protocol/request.ts';
import type { ConditionVerdict, LastRead } from '../replication/asked.ts';
import {
  baseIn,
  type DifferenceBase,
  type Evaluation,
  type Evaluator,
  type ExistingEntry,
  entryIn,
} from '../replication/evaluation.ts';
import type { Reader } from '../replication/read-flow.ts';
import type { Arbiter, Scheme, WriteOutcome } from '../replication/scheme.ts';
import type { Entry } from '../store/entry.ts';
import { evaluatorOf, isJoin, needsValue } from './decide.ts';
import type { DifferenceLimits } from './differences.ts';
import type { GateQueue } from './gate-queue.ts';
import type { Rerouting } from './hop/rerouting.ts';
import type { Operation } from './operation.ts';
import { unknownReply } from './plain-writes.ts';
import { gateIn, READ_NEEDS, type RequestRouter, type ServingGroup } from './policies.ts';
import { noteReadOf, readTimeAfter } from './read-times.ts';
import { PHASES } from './request-phases.ts';

export interface ConditionalWritesPorts {
  readonly router: RequestRouter;
  readonly gates: GateQueue;
  readonly rerouting: Rerouting;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => WallMs;
  readonly itemBytesMax: number;
  readonly differences: DifferenceLimits;
}

/** @param version the version that the change was given; `NO_VERSION` where nothing was changed */
export type OnDecided = (evaluation: Evaluation, version: Version) => void;

/** One conditional write, from its first evaluation to its end. */
interface Attempt {
  readonly operation: Operation;
  readonly request: ConditionalRequest;
  /** Reads the entry that the request depends on. */
  readonly reader: Reader;
  readonly done: OnDecided;
}

/**
 * Carries out every request whose effect depends on what its key holds.
 *
 *  1. The request is evaluated on the newest state of the key, writes under way included (`Scheme.predict`).
 *  2. The change is proposed on the condition that the key still has the version of that state.
 *  3. On a conflict another write came first: the request is evaluated again.
 *
 * An evaluation that changes nothing is a read. It is answered only from a state that has been applied.
 *
 * A scheme with an arbiter decides the request itself. It is asked unless what has been applied here shows already that
 * the request changes nothing.
 */
export class ConditionalWrites {
  readonly #ports: ConditionalWritesPorts;
  readonly #evaluator: Evaluator;

  constructor(ports: ConditionalWritesPorts) {
    this.#ports = ports;
    this.#evaluator = evaluatorOf(ports.timeMs, ports.itemBytesMax, ports.differences);
  }

  /** The operation keeps its barrier until it is answered, because its write may have to be proposed again. */
  answer(operation: Operation, request: ConditionalRequest & Request): void {
    this.carryOut(operation, request, operation, (evaluation, version) =>
      operation.finish(evaluation.reply(version)),
    );
  }

  /** @param reader reads the entry that the request depends on */
  carryOut(operation: Operation, request: ConditionalRequest, reader: Reader, done: OnDecided): void {
    this.#decide({ operation, request, reader, done });
  }

  /** The key may get into another keyspace while the request is carried out. */
  #groupOf({ request }: Attempt): ServingGroup {
    return this.#ports.router.partHere(request.key).group;
  }

  /** What the request changes, given the entry or its absence. */
  evaluate(request: ConditionalRequest, found: ExistingEntry | null): Evaluation {
    return this.#evaluator.evaluate(request, found);
  }

  /** The key is elsewhere by now: the request is begun anew there. */
  #leaves({ operation, request, reader }: Attempt): boolean {
    return this.#ports.rerouting.leaves(operation, request.key, reader);
  }

  #decide(attempt: Attempt): void {
    const { operation, request } = attempt;
    if (operation.done || this.#leaves(attempt)) return;
    const { scheme, takesDifferences } = this.#groupOf(attempt);
    const predicted = scheme.predict(request.key);
    const { arbiter } = scheme;
    if (arbiter !== null && (predicted !== null || isForArbiter(request))) return this.#ask(attempt, arbiter);
    if (predicted === null) return this.#decideOnApplied(attempt);
    const base = takesDifferences ? baseIn(predicted.effect) : null;
    if (this.#isEnough(request, predicted.effect, base)) {
      const evaluation = this.evaluate(request, entryIn(predicted.effect, base));
      if (evaluation.change !== null) return this.#propose(attempt, evaluation, predicted.version);
    }
    operation.enter(PHASES.agreement);
    scheme.afterPending(request.key, () => this.#decideOnApplied(attempt));
  }

  /**
   * The request can be decided on a write under way. One that is a difference does not have the value: it is enough for
   * another difference.
   */
  #isEnough(request: ConditionalRequest, effect: EntryEffect | null, base: DifferenceBase | null): boolean {
    if (effect?.kind !== 'join' || !needsValue(request)) return true;
    return base !== null && this.#evaluator.addsTo(request, base);
  }

  #decideOnApplied(attempt: Attempt): void {
    const { operation, request, reader } = attempt;
    if (operation.done || this.#leaves(attempt)) return;
    const { scheme } = this.#groupOf(attempt);
    const held = scheme.currentVersion(request.key);
    const base = this.#knownBase(attempt);
    if (base !== null || !needsValue(request)) {
      const record = scheme.newest(request.key);
      scheme.sessions?.note(operation.context.session, request.key);
      const live = record !== undefined && scheme.isLive(request.key);
      return this.#onExisting(attempt, held, live ? { ...record, flags: 0, value: EMPTY, base } : null);
    }
    // The value of an attempt before this one is not needed any more. Its room must not keep this read waiting.
    // mutant: keeps-room-of-an-attempt
    reader.reserve(0);
    scheme.read(
      request.key,
      'local',
      (failure, entry, readAtSec) => {
        if (operation.done || this.#leaves(attempt)) return;
        if (failure !== null && this.#groupOf(attempt).scheme !== scheme) this.#decide(attempt);
        else if (failure !== null) operation.finish(failed(failure));
        else
          this.#onExisting(attempt, held, entry === null ? null : this.#existing(attempt, entry, readAtSec));
      },
      reader,
    );
  }

  /** What a difference can be added to without reading the value, which is on the disk here; null where it can't. */
  #knownBase(attempt: Attempt): DifferenceBase | null {
    const { request } = attempt;
    const group = this.#groupOf(attempt);
    if (!isJoin(request) || !group.takesDifferences) return null;
    const base = group.baseOnDisk(request.key);
    return base !== null && this.#evaluator.addsTo(request, base) ? base : null;
  }

  #existing(attempt: Attempt, entry: Entry, readAtSec: number): ExistingEntry {
    const { request } = attempt;
    const group = this.#groupOf(attempt);
    const chain = isJoin(request) && group.takesDifferences ? group.chainOf(request.key) : null;
    const base = chain === null ? null : { valueBytes: entry.value.length, chain };
    return { ...entry, readAtSec, base };
  }

  /** @param held the version that the key had when its entry was looked for */
  #onExisting(attempt: Attempt, held: Version, found: ExistingEntry | null): void {
    const { operation, request, done } = attempt;
    if (operation.done || this.#leaves(attempt)) return;
    const evaluation = this.evaluate(request, found);
    if (evaluation.change === null) {
      const give = () => {
        if (!this.#leaves(attempt)) done(evaluation, NO_VERSION);
      };
      const { policy } = this.#ports.router.partHere(request.key);
      return this.#ports.gates.whenOpen(operation, request.key, READ_NEEDS[policy.reads], give);
    }
    const { scheme } = this.#groupOf(attempt);
    if (scheme.arbiter !== null) return this.#ask(attempt, scheme.arbiter, lastReadOf(found));
    if (scheme.predict(request.key) !== null) return this.#decide(attempt);
    this.#propose(attempt, evaluation, held);
  }

  /**
   * Has the arbiter of the scheme decide the request.
   *
   * @param before the last read of the entry before this request read it, if it did
   */
  #ask(attempt: Attempt, arbiter: Arbiter, before?: LastRead | null): void {
    const { operation, request, reader } = attempt;
    const keyspace = this.#ports.router.partHere(request.key);
    if (gateIn(keyspace, 'write').state !== 'open')
      return this.#ports.gates.whenOpen(operation, request.key, 'write', () => this.#decide(attempt));
    const { scheme } = keyspace.group;
    const record = scheme.isLive(request.key) ? scheme.newest(request.key) : undefined;
    const lastRead = before === undefined ? lastReadOf(record ?? null) : before;
    operation.becomeProposed(scheme);
    arbiter.decide({ request, lastRead }, (decided) => {
      if (decided.kind === 'unknown') return operation.finish(unknownReply(decided));
      operation.proposed = false;
      if (decided.kind === 'conflict') return this.#decide(attempt);
      const { verdict, effect, applied } = decided;
      if (effect === null) return this.#onUnchanged(attempt, scheme, verdict);
      if (applied !== null) operation.noteOutcome(applied);
      const keptAtSec = verdict.keepsReadTime && lastRead !== null ? lastRead.atSec : 0;
      const readAtSec = reader.countsAsRead ? Math.floor(this.#ports.timeMs() / 1000) : keptAtSec;
      noteReadOf(scheme, request.key, effect.version, readAtSec);
      attempt.done({ change: effect, reply: () => verdict.reply }, effect.version);
    });
  }

  /** The arbiter has found that the request changes nothing, or could not find out. */
  #onUnchanged(attempt: Attempt, scheme: Scheme, { reply }: ConditionVerdict): void {
    const { operation, request, reader, done } = attempt;
    if (reply.kind === 'server_error') {
      if (this.#leaves(attempt)) return;
      if (this.#groupOf(attempt).scheme !== scheme) return this.#decide(attempt);
      return operation.finish(reply);
    }
    if (reader.countsAsRead && reply.kind === 'item')
      scheme.noteRead(request.key, Math.floor(this.#ports.timeMs() / 1000));
    done({ change: null, reply: () => reply }, NO_VERSION);
  }

  #propose(attempt: Attempt, evaluation: Evaluation, base: Version): void {
    const { operation, request, reader, done } = attempt;
    const keyspace = this.#ports.router.partHere(request.key);
    if (gateIn(keyspace, 'write').state !== 'open') {
      return this.#ports.gates.whenOpen(operation, request.key, 'write', () => this.#decide(attempt));
    }
    const { scheme } = keyspace.group;
    operation.becomeProposed(scheme);
    const { timeMs } = this.#ports;
    const readAtSec = readTimeAfter(request, reader.countsAsRead, evaluation, base, scheme, timeMs);
    const draft: Draft = { ...evaluation.change!, key: request.key, condition: base };
    const onOutcome = (outcome: WriteOutcome): void => {
      if (outcome.kind === 'applied') {
        operation.noteOutcome(outcome);
        noteReadOf(scheme, request.key, outcome.version, readAtSec);
        return done(evaluation, outcome.version);
      }
      if (outcome.kind === 'unknown') return operation.finish(unknownReply(outcome));
      operation.proposed = false;
      this.#decide(attempt);
    };
    scheme.write(draft, onOutcome, operation.context);
  }
}

function lastReadOf(found: Pick<JournalRecord, 'version' | 'readAtSec'> | null): LastRead | null {
  return found === null || found.readAtSec === 0 ? null : { version: found.version, atSec: found.readAtSec };
}

/**
 * The value of the entry need not be here to ask the arbiter, which has to read it in any case. A request that mostly
 * reads is tried here first.
 */
function isForArbiter(request: ConditionalRequest): boolean {
  return request.kind !== 'read_item' && needsValue(request);
}

const EMPTY = Buffer.alloc(0);
