import { connect, type Socket } from 'node:net';
import type { GroupBuses, PeerBus } from '../membership/peer-bus.ts';
import { encodeMessage } from './codec.ts';
import { tagsOf } from './frame-tags.ts';
import { Greeting, type Refused } from './greeting.ts';
import { PREFACE, PROTOCOL_VERSION, refusalInVersion1 } from './handshake.ts';
import { Link, type Traffic } from './link.ts';
import { addressOf } from './loopback.ts';
import { type MeshEvents, type MeshPorts, NO_EVENTS } from './mesh-ports.ts';
import { type Hello, isGreeting, type PeerMessage } from './messages.ts';
import { noteOf } from './note.ts';
import { NoticeLimit } from './notice-limit.ts';
import { PendingHandshakes } from './pending-handshakes.ts';
import { NONCE_BYTES } from './secret-proof.ts';

/** What is known of one peer's link. */
interface PeerLink {
  link: Link | null;
  incarnation: number | null;
  refusal: string | null;
  readonly notices: NoticeLimit;
  attempts: number;
  timer: NodeJS.Timeout | null;
  /** A connection that is being made. */
  dialling: Socket | null;
}

/**
 * One link to every peer, and the bus over them. Of a pair the controller with the higher id dials, again and
 * again with growing, jittered waits; the other waits to be called.
 *
 * A link carries messages only after the handshake (`Greeting`). A new link of the same process takes the place of an
 * old one: the process knows better whether the old one is dead. One of another process with the same number is turned
 * away for as long as the old one is heard: of a process that has ended, the kernel closes the link.
 */
export class Mesh implements GroupBuses<PeerMessage> {
  readonly #ports: MeshPorts;
  readonly #peers: PeerLink[];
  /** Links whose other end has not proved yet that it belongs. */
  readonly #pending = new PendingHandshakes();
  readonly #strangers: NoticeLimit;
  readonly #greetingBytesMax: number;
  #idTakenSinceMs: number | null = null;
  #phase: 'created' | 'open' | 'closed' = 'created';
  #events: MeshEvents = NO_EVENTS;
  /** Links that were made, and what went over those that are gone. */
  #linksMade = 0;
  #past = { read: 0, written: 0 };

