import type { ControllerId } from '../base/number-kinds.ts';
import type { NetworkAddress } from '../base/transport.ts';
import type { ConfiguredController } from '../placement/configuration.ts';
import type { Dialler } from './dialler.ts';
import type { Link, Traffic } from './link.ts';
import type { LogRateLimit } from './log-rate-limit.ts';
import type { Hello } from './messages.ts';

/** What this controller knows of one peer. */
export interface PeerLink {
  readonly id: ControllerId;
  readonly address: NetworkAddress;
  /** The link to the peer; to a passing peer, that over which requests go to it. */
  link: Link | null;
  /** That over which requests come from a passing peer. */
  asker: Link | null;
  /** Of the peer that was connected last. */
  incarnation: number | null;
  /** Of the one that has that link. */
  askerIncarnation: number | null;
  /** Why one of the two refused the other last; null since there was a link. */
  refusal: string | null;
  readonly logLimit: LogRateLimit;
  /** It rests where the peer has the higher id, and so has to call. */
  readonly dialler: Dialler;
}

/** Over the link on which the peer sends requests, everything goes to it from now on: it is a passing one no more. */
export function promoteAsker(peer: PeerLink): void {
  if (peer.link !== null || peer.asker === null) return;
  peer.link = peer.asker;
  peer.incarnation = peer.askerIncarnation;
  peer.asker = null;
}

export function linksOf({ link, asker }: PeerLink): readonly Link[] {
  return [link, asker].filter((one) => one !== null);
}

/** The peers of the cluster as it is now. Their ids need not follow each other. */
export class PeerTable {
  readonly #byId: (PeerLink | null)[] = [];
  #all: readonly PeerLink[] = [];
  /** Links made since the start. */
  linksMade = 0;
  /** Bytes over the links that have ended. */
  #past: Traffic = { read: 0, written: 0 };

  /** In no order. Another list whenever the peers change. */
  get all(): readonly PeerLink[] {
    return this.#all;
  }

  /** The bytes over all links since the start. */
  get traffic(): Traffic & { readonly linksMade: number } {
    let { read, written } = this.#past;
    for (const peer of this.#all)
      for (const { traffic } of linksOf(peer)) {
        read += traffic.read;
        written += traffic.written;
      }
    return { read, written, linksMade: this.linksMade };
  }

  onEnded({ traffic: { read, written } }: Link): void {
    this.#past = { read: this.#past.read + read, written: this.#past.written + written };
  }

  of(id: ControllerId): PeerLink | null {
    return this.#byId[id] ?? null;
  }

  /** Those of these controllers that are peers. */
  among(ids: readonly ControllerId[]): readonly PeerLink[] {
    const found: PeerLink[] = [];
    for (const id of ids) {
      const peer = this.of(id);
      if (peer !== null) found.push(peer);
    }
    return found;
  }

  /**
   * @param self this controller
   * @param dialled the peer that was called; null when the other end called
   * @param isPassing each of the two calls the other when it has requests for it
   * @returns why the controller with this hello can't be at the other end; null when it can
   */
  whyMisdialled(
    self: ControllerId,
    { node }: Pick<Hello, 'node'>,
    dialled: ControllerId | null,
    isPassing: boolean,
  ): string | null {
    const called = dialled === null ? null : this.of(dialled);
    if (node !== self && this.of(node) === null) return `there is no controller ${node}`;
    if (dialled === null)
      return node > self || isPassing ? null : `controller ${node} is to be called, not to call`;
    if (node === dialled) return null;
    if (called === null) return `there is no controller ${dialled}`;
    return `${called.address.host}:${called.address.port} is controller ${node}, not ${dialled}`;
  }

  add(peer: PeerLink): void {
    while (this.#byId.length <= peer.id) this.#byId.push(null);
    this.#byId[peer.id] = peer;
    this.#all = [...this.#all, peer];
  }

  remove(peer: PeerLink): void {
    this.#byId[peer.id] = null;
    this.#all = this.#all.filter((one) => one !== peer);
  }
}

/** The peer is this controller, and its address has not changed. */
export function isAt({ id, host, port }: ConfiguredController, peer: PeerLink): boolean {
  return id === peer.id && host === peer.address.host && port === peer.address.port;
}
