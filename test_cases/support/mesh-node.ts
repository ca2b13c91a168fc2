import { randomBytes } from 'node:crypto';
import type { Connection, Listener } from '../../src/base/transport.ts';
import { MACHINE_CLOCK } from '../../src/controller/machine-clock.ts';
import { type PeerBus, ROOT_GROUP } from '../../src/membership/peer-bus.ts';
import { isOnLoopback } from '../../src/peer/loopback.ts';
import { Mesh } from '../../src/peer/mesh.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { prefaceIn, VERSIONS } from '../../src/peer/preface.ts';
import { configurationOf } from '../../src/placement/configuration.ts';
import { NODE_TRANSPORT } from '../../src/transport/node-transport.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './free-port.ts';

export interface MeshOptions {
  readonly cluster?: string;
  readonly placement?: string;
  readonly peers?: string;
  readonly incarnation?: number;
  readonly secret?: string;
  /** Connections of this node count as leaving the machine. */
  readonly onNetwork?: boolean;
  /** Every peer counts as silent. */
  readonly silent?: boolean;
  readonly takenAfterMs?: number;
  /** Peers to which links are made when they are needed. */
  readonly passing?: readonly number[];
  /** The group that holds the data. */
  readonly dataGroup?: number;
}

const FRAME_BYTES_MAX = 16_777_216;

export type Address = { readonly host: string; readonly port: number };

export async function meshAddresses(count: number): Promise<Address[]> {
  return (await freePorts(count)).map((port) => ({ host: '127.0.0.1', port }));
}

/** A mesh with a listener of its own, which hands over connections that begin as those of peers do. */
export class MeshNode {
  readonly node: number;
  readonly mesh: Mesh;
  /** The bus of the root group. */
  readonly bus: PeerBus<PeerMessage>;
  /** The events in order: `up 1`, `down 1`, `refused 1: …`. */
  readonly events: string[] = [];
  readonly received: { readonly from: number; readonly group: number; readonly message: PeerMessage }[] = [];
  /** The reasons for which unknown connections were refused. */
  readonly strangers: string[] = [];
  /** The reports of peers that another process runs with this id. */
  readonly taken: string[] = [];
  readonly #connections = new Set<Connection>();
  /** Receives the messages in place of `received`, when it is set. */
  onMessage: ((from: number, message: PeerMessage) => void) | null = null;
  #listener: Listener | null = null;
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
      transport: NODE_TRANSPORT,
      versions: VERSIONS,
      controllers: configurationOf(addresses).controllers,
      dataGroup: options.dataGroup ?? ROOT_GROUP,
      identity: () => ({
        cluster: options.cluster ?? 'test',
        placement: options.placement ?? 'sequential',
        peers: options.peers ?? 'the peers',
        node,
      }),
      secret: options.secret === undefined ? null : Buffer.from(options.secret),
      frameBytesMax: FRAME_BYTES_MAX,
      isLocal: (connection) => isOnLoopback(connection) && options.onNetwork !== true,
      isPassing: (peer) => options.passing?.includes(peer) === true,
      clock: MACHINE_CLOCK,
      random: () => 0,
      randomBytes,
      idTakenAfterMs: options.takenAfterMs ?? 0,
      requestFlush: () => this.#requestFlush(),
      onRefused: (peer, reason) => this.events.push(`refused ${peer}: ${reason}`),
      onUnknownRefused: (_, reason) => this.strangers.push(reason),
      onIdTaken: (reason) => this.taken.push(reason),
    });
    this.bus = this.mesh.of(ROOT_GROUP);
  }

  async open(): Promise<this> {
    this.#listener = await NODE_TRANSPORT.listen(this.address, BACKLOG, (connection) =>
      this.#onConnection(connection),
    );
    this.mesh.open({
      isSilent: () => this.#silent,
      onUp: (peer) => this.events.push(`up ${peer}`),
      onDown: (peer) => this.events.push(`down ${peer}`),
      onAskerUp: (peer) => this.events.push(`asker ${peer} up`),
      onAskerDown: (peer) => this.events.push(`asker ${peer} down`),
      onHeard: () => {},
      onMessage: (from, group, message) => {
        if (this.onMessage !== null) this.onMessage(from, message);
        else this.received.push({ from, group, message });
      },
    });
    return this;
  }

  /** The number of connections that are open on its own port. */
  get connections(): number {
    return [...this.#connections].filter(({ isClosed }) => !isClosed).length;
  }

  /** Resets every connection that came to this node, as a broken network does. */
  cut(): void {
    for (const connection of this.#connections) connection.reset();
  }

  async close(): Promise<void> {
    this.mesh.close();
    this.#listener?.close();
    await eventually(() => this.connections === 0);
  }

  #requestFlush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.mesh.flush();
    });
  }

  #onConnection(connection: Connection): void {
    this.#connections.add(connection);
    let first: Buffer = Buffer.alloc(0);
    connection.handle({
      onData: (chunk) => {
        first = Buffer.concat([first, chunk]);
        const preface = prefaceIn(first);
        if (preface.kind === 'peer') this.mesh.accept(connection, preface, first.subarray(preface.length));
      },
      onEnd: () => {},
      onError: () => {},
      onClose: () => {},
    });
  }
}

/** Connections that may wait to be accepted. */
const BACKLOG = 128;
