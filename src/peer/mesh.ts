import type { ControllerId, GroupNumber } from '../base/number-kinds.ts';
import type { Connection, NetworkAddress } from '../base/transport.ts';
import type { GroupBuses, PeerBus } from '../membership/peer-bus.ts';
import type { ConfiguredController } from '../placement/configuration.ts';
import { Dialler } from './dialler.ts';
import { tagsOf } from './frame-tags.ts';
import { Handshake, type RefusalReason } from './handshake.ts';
import { Link, type Traffic } from './link.ts';
import { LogRateLimit } from './log-rate-limit.ts';
import { addressOf } from './loopback.ts';
import { type MeshEvents, type MeshPorts, NO_EVENTS } from './mesh-ports.ts';
import { type Hello, isForAsker, isHandshake, type PeerMessage } from './messages.ts';
import { handshakeBytesMax, helloOf } from './own-hello.ts';
import { isAt, linksOf, type PeerLink, PeerTable, promoteAsker } from './peer-table.ts';
import { PendingHandshakes } from './pending-handshakes.ts';
import { type Agreement, agreementWith, type PeerPreface, prefaceOf } from './preface.ts';
import { reasonTextOf } from './reason-text.ts';
import { Refusals } from './refusals.ts';
import { sendOver } from './send-over.ts';
import { impliedGroup } from './version-2.ts';

