import type { Written } from '../base/byte-writer.ts';
import type { ControllerId, GroupNumber, MonotonicMs } from '../base/number-kinds.ts';
import type { Connection, ConnectionHandlers, NetworkAddress } from '../base/transport.ts';
import { type GroupBuses, type PeerBus, ROOT_GROUP } from '../membership/peer-bus.ts';
import type { ConfiguredController } from '../placement/configuration.ts';
import { encodeParts } from './codec.ts';
import { Dialler } from './dialler.ts';
import { tagsOf } from './frame-tags.ts';
import { Handshake, type RefusalReason } from './handshake.ts';
import { Link, type Traffic } from './link.ts';
import { LogRateLimit } from './log-rate-limit.ts';
import { addressOf } from './loopback.ts';
import { type MeshEvents, type MeshPorts, NO_EVENTS } from './mesh-ports.ts';
import { type Hello, isHandshake, isOfPlacements, type PeerMessage } from './messages.ts';
import { isAt, type PeerLink, PeerTable } from './peer-table.ts';
import { PendingHandshakes } from './pending-handshakes.ts';
import {
  type Agreement,
  agreementWith,
  type PeerPreface,
  prefaceOf,
  refusalInVersion1,
  versionRefusal,
} from './preface.ts';
import { reasonTextOf } from './reason-text.ts';
import { NONCE_BYTES } from './secret-proof.ts';
import { impliedGroup } from './version-2.ts';
import { withoutDifferences } from './version-3.ts';

/**
 * One link to every peer, and the buses of all groups over these links. Of each pair, the controller with the higher id
 * calls the other (`Dialler`).
 *
 * A link carries messages only after the handshake (`Handshake`). When a peer connects that is connected already:
 *
 *  1. A new link of the same process takes the place of the old one, because the process knows best whether the old one
 *     is dead.
 *  2. A link of another process with the same id is refused while the old one is heard, because the kernel closes the
 *     links of a process that has ended.
 *
 * The controllers of the cluster may change while the mesh is open. Ids are never given twice.
 */
export class Mesh implements GroupBuses<PeerMessage> {
  readonly #ports: MeshPorts;
  readonly #peers = new PeerTable();
  /** Links whose handshake is under way. */
  readonly #pending = new PendingHandshakes();
  readonly #unknownLimit: LogRateLimit;
  /** Since when every peer has said that another process has this controller's id; null when one does not. */
  #idTakenSinceMs: MonotonicMs | null = null;
  #phase: 'created' | 'open' | 'closed' = 'created';
  #events: MeshEvents = NO_EVENTS;
  /** Links made since the start. */
  #linksMade = 0;
  /** Bytes over the links that have ended. */
  #past = { read: 0, written: 0 };

  constructor(ports: MeshPorts) {
    this.#ports = ports;
    this.#unknownLimit = new LogRateLimit(ports.clock);
    this.setControllers(ports.controllers);
  }

