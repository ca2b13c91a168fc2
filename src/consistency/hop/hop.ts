import type { Clock } from '../../base/clock.ts';
import { DurationHistogram } from '../../base/duration-histogram.ts';
import { failure } from '../../base/error-codes.ts';
import type { ControllerId, GroupNumber, MonotonicMs } from '../../base/number-kinds.ts';
import { closedBecause, type Gate, OPEN, waitBecause } from '../../membership/gate.ts';
import type { PeerBus } from '../../membership/peer-bus.ts';
import type { Peers } from '../../membership/peers.ts';
import type { ShardElsewhere } from '../../placement/keyspaces.ts';
import type {
  AnswerSession,
  AskedRequest,
  HopAnswer,
  HopAsk,
  HopMessage,
} from '../../replication/hop/messages.ts';
import {
  noteReached,
  noteSeen,
  type RequestContext,
  reachedIn,
  type Session,
  seenParts,
} from '../../replication/request-context.ts';
import { MAY_SUCCEED_ELSEWHERE } from './elsewhere.ts';
import { Outbox } from './outbox.ts';
import { ShardRoute, type ShardRoutePorts } from './shard-route.ts';
import type { Waiter } from './waiter.ts';

export interface HopPorts {
  readonly node: ControllerId;
  readonly peers: HopPeers & Pick<Peers, 'departureOf' | 'describe'>;
  readonly busOf: (group: GroupNumber) => PeerBus<HopMessage>;
  readonly clock: Clock;
  /** Requests wait this long after the start for the first members to be heard, in milliseconds. */
  readonly graceMs: number;
  /** How long a member takes at most to answer, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** The group that serves the key by now. */
  readonly groupOf: (key: string) => GroupNumber;
  /** Whether this controller may answer clients. */
  readonly votingGate: () => Gate;
  /** See `ControllerPorts`. */
  readonly hasEnded: (group: GroupNumber) => boolean;
  /** Requests that wait should be tried again. */
  readonly onChange: () => void;
}

interface HopPeers extends Pick<ShardRoutePorts, 'isHeard' | 'isSteady' | 'want' | 'isCalling'> {
  /** The peer is heard, or would be as far as is known. */
  readonly mayBeHeard: (peer: ControllerId) => boolean;
}

/** A request that was sent to another controller, or waits to be sent. */
interface Asked {
  readonly ask: HopAsk;
  readonly route: ShardRoute;
  /** That of the client. */
  readonly session: Session;
  readonly waiter: Waiter;
  /** What the request takes on the link, about. */
  readonly bytes: number;
  readonly sinceMs: MonotonicMs;
  peer: ControllerId;
  /** The members that could not carry it out. */
  tried: ControllerId[] | null;
  isSent: boolean;
  /** Another group has got keys of the shard since the request was sent. */
  isLate: boolean;
}

/**
 * Has requests carried out by members of groups that this controller has no part in.
 *
 *  1. A request is sent at most once to each member. It is sent to a second one only if the first has certainly not
 *     carried it out, or if it is a read; and only while no later request of the same client was begun. Later ones wait
 *     for its answer then, since they may be sent to the first again. Therefore nothing is carried out twice, and the
 *     requests of a client keep their order within a group.
 *  2. An answer counts once, and only from the controller that was asked. One that comes late or twice is ignored: no
 *     request has its number any more.
 *  3. A write whose member went away before it answered has an unknown outcome, and its client is told so.
 *  4. Where the writes of a group have one order, a client never sees an older state of it than before. A member may
 *     have applied less than the one that was asked before it. Therefore each answer says how far its sender has
 *     applied, each request says how far the client has seen, and a member waits until it has applied as much.
 *  5. What a controller owes is bounded, and so is what waits for it: further requests stay in the pipelines of their
 *     clients.
 */
export class Hop {
  readonly #ports: HopPorts;
  readonly #startedMs: MonotonicMs;
  readonly #routes = new Map<GroupNumber, ShardRoute>();
  readonly #buses = new Map<GroupNumber, PeerBus<HopMessage>>();
  readonly #outboxes = new Map<ControllerId, Outbox<Asked>>();
  /** By number, so in the order in which they were begun. */
  readonly #unanswered = new Map<number, Asked>();
  /** Time from the moment when a request was begun until its answer was here, by the name of the keyspace. */
  readonly times = new Map<string, DurationHistogram>();
  /** Requests that were begun here, and how many of them were sent on to a second member, or a third. */
  asked = 0;
  askedAgain = 0;
  #lastNumber = 0;
  #late = 0;

