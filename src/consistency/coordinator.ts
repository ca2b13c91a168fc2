import type { Clock } from '../base/clock.ts';
import type { RequestFailure } from '../base/error-codes.ts';
import { Fifo } from '../base/fifo.ts';
import type { MonotonicMs, WallMs } from '../base/number-kinds.ts';
import { closedBecause, type Gate, OPEN, waitBecause } from '../membership/gate.ts';
import { compareVersions } from '../ordering/version.ts';
import type { ShardElsewhere } from '../placement/keyspaces.ts';
import { failed, type Reply, serverError } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';
import type { AskedRequest } from '../replication/hop/messages.ts';
import { reachedIn, type Session } from '../replication/request-context.ts';
import type { ReadStrength } from '../replication/scheme.ts';
import { BoundedReads } from './bounded-reads.ts';
import { ConditionalWrites } from './conditional-writes.ts';
import type { DifferenceLimits } from './differences.ts';
import { GateQueue } from './gate-queue.ts';
import { Forwarding } from './hop/forwarding.ts';
import type { Hop } from './hop/hop.ts';
import { LOST, Rerouting } from './hop/rerouting.ts';
import { LevelRequests } from './level-requests.ts';
import { Operation, type OperationListener } from './operation.ts';
import { PlainWrites, partsFlushed } from './plain-writes.ts';
import {
  MOVING,
  READ_NEEDS,
  type RequestRouter,
  readPolicyOf,
  type ServedPart,
  type ServingGroup,
  writeGateOf,
} from './policies.ts';
import { Reads } from './reads.ts';
import { noReadsServed, type ReadsServed } from './reads-served.ts';
import { type AnswerLocally, type Executors, kindOf } from './request-kinds.ts';
import { RequestTimes } from './request-times.ts';
import { SessionRequests, type SessionRequestsPorts } from './session-requests.ts';

export interface CoordinatorPorts {
  readonly router: RequestRouter;
  /** Cluster time, milliseconds since 1970. */
  readonly timeMs: () => WallMs;
  /** The controllers have agreed on the time. */
  readonly isTimed: () => boolean;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** See `RequestTimesPorts`. */
  readonly slowRequestMs: number;
  readonly itemBytesMax: number;
  readonly differences: DifferenceLimits;
  readonly tokens: Omit<SessionRequestsPorts, 'router'>;
  /** Human-readable: what a write that is not answered in time waits for; empty when nothing is known. */
  readonly waitingFor: () => string;
  /** Calls back in a later event-loop turn, so that a long request leaves turns to others. */
  readonly nextTurn: (callback: () => void) => void;
  /** Has requests carried out by other controllers. */
  readonly hop: Hop;
  /** From now on only one reply holds this value: its memory may be used again once the reply has been sent. */
  readonly lend: (value: Buffer) => void;
  /** Carries out requests that touch no entry: `version`, `stats`, `show`, … */
  readonly local: AnswerLocally;
}

/**
 * Carries out client requests: each as its row in `REQUEST_KINDS` says, and by the policy of its keyspace.
 *
 * Every operation but a stream is answered within `requestTimeoutMs`. The answer is "outcome unknown" only if an effect
 * may have left this controller.
 */
export class Coordinator {
  readonly readsServed: ReadsServed = noReadsServed();
  readonly times: RequestTimes;
  readonly #ports: CoordinatorPorts;
  readonly #clock: Clock;
  readonly #router: RequestRouter;
  readonly #gates: GateQueue;
  readonly #executors: Executors;
  readonly #forwarding: Forwarding;
  readonly #rerouting: Rerouting;
  #clients = 0;
  readonly #bounded: BoundedReads;
  /** Every operation that is not answered, in order of deadline: all are given the same time. */
  readonly #deadlines = new Fifo<Operation>();