  constructor(ports: MeshPorts) {
    this.#ports = ports;
    this.#strangers = new NoticeLimit(ports.clock);
    this.#greetingBytesMax = GREETING_BYTES + 2 * ports.belonging.peers.length;
    this.#peers = ports.addresses.map(() => ({
      link: null,
      incarnation: null,
      refusal: null,
      notices: new NoticeLimit(ports.clock),
      attempts: 0,
      timer: null,
      dialling: null,
    }));
  }

  /** Calls the peers, and takes their calls from now on. */
  open(events: MeshEvents): void {
    this.#phase = 'open';
    this.#events = events;
    for (let peer = 0; peer < this.#ports.node; peer++) this.#dial(peer);
  }

  /**
   * Takes over a connection on which a peer has sent its preface.
   *
   * @param version that the preface names
   * @param early bytes that came after it
   */
  accept(socket: Socket, version: number, early: Buffer): void {
    if (this.#phase !== 'open') {
      socket.destroy();
      return;
    }
    if (version === PROTOCOL_VERSION) this.#greet(socket, early, null);
    else this.#refuseVersion(socket, version);
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

  of(group: number): PeerBus<PeerMessage> {
    return {
      send: (peer, message) => {
        const link = this.#peers[peer]?.link;
        if (link == null) return;
        link.sendEncoded(encodeMessage(group, message));
        this.#ports.requestFlush();
      },
      broadcast: (message) => this.#sendAll(this.#peers, group, message),
      multicast: (nodes, message) => {
        const peers = nodes.map((node) => this.#peers[node]!);
        this.#sendAll(peers, group, message);
      },
      isUp: (peer) => this.isUp(peer),
    };
  }

  #sendAll(peers: readonly PeerLink[], group: number, message: PeerMessage): void {
    let encoded: Buffer | null = null;
    for (const { link } of peers) {
      if (link === null) continue;
      encoded ??= encodeMessage(group, message);
      link.sendEncoded(encoded);
    }
    if (encoded !== null) this.#ports.requestFlush();
  }

  flush(): void {
    for (const { link } of this.#peers) link?.flush();
  }

  /** Breaks the link to a peer that does not belong (any more), or does not answer. */
  drop(peer: number, reason: string, refused: boolean): void {
    const state = this.#peers[peer]!;
    if (refused) {
      this.#refused(peer, reason);
      state.link?.send({ type: 'refusal', reason, taken: false });
    }
    state.link?.end(reason);
  }

  close(): void {
    this.#phase = 'closed';
    for (const state of this.#peers) {
      if (state.timer !== null) clearTimeout(state.timer);
      state.dialling?.destroy();
      state.link?.end('this controller is closing');
    }
    this.#pending.closeAll('this controller is closing');
  }

  #hello(onNetwork: boolean): Hello {
    const { node, incarnation, belonging, secret } = this.#ports;
    const { cluster, level, peers } = belonging;
    const nonce = this.#ports.randomBytes(NONCE_BYTES);
    const hasSecret = secret !== null;
    return { type: 'hello', node, incarnation, cluster, level, peers, nonce, hasSecret, onNetwork };
  }

  #dial(peer: number): void {
    const state = this.#peers[peer]!;
    const { host, port } = this.#ports.addresses[peer]!;
    const socket = connect({ host, port, noDelay: true });
    state.dialling = socket;
    const timeout = setTimeout(() => socket.destroy(), CONNECT_WITHIN_MS);
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
      this.#greet(socket, null, peer);
    });
  }

  #redial(peer: number): void {
    if (this.#phase === 'closed') return;
    const state = this.#peers[peer]!;
    const longest = Math.min(REDIAL_MS_MAX, REDIAL_MS_FIRST * 2 ** state.attempts);
    state.attempts++;
    state.timer = setTimeout(() => this.#dial(peer), longest * (0.5 + 0.5 * this.#ports.random()));
  }

  /** Holds the handshake on a connection. @param dialled the peer that was called; null when it called */
  #greet(socket: Socket, early: Buffer | null, dialled: number | null): void {
    let peer: number | null = null;
    const link: Link = new Link(socket, this.#greetingBytesMax, {
      onBytes: () => {
        if (peer !== null) this.#events.onHeard(peer);
      },
      onMessage: (group, message) => {
        if (peer !== null) this.#onMessage(peer, link, group, message);
        else greeting.onMessage(message);
        if (peer === null) link.flush();
      },
      onClose: (reason, isWrong) => {
        this.#pending.end(link);
        if (isWrong) this.#turnedAway(peer ?? dialled, addressOf(socket), reason);
        if (peer !== null) this.#lost(peer, link, reason);
      },
    });
    const greeting = this.#greetingOn(socket, link, dialled, (hello) => {
      this.#pending.end(link);
      peer = hello.node;
      this.#welcome(hello, link);
    });
    this.#pending.add(link, dialled === null);
    link.flush();
    if (early !== null && early.length > 0) link.receive(early);
  }

  #greetingOn(
    socket: Socket,
    link: Link,
    dialled: number | null,
    onWelcome: (peer: Hello) => void,
  ): Greeting {
    const { secret, belonging, isLocal, frameBytesMax } = this.#ports;
    const address = addressOf(socket);
    const isHere = isLocal(socket);
    return new Greeting({
      side: dialled === null ? 'called' : 'caller',
      own: this.#hello(!isHere),
      secret,
      belonging,
      isLocal: isHere,
      misplaced: (hello) => this.#misplaced(hello, dialled),
      send: (message) => link.send(message),
      protect: (keys) => link.protect(tagsOf(keys), frameBytesMax),
      onRefuse: (claimed, { reason, taken }) => {
        this.#turnedAway(dialled ?? claimed, address, reason);
        link.send({ type: 'refusal', reason, taken });
        link.end(reason);
      },
      onRefused: (claimed, { reason, taken }, isProved) => {
        const words = noteOf(reason);
        this.#turnedAway(dialled ?? claimed, address, words);
        if (isProved && taken) this.#onIdTaken(words);
        link.close(words);
      },
      onWelcome,
    });
  }

  /** @returns why this peer can't be at the other end of this connection; null when it can */
  #misplaced(hello: Hello, dialled: number | null): Refused | null {
    const reason = this.#misdialled(hello, dialled);
    if (reason !== null) return { reason, taken: false };
    const { link, incarnation } = this.#peers[hello.node]!;
    if (link === null || incarnation === hello.incarnation || this.#events.isSilent(hello.node)) return null;
    return { reason: `controller ${hello.node} is connected already, as another process`, taken: true };
  }

  #misdialled({ node }: Hello, dialled: number | null): string | null {
    if (node >= this.#peers.length) return `there is no controller ${node}`;
    if (dialled === null) {
      return node > this.#ports.node ? null : `controller ${node} is to be called, not to call`;
    }
    if (node === dialled) return null;
    const { host, port } = this.#ports.addresses[dialled]!;
    return `${host}:${port} is controller ${node}, not ${dialled}`;
  }

  /** Tells a process of an older release, in its own words, why it can't be a peer. */
  #refuseVersion(socket: Socket, version: number): void {
    const reason = `it speaks version ${version} of the peer protocol, and this controller version ${PROTOCOL_VERSION}`;
    this.#turnedAway(null, addressOf(socket), reason);
    socket.on('error', ignore);
    socket.end(refusalInVersion1(reason), () => socket.destroy());
  }

  #onMessage(peer: number, link: Link, group: number, message: PeerMessage): void {
    if (!isGreeting(message)) return this.#events.onMessage(peer, group, message);
    if (message.type !== 'refusal')
      return this.drop(peer, `a ${message.type} came after the handshake`, true);
    const reason = noteOf(message.reason);
    this.#refused(peer, reason);
    link.close(reason);
  }

  #welcome(hello: Hello, link: Link): void {
    const state = this.#peers[hello.node]!;
    state.link?.close('a new connection took its place');
    // A peer that is refused again and again after its handshake is dialled more and more seldom.
    if (state.refusal === null) state.attempts = 0;
    state.link = link;
    this.#linksMade++;
    this.#idTakenSinceMs = null;
    state.incarnation = hello.incarnation;
    state.refusal = null;
    this.#ports.requestFlush();
    this.#events.onHeard(hello.node);
    this.#events.onUp(hello.node);
  }

  #lost(peer: number, link: Link, reason: string): void {
    const state = this.#peers[peer]!;
    if (state.link !== link) return;
    state.link = null;
    const { read, written } = link.traffic;
    this.#past = { read: this.#past.read + read, written: this.#past.written + written };
    this.#events.onDown(peer, reason);
  }

  /** @param claimed the peer that was called, or the number that the other end gives itself; null when it gave none */
  #turnedAway(claimed: number | null, address: string, reason: string): void {
    if (claimed !== null && claimed < this.#peers.length && claimed !== this.#ports.node) {
      this.#refused(claimed, reason);
    } else if (this.#strangers.isDue(reason)) this.#ports.onStranger(address, reason);
  }

  #refused(peer: number, reason: string): void {
    const state = this.#peers[peer]!;
    state.refusal = reason;
    if (state.notices.isDue(reason)) this.#ports.onRefused(peer, reason);
  }

  /** A process that some peer takes for what it says it is goes on; so does one that may only have to wait a little. */
  #onIdTaken(reason: string): void {
    if (this.#peers.some(({ link }) => link !== null)) return;
    const nowMs = this.#ports.clock.nowMs();
    this.#idTakenSinceMs ??= nowMs;
    if (nowMs - this.#idTakenSinceMs >= this.#ports.idTakenAfterMs) this.#ports.onIdTaken(reason);
  }
}

/** A connection must be made within this time. */
const CONNECT_WITHIN_MS = 2_000;

/** Largest frame of a handshake in bytes, beside two lists of peers: of a hello, and in the reason of a refusal. */
const GREETING_BYTES = 4_096;

/** Waits between two attempts to reach a peer: from, doubling, to; each is shortened by up to a half at random. */
const REDIAL_MS_FIRST = 25;
const REDIAL_MS_MAX = 1_000;

function ignore(): void {}