  /** These are the controllers of the cluster from now on. Whether this controller is one of them does not matter. */
  setControllers(controllers: readonly ConfiguredController[]): void {
    for (const peer of this.#peers.all) if (!controllers.some((one) => isAt(one, peer))) this.#remove(peer);
    for (const one of controllers)
      if (one.id !== this.#ports.node && this.#peers.of(one.id) === null) this.#add(one);
  }

  /** Calls the peers, and accepts their calls from now on. */
  open(events: MeshEvents): void {
    this.#phase = 'open';
    this.#events = events;
    for (const { dialler } of this.#peers.all) dialler?.start();
  }

  /**
   * Takes over a connection on which a peer has sent its preface.
   *
   * @param early bytes that came behind it
   */
  accept(connection: Connection, preface: PeerPreface, early: Buffer): void {
    if (this.#phase !== 'open') {
      connection.destroy();
      return;
    }
    if (preface.hasRange) connection.write(prefaceOf(this.#ports.versions));
    const agreement = agreementWith(preface, this.#ports.versions);
    if (agreement === null) this.#refuseVersions(connection, preface);
    else this.#shakeHands(connection, agreement, early, null);
  }

  isUp(peer: ControllerId): boolean {
    return this.#peers.of(peer)?.link != null;
  }

  /** The incarnation of the peer; null when it is not connected. */
  incarnationOf(peer: ControllerId): number | null {
    return this.isUp(peer) ? this.#peers.of(peer)!.incarnation : null;
  }

  /** The peer that is connected runs a release that knows placements. */
  knowsPlacements(peer: ControllerId): boolean {
    return this.#peers.of(peer)?.link?.knowsPlacements === true;
  }

  /** Bytes that wait to be sent to the peer; 0 when it is not connected. */
  waitingBytes(peer: ControllerId): number {
    return this.#peers.of(peer)?.link?.waitingBytes ?? 0;
  }

  /** Why one of the two refused the other last; null since there was a link. */
  refusalOf(peer: ControllerId): string | null {
    return this.#peers.of(peer)?.refusal ?? null;
  }

  /** Links made since the start, and the bytes over all of them. */
  get traffic(): Traffic & { readonly linksMade: number } {
    let { read, written } = this.#past;
    for (const { link } of this.#peers.all) {
      read += link?.traffic.read ?? 0;
      written += link?.traffic.written ?? 0;
    }
    return { read, written, linksMade: this.#linksMade };
  }

  of(group: GroupNumber): PeerBus<PeerMessage> {
    return {
      send: (peer, message) => {
        const state = this.#peers.of(peer);
        if (state?.link != null) this.#sendAll([state], group, message);
      },
      sendToAll: (message) => this.#sendAll(this.#peers.all, group, message),
      sendTo: (nodes, message) => this.#sendAll(this.#peers.among(nodes), group, message),
      isUp: (peer) => this.isUp(peer),
    };
  }

  /** Encodes the message once for each form that the peers understand. */
  #sendAll(peers: readonly PeerLink[], group: GroupNumber, message: PeerMessage): void {
    let named: Written | null = null;
    let namedOlder: Written | null = null;
    let unnamed: Written | null = null;
    for (const { link } of peers) {
      if (link === null || (isOfPlacements(message) && !link.knowsPlacements)) continue;
      if (link.namesGroups && !link.knowsPlacements) {
        namedOlder ??= encodeParts(group, withoutDifferences(message));
        link.sendEncoded(namedOlder);
      } else if (link.namesGroups) {
        named ??= encodeParts(group, message);
        link.sendEncoded(named);
      } else if (impliedGroup(message, this.#ports.dataGroup) === group) {
        unnamed ??= encodeParts(ROOT_GROUP, withoutDifferences(message));
        link.sendEncoded(unnamed);
      }
    }
    if (named !== null || namedOlder !== null || unnamed !== null) this.#ports.requestFlush();
  }

  flush(): void {
    for (const { link } of this.#peers.all) link?.flush();
  }

  /** Ends the link to a peer. @param refused the peer sent what no controller sends, and is told so */
  drop(peer: ControllerId, reason: string, refused: boolean): void {
    const state = this.#peers.of(peer);
    if (state === null) return;
    if (refused) {
      this.#refused(state, reason);
      state.link?.send({ type: 'refusal', reason, idTaken: false });
    }
    state.link?.end(reason);
  }

  close(): void {
    this.#phase = 'closed';
    for (const state of this.#peers.all) {
      state.dialler?.stop();
      state.link?.end('this controller is closing');
    }
    this.#pending.closeAll('this controller is closing');
  }

  #handshakeBytesMax(): number {
    return HANDSHAKE_BYTES + 2 * this.#ports.identity().peers.length;
  }

  /** @param onNetwork the connection leaves this machine, as far as this end can tell */
  #hello(onNetwork: boolean): Hello {
    const { node, incarnation, identity, secret } = this.#ports;
    const { cluster, placement, peers } = identity();
    const nonce = this.#ports.randomBytes(NONCE_BYTES);
    const hasSecret = secret !== null;
    return { type: 'hello', node, incarnation, cluster, placement, peers, nonce, hasSecret, onNetwork };
  }

  #add({ id, host, port }: ConfiguredController): void {
    const { node, clock } = this.#ports;
    const address = { host, port };
    const dialler = id < node ? this.#diallerOf(id, address) : null;
    const logLimit = new LogRateLimit(clock);
    this.#peers.add({ id, address, link: null, incarnation: null, refusal: null, logLimit, dialler });
    if (this.#phase === 'open') dialler?.start();
  }

  /** The controller is none of the cluster any more. */
  #remove(peer: PeerLink): void {
    const { id, link, dialler } = peer;
    dialler?.stop();
    if (link !== null) {
      link.send({ type: 'refusal', reason: REMOVED, idTaken: false });
      link.end(REMOVED);
      this.#lost(id, link, REMOVED);
    }
    this.#peers.remove(peer);
  }

  #diallerOf(peer: ControllerId, address: NetworkAddress): Dialler {
    const { transport, versions, random } = this.#ports;
    return new Dialler({
      versions,
      transport,
      address,
      random,
      onConnected: (connection, agreement, early) => this.#shakeHands(connection, agreement, early, peer),
      onRefused: (connection, reason) => this.#onTurnedAway(peer, addressOf(connection), reason),
    });
  }

  /** Begins the handshake on a connection. @param dialled the peer that was called; null when the peer called */
  #shakeHands(
    connection: Connection,
    agreement: Agreement,
    early: Buffer,
    dialled: ControllerId | null,
  ): void {
    let peer: ControllerId | null = null;
    const dialler = dialled === null ? null : (this.#peers.of(dialled)?.dialler ?? null);
    const link: Link = new Link(connection, agreement.version, this.#handshakeBytesMax(), {
      onBytes: () => {
        if (peer !== null) this.#events.onHeard(peer);
      },
      onMessage: (group, message) => {
        if (peer !== null) this.#onMessage(peer, link, group, message);
        else handshake.onMessage(message);
        if (peer === null) link.flush();
      },
      onClose: (reason, isWrong) => {
        this.#pending.end(link);
        if (isWrong) this.#onTurnedAway(peer ?? dialled, addressOf(connection), reason);
        if (peer !== null) this.#lost(peer, link, reason);
        dialler?.lost();
      },
    });
    const handshake = this.#handshakeOn(connection, link, agreement, dialled, (hello) => {
      this.#pending.end(link);
      peer = hello.node;
      this.#welcome(hello, link);
    });
    this.#pending.add(link, dialled === null);
    link.flush();
    if (early.length > 0) link.receive(early);
  }

  #handshakeOn(
    connection: Connection,
    link: Link,
    { version, prefaces }: Agreement,
    dialled: ControllerId | null,
    onWelcome: (peer: Hello) => void,
  ): Handshake {
    const { secret, identity, isLocal, frameBytesMax } = this.#ports;
    const address = addressOf(connection);
    const isHere = isLocal(connection);
    return new Handshake({
      end: dialled === null ? 'called' : 'caller',
      own: this.#hello(!isHere),
      prefaces,
      secret,
      version,
      identity: identity(),
      isLocal: isHere,
      whyMisplaced: (hello) => this.#whyMisplaced(hello, dialled),
      send: (message) => link.send(message),
      protect: (keys) => link.becomeProtected(tagsOf(keys), frameBytesMax),
      onRefuse: (claimed, { reason, idTaken }) => {
        this.#onTurnedAway(dialled ?? claimed, address, reason);
        link.send({ type: 'refusal', reason, idTaken });
        link.end(reason);
      },
      onRefused: (claimed, { reason, idTaken }, isProved) => {
        const words = reasonTextOf(reason);
        this.#onTurnedAway(dialled ?? claimed, address, words);
        if (isProved && idTaken) this.#onIdTaken(words);
        link.close(words);
      },
      onWelcome,
    });
  }