  constructor(ports: CoordinatorPorts) {
    const { router, timeMs, itemBytesMax, differences, nextTurn, lend, local } = ports;
    const gates = new GateQueue(router);
    this.#gates = gates;
    this.#rerouting = new Rerouting({
      router,
      clock: ports.clock,
      gate: (operation) => this.#ownGate(operation),
      start: (operation) => this.start(operation),
      startKey: (keyRead) => keyRead.again(),
    });
    const rerouting = this.#rerouting;
    const forwarding = new Forwarding(ports.hop, rerouting);
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#router = router;
    this.times = new RequestTimes({ router, clock: ports.clock, slowRequestMs: ports.slowRequestMs });
    const plainWrites = new PlainWrites({ router, gates, forwarding, rerouting, timeMs });
    const conditionalWrites = new ConditionalWrites({
      router,
      gates,
      rerouting,
      timeMs,
      itemBytesMax,
      differences,
    });
    const served = this.readsServed;
    const { clock, isTimed } = ports;
    const bounded = new BoundedReads({ router, gates, rerouting, clock, isTimed, served });
    const reads = new Reads({
      router,
      gates,
      conditionalWrites,
      forwarding,
      rerouting,
      nextTurn,
      lend,
      served,
      bounded,
    });
    this.#bounded = bounded;
    const sessions = new SessionRequests({ router, ...ports.tokens });
    const levels = new LevelRequests(router);
    this.#forwarding = forwarding;
    this.#executors = { reads, plainWrites, conditionalWrites, sessions, levels, local };
  }

  /** Makes the operation of a request, and watches its deadline. */
  admit(request: Request, owner: OperationListener): Operation {
    const kind = kindOf(request);
    const nowMs = this.#clock.nowMs();
    const operation = new Operation(
      request,
      kind.access(request),
      kind.countsAsRead(request),
      nowMs,
      nowMs + this.#ports.requestTimeoutMs,
      owner,
    );
    this.#deadlines.push(operation);
    return operation;
  }

  /** A number for one more client. */
  nextClient(): number {
    return ++this.#clients;
  }

  nowMs(): MonotonicMs {
    return this.#clock.nowMs();
  }

  /** Whether the operation may start now. All keyspaces that it concerns have to let it. */
  gate(operation: Operation): Gate {
    const refusal = operation.request.session === undefined ? null : this.#takeSession(operation);
    if (refusal !== null) return closedBecause(refusal.code, refusal.reason);
    return this.#router.hasShards && this.#isOvertaking(operation) ? MOVING : this.#ownGate(operation);
  }

  /**
   * Earlier requests for keys that have moved may be begun anew: a later one must not take effect before them. The
   * controller that asks for a peer's client sees to that itself. If two controllers waited for it as well, each would
   * wait for answers of the other.
   */
  #isOvertaking({ access, context }: Operation): boolean {
    // mutant: waits-for-each-other
    if (access === 'none' || context.isOfPeer) return false;
    return this.#rerouting.isBusy || this.#ports.hop.owesLate;
  }

  #ownGate(operation: Operation): Gate {
    const keyspaces = this.#keyspacesOf(operation);
    if (keyspaces.length === 1) return this.#gateOf(keyspaces[0]!, operation);
    return strictestOf(keyspaces.map((keyspace) => this.#gateOf(keyspace, operation)));
  }

  /** The request belongs to the session of a token that it has brought. @returns why that is refused; null when it is not */
  #takeSession(operation: Operation): RequestFailure | null {
    const token = operation.request.session?.token ?? null;
    if (token === null || operation.hasTakenSession) return null;
    operation.hasTakenSession = true;
    return this.#executors.sessions.take(operation.context.session, token);
  }

  /** To be called when the operation's reply goes out: tells the token of its session where the request asks for it. */
  tellSession({ request, context }: Operation): void {
    const { session } = request;
    if (session?.wantsToken) session.given = this.#executors.sessions.tokenOf(context.session);
  }

  /** The operation may not start before the earlier writes of its pipeline have been answered. */
  waitsForOwnWrites(operation: Operation): boolean {
    const { access, askedLevel } = operation;
    if (access === 'plain write') return this.#router.hasShards && this.#isCausal(operation);
    // A conditional write has the level of its keyspace.
    const asked = access === 'read' ? askedLevel : null;
    const keyspaces = this.#keyspacesOf(operation);
    if (keyspaces.length === 1) return readPolicyOf(keyspaces[0]!, asked).ownWritesFirst;
    return keyspaces.some((keyspace) => readPolicyOf(keyspace, asked).ownWritesFirst);
  }

  /**
   * The operation is of a session that goes over several groups. Others may not see it without what came before it in
   * the session, in whichever group that was.
   */
  #isCausal(operation: Operation): boolean {
    return this.#keyspacesOf(operation).some(({ policy }) => policy.level === 'causal');
  }

  /** To be called when a gate may have opened or closed. */
  onChange(): void {
    this.#rerouting.retry();
    this.#gates.retry();
  }

  /** To be called every few milliseconds: answers the operations whose deadline has passed. */
  onTick(): void {
    this.#rerouting.retry();
    this.#gates.retry();
    const now = this.#clock.nowMs();
    for (let first = this.#deadlines.first(); first !== undefined; first = this.#deadlines.first()) {
      if (!first.done && first.deadlineMs > now) return;
      this.#deadlines.shift();
      // mutant: ignores-deadlines
      if (!first.done) this.#onDeadline(first, now);
    }
  }

  /** Answers an operation as at its deadline: its client does not wait any longer. */
  expire(operation: Operation): void {
    if (!operation.done) operation.finish(this.#timedOut(operation));
  }

  /** A stream, and an operation that waited for its client to take earlier replies, get their whole time again. */
  #onDeadline(operation: Operation, now: MonotonicMs): void {
    const { requestTimeoutMs } = this.#ports;
    if (!operation.isStreaming && !operation.waitedForClientSince(now - requestTimeoutMs))
      return operation.finish(this.#timedOut(operation));
    operation.deadlineMs = now + requestTimeoutMs;
    this.#deadlines.push(operation);
  }

  /** Carries the operation out. The operation releases its barrier as soon as later requests may start. */
  start(operation: Operation): void {
    const { request } = operation;
    const shard = this.#router.hasShards ? this.#elsewhere(request) : null;
    if (shard !== null)
      this.#forwarding.carryOut(operation, request as AskedRequest, shard, this.#isCausal(operation));
    else kindOf(request).carryOut(this.#executors, operation, request);
  }

  /** The shard of a request that other controllers have to carry out as a whole; null for any other request. */
  #elsewhere(request: Request): ShardElsewhere | null {
    const keys = keysOf(request);
    return keys.length === 1 ? this.#router.partOf(keys[0]!).elsewhere : null;
  }

  /** The keyspaces that the request concerns; of a keyspace with shards, the shards. */
  #keyspacesOf({ request }: Operation): readonly ServedPart[] {
    const router = this.#router;
    if (!router.hasShards) return kindOf(request).keyspaces(request, router);
    if (request.kind === 'flush_all') return partsFlushed(request, router);
    return [...new Set(keysOf(request).map((key) => router.partOf(key)))];
  }

  #gateOf(keyspace: ServedPart, operation: Operation): Gate {
    const { access, context } = operation;
    const { hold, elsewhere } = keyspace;
    if (hold === 'all' || (hold === 'writes' && access !== 'read')) return MOVING;
    if (elsewhere !== null) return context.isOfPeer ? NOT_HERE : this.#ports.hop.gate(elsewhere);
    const { scheme } = keyspace.group;
    const { reads } = access === 'read' ? readPolicyOf(keyspace, operation.askedLevel) : keyspace.policy;
    const gate = access === 'read' ? this.#readGateOf(keyspace, operation, reads) : writeGateOf(keyspace);
    const isSettled = access === 'plain write' || reads !== 'local' || gate.state !== 'open';
    if (!isSettled && isBehind(keyspace.group, context.session)) return BEHIND;
    const { sessions } = scheme;
    const asksNothing = access === 'plain write' || reads !== 'settled' || sessions === null;
    if (asksNothing || gate.state !== 'open' || !sessions.isAhead(context.session)) return gate;
    return this.#unlessLate(operation, sessions.gate(context.session, keysOf(operation.request)));
  }

  /** The controller that has asked for a client of its own gets the reason before it gives the request up itself. */
  #unlessLate({ context, deadlineMs }: Operation, gate: Gate): Gate {
    const leftMs = deadlineMs - this.#clock.nowMs();
    const isLate = leftMs < this.#ports.requestTimeoutMs * ANSWER_TRAVELS;
    // mutant: waits-past-the-asker
    return gate.state === 'wait' && context.isOfPeer && isLate ? closedBecause(gate.code, gate.reason) : gate;
  }

  #readGateOf(keyspace: ServedPart, { maxAgeMs }: Operation, reads: ReadStrength): Gate {
    if (maxAgeMs !== null) return this.#bounded.gate(keyspace, maxAgeMs);
    return keyspace.group.scheme.gate(READ_NEEDS[reads]);
  }

  #timedOut(operation: Operation): Reply {
    const { waitingFor } = this.#ports;
    const waits = waitingFor();
    const suffix = waits && `, ${waits}`;
    // mutant: unknown-becomes-failure
    if (operation.proposed)
      return serverError('NOT_AGREED_IN_TIME', `outcome unknown: not agreed in time${suffix}`);
    const gate = this.gate(operation);
    if (gate.state !== 'open') return failed(gate);
    return serverError('TIMED_OUT', `timed out${suffix}`);
  }
}

/** The share of `request_timeout` that is left to an answer to come back over the hop. */
const ANSWER_TRAVELS = 0.2;

/** A request of several groups may start when all of them let it; one closed gate refuses the request. */
function strictestOf(gates: readonly Gate[]): Gate {
  return gates.find(({ state }) => state === 'closed') ?? gates.find(({ state }) => state === 'wait') ?? OPEN;
}

/** The client has seen a newer state of an ordered group, through another controller. */
function isBehind({ number, scheme }: ServingGroup, session: Session): boolean {
  if (session.reached === null) return false;
  return compareVersions(scheme.applied, reachedIn(session, number)) < 0;
}

const NOT_HERE = closedBecause(LOST.code, LOST.reason);

const BEHIND = waitBecause('CATCHING_UP', 'the client has seen a newer state than this controller has');

/** The keys whose state the request shows. */
function keysOf(request: Request): readonly string[] {
  if ('keys' in request) return request.keys;
  return 'key' in request ? [request.key] : [];
}
