import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { MACHINE_CLOCK } from '../../src/controller/machine-clock.ts';
import { type PeerBus, ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import { prefaceIn } from '../../src/peer/handshake.ts';
import { isOnLoopback } from '../../src/peer/loopback.ts';
import { Mesh } from '../../src/peer/mesh.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { freePorts } from './free-port.ts';

export interface MeshOptions {
  readonly cluster?: string;
  readonly level?: string;
  readonly peers?: string;
  readonly incarnation?: number;
  readonly secret?: string;
  /** Its connections count as ones that leave the machine. */
  readonly onNetwork?: boolean;
  /** Every peer counts as silent. */
  readonly silent?: boolean;
  readonly takenAfterMs?: number;
}

const FRAME_BYTES_MAX = 16_777_216;

export type Address = { readonly host: string; readonly port: number };

export async function meshAddresses(count: number): Promise<Address[]> {
  return (await freePorts(count)).map((port) => ({ host: '127.0.0.1', port }));
}

/** A mesh with a port of its own, which hands over the connections that begin as those of peers do. */
export class MeshNode {
  readonly node: number;
  readonly mesh: Mesh;
  /** Of the root group. */
  readonly bus: PeerBus<PeerMessage>;
  /** What happened, in order: `up 1`, `down 1`, `refused 1: …`. */
  readonly events: string[] = [];
  readonly received: { readonly from: number; readonly group: number; readonly message: PeerMessage }[] = [];
  /** Why strangers were turned away. */
  readonly strangers: string[] = [];
  /** What was said of another process with its number. */
  readonly taken: string[] = [];
  readonly sockets = new Set<Socket>();
  /** Takes the place of `received`. */
  onMessage: ((from: number, message: PeerMessage) => void) | null = null;
  readonly #server: Server;
  readonly #silent: boolean;
  readonly address: Address;
  #flushing = false;

  constructor(node: number, addresses: readonly Address[], options: MeshOptions = {}) {
    this.node = node;
    this.#silent = options.silent === true;
    this.address = addresses[node]!;
    this.mesh = new Mesh({
      node,
      incarnation: options.incarnation ?? 1,
      addresses,
      belonging: {
        cluster: options.cluster ?? 'test',
        level: options.level ?? 'sequential',
        peers: options.peers ?? 'the peers',
        node,
      },
      secret: options.secret === undefined ? null : Buffer.from(options.secret),
      frameBytesMax: FRAME_BYTES_MAX,
      isLocal: (socket) => isOnLoopback(socket) && options.onNetwork !== true,
      clock: MACHINE_CLOCK,
      random: () => 0,
      randomBytes,
      idTakenAfterMs: options.takenAfterMs ?? 0,
      requestFlush: () => this.#requestFlush(),
      onRefused: (peer, reason) => this.events.push(`refused ${peer}: ${reason}`),
      onStranger: (_, reason) => this.strangers.push(reason),
      onIdTaken: (reason) => this.taken.push(reason),
    });
    this.bus = this.mesh.of(ROOT_GROUP);
    // As the port of a controller: its clients may half-close.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#onSocket(socket));
  }

  async open(): Promise<this> {
    this.#server.listen({ ...this.address });
    await once(this.#server, 'listening');
    this.mesh.open({
      isSilent: () => this.#silent,
      onUp: (peer) => this.events.push(`up ${peer}`),
      onDown: (peer) => this.events.push(`down ${peer}`),
      onHeard: () => {},
      onMessage: (from, group, message) => {
        if (this.onMessage !== null) this.onMessage(from, message);
        else this.received.push({ from, group, message });
      },
    });
    return this;
  }

  /** Connections that are still open on its own port. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  /** As if the cable were cut: resets every connection that came to this node. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.mesh.close();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #requestFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.mesh.flush();
    });
  }

  #onSocket(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
    let first: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      first = Buffer.concat([first, chunk]);
      const { kind, version, length } = prefaceIn(first);
      if (kind === 'partial') return;
      socket.off('data', onData);
      this.mesh.accept(socket, version, first.subarray(length));
    };
    socket.on('data', onData);
  }
}