  /** @returns why a controller with this hello can't be at the other end of this connection; null when it can */
  #whyMisplaced(hello: Hello, dialled: ControllerId | null): RefusalReason | null {
    const reason = this.#peers.whyMisdialled(this.#ports.node, hello, dialled);
    if (reason !== null) return { reason, idTaken: false };
    const { link, incarnation } = this.#peers.of(hello.node)!;
    if (link === null || incarnation === hello.incarnation || this.#events.isSilent(hello.node)) return null;
    return { reason: `controller ${hello.node} is connected already, as another process`, idTaken: true };
  }

  /** A caller that named a range knows this controller's range by now; an older one gets a refusal that it can read. */
  #refuseVersions(connection: Connection, { versions, hasRange }: PeerPreface): void {
    const reason = versionRefusal(versions, this.#ports.versions);
    this.#onTurnedAway(null, addressOf(connection), reason);
    connection.handle(UNHEARD);
    if (!hasRange) connection.write(refusalInVersion1(reason));
    connection.closeWhenSent();
  }

  #onMessage(peer: ControllerId, link: Link, group: GroupNumber, message: PeerMessage): void {
    if (!isHandshake(message)) {
      const named = link.namesGroups ? group : impliedGroup(message, this.#ports.dataGroup);
      return this.#events.onMessage(peer, named, message);
    }
    if (message.type !== 'refusal')
      return this.drop(peer, `a ${message.type} came after the handshake`, true);
    const reason = reasonTextOf(message.reason);
    const state = this.#peers.of(peer);
    if (state !== null) this.#refused(state, reason);
    link.close(reason);
  }

