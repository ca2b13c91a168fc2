import { decodeBody, encodeFrame, LENGTH_BYTES } from '../../src/peer/codec.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** What a node hears from the network. */
export interface NetworkNode {
  readonly incarnation: number;
  onPeerUp(peer: number): void;
  onPeerDown(peer: number): void;
  onMessage(from: number, message: PeerMessage): void;
}

/** The link of a pair: as TCP, FIFO each way while it holds; when it breaks, the end of what was sent is lost. */
interface SimLink {
  /** Grows with every break: what was sent before is not delivered after. */
  epoch: number;
  up: boolean;
  cut: boolean;
  /** Per direction, by receiver: nothing is delivered before this time. */
  readonly clearMs: Map<number, number>;
}

/**
 * Links between all nodes with the guarantees of `PeerBus` and no more. Messages pass through the real codec.
 */
export class SimNetwork {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #nodes: (NetworkNode | null)[];
  readonly #links = new Map<string, SimLink>();
  /** Extra one-way delay of messages, `from>to`, in milliseconds. */
  readonly extraMs = new Map<string, number>();
  delayMs: [min: number, max: number] = [0.1, 1];
  messages = 0;
  breaks = 0;

  constructor(scheduler: Scheduler, random: Random, nodes: number) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#nodes = new Array<NetworkNode | null>(nodes).fill(null);
  }

  /** A node starts: links to all that run come up. */
  join(id: number, node: NetworkNode): void {
    this.#nodes[id] = node;
    this.#nodes.forEach((other, peer) => {
      if (peer !== id && other !== null) this.#raise(id, peer);
    });
  }

  /** A node is gone, with all that was on its way to or from it. */
  leave(id: number): void {
    this.#nodes[id] = null;
    this.#nodes.forEach((_, peer) => {
      if (peer !== id) this.#drop(id, peer);
    });
  }

  /** Breaks the link; it is raised again after a while, unless it is cut. */
  break(a: number, b: number): void {
    this.breaks++;
    this.#drop(a, b);
    this.#raise(a, b);
  }

  cut(a: number, b: number): void {
    this.#link(a, b).cut = true;
    this.#drop(a, b);
  }

  heal(a: number, b: number): void {
    const link = this.#link(a, b);
    if (!link.cut) return;
    link.cut = false;
    this.#raise(a, b);
  }

  isUp(from: number, to: number): boolean {
    const link = this.#link(from, to);
    return link.up && this.#seen(from, to);
  }

  incarnationOf(from: number, peer: number): number | null {
    return this.isUp(from, peer) ? (this.#nodes[peer]?.incarnation ?? null) : null;
  }

  send(from: number, to: number, message: PeerMessage): void {
    if (!this.isUp(from, to)) return;
    this.messages++;
    const body = encodeFrame(message).subarray(LENGTH_BYTES);
    const link = this.#link(from, to);
    const { epoch } = link;
    const delay = this.#random.between(...this.delayMs) + (this.extraMs.get(`${from}>${to}`) ?? 0);
    const atMs = Math.max(this.#scheduler.nowMs + delay, link.clearMs.get(to) ?? 0);
    link.clearMs.set(to, atMs);
    this.#scheduler.at(atMs, () => {
      if (link.epoch === epoch) this.#nodes[to]?.onMessage(from, decodeBody(body));
    });
  }

  readonly #known = new Set<string>();

  #seen(from: number, to: number): boolean {
    return this.#known.has(`${from}>${to}`);
  }

  #link(a: number, b: number): SimLink {
    const name = a < b ? `${a}-${b}` : `${b}-${a}`;
    let link = this.#links.get(name);
    if (link === undefined) {
      link = { epoch: 0, up: false, cut: false, clearMs: new Map() };
      this.#links.set(name, link);
    }
    return link;
  }

  /** Each side learns of the connection at its own time, before anything that the other sends on it. */
  #raise(a: number, b: number): void {
    const link = this.#link(a, b);
    const { epoch } = link;
    this.#scheduler.after(this.#random.between(5, 60), () => {
      if (link.up || link.cut || link.epoch !== epoch) return;
      if (this.#nodes[a] == null || this.#nodes[b] == null) return;
      link.up = true;
      for (const [self, peer] of [
        [a, b],
        [b, a],
      ] as const) {
        const atMs = this.#scheduler.nowMs + this.#random.between(0, 3);
        link.clearMs.set(self, atMs);
        this.#scheduler.at(atMs, () => {
          if (link.epoch !== epoch) return;
          this.#known.add(`${self}>${peer}`);
          this.#nodes[self]?.onPeerUp(peer);
        });
      }
    });
  }

  #drop(a: number, b: number): void {
    const link = this.#link(a, b);
    link.epoch++;
    if (!link.up) return;
    link.up = false;
    for (const [self, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      if (!this.#known.delete(`${self}>${peer}`)) continue;
      this.#nodes[self]?.onPeerDown(peer);
    }
  }
}
