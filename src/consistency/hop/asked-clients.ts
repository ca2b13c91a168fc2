import { Fifo } from '../../base/fifo.ts';
import type { ControllerId, GroupNumber } from '../../base/number-kinds.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import { NO_VERSION, type Version } from '../../ordering/version.ts';
import { type Reply, serverError } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';
import type {
  AskedReply,
  AskedRequest,
  AskSession,
  HopAnswer,
  HopAsk,
  HopMessage,
} from '../../replication/hop/messages.ts';
import type { ReadBudget } from '../../replication/read-flow.ts';
import { newContext, noteReached, noteSeen, seenParts } from '../../replication/request-context.ts';
import { NO_STREAM } from '../client-stream.ts';
import type { Coordinator } from '../coordinator.ts';
import { Pipeline } from '../pipeline.ts';
import type { RequestRouter, ServedPart } from '../policies.ts';
import { OWED_MAX } from './outbox.ts';

export interface AskedClientsPorts {
  readonly coordinator: Coordinator;
  readonly router: RequestRouter;
  readonly busOf: (group: GroupNumber) => PeerBus<HopMessage>;
  /** Bytes that wait to be sent to the peer. */
  readonly waitingBytes: (peer: ControllerId) => number;
  /** See `ControllerPorts`. */
  readonly hasEnded: (group: GroupNumber) => boolean;
  readonly nameOf: (peer: ControllerId) => string;
  /** Ends the link to a peer that has sent what no controller would send. */
  readonly refuse: (peer: ControllerId, reason: string) => void;
}

/** Values for one peer are read only while no more than this is read, or waits to be sent to it, in bytes. */
const VALUES_BYTES_MAX = 32 * 1_048_576;

/** Requests that a peer may have given up, and that are still carried out here, beside those that it waits for. */
const ASKED_MAX = 4 * OWED_MAX;

/**
 * Carries out requests of clients of other controllers, which have no part in the group of the key.
 *
 *  1. The requests of one client of one peer are a pipeline, as those of a connection are. So they take effect in the
 *     order in which the peer has sent them, and other clients do not wait for them.
 *  2. An answer goes over the link on which the request came, or nowhere. When the link ends, reads are given up, and
 *     writes are still carried out.
 *  3. A request is never sent on from here. A controller that does not have the key says so.
 */
export class AskedClients {
  readonly #ports: AskedClientsPorts;
  readonly #peers = new Map<ControllerId, AskingPeer>();
  /** Requests of clients of other controllers that have come. */
  taken = 0;

  constructor(ports: AskedClientsPorts) {
    this.#ports = ports;
  }

  /** No request is under way. */
  get isIdle(): boolean {
    return this.unanswered === 0;
  }