  #welcome(hello: Hello, link: Link): void {
    const state = this.#peers.of(hello.node);
    if (state === null) return link.end(REMOVED);
    state.link?.close('a new connection took its place');
    // The waits between calls go on growing for a peer that is refused after each of its handshakes.
    if (state.refusal === null) state.dialler?.succeeded();
    state.link = link;
    this.#linksMade++;
    this.#idTakenSinceMs = null;
    state.incarnation = hello.incarnation;
    state.refusal = null;
    this.#ports.requestFlush();
    this.#events.onHeard(hello.node);
    this.#events.onUp(hello.node);
  }

  #lost(peer: ControllerId, link: Link, reason: string): void {
    const state = this.#peers.of(peer);
    if (state?.link !== link) return;
    state.link = null;
    const { read, written } = link.traffic;
    this.#past = { read: this.#past.read + read, written: this.#past.written + written };
    this.#events.onDown(peer, reason);
  }

  /** @param claimed the peer that was called, or the id that the other end gives itself; null when it gave none */
  #onTurnedAway(claimed: ControllerId | null, address: string, reason: string): void {
    const state = claimed === null ? null : this.#peers.of(claimed);
    if (state !== null) this.#refused(state, reason);
    else if (this.#unknownLimit.isDue(reason)) this.#ports.onUnknownRefused(address, reason);
  }

  #refused(state: PeerLink, reason: string): void {
    state.refusal = reason;
    if (state.logLimit.isDue(reason)) this.#ports.onRefused(state.id, reason);
  }

  /**
   * Another process has this controller's id, as one peer says. It counts only once no peer is linked, and once all
   * peers have said so for a while: until then the other process may be an earlier run whose end they have not
   * noticed.
   */
  #onIdTaken(reason: string): void {
    if (this.#peers.all.some(({ link }) => link !== null)) return;
    const nowMs = this.#ports.clock.nowMs();
    this.#idTakenSinceMs ??= nowMs;
    if (nowMs - this.#idTakenSinceMs >= this.#ports.idTakenAfterMs) this.#ports.onIdTaken(reason);
  }
}

/** To a peer whose controller is on no list any more, and why its link ends. */
const REMOVED = 'it is no controller of this cluster any more';

/**
 * Largest frame of a handshake without the lists of peers, in bytes. The list is in the hello, and up to twice in the
 * reason of a refusal.
 */
const HANDSHAKE_BYTES = 4_096;

/** Handlers of a connection that is about to be closed. */
const UNHEARD: ConnectionHandlers = { onData: ignore, onEnd: ignore, onError: ignore, onClose: ignore };

function ignore(): void {}