/**
 * One link to every peer, and the buses of all groups over these links. Of each pair, the controller with the higher id
 * calls the other (`Dialler`).
 *
 * To a **passing** peer there is none. Each of the two makes one for its own requests, and ends it once no answer is
 * due on it. A peer that is passing no more keeps what links there are. If there are two, they end together.
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
  readonly #refusals: Refusals;
  #phase: 'created' | 'open' | 'closed' = 'created';
  #events: MeshEvents = NO_EVENTS;
  /** The link on which a peer waits for answers. */
  readonly #linkBack = (peer: PeerLink) => (this.#ports.isPassing(peer.id) ? peer.asker : peer.link);

  constructor(ports: MeshPorts) {
    this.#ports = ports;
    this.#refusals = new Refusals(ports, this.#peers);
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
    for (const peer of this.#peers.all) this.#callIfDue(peer);
  }

  /** Makes a link for requests to a passing peer, again and again until `hangUp`. */
  call(peer: ControllerId): void {
    if (this.#phase === 'open') this.#peers.of(peer)?.dialler.start();
  }

  /** Ends the link to a passing peer, which owes nothing. That is no event. */
  hangUp(peer: ControllerId): void {
    const state = this.#peers.of(peer);
    if (state === null) return;
    const { link } = state;
    state.dialler.rest();
    if (link === null) return;
    state.link = null;
    this.#peers.onEnded(link);
    link.end('no requests go over it any more');
  }

  /** The peer is a passing one no more, or is one again. A link to it goes on, and `onUp` is called again if it is up. */
  relink(peer: ControllerId): void {
    const state = this.#peers.of(peer);
    if (state === null || this.#phase !== 'open') return;
    const isPassing = this.#ports.isPassing(peer);
    if (!isPassing) promoteAsker(state);
    if (state.link !== null) return isPassing ? undefined : this.#events.onUp(peer);
    if (isPassing || !this.#mayCall(peer)) state.dialler.rest();
    this.#callIfDue(state);
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
    if (agreement === null) this.#refusals.refuseVersions(connection, preface);
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

  /** Bytes that wait to be sent to the peer; 0 when it is not connected. Of a passing peer, answers. */
  waitingBytes(peer: ControllerId): number {
    const state = this.#peers.of(peer);
    return (state?.asker ?? state?.link)?.waitingBytes ?? 0;
  }

  /** Why one of the two refused the other last; null since there was a link. */
  refusalOf(peer: ControllerId): string | null {
    return this.#peers.of(peer)?.refusal ?? null;
  }

  /** Links made since the start, and the bytes over all of them. */
  get traffic(): Traffic & { readonly linksMade: number } {
    return this.#peers.traffic;
  }

  of(group: GroupNumber): PeerBus<PeerMessage> {
    return {
      send: (peer, message) => {
        const state = this.#peers.of(peer);
        if (state !== null) this.#sendAll([state], group, message);
      },
      sendToAll: (message) => this.#sendAll(this.#peers.all, group, message),
      sendTo: (nodes, message) => this.#sendAll(this.#peers.among(nodes), group, message),
      isUp: (peer) => this.isUp(peer),
    };
  }

  #sendAll(peers: readonly PeerLink[], group: GroupNumber, message: PeerMessage): void {
    const { dataGroup, requestFlush } = this.#ports;
    const linkOf = isForAsker(message) ? this.#linkBack : linkTo;
    if (sendOver(peers, linkOf, group, message, dataGroup)) requestFlush();
  }

  flush(): void {
    for (const { link, asker } of this.#peers.all) {
      link?.flush();
      asker?.flush();
    }
  }

  /** Ends the link to a peer. @param refused the peer sent what no controller sends, and is told so */
  drop(peer: ControllerId, reason: string, refused: boolean): void {
    const state = this.#peers.of(peer);
    if (state === null) return;
    if (refused) {
      this.#refusals.onRefused(state, reason);
      for (const link of linksOf(state)) link.send({ type: 'refusal', reason, idTaken: false });
      state.asker?.end(reason);
    }
    state.link?.end(reason);
  }

  close(): void {
    this.#phase = 'closed';
    for (const state of this.#peers.all) {
      state.dialler.stop();
      for (const link of linksOf(state)) link.end('this controller is closing');
    }
    this.#pending.closeAll('this controller is closing');
  }

  #add({ id, host, port }: ConfiguredController): void {
    const address = { host, port };
    const dialler = this.#diallerOf(id, address);
    const logLimit = new LogRateLimit(this.#ports.clock);
    const peer = {
      id,
      address,
      link: null,
      asker: null,
      incarnation: null,
      askerIncarnation: null,
      refusal: null,
      logLimit,
      dialler,
    };
    this.#peers.add(peer);
    if (this.#phase === 'open') this.#callIfDue(peer);
  }

  #callIfDue({ id, dialler }: PeerLink): void {
    if (id < this.#ports.node && !this.#ports.isPassing(id)) dialler.start();
  }

  #mayCall(id: ControllerId): boolean {
    return id < this.#ports.node || this.#ports.isPassing(id);
  }

  /** The controller is none of the cluster any more. */
  #remove(peer: PeerLink): void {
    peer.dialler.stop();
    for (const link of linksOf(peer)) {
      link.send({ type: 'refusal', reason: REMOVED, idTaken: false });
      link.end(REMOVED);
      this.#lost(peer.id, link, REMOVED);
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
      onRefused: (connection, reason) => this.#refusals.onTurnedAway(peer, addressOf(connection), reason),
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
    const link: Link = new Link(connection, agreement.version, handshakeBytesMax(this.#ports), {
      onBytes: () => {
        if (peer !== null && !this.#isOfAsker(peer, link)) this.#events.onHeard(peer);
      },
      onMessage: (group, message) => {
        if (peer !== null) this.#onMessage(peer, link, group, message);
        else handshake.onMessage(message);
        if (peer === null) link.flush();
      },
      onClose: (reason, isWrong) => {
        this.#pending.end(link);
        if (isWrong) this.#refusals.onTurnedAway(peer ?? dialled, addressOf(connection), reason);
        if (peer !== null) this.#lost(peer, link, reason);
        if (dialled !== null && this.#mayCall(dialled)) dialler?.lost();
        else dialler?.rest();
      },
    });
    const handshake = this.#handshakeOn(connection, link, agreement, dialled, (hello) => {
      this.#pending.end(link);
      peer = hello.node;
      this.#welcome(hello, link, dialled === null);
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
      own: helloOf(this.#ports, !isHere),
      prefaces,
      secret,
      version,
      identity: identity(),
      isLocal: isHere,
      whyMisplaced: (hello) => this.#whyMisplaced(hello, dialled),
      send: (message) => link.send(message),
      protect: (keys) => link.becomeProtected(tagsOf(keys), frameBytesMax),
      onRefuse: (claimed, { reason, idTaken }) => {
        this.#refusals.onTurnedAway(dialled ?? claimed, address, reason);
        link.send({ type: 'refusal', reason, idTaken });
        link.end(reason);
      },
      onRefused: (claimed, { reason, idTaken }, isProved) => {
        const words = reasonTextOf(reason);
        this.#refusals.onTurnedAway(dialled ?? claimed, address, words);
        if (isProved && idTaken) this.#refusals.onIdTaken(words);
        link.close(words);
      },
      onWelcome,
    });
  }

  /** @returns why a controller with this hello can't be at the other end of this connection; null when it can */
  #whyMisplaced(hello: Hello, dialled: ControllerId | null): RefusalReason | null {
    const { node, isPassing } = this.#ports;
    const reason = this.#peers.whyMisdialled(node, hello, dialled, isPassing(hello.node));
    if (reason !== null) return { reason, idTaken: false };
    const { link, incarnation } = this.#peers.of(hello.node)!;
    if (link === null || incarnation === hello.incarnation || this.#events.isSilent(hello.node)) return null;
    return { reason: `controller ${hello.node} is connected already, as another process`, idTaken: true };
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
    if (state !== null) this.#refusals.onRefused(state, reason);
    link.close(reason);
  }

  /** @param hasCalled the peer has made the link: a passing one for requests to this controller */
  #welcome(hello: Hello, link: Link, hasCalled: boolean): void {
    const state = this.#peers.of(hello.node);
    if (state === null) return link.end(REMOVED);
    const isPassing = () => this.#ports.isPassing(hello.node);
    const before = isPassing() ? [hasCalled ? state.asker : state.link] : linksOf(state);
    for (const one of before) one?.close('a new connection took its place');
    this.#peers.linksMade++;
    this.#refusals.onLinked();
    this.#ports.requestFlush();
    // The end of the link before may have made it a passing one.
    if (hasCalled && isPassing()) {
      state.asker = link;
      state.askerIncarnation = hello.incarnation;
      return this.#events.onAskerUp(hello.node);
    }
    // The waits between calls go on growing for a peer that is refused after each of its handshakes.
    if (state.refusal === null) state.dialler.succeeded();
    state.link = link;
    state.incarnation = hello.incarnation;
    state.refusal = null;
    this.#events.onHeard(hello.node);
    this.#events.onUp(hello.node);
  }

  /** A passing peer sends its requests over the link. */
  #isOfAsker(peer: ControllerId, link: Link): boolean {
    return this.#peers.of(peer)?.asker === link && this.#ports.isPassing(peer);
  }

  #lost(peer: ControllerId, link: Link, reason: string): void {
    const state = this.#peers.of(peer);
    if (state === null || !linksOf(state).includes(link)) return;
    const isPassing = this.#ports.isPassing(peer);
    const other = state.asker === link ? state.link : state.asker;
    this.#peers.onEnded(link);
    if (state.asker === link) {
      state.asker = null;
      this.#events.onAskerDown(peer);
    } else {
      state.link = null;
      this.#events.onDown(peer, reason);
    }
    // Each of them has what the peer needs in order. The peer may have made this one, and not be the one that calls.
    if (!isPassing) other?.end(reason);
    this.#callIfDue(state);
  }
}

function linkTo({ link }: PeerLink): Link | null {
  return link;
}

/** To a peer whose controller is on no list any more, and why its link ends. */
const REMOVED = 'it is no controller of this cluster any more';
