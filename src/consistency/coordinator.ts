import type { JournalRecord } from '../journal/journal.ts';
import { Fifo } from '../ordering/fifo.ts';
import { casOfVersion, NO_VERSION, type Version } from '../ordering/version.ts';
import { absoluteExpiryMs } from '../protocol/expiry.ts';
import { type Hit, REPLIES, type Reply, serverError } from '../protocol/reply.ts';
import type {
  DeleteRequest,
  FlushAllRequest,
  GetAndTouchRequest,
  GetRequest,
  Request,
  StoreRequest,
} from '../protocol/request.ts';
import { type Draft, type Engine, type Gate, OPEN, type WriteOutcome } from '../replication/engine.ts';
import type { ReadDone, Replica } from '../replication/replica.ts';
import type { Entry } from '../store/entry.ts';
import { type ConditionalRequest, decide, type Found, needsValue, type Verdict } from './conditional.ts';
import type { Policy } from './level.ts';
import { Operation } from './operation.ts';

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
  /** Requests that concern no entry: `version`, `stats`, `show`, … */
  readonly local: (request: Request) => Reply;
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

  constructor(ports: CoordinatorPorts) {
    this.#ports = ports;
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
    if (request.kind === 'get') return this.policy.strongReads ? 'strong-read' : 'read';
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
        if (request.verb === 'set') return this.#set(operation, request, ordered);
        return this.#conditional(operation, request, ordered);
      case 'delete':
        return this.#delete(operation, request, ordered);
      case 'flush_all':
        return this.#flushAll(operation, request, ordered);
      case 'arithmetic':
      case 'touch':
        return this.#conditional(operation, request, ordered);
      case 'gat':
        return this.#getAndTouch(operation, request, ordered);
      default:
        operation.finish(this.#ports.local(request));
        ordered();
    }
  }

  /** No one has the value of this write any more: a loss that all have to agree on. */
  settleLoss(record: JournalRecord, done: ReadDone): void {
    const { engine, replica } = this.#ports;
    const gate = engine.gate('write');
    if (gate.state !== 'open') return done(`the value is lost, and ${gate.reason}`, null);
    const draft = { ...NOTHING, kind: 'delete', key: record.key, base: record.version } as const;
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
    request.keys.forEach((key, index) => {
      const read = () => this.#ports.replica.read(key, gathering.onRead(index));
      const readLater = () => {
        read();
        issued();
      };
      if (this.policy.strongReads && engine.afterPending(key, readLater)) unissued++;
      else read();
    });
    issued();
  }

  #set(operation: Operation, request: StoreRequest, ordered: () => void): void {
    const { flags, value, exptime, key } = request;
    const expiresAtMs = absoluteExpiryMs(exptime, this.#ports.wallMs());
    const draft: Draft = { kind: 'set', key, base: null, flags, expiresAtMs, value };
    this.#plain(operation, draft, () => REPLIES.stored);
    ordered();
  }

  #delete(operation: Operation, request: DeleteRequest, ordered: () => void): void {
    const draft: Draft = { ...NOTHING, kind: 'delete', key: request.key };
    this.#plain(operation, draft, (existed) => (existed ? REPLIES.deleted : REPLIES.notFound));
    ordered();
  }

  #flushAll(operation: Operation, request: FlushAllRequest, ordered: () => void): void {
    const atMs = request.delay > 0 ? absoluteExpiryMs(request.delay, this.#ports.wallMs()) : 0;
    const draft: Draft = { ...NOTHING, kind: atMs === 0 ? 'flush' : 'flush-later', expiresAtMs: atMs };
    this.#plain(operation, draft, () => REPLIES.ok);
    ordered();
  }

  /** A write that is its own effect. */
  #plain(operation: Operation, draft: Draft, reply: (existed: boolean) => Reply): void {
    operation.proposed = true;
    this.#ports.engine.write(draft, (outcome) => {
      if (outcome.kind === 'applied') operation.finish(reply(outcome.existed));
      else operation.finish(unknown(outcome));
    });
  }

  #conditional(operation: Operation, request: ConditionalRequest & Request, ordered: () => void): void {
    this.#decide(operation, request, (verdict) => {
      operation.finish(verdict.reply);
      ordered();
    });
    // The deadline has answered it, or an error: the next request need not wait for what is left of it.
    operation.whenDone(ordered);
  }

  #getAndTouch(operation: Operation, request: GetAndTouchRequest, ordered: () => void): void {
    const gathering = new Gathering(operation, request.keys, request.withCas);
    operation.whenDone(ordered);
    if (request.keys.length === 0) operation.finish({ kind: 'hits', hits: [] });
    request.keys.forEach((key, index) => {
      const one = { kind: 'gat-one', key, exptime: request.exptime } as const;
      this.#decide(operation, one, ({ change }, version) => {
        gathering.onRead(index)(null, change === null ? null : { ...change, version });
      });
    });
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
    replica.read(request.key, (error, entry) => {
      if (error !== null) operation.finish(serverError(error));
      else onFound(entry);
    });
  }

  #verdict(request: ConditionalRequest, found: Found | null, nowMs: number): Verdict {
    const expired = found !== null && found.expiresAtMs !== 0 && found.expiresAtMs <= nowMs;
    return decide(request, expired ? null : found, nowMs, this.#ports.itemBytesMax);
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
    const draft: Draft = { kind: 'set', key: request.key, base, ...verdict.change! };
    const version = engine.write(draft, (outcome) => {
      if (outcome.kind === 'applied') return done(verdict, version);
      if (outcome.kind === 'unknown') return operation.finish(unknown(outcome));
      operation.proposed = false;
      this.#decide(operation, request, done);
    });
  }
}

