import { connect, type Socket } from 'node:net';
import { encodeFrame } from './codec.ts';
import { type Belonging, PREFACE, refusalOf } from './handshake.ts';
import { Link, type Traffic } from './link.ts';
import type { Hello, PeerBus, PeerMessage } from './messages.ts';

export interface MeshPorts {
  readonly node: number;
  readonly incarnation: number;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly belonging: Belonging;
  /** The wall clock, as a version time. */
  readonly wallTime: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly requestFlush: () => void;
  readonly onUp: (peer: number) => void;
  readonly onDown: (peer: number, reason: string) => void;
  readonly onHeard: (peer: number) => void;
  readonly onMessage: (peer: number, message: PeerMessage) => void;
  readonly onRefused: (peer: number, reason: string) => void;
}

/** What is known of one peer's link. */
interface PeerLink {
  link: Link | null;
  incarnation: number | null;
  refusal: string | null;
  attempts: number;
  timer: NodeJS.Timeout | null;
  /** A connection that is being made. */
  dialling: Socket | null;
}

/**
 * One link to every peer, and the bus over them. Of a pair the controller with the higher id dials, again and
 * again with growing, jittered waits; the other waits to be called.
 *
 * A link carries messages only after both sides have said hello and found that they belong together. A new
 * link takes the place of an old one to the same peer: the peer knows better whether the old one is dead.
 */
export class Mesh implements PeerBus {
  readonly #ports: MeshPorts;
  readonly #peers: PeerLink[];
  /** Links whose other end has not proved yet that it belongs. */
  readonly #greeting = new Set<Link>();
  #closed = false;
  /** Links that were made, and what went over those that are gone. */
  #linksMade = 0;
  #past = { read: 0, written: 0 };