  /** The peer waits for an answer. */
  isOwed(peer: ControllerId): boolean {
    return (this.#peers.get(peer)?.unanswered ?? 0) > 0;
  }

  /** Requests of peers that have not been answered. */
  get unanswered(): number {
    return [...this.#peers.values()].reduce((sum, { unanswered }) => sum + unanswered, 0);
  }

  onAsk(from: ControllerId, group: GroupNumber, ask: HopAsk): void {
    const peer = this.#peerOf(from);
    if (peer.unanswered >= ASKED_MAX) return this.#ports.refuse(from, 'it asks for more than it waits for');
    this.taken++;
    peer.onAsk(group, ask);
  }

  /** Of the request that follows. */
  onSession(from: ControllerId, { parts }: AskSession): void {
    this.#peerOf(from).sessionOfNext = parts;
  }

  onPeerDown(peer: ControllerId): void {
    this.#peers.get(peer)?.leave();
    this.#peers.delete(peer);
  }

  #peerOf(id: ControllerId): AskingPeer {
    const known = this.#peers.get(id);
    if (known !== undefined) return known;
    const peer = new AskingPeer(id, this.#ports);
    this.#peers.set(id, peer);
    return peer;
  }

  /** To be called when a gate may have opened. */
  drain(): void {
    for (const peer of this.#peers.values()) peer.drain();
  }

  /** To be called every few milliseconds: the links may have room for more values, and groups may have applied more. */
  onTick(): void {
    for (const peer of this.#peers.values()) {
      peer.goOn();
      peer.drain();
    }
  }
}

/** The clients of one peer that have requests here. */
class AskingPeer implements ReadBudget {
  readonly #id: ControllerId;
  readonly #ports: AskedClientsPorts;
  /** By the numbers that the peer has given them. One without requests is forgotten. */
  readonly #clients = new Map<number, AskedClient>();
  unanswered = 0;
  /** What the client of the next request has seen. */
  sessionOfNext: AskSession['parts'] = [];
  #readBytes = 0;
  #isGone = false;

  constructor(id: ControllerId, ports: AskedClientsPorts) {
    this.#id = id;
    this.#ports = ports;
  }

  onAsk(group: GroupNumber, { number, client, level, maxAgeMs, after, request }: HopAsk): void {
    const { router, busOf, hasEnded } = this.#ports;
    const bus = busOf(group);
    const parts = this.sessionOfNext;
    this.sessionOfNext = [];
    const answer = (reply: AskedReply): void => {
      const applied = router.parts.find((part) => isServed(part, group))?.group.scheme.applied ?? NO_VERSION;
      if (!this.#isGone) bus.send(this.#id, answerTo(number, request, reply, applied));
    };
    if (!isHere(request, group, router)) return answer(NOT_HERE);
    const mine: Request = request.kind === 'flush_all' ? { ...request, only: group } : request;
    let asked = this.#clients.get(client);
    if (asked === undefined) {
      asked = new AskedClient(this.#ports, this, this.#ports.nameOf(this.#id));
      this.#clients.set(client, asked);
    }
    const { context } = asked.pipeline;
    context.level = level;
    context.maxAgeMs = maxAgeMs;
    noteReached(context.session, group, after);
    for (const { group: other, seen } of parts) noteSeen(context.session, other, seen);
    this.unanswered++;
    asked.submit(mine, (reply) => {
      this.unanswered--;
      if (asked.pipeline.inProgress === 0) this.#clients.delete(client);
      const now = seenParts(context.session, hasEnded);
      if (now.length > 0 && !this.#isGone) bus.send(this.#id, { type: 'answer-session', number, parts: now });
      answer(reply as AskedReply);
    });
  }

  fits(bytes: number): boolean {
    const held = this.#readBytes + this.#ports.waitingBytes(this.#id);
    return held === 0 || held + bytes <= VALUES_BYTES_MAX;
  }

  reserve(bytes: number): void {
    this.#readBytes += bytes;
  }

  drain(): void {
    for (const { pipeline } of this.#clients.values()) pipeline.drain();
  }

  goOn(): void {
    for (const { pipeline } of this.#clients.values()) if (pipeline.flow.isBlocked) pipeline.flow.retry();
  }

  leave(): void {
    this.#isGone = true;
    for (const { pipeline } of this.#clients.values()) pipeline.leave();
  }
}

/** One client of a peer. */
class AskedClient {
  readonly pipeline: Pipeline;
  readonly #answers = new Fifo<(reply: Reply) => void>();

  constructor({ coordinator }: AskedClientsPorts, budget: ReadBudget, clientName: string) {
    this.pipeline = new Pipeline(coordinator, {
      context: newContext(true),
      onReply: (_, reply) => this.#answers.shift()!(reply),
      // Only the reads of several keys come in parts, and a request from a peer has one.
      onPart: () => {},
      stream: NO_STREAM,
      budget,
      clientName: () => clientName,
      waitedForClientSince: () => false,
    });
  }

  submit(request: Request, answer: (reply: Reply) => void): void {
    this.#answers.push(answer);
    this.pipeline.submit(request);
  }
}

/**
 * Whether this controller carries the request out, in whatever group it has the key. While another group takes the key
 * over, the request waits here: it may be this controller that gets the key.
 */
function isHere(request: AskedRequest, group: GroupNumber, router: RequestRouter): boolean {
  if (request.kind === 'flush_all') return router.parts.some((part) => isServed(part, group));
  const part = router.partOf('keys' in request ? request.keys[0]! : request.key);
  return part.elsewhere === null || part.hold === 'all';
}

function isServed({ elsewhere, group }: ServedPart, number: GroupNumber): boolean {
  return elsewhere === null && group.number === number;
}

function answerTo(number: number, request: AskedRequest, reply: AskedReply, applied: Version): HopAnswer {
  const isItem = request.kind === 'read_item';
  const servedLevel = (isItem ? request.levelFlag?.served : undefined) ?? '';
  const servedAgeMs = (isItem ? request.ageFlag?.servedMs : undefined) ?? 0;
  return { type: 'answer', number, reply, servedLevel, servedAgeMs, applied };
}

const NOT_HERE: AskedReply = serverError(
  'WRONG_SHARD',
  'the controller that was asked does not have the key',
);
