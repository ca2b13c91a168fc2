import { decodeMessage, encodeMessage } from '../../src/peer/codec.ts';
import { isForAsker, type PeerMessage } from '../../src/peer/messages.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { type End, SimConnection } from './sim-connection.ts';
import type { Transcript } from './transcript.ts';

/** A machine, as the network calls it. */
export interface NetworkNode {
  readonly incarnation: number;
  /** The peer is a controller of the cluster, as far as is known there: its calls are taken. */
  isPeer(peer: number): boolean;
  /** Each of the two makes a connection when it has requests for the other: see `PassingPeers`. */
  isPassing(peer: number): boolean;
  isCalled(peer: number): boolean;
  readonly called: Set<number>;
  /** Runs this once the process is awake, and never if it has died by then. */
  whenAwake(run: () => void): void;
  onPeerUp(peer: number): void;
  onPeerDown(peer: number): void;
  /** The peer has a connection for requests to this controller. */
  onAskerUp(peer: number): void;
  onAskerDown(peer: number): void;
  /** The peer's machine refuses connections. */
  onPeerGone(peer: number): void;
  onMessage(from: number, group: number, message: PeerMessage): void;
}

/** How long messages take, in virtual milliseconds. */
export type Delays =
  | { readonly kind: 'uniform'; readonly minMs: number; readonly maxMs: number }
  /** A path that loses packets: most messages are quick, and some are very late. */
  | { readonly kind: 'heavy'; readonly minMs: number; readonly alpha: number };

/** The longest delay of a message whose packets were lost and sent again, in virtual milliseconds. */
const HEAVY_MAX_MS = 1_000;

/** The wait between two attempts to connect, in virtual milliseconds. */
const DIAL_WAIT_MS = [5, 60] as const;

/** How long an attempt to connect takes that is refused, in virtual milliseconds. */
const REFUSED_WITHIN_MS = 2;

/** The longest time after which an end of a broken connection learns of the break, in virtual milliseconds. */
const NOTICE_MS_MAX = 30;

/**
 * Links between the controllers, with the guarantees of `PeerBus` and no more. Messages pass through the real codec. Of
 * a pair, the controller with the higher id connects; of two that only send each other requests, each that has some.
 * Lost packets are only late, as in TCP.
 */
export class SimNetwork {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #nodes: (NetworkNode | null)[];
  /** The connection that a side counts as up, by `slotOf`: `self>peer`, and `self<peer` for requests of a passing peer. */
  readonly #current = new Map<string, End>();
  readonly #connections = new Set<SimConnection>();
  /** The number of the newest connection that a side has counted as up, by `slotOf`. */
  readonly #newest = new Map<string, number>();
  readonly #dialling = new Set<string>();
  /** Machines that are off. */
  readonly #off = new Set<number>();
  /** Directions in which nothing arrives, `from>to`. */
  readonly #blocked = new Set<string>();
  /** Pairs that cannot connect, and learn of that: `low-high`. */
  readonly #cut = new Set<string>();
  /** Extra one-way delay of messages, `from>to`, in milliseconds. */
  readonly extraMs = new Map<string, number>();
  delays: Delays = { kind: 'uniform', minMs: 0.1, maxMs: 1 };
  transcript: Transcript | null = null;
  messages = 0;
  /** Told of each message that a controller sends, if somebody counts. */
  onSent: ((type: PeerMessage['type'], bytes: number) => void) | null = null;
  /** Connections made since the start. */
  #made = 0;