  constructor(ports: HopPorts) {
    this.#ports = ports;
    this.#startedMs = ports.clock.nowMs();
  }

  /** Requests that other controllers have not answered. */
  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** The members of shards for which there were requests since then. */
  membersAsked(sinceMs: MonotonicMs): ReadonlySet<ControllerId> {
    const routes = [...this.#routes.values()].filter(({ askedMs }) => askedMs >= sinceMs);
    return new Set(routes.flatMap(({ shard }) => shard.members));
  }

  /** The peer has requests that it has not answered. */
  isOwing(peer: ControllerId): boolean {
    return this.#outboxes.get(peer)?.isIdle === false;
  }

  /** Members owe answers to requests that were sent before their keys got other groups. */
  get owesLate(): boolean {
    return this.#late > 0;
  }

  /**
   * Keys of these groups may have other groups from now on. A request whose key stays is not late: it may wait long,
   * for a bound on staleness, and other clients must not wait for it.
   */
  onMoved(groups: ReadonlySet<GroupNumber>): void {
    const { groupOf } = this.#ports;
    for (const asked of this.#unanswered.values()) {
      const { group } = asked.route.shard;
      const key = keyIn(asked.ask.request);
      // mutant: waits-for-keys-that-stay
      if (asked.isLate || !groups.has(group) || (key !== null && groupOf(key) === group)) continue;
      this.#noteLate(asked);
    }
  }

  #noteLate(asked: Asked): void {
    asked.isLate = true;
    this.#late++;
  }