/** @param version that the change was given; `NO_VERSION` when there was none */
type OnDecided = (verdict: Verdict, version: Version) => void;

const EMPTY = Buffer.alloc(0);
const NOTHING = { key: '', base: null, flags: 0, expiresAtMs: 0, value: null } as const;

/** Collects the hits of a multi-key read, in the order of its keys. */
class Gathering {
  readonly #operation: Operation;
  readonly #keys: readonly string[];
  readonly #withCas: boolean;
  readonly #hits: (Hit | null)[];
  #waiting: number;

  constructor(operation: Operation, keys: readonly string[], withCas: boolean) {
    this.#operation = operation;
    this.#keys = keys;
    this.#withCas = withCas;
    this.#hits = new Array<Hit | null>(keys.length).fill(null);
    this.#waiting = keys.length;
  }

  onRead(
    index: number,
  ): (error: string | null, entry: Pick<Entry, 'flags' | 'value' | 'version'> | null) => void {
    return (error, entry) => {
      if (error !== null) return this.#operation.finish(serverError(error));
      if (entry !== null) {
        const cas = this.#withCas ? casOfVersion(entry.version) : 0n;
        this.#hits[index] = { key: this.#keys[index]!, flags: entry.flags, value: entry.value, cas };
      }
      if (--this.#waiting > 0) return;
      this.#operation.finish({ kind: 'hits', hits: this.#hits.filter((hit) => hit !== null) });
    };
  }
}

function foundIn(
  effect: { version: Version; flags: number; expiresAtMs: number; value: Buffer | null } | null,
): Found | null {
  if (effect === null || effect.value === null) return null;
  return {
    version: effect.version,
    flags: effect.flags,
    expiresAtMs: effect.expiresAtMs,
    value: effect.value,
  };
}

function unknown(outcome: WriteOutcome): Reply {
  const reason = outcome.kind === 'unknown' ? outcome.reason : 'the write was not applied';
  return serverError(`outcome unknown: ${reason}`);
}

/** True for requests that may change an entry. */
export function isWrite(request: Request): boolean {
  switch (request.kind) {
    case 'store':
    case 'arithmetic':
    case 'touch':
    case 'gat':
    case 'delete':
    case 'flush_all':
      return true;
    default:
      return false;
  }
}