  constructor(scheduler: Scheduler, random: Random, nodes: number) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#nodes = new Array<NetworkNode | null>(nodes).fill(null);
  }

  /** A controller starts: links to all that run come up. */
  join(id: number, node: NetworkNode): void {
    this.#nodes[id] = node;
    node.called.clear();
    this.#off.delete(id);
    for (const peer of this.#peersOf(id)) this.#dialLater(id, peer);
  }

  /**
   * A process has ended. Its peers learn of that, if they can, after the messages that it had sent, of which the last
   * may be lost.
   *
   * @param isOff the machine is off as well, so that it refuses no connections
   */
  leave(id: number, isOff: boolean): void {
    this.#nodes[id] = null;
    if (isOff) this.#off.add(id);
    for (const peer of this.#peersOf(id))
      for (const slot of [`${id}>${peer}`, `${id}<${peer}`]) this.#current.delete(slot);
    for (const connection of this.#connections) {
      if (!connection.ends.some((end) => end.node === id)) continue;
      const end = connection.endOf(id);
      end.state = 'closed';
      if (this.#random.chance(0.5)) this.#fin(end);
      else this.#breakConnection(connection);
    }
  }

  /** Breaks the link: the last messages are lost. Each side learns of the break at a time of its own. */
  break(a: number, b: number): void {
    for (const connection of this.#between(a, b)) this.#breakConnection(connection);
    this.#dialLater(a, b);
  }

  /** The controller itself ends the link. The other side learns of that after the messages that were sent. */
  close(self: number, peer: number): void {
    const end = this.#current.get(`${self}>${peer}`);
    if (end !== undefined) this.#closeEnd(end);
  }

  /** Has a connection made to a passing peer, again and again until `hangUp`. */
  call(self: number, peer: number): void {
    this.#nodes[self]!.called.add(peer);
    this.#dialLater(self, peer);
  }

  /** Ends that connection. The controller is not told. */
  hangUp(self: number, peer: number): void {
    this.#nodes[self]!.called.delete(peer);
    const end = this.#current.get(`${self}>${peer}`);
    if (end === undefined) return;
    end.state = 'closed';
    this.#current.delete(slotOf(end));
    this.transcript?.line(self, `hangs up on ${peer}`);
    this.#fin(end);
  }

  /** Makes a second connection. It replaces the first one, on each side when the news of it arrives there. */
  redial(a: number, b: number): void {
    for (const [dialler, callee] of this.#diallers(a, b)) this.#connect(dialler, callee);
  }

  /** See `CorePorts`. */
  relink(self: number, peer: number): void {
    const node = this.#nodes[self];
    if (node == null) return;
    node.called.delete(peer);
    const asker = this.#current.get(`${self}<${peer}`);
    const isStanding = !node.isPassing(peer);
    if (isStanding && asker !== undefined && !this.isUp(self, peer)) {
      this.#current.delete(slotOf(asker));
      asker.isOfAsker = false;
      this.#newest.set(slotOf(asker), asker.connection.number);
      this.#current.set(slotOf(asker), asker);
    }
    this.#dialLater(self, peer);
    if (isStanding && this.isUp(self, peer)) node.onPeerUp(peer);
  }

  /** Nothing arrives in this direction, and neither side learns of that. */
  block(from: number, to: number): void {
    this.#setBlocked(from, to, true);
  }

  unblock(from: number, to: number): void {
    this.#setBlocked(from, to, false);
  }

  /** The link breaks in both directions, and cannot be made again. */
  cut(a: number, b: number): void {
    this.#cut.add(pairOf(a, b));
    this.break(a, b);
  }

  heal(a: number, b: number): void {
    this.#cut.delete(pairOf(a, b));
    this.unblock(a, b);
    this.unblock(b, a);
    this.#dialLater(a, b);
  }

  healAll(): void {
    this.extraMs.clear();
    this.#nodes.forEach((_, a) => {
      for (const b of this.#peersOf(a)) if (a < b) this.heal(a, b);
    });
  }

  /** How many connections some side counts as up. */
  get links(): number {
    return [...this.#connections].filter(({ ends }) => ends.some(({ state }) => state === 'open')).length;
  }

  isUp(from: number, to: number): boolean {
    return this.#current.has(`${from}>${to}`);
  }

  incarnationOf(from: number, peer: number): number | null {
    return this.#current.get(`${from}>${peer}`)?.peerIncarnation ?? null;
  }

  send(from: number, to: number, group: number, message: PeerMessage): void {
    const isBack = isForAsker(message) && this.#nodes[from]?.isPassing(to) === true;
    const end = this.#current.get(isBack ? `${from}<${to}` : `${from}>${to}`);
    if (end === undefined) return;
    const number = ++this.messages;
    this.transcript?.sent(from, to, number, group, message);
    const body = encodeMessage(group, message);
    this.onSent?.(message.type, body.length);
    end.pipe.send(this.#delayMs(from, to), () => {
      this.#awake(to, () => {
        const other = end.connection.endOf(to);
        if (this.#current.get(slotOf(other)) !== other) return;
        this.transcript?.received(from, to, number, message);
        const decoded = decodeMessage(body);
        this.#nodes[to]!.onMessage(from, decoded.group, decoded.message);
      });
    });
  }

  #between(a: number, b: number): SimConnection[] {
    return [...this.#connections].filter(
      ({ ends }) => (ends[0].node === a && ends[1].node === b) || (ends[0].node === b && ends[1].node === a),
    );
  }

  #peersOf(id: number): number[] {
    return this.#nodes.map((_, node) => node).filter((node) => node !== id);
  }

  #delayMs(from: number, to: number): number {
    const { delays } = this;
    const extra = this.extraMs.get(`${from}>${to}`) ?? 0;
    if (delays.kind === 'uniform') return extra + this.#random.between(delays.minMs, delays.maxMs);
    return extra + Math.min(HEAVY_MAX_MS, this.#random.pareto(delays.minMs, delays.alpha));
  }

  #awake(id: number, run: () => void): void {
    this.#nodes[id]?.whenAwake(run);
  }

  #setBlocked(from: number, to: number, blocked: boolean): void {
    if (blocked) this.#blocked.add(`${from}>${to}`);
    else if (!this.#blocked.delete(`${from}>${to}`)) return;
    for (const connection of this.#between(from, to)) connection.endOf(from).pipe.setBlocked(blocked);
  }

  #mayConnect(a: number, b: number): boolean {
    if (this.#cut.has(pairOf(a, b))) return false;
    return !this.#blocked.has(`${a}>${b}`) && !this.#blocked.has(`${b}>${a}`);
  }

  /** Who of the two connects to whom. */
  #diallers(a: number, b: number): readonly (readonly [dialler: number, callee: number])[] {
    if (!this.#arePassing(a, b)) return [[Math.max(a, b), Math.min(a, b)]];
    const both = [[a, b] as const, [b, a] as const];
    return both.filter(([dialler, callee]) => this.#nodes[dialler]?.isCalled(callee) === true);
  }

  #arePassing(a: number, b: number): boolean {
    return this.#nodes[a]?.isPassing(b) === true || this.#nodes[b]?.isPassing(a) === true;
  }

  /** Whoever connects tries until it counts a connection as up. */
  #dialLater(a: number, b: number): void {
    for (const [dialler, callee] of this.#diallers(a, b)) this.#dialFrom(dialler, callee);
  }

  #dialFrom(dialler: number, callee: number): void {
    const name = `${dialler}>${callee}`;
    if (this.#dialling.has(name)) return;
    this.#dialling.add(name);
    this.#scheduler.after(this.#random.between(...DIAL_WAIT_MS), () => {
      this.#dialling.delete(name);
      if (this.#nodes[dialler]?.isPeer(callee) !== true || this.#current.has(name)) return;
      if (!this.#diallers(dialler, callee).some(([one]) => one === dialler)) return;
      this.#awake(dialler, () => this.#connect(dialler, callee));
      this.#dialLater(dialler, callee);
    });
  }

  /** Each side learns of the connection at a time of its own, before the first message of the other side. */
  #connect(dialler: number, callee: number): void {
    const nodes = [this.#nodes[dialler], this.#nodes[callee]] as const;
    if (nodes[0] == null || nodes[1] == null || !this.#mayConnect(dialler, callee)) return;
    if (!nodes[0].isPeer(callee) || !nodes[1].isPeer(dialler)) return;
    const sides = [dialler, callee].map((node, i) => ({ node, incarnation: nodes[i]!.incarnation }));
    const isBlocked = (from: number, to: number) => this.#blocked.has(`${from}>${to}`);
    const connection = new SimConnection(this.#scheduler, ++this.#made, sides, isBlocked, dialler);
    this.#connections.add(connection);
    for (const { node, pipe, peer } of connection.ends) {
      const roundTrips = peer === callee ? 1 : 2;
      pipe.send(roundTrips * this.#delayMs(node, peer), () => {
        this.#awake(peer, () => this.#becomeUp(connection.endOf(peer)));
      });
    }
  }

  /**
   * No connection comes up after one that was made later. The end that calls has one connection at a time, and the end
   * that is called counts it as up first: so a message of an older connection cannot arrive after one of a newer.
   */
  #becomeUp(end: End): void {
    if (end.state !== 'opening') return;
    const { node, peer } = end;
    const hasPeerCalled = end.connection.dialler === peer;
    end.isOfAsker = hasPeerCalled && this.#nodes[node]!.isPassing(peer);
    // The controller waits for no call of this peer, and refuses it.
    if (hasPeerCalled && !end.isOfAsker && peer < node) return this.#closeEnd(end);
    const name = slotOf(end);
    if (end.connection.number < (this.#newest.get(name) ?? 0)) return this.#closeEnd(end);
    const old = this.#current.get(name);
    if (old !== undefined) this.#closeEnd(old);
    end.state = 'open';
    this.#newest.set(name, end.connection.number);
    this.#current.set(name, end);
    this.transcript?.line(node, `link to ${peer} is up`);
    if (end.isOfAsker) this.#nodes[node]!.onAskerUp(peer);
    else this.#nodes[node]!.onPeerUp(peer);
  }

  #becomeDown(end: End): void {
    if (end.state === 'closed') return;
    const { node, peer, state } = end;
    end.state = 'closed';
    if (state === 'opening' || this.#current.get(slotOf(end)) !== end) return;
    this.#current.delete(slotOf(end));
    this.transcript?.line(node, `link to ${peer} is down`);
    const isPassing = this.#nodes[node]!.isPassing(peer);
    const other = this.#current.get(`${node}${end.isOfAsker ? '>' : '<'}${peer}`);
    if (end.isOfAsker) this.#nodes[node]!.onAskerDown(peer);
    else this.#nodes[node]!.onPeerDown(peer);
    if (!isPassing && other !== undefined) this.#closeEnd(other);
    if (end.isOfAsker) return;
    this.#dialLater(node, peer);
    this.#scheduler.after(REFUSED_WITHIN_MS, () => this.#awake(node, () => this.#probe(node, peer)));
  }

  /** After the end of a connection, tries whether the peer's machine refuses another one. */
  #probe(node: number, peer: number): void {
    const isRefused = this.#nodes[peer] === null && !this.#off.has(peer) && this.#mayConnect(node, peer);
    if (isRefused) this.#nodes[node]?.onPeerGone(peer);
  }

  #closeEnd(end: End): void {
    this.#becomeDown(end);
    this.#fin(end);
  }

  /** Sends the end of the connection, as the last thing on it. */
  #fin({ node, peer, pipe, connection }: End): void {
    pipe.send(this.#delayMs(node, peer), () => {
      connection.cutOff();
      this.#connections.delete(connection);
      this.#awake(peer, () => this.#becomeDown(connection.endOf(peer)));
    });
  }

  #breakConnection(connection: SimConnection): void {
    connection.cutOff();
    this.#connections.delete(connection);
    for (const end of connection.ends) {
      this.#scheduler.after(this.#random.between(0, NOTICE_MS_MAX), () => {
        this.#awake(end.node, () => this.#becomeDown(end));
      });
    }
  }
}

/** The name under which a side counts a connection as up. */
function slotOf(end: End): string {
  return `${end.node}${end.isOfAsker ? '<' : '>'}${end.peer}`;
}

function pairOf(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