  constructor(ports: MeshPorts) {
    this.#ports = ports;
    this.#peers = ports.addresses.map(() => ({
      link: null,
      incarnation: null,
      refusal: null,
      attempts: 0,
      timer: null,
      dialling: null,
    }));
  }

  open(): void {
    for (let peer = 0; peer < this.#ports.node; peer++) this.#dial(peer);
  }

  /** Takes over a connection on which a peer has sent its preface. @param early bytes that came after it */
  accept(socket: Socket, early: Buffer): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    this.#greet(socket, early, null);
  }

  isUp(peer: number): boolean {
    return this.#peers[peer]?.link != null;
  }

  /** The run of the peer that is connected; null when it is not. */
  incarnationOf(peer: number): number | null {
    const state = this.#peers[peer];
    return state?.link != null ? state.incarnation : null;
  }

  /** Why the peer was last turned away, or turned us away; null when it was not. */
  refusalOf(peer: number): string | null {
    return this.#peers[peer]?.refusal ?? null;
  }

  /** Links made since the start, and bytes over all of them. */
  get traffic(): Traffic & { readonly linksMade: number } {
    let { read, written } = this.#past;
    for (const { link } of this.#peers) {
      read += link?.traffic.read ?? 0;
      written += link?.traffic.written ?? 0;
    }
    return { read, written, linksMade: this.#linksMade };
  }

  send(peer: number, message: PeerMessage): void {
    const link = this.#peers[peer]?.link;
    if (link == null) return;
    link.send(message);
    this.#ports.requestFlush();
  }

  broadcast(message: PeerMessage): void {
    this.#sendAll(this.#peers, message);
  }

  multicast(nodes: readonly number[], message: PeerMessage): void {
    this.#sendAll(
      nodes.map((node) => this.#peers[node]!),
      message,
    );
  }

  #sendAll(peers: readonly PeerLink[], message: PeerMessage): void {
    let frame: Buffer | null = null;
    for (const { link } of peers) {
      if (link === null) continue;
      frame ??= encodeFrame(message);
      link.sendFrame(frame);
    }
    if (frame !== null) this.#ports.requestFlush();
  }

  flush(): void {
    for (const { link } of this.#peers) link?.flush();
  }

  /** Breaks the link to a peer that does not belong (any more), or does not answer. */
  drop(peer: number, reason: string, refused: boolean): void {
    const state = this.#peers[peer]!;
    if (refused) {
      this.#refused(peer, reason);
      state.link?.send({ type: 'refusal', reason });
    }
    state.link?.end(reason);
  }

  close(): void {
    this.#closed = true;
    for (const state of this.#peers) {
      if (state.timer !== null) clearTimeout(state.timer);
      state.dialling?.destroy();
      state.link?.end('this controller is closing');
    }
    for (const link of this.#greeting) link.close('this controller is closing');
  }

  #hello(): Hello {
    const { node, incarnation, belonging } = this.#ports;
    const { cluster, level, peers } = belonging;
    return { type: 'hello', node, incarnation, cluster, level, peers, wallTime: this.#ports.wallTime() };
  }

  #dial(peer: number): void {
    const state = this.#peers[peer]!;
    const { host, port } = this.#ports.addresses[peer]!;
    const socket = connect({ host, port, noDelay: true });
    state.dialling = socket;
    const timeout = setTimeout(() => socket.destroy(), HELLO_WITHIN_MS);
    socket.on('error', ignore);
    socket.once('close', () => {
      clearTimeout(timeout);
      state.dialling = null;
      this.#redial(peer);
    });
    socket.once('connect', () => {
      clearTimeout(timeout);
      state.dialling = null;
      socket.write(PREFACE);
      const link = this.#greet(socket, null, peer);
      link.send(this.#hello());
      link.flush();
    });
  }

  #redial(peer: number): void {
    if (this.#closed) return;
    const state = this.#peers[peer]!;
    const longest = Math.min(REDIAL_MS_MAX, REDIAL_MS_FIRST * 2 ** state.attempts);
    state.attempts++;
    state.timer = setTimeout(() => this.#dial(peer), longest * (0.5 + 0.5 * this.#ports.random()));
  }

  /**
   * Reads the other side's hello, and then its messages. The caller says hello first, the called side answers
   * with its own, and the caller's second hello says that it agrees: only then may either send anything else.
   *
   * @param dialled the peer that was called; null when it called
   */
  #greet(socket: Socket, early: Buffer | null, dialled: number | null): Link {
    let peer: number | null = null;
    let claimed = dialled;
    const onGreeting = (message: PeerMessage): void => {
      if (message.type === 'refusal') {
        if (claimed !== null) this.#refused(claimed, message.reason);
        return link.close(message.reason);
      }
      if (message.type !== 'hello') return link.close('a peer must say hello first');
      const refusal = refusalOf(message, this.#ports.belonging) ?? this.#misplaced(message, dialled);
      if (refusal !== null) return this.#turnAway(dialled ?? message.node, link, refusal);
      const agreed = claimed !== null;
      claimed = message.node;
      if (!agreed || dialled !== null) link.send(this.#hello());
      if (!agreed) return link.flush();
      clearTimeout(patience);
      this.#greeting.delete(link);
      peer = message.node;
      this.#welcome(message, link);
    };
    const link: Link = new Link(socket, {
      onBytes: () => {
        if (peer !== null) this.#ports.onHeard(peer);
      },
      onMessage: (message) => {
        if (peer === null) onGreeting(message);
        else this.#onMessage(peer, link, message);
      },
      onClose: (reason) => {
        clearTimeout(patience);
        this.#greeting.delete(link);
        if (peer !== null) this.#lost(peer, link, reason);
      },
    });
    const patience = setTimeout(() => link.close('no hello in time'), HELLO_WITHIN_MS);
    this.#greeting.add(link);
    if (early !== null && early.length > 0) link.receive(early);
    return link;
  }

  /** @returns why this peer can't be at the other end of this connection; null when it can */
  #misplaced({ node }: Hello, dialled: number | null): string | null {
    if (node >= this.#peers.length) return `there is no controller ${node}`;
    if (dialled === null) {
      return node > this.#ports.node ? null : `controller ${node} is to be called, not to call`;
    }
    if (node === dialled) return null;
    const { host, port } = this.#ports.addresses[dialled]!;
    return `${host}:${port} is controller ${node}, not ${dialled}`;
  }

  /** @param claimed whom the other end was taken for, or takes itself for: any number */
  #turnAway(claimed: number, link: Link, reason: string): void {
    if (claimed < this.#peers.length && claimed !== this.#ports.node) this.#refused(claimed, reason);
    link.send({ type: 'refusal', reason });
    link.end(reason);
  }

  #onMessage(peer: number, link: Link, message: PeerMessage): void {
    if (message.type !== 'refusal') return this.#ports.onMessage(peer, message);
    this.#refused(peer, message.reason);
    link.close(message.reason);
  }

  #welcome(hello: Hello, link: Link): void {
    const state = this.#peers[hello.node]!;
    const old = state.link;
    if (old !== null) old.close('a new connection took its place');
    link.trust();
    state.link = link;
    this.#linksMade++;
    state.incarnation = hello.incarnation;
    state.refusal = null;
    state.attempts = 0;
    this.#ports.requestFlush();
    this.#ports.onHeard(hello.node);
    this.#ports.onUp(hello.node);
  }

  #lost(peer: number, link: Link, reason: string): void {
    const state = this.#peers[peer]!;
    if (state.link !== link) return;
    state.link = null;
    const { read, written } = link.traffic;
    this.#past = { read: this.#past.read + read, written: this.#past.written + written };
    this.#ports.onDown(peer, reason);
  }

  #refused(peer: number, reason: string): void {
    const state = this.#peers[peer]!;
    if (state.refusal === reason) return;
    state.refusal = reason;
    this.#ports.onRefused(peer, reason);
  }
}

/** A connection must be made within this time, and all hellos said within as much again. */
const HELLO_WITHIN_MS = 2_000;

/** Waits between two attempts to reach a peer: from, doubling, to; each is shortened by up to a half at random. */
const REDIAL_MS_FIRST = 25;
const REDIAL_MS_MAX = 1_000;

function ignore(): void {}
