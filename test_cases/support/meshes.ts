import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Hello, PeerMessage } from '../../src/peer/messages.ts';
import { eventually } from './eventually.ts';
import { type Address, MeshNode, type MeshOptions, meshAddresses } from './mesh-node.ts';
import { RawPeer, type RawPeerOptions } from './raw-peer.ts';

/** The hello of a controller that tells the truth. */
export const HELLO: Hello = {
  type: 'hello',
  cluster: 'test',
  node: 1,
  incarnation: 3,
  placement: 'sequential',
  peers: 'the peers',
  nonce: Buffer.alloc(32),
  hasSecret: false,
  onNetwork: false,
};

/** The meshes and callers of one test, which are closed after it. */
export class Meshes {
  /** Sockets that `closeAll` destroys. */
  readonly sockets: Socket[] = [];
  #nodes: MeshNode[] = [];
  readonly #callers: RawPeer[] = [];

  async start(node: number, addresses: readonly Address[], options?: MeshOptions): Promise<MeshNode> {
    const started = await new MeshNode(node, addresses, options).open();
    this.#nodes.push(started);
    return started;
  }

  /** Starts a node for each of these options. */
  async startAll(...options: readonly MeshOptions[]): Promise<MeshNode[]> {
    const addresses = await meshAddresses(options.length);
    return Promise.all(options.map((each, node) => this.start(node, addresses, each)));
  }

  async stop(node: MeshNode): Promise<void> {
    this.#nodes = this.#nodes.filter((other) => other !== node);
    await node.close();
  }

  /** Connects, and sends these bytes. */
  async callWith(address: Address, bytes: Buffer): Promise<{ socket: Socket; closed: Promise<unknown> }> {
    const socket = connect(address);
    this.sockets.push(socket);
    socket.on('error', () => {});
    socket.resume();
    const closed = once(socket, 'close');
    await once(socket, 'connect');
    socket.write(bytes);
    return { socket, closed };
  }

  /** Connects and shakes hands as a controller does, with a hello that may lie. */
  async call(
    node: MeshNode,
    hello: Partial<Hello>,
    more: Pick<RawPeerOptions, 'secret' | 'onNetwork'> = {},
  ): Promise<RawPeer> {
    const peer = await RawPeer.connect({ address: node.address, hello: { ...HELLO, ...hello }, ...more });
    this.#callers.push(peer);
    return peer;
  }

  async closeAll(): Promise<void> {
    for (const socket of this.sockets.splice(0)) socket.destroy();
    for (const caller of this.#callers.splice(0)) caller.close();
    await Promise.all(this.#nodes.splice(0).map((node) => node.close()));
  }
}

export const upEverywhere = (all: readonly MeshNode[]) =>
  eventually(() => all.every((one) => all.every((peer) => peer === one || one.mesh.isUp(peer.node))));

/** A message that a number tells from others. */
export const next = (exchange: number): PeerMessage => ({ type: 'sync-next', exchange });

/** The numbers of the messages that the node has received. */
export const exchanges = (node: MeshNode): number[] =>
  node.received.map(({ message }) => (message.type === 'sync-next' ? message.exchange : -1));
