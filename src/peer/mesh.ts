import { connect, type Socket } from 'node:net';
import { encodeFrame } from './codec.ts';
import { type Belonging, PREFACE, refusalOf } from './handshake.ts';
import { Link } from './link.ts';
import type { Hello, PeerBus, PeerMessage } from './messages.ts';

export interface MeshPorts {
  readonly node: number;
  readonly incarnation: number;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly belonging: Belonging;
  /** The clock reading that goes out with a hello, as a version time. */
  readonly time: () => number;
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
  #closed = false;

  constructor(ports: MeshPorts) {
    this.#ports = ports;
    this.#peers = ports.addresses.map(() => ({
      link: null,
      incarnation: null,
      refusal: null,
      attempts: 0,
      timer: null,
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
    this.#greet(socket, early, (hello, link) => {
      if (hello.node <= this.#ports.node) return `controller ${hello.node} is to be called, not to call`;
      link.send(this.#hello());
      return null;
    });
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

  send(peer: number, message: PeerMessage): void {
    const link = this.#peers[peer]?.link;
    if (link == null) return;
    link.send(message);
    this.#ports.requestFlush();
  }

  broadcast(message: PeerMessage): void {
    const up = this.#peers.filter((peer) => peer.link !== null);
    if (up.length === 0) return;
    const frame = encodeFrame(message);
    for (const { link } of up) link!.sendFrame(frame);
    this.#ports.requestFlush();
  }

  flush(): void {
    for (const { link } of this.#peers) link?.flush();
  }

  /** Breaks the link to a peer that does not belong (any more), or does not answer. */
  drop(peer: number, reason: string, refused: boolean): void {
    const state = this.#peers[peer]!;
    if (refused) this.#refused(peer, reason);
    state.link?.end(reason);
  }

  close(): void {
    this.#closed = true;
    for (const state of this.#peers) {
      if (state.timer !== null) clearTimeout(state.timer);
      state.link?.end('this controller is closing');
    }
  }

  #hello(): Hello {
    const { node, incarnation, belonging } = this.#ports;
    const { cluster, level, peers } = belonging;
    return { type: 'hello', node, incarnation, cluster, level, peers, time: this.#ports.time() };
  }

  #dial(peer: number): void {
    const address = this.#ports.addresses[peer]!;
    const socket = connect({ host: address.host, port: address.port, noDelay: true });
    const timeout = setTimeout(() => socket.destroy(new Error('no answer')), HELLO_WITHIN_MS);
    socket.once('close', () => {
      clearTimeout(timeout);
      this.#redial(peer);
    });
    socket.on('error', ignore);
    socket.once('connect', () => {
      socket.write(PREFACE);
      const link = this.#greet(
        socket,
        null,
        (hello) => {
          if (hello.node !== peer)
            return `${address.host}:${address.port} is controller ${hello.node}, not ${peer}`;
          clearTimeout(timeout);
          return null;
        },
        peer,
      );
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
   * Reads the other side's hello, and then its messages.
   *
   * @param expected checks whether this peer may come this way, and answers it; returns why not
   * @param dialled the peer that was called, to whom a refusal belongs
   */
  #greet(
    socket: Socket,
    early: Buffer | null,
    expected: (hello: Hello, link: Link) => string | null,
    dialled?: number,
  ): Link {
    let peer: number | null = null;
    const patience = setTimeout(() => link.close('no hello in time'), HELLO_WITHIN_MS);
    const onFirst = (message: PeerMessage): void => {
      clearTimeout(patience);
      if (message.type === 'refusal') {
        if (dialled !== undefined) this.#refused(dialled, message.reason);
        return link.close(message.reason);
      }
      if (message.type !== 'hello') return link.close('a peer must say hello first');
      const refusal = refusalOf(message, this.#ports.belonging) ?? expected(message, link);
      if (refusal === null) {
        peer = message.node;
        return this.#welcome(message, link);
      }
      if (message.node < this.#peers.length && message.node !== this.#ports.node) {
        this.#refused(message.node, refusal);
      }
      link.send({ type: 'refusal', reason: refusal });
      link.end(refusal);
    };
    const link: Link = new Link(socket, {
      onBytes: () => {
        if (peer !== null) this.#ports.onHeard(peer);
      },
      onMessage: (message) => {
        if (peer === null) onFirst(message);
        else this.#ports.onMessage(peer, message);
      },
      onClose: (reason) => {
        clearTimeout(patience);
        if (peer !== null) this.#lost(peer, link, reason);
      },
    });
    if (early !== null && early.length > 0) link.receive(early);
    return link;
  }

  #welcome(hello: Hello, link: Link): void {
    const state = this.#peers[hello.node]!;
    const old = state.link;
    if (old !== null) old.close('a new connection took its place');
    state.link = link;
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
    this.#ports.onDown(peer, reason);
  }

  #refused(peer: number, reason: string): void {
    const state = this.#peers[peer]!;
    if (state.refusal === reason) return;
    state.refusal = reason;
    this.#ports.onRefused(peer, reason);
  }
}

/** A connection must be made, and both hellos said, within this time. */
const HELLO_WITHIN_MS = 2_000;

/** Waits between two attempts to reach a peer: from, doubling, to; each is shortened by up to a half at random. */
const REDIAL_MS_FIRST = 25;
const REDIAL_MS_MAX = 1_000;

function ignore(): void {}