  /** Whether a request for the shard may be begun now. */
  gate(shard: ShardElsewhere): Gate {
    const voting = this.#ports.votingGate();
    // mutant: asks-by-what-it-was-configured
    if (voting.state !== 'open') return voting;
    const route = this.#routeTo(shard);
    const member = route.choose();
    if (member === 'busy') return CHANGING_MEMBER;
    if (member !== null) return this.#outboxTo(member).isFull ? FULL : OPEN;
    route.askedMs = this.#ports.clock.nowMs();
    if (this.#ports.peers.isCalling(shard.members)) return CALLING;
    const isStarting = this.#ports.clock.nowMs() - this.#startedMs < this.#ports.graceMs;
    return isStarting ? STARTING : closedBecause('SHARD_UNAVAILABLE', this.#unreachable(shard));
  }

  /** Why requests for the shard would fail, as far as is known; empty where they would not. Nobody is called for it. */
  troubleOf(shard: ShardElsewhere): string {
    const { votingGate, peers } = this.#ports;
    const voting = votingGate();
    if (voting.state !== 'open') return voting.reason;
    // mutant: looks-by-calling
    const isReachable = shard.members.some((member) => peers.mayBeHeard(member));
    return isReachable ? '' : this.#unreachable(shard);
  }

  /** The member that requests for the shard go to; null when none can be reached. */
  askedFor(shard: ShardElsewhere): ControllerId | null {
    const route = this.#routeTo(shard);
    const member = route.choose();
    return member === 'busy' ? route.other([]) : member;
  }

  /** @param client names the client whose requests keep their order */
  ask(
    shard: ShardElsewhere,
    request: AskedRequest,
    client: number,
    { level, maxAgeMs, session }: RequestContext,
    waiter: Waiter,
  ): void {
    const route = this.#routeTo(shard);
    const member = route.choose();
    const peer = member === 'busy' ? route.current : member;
    if (peer === null) return waiter.onRefused(failure('SHARD_UNAVAILABLE', this.#unreachable(shard)));
    const number = ++this.#lastNumber;
    const after = reachedIn(session, shard.group);
    const ask = { type: 'ask', number, client, level, maxAgeMs, after, request } as const;
    const sinceMs = this.#ports.clock.nowMs();
    route.askedMs = sinceMs;
    this.asked++;
    const bytes = bytesOf(request);
    this.#push({
      ask,
      route,
      session,
      waiter,
      bytes,
      sinceMs,
      peer,
      tried: null,
      isSent: false,
      isLate: false,
    });
  }

  /** What the client has seen, once it has the answer that follows. */
  onSession(from: ControllerId, { number, parts }: AnswerSession): void {
    const asked = this.#unanswered.get(number);
    if (asked === undefined || asked.peer !== from || !asked.isSent) return;
    // mutant: answer-without-session
    for (const { group, seen } of parts) noteSeen(asked.session, group, seen);
  }

  onAnswer(from: ControllerId, answer: HopAnswer): void {
    // mutant: answer-of-another-request
    const asked = this.#unanswered.get(answer.number);
    if (asked === undefined || asked.peer !== from || !asked.isSent) return;
    const mayOthersGo = this.#settle(asked);
    // If the request has to be begun anew, that comes before any later one of its client.
    // mutant: lets-later-ones-go-first
    this.#take(asked, from, answer);
    if (mayOthersGo) this.#ports.onChange();
  }

  #take(asked: Asked, from: ControllerId, answer: HopAnswer): void {
    // mutant: forgets-what-was-seen
    noteReached(asked.session, asked.route.shard.group, answer.applied);
    const { reply } = answer;
    // mutant: answers-wrong-shard
    if (reply.kind === 'server_error' && reply.code === 'WRONG_SHARD')
      return asked.waiter.onMoved(asked.route.shard.group);
    const isElsewhere = reply.kind === 'server_error' && MAY_SUCCEED_ELSEWHERE.has(reply.code);
    if (isElsewhere) {
      asked.route.passOver(from);
      if (this.#tryAnother(asked)) return;
    }
    const tookMs = this.#ports.clock.nowMs() - asked.sinceMs;
    asked.route.times.observe(tookMs);
    asked.waiter.onAnswer(answer, tookMs);
  }

  /** The connection to the peer is gone, or it has become silent: the answers that it owes are not waited for. */
  onPeerDown(peer: ControllerId): void {
    const unsent = new Set(this.#outboxes.get(peer)?.clear());
    const owed = [...this.#unanswered.values()].filter((asked) => asked.peer === peer);
    for (const asked of owed) {
      this.#unanswered.delete(asked.ask.number);
      this.#noteOver(asked);
      asked.route.onAnswered(peer);
    }
    for (const asked of owed) {
      const isSafe = unsent.has(asked) || asked.waiter.isRead;
      // mutant: asks-twice
      if (isSafe && this.#tryAnother(asked)) continue;
      if (isSafe) asked.waiter.onRefused(failure('SHARD_UNAVAILABLE', this.#unreachable(asked.route.shard)));
      else asked.waiter.onLost('the controller that has the key went away before it answered');
    }
  }

  /**
   * To be called every few milliseconds: gives up answers of peers that are silent, and answers that are overdue, whose
   * clients have been answered. An answer that comes later all the same is ignored.
   */
  onTick(): void {
    for (const [peer, outbox] of this.#outboxes)
      if (!outbox.isIdle && !this.#ports.peers.isHeard(peer)) this.onPeerDown(peer);
    const overdueMs = this.#ports.clock.nowMs() - OVERDUE_AFTER_TIMEOUTS * this.#ports.requestTimeoutMs;
    for (const asked of this.#unanswered.values()) {
      if (asked.sinceMs > overdueMs) return;
      const mayOthersGo = this.#settle(asked);
      asked.waiter.onLost('the controller that has the key did not answer in time');
      if (mayOthersGo) this.#ports.onChange();
    }
  }

  #push(asked: Asked): void {
    this.#unanswered.set(asked.ask.number, asked);
    asked.route.onAsked(asked.peer);
    this.#outboxTo(asked.peer).push(asked);
  }

  #send(asked: Asked): void {
    asked.isSent = true;
    const bus = this.#busOf(asked.route.shard.group);
    // mutant: hop-forgets-session
    const parts = seenParts(asked.session, this.#ports.hasEnded);
    if (parts.length > 0) bus.send(asked.peer, { type: 'ask-session', parts });
    bus.send(asked.peer, asked.ask);
  }

  /** @returns true when other requests may begin that have waited for this one */
  #settle(asked: Asked): boolean {
    const { peer, route, ask } = asked;
    this.#unanswered.delete(ask.number);
    const isLast = this.#noteOver(asked);
    const isRouteFree = route.onAnswered(peer);
    const isOutboxFree = asked.isSent && this.#outboxTo(peer).onAnswered(asked);
    return isLast || isOutboxFree || (isRouteFree && route.choose() !== peer);
  }

  /** @returns true when it was the last late one */
  #noteOver(asked: Asked): boolean {
    if (!asked.isLate) return false;
    asked.isLate = false;
    return --this.#late === 0;
  }

  /** @returns false when the request can't be sent to another member */
  #tryAnother(asked: Asked): boolean {
    const { waiter, route, session, ask, peer } = asked;
    if (waiter.isPast) return false;
    const tried = [...(asked.tried ?? []), peer];
    const next = route.other(tried);
    if (next === null) return false;
    this.askedAgain++;
    // mutant: overtaken-when-asked-again
    waiter.onAskedAgain();
    const number = ++this.#lastNumber;
    const after = reachedIn(session, route.shard.group);
    const again = { ...asked, ask: { ...ask, number, after }, peer: next, tried, isSent: false };
    const key = keyIn(ask.request);
    if (key !== null && this.#ports.groupOf(key) !== route.shard.group) this.#noteLate(again);
    this.#push(again);
    return true;
  }

  #routeTo(shard: ShardElsewhere): ShardRoute {
    const known = this.#routes.get(shard.group);
    if (known !== undefined && sameMembers(known.shard, shard)) return known;
    const { node, peers, clock } = this.#ports;
    const times = this.times.get(shard.keyspace) ?? new DurationHistogram();
    this.times.set(shard.keyspace, times);
    const route = new ShardRoute(shard, times, {
      node,
      isHeard: (peer) => peers.isHeard(peer),
      isSteady: (peer) => peers.isSteady(peer),
      want: (members) => peers.want(members),
      isCalling: (members) => peers.isCalling(members),
      isLeaving: (peer) => peers.departureOf(peer) !== 'staying',
      nowMs: () => clock.nowMs(),
    });
    this.#routes.set(shard.group, route);
    return route;
  }

  #busOf(group: GroupNumber): PeerBus<HopMessage> {
    const known = this.#buses.get(group);
    if (known !== undefined) return known;
    const bus = this.#ports.busOf(group);
    this.#buses.set(group, bus);
    return bus;
  }

  #outboxTo(peer: ControllerId): Outbox<Asked> {
    const known = this.#outboxes.get(peer);
    if (known !== undefined) return known;
    const outbox = new Outbox<Asked>((asked) => this.#send(asked));
    this.#outboxes.set(peer, outbox);
    return outbox;
  }

  #unreachable({ name, members }: ShardElsewhere): string {
    return `no controller with ${name} can be reached: ${this.#ports.peers.describe(members)}`;
  }
}

/** Null for a flush. */
function keyIn(request: AskedRequest): string | null {
  if ('keys' in request) return request.keys[0]!;
  return 'key' in request ? request.key : null;
}

/** The number of a group that has ended may be given to another one later. */
function sameMembers(a: ShardElsewhere, b: ShardElsewhere): boolean {
  return a === b || a.members.join() === b.members.join();
}

/** An answer that has not come after so many times `request_timeout` does not come any more. */
const OVERDUE_AFTER_TIMEOUTS = 3;

/** What a request takes on the link beside its key and value, in bytes. */
const ASK_BYTES = 64;

function bytesOf(request: AskedRequest): number {
  return ASK_BYTES + (request.kind === 'storage' ? request.value.length : 0);
}

const STARTING = waitBecause('SHARD_UNAVAILABLE', 'no controller with the key has been heard yet');
const CALLING = waitBecause('SHARD_UNAVAILABLE', 'a controller with the key is being called');
const CHANGING_MEMBER = waitBecause('SHARD_UNAVAILABLE', 'another controller is about to be asked');
const FULL = waitBecause('QUEUE_FULL', 'too many requests wait for the controller that has the key');
