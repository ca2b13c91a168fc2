import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT_GROUP } from '../../../src/membership/peer-bus.ts';
import { GROUP_MAX } from '../../../src/peer/codec.ts';
import type { Hello, PeerMessage } from '../../../src/peer/messages.ts';
import { CALLERS_MAX } from '../../../src/peer/pending-handshakes.ts';
import { prefaceOf, VERSIONS } from '../../../src/peer/preface.ts';
import { valueIn } from '../../support/effects.ts';
import { eventually } from '../../support/eventually.ts';
import { framed } from '../../support/framed.ts';
import { type Address, MeshNode, type MeshOptions, meshAddresses } from '../../support/mesh-node.ts';
import { RawPeer, type RawPeerOptions } from '../../support/raw-peer.ts';

let nodes: MeshNode[] = [];
const sockets: Socket[] = [];
const callers: RawPeer[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const caller of callers.splice(0)) caller.close();
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

async function start(node: number, addresses: readonly Address[], options?: MeshOptions): Promise<MeshNode> {
  const started = await new MeshNode(node, addresses, options).open();
  nodes.push(started);
  return started;
}

/** Starts a node for each of these options. */
async function startAll(...options: readonly MeshOptions[]): Promise<MeshNode[]> {
  const addresses = await meshAddresses(options.length);
  return Promise.all(options.map((each, node) => start(node, addresses, each)));
}

async function stop(node: MeshNode): Promise<void> {
  nodes = nodes.filter((other) => other !== node);
  await node.close();
}

const upEverywhere = (all: readonly MeshNode[]) =>
  eventually(() => all.every((one) => all.every((peer) => peer === one || one.mesh.isUp(peer.node))));

/** The preface of a caller. */
const PREFACE = prefaceOf(VERSIONS);

const next = (exchange: number): PeerMessage => ({ type: 'sync-next', exchange });

const exchanges = (node: MeshNode): number[] =>
  node.received.map(({ message }) => (message.type === 'sync-next' ? message.exchange : -1));

/** Connects, and sends these bytes. */
async function stranger(
  address: Address,
  bytes: Buffer,
): Promise<{ socket: Socket; closed: Promise<unknown> }> {
  const socket = connect(address);
  sockets.push(socket);
  socket.on('error', () => {});
  socket.resume();
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(bytes);
  return { socket, closed };
}

const HELLO: Hello = {
  type: 'hello',
  cluster: 'test',
  node: 1,
  incarnation: 3,
  level: 'sequential',
  peers: 'the peers',
  nonce: Buffer.alloc(32),
  hasSecret: false,
  onNetwork: false,
};

/** Connects and shakes hands as a controller does, with a hello that may lie. */
async function call(
  node: MeshNode,
  hello: Partial<Hello>,
  more: Pick<RawPeerOptions, 'secret' | 'onNetwork'> = {},
): Promise<RawPeer> {
  const peer = await RawPeer.connect({ address: node.address, hello: { ...HELLO, ...hello }, ...more });
  callers.push(peer);
  return peer;
}

describe('a mesh', () => {
  it.each([2, 3, 4])('of %d comes up with one link per pair', async (count) => {
    const all = await startAll(...new Array<MeshOptions>(count).fill({}));
    await upEverywhere(all);
    for (const one of all) {
      const peers = all.filter((peer) => peer !== one).map((peer) => `up ${peer.node}`);
      expect([...one.events].sort()).toEqual(peers);
      expect(one.connections).toBe(count - 1 - one.node);
    }
  });

  it('carries messages in order and once, both ways, small and large', async () => {
    const [a, b] = (await startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    const value = Buffer.alloc(2_000_000, 'v');
    const effect = {
      version: { time: 1, node: 0 },
      kind: 'set',
      key: 'k',
      condition: null,
      flags: 0,
      token: null,
      marks: 0,
      expiresAtMs: 0,
      value,
    } as const;
    for (let exchange = 0; exchange < 500; exchange++) {
      a.bus.send(1, next(exchange));
      b.bus.sendToAll(next(exchange));
      if (exchange === 250) a.bus.send(1, { type: 'push', previousTime: 0, effects: [effect] });
      if (exchange % 100 === 0) await sleep(1);
    }
    await eventually(() => a.received.length === 500 && b.received.length === 501);
    expect(exchanges(a)).toEqual([...new Array(500).keys()]);
    const push = b.received.splice(251, 1)[0]!.message;
    expect(push.type === 'push' && valueIn(push.effects[0]!)!.equals(value)).toBe(true);
    expect(exchanges(b)).toEqual([...new Array(500).keys()]);
  });

  it('carries the messages of several groups over one link, and says which group each belongs to', async () => {
    const [a, b] = (await startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    a.mesh.of(GROUP_MAX).send(1, next(1));
    a.bus.sendToAll(next(2));
    a.mesh.of(1).sendTo([1], next(3));
    await eventually(() => expect(exchanges(b)).toEqual([1, 2, 3]));
    expect(b.received.map(({ group }) => group)).toEqual([GROUP_MAX, ROOT_GROUP, 1]);
  });

  it('buffers no message for a peer that is down', async () => {
    const [a, b] = (await startAll({}, {})) as [MeshNode, MeshNode];
    a.bus.send(1, next(7));
    await upEverywhere([a, b]);
    a.bus.send(1, next(8));
    await eventually(() => b.received.length === 1);
    expect(exchanges(b)).toEqual([8]);
  });

  it('makes a broken connection again, and reports that at both ends', async () => {
    const [a, b] = (await startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    a.cut();
    const events = (peer: number) => [`up ${peer}`, `down ${peer}`, `up ${peer}`];
    await eventually(() => expect([a.events, b.events]).toEqual([events(1), events(0)]));
    a.bus.send(1, next(1));
    b.bus.send(0, next(2));
    await eventually(() => expect([exchanges(a), exchanges(b)]).toEqual([[2], [1]]));
  });

  it('tells a restarted peer from a peer that has reconnected', async () => {
    const addresses = await meshAddresses(2);
    const a = await start(0, addresses, { incarnation: 11 });
    const b = await start(1, addresses, { incarnation: 22 });
    await upEverywhere([a, b]);
    expect([a.mesh.incarnationOf(1), b.mesh.incarnationOf(0)]).toEqual([22, 11]);
    a.cut();
    await eventually(() => a.events.length === 3);
    expect(a.mesh.incarnationOf(1)).toBe(22);
    await stop(b);
    await eventually(() => !a.mesh.isUp(1));
    expect(a.mesh.incarnationOf(1)).toBeNull();
    await start(1, addresses, { incarnation: 33 });
    await eventually(() => expect(a.mesh.incarnationOf(1)).toBe(33));
  });

  it('regression: the end of a connection by the caller was not noticed before something was sent on it', async () => {
    const [a, b] = (await startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    await stop(b);
    await eventually(() => expect(a.events).toEqual(['up 1', 'down 1']));
    expect(a.connections).toBe(0);
  });
});

describe('a mesh refuses', () => {
  it.each<[string, MeshOptions, MeshOptions, string, string]>([
    ['another cluster', {}, { cluster: 'b' }, 'cluster "b" is not "test"', 'cluster "test" is not "b"'],
    [
      'another level',
      {},
      { level: 'eventual' },
      'level eventual is not sequential',
      'level sequential is not eventual',
    ],
    [
      'other peers',
      {},
      { peers: 'x' },
      'its peers (x) are not the same as here (the peers)',
      'its peers (the peers) are not the same as here (x)',
    ],
  ])('%s, and both ends report it once and are never up', async (_, first, second, reasonA, reasonB) => {
    const [a, b] = (await startAll(first, second)) as [MeshNode, MeshNode];
    await eventually(() => a.events.length > 0 && b.events.length > 0);
    await sleep(250);
    expect(a.events).toEqual([`refused 1: ${reasonA}`]);
    expect(b.events).toEqual([`refused 0: ${reasonB}`]);
    expect([a.mesh.isUp(1), b.mesh.isUp(0)]).toEqual([false, false]);
    expect([a.mesh.refusalOf(1), b.mesh.refusalOf(0)]).toEqual([reasonA, reasonB]);
  });

  it('a caller with its own id', async () => {
    const [a, impostor] = (await startAll({}, {})) as [MeshNode, MeshNode];
    await stop(impostor);
    const { events, closed } = await call(a, { node: 0 });
    await closed;
    expect(events[0]).toBe('refused: two controllers claim to be number 0, proved');
    expect(a.events.slice(2)).toEqual([]);
  });

  it('a controller at the address of another', async () => {
    const [first, second, third] = (await meshAddresses(3)) as [Address, Address, Address];
    const a = await start(0, [first, second, third]);
    const c = await start(2, [second, first, third]);
    const reason = `127.0.0.1:${first.port} is controller 0, not 1`;
    await eventually(() => expect(c.events).toEqual([`refused 1: ${reason}`]));
    await eventually(() => expect(a.events).toEqual([`refused 2: ${reason}`]));
  });

  it('a peer after the handshake, and both ends report it', async () => {
    const [a, b] = (await startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    a.mesh.drop(1, 'its clock jumped', true);
    await eventually(() => b.events.length >= 3);
    expect(a.events.slice(0, 3)).toEqual(['up 1', 'refused 1: its clock jumped', 'down 1']);
    expect(b.events.slice(0, 3)).toEqual(['up 0', 'refused 0: its clock jumped', 'down 0']);
  });

  it('regression: a caller with an id that does not exist ended the controller', async () => {
    const [a, b] = (await startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    const { events, closed } = await call(a, { node: 200 });
    await closed;
    expect(events[0]).toBe('refused: there is no controller 200, proved');
    expect(a.events).toEqual(['up 1']);
    expect(a.strangers).toEqual(['there is no controller 200']);
  });

  it.each<[string, Buffer]>([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a frame that is no message', Buffer.from([0, 0, 0, 1, 250])],
    ['another message than hello', framed(next(1))],
    ['a frame that is too large for a hello', Buffer.from([0, 0, 32, 1])],
    ['something else after its first hello', Buffer.concat([framed(HELLO), framed(next(1))])],
  ])('a caller that sends %s', async (_, bytes) => {
    const addresses = await meshAddresses(2);
    const a = await start(0, addresses);
    const { closed } = await stranger(addresses[0]!, Buffer.concat([PREFACE, bytes]));
    await closed;
    expect(a.received).toEqual([]);
    expect([...a.events, ...a.strangers]).toEqual([expect.stringMatching(/./)]);
    expect([a.mesh.isUp(1), a.connections]).toEqual([false, 0]);
  });
});

describe('a mesh with a secret', () => {
  const secret = 'what only this cluster has';

  it.each([{}, { onNetwork: true }])('comes up and carries messages, %j', async (more) => {
    const options = { secret, ...more };
    const [a, b] = (await startAll(options, options)) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    for (let exchange = 0; exchange < 100; exchange++) {
      a.bus.send(1, next(exchange));
      b.bus.send(0, next(exchange));
      if (exchange % 7 === 0) await sleep(1);
    }
    await eventually(() => expect([exchanges(a), exchanges(b)].map((all) => all.length)).toEqual([100, 100]));
  });

  it.each<[string, MeshOptions, MeshOptions, string, string]>([
    [
      'one with another secret',
      { secret },
      { secret: 'what another cluster has' },
      'it does not have the same cluster secret',
      'it does not have the same cluster secret',
    ],
    [
      'one without a secret',
      { secret },
      {},
      'it has no cluster secret, and this controller has one',
      'it has no cluster secret, and this controller has one',
    ],
    [
      'one with a secret where it has none',
      {},
      { secret },
      'it has a cluster secret, and this controller has none',
      'it has a cluster secret, and this controller has none',
    ],
    [
      'one without a secret that comes over a network',
      { onNetwork: true },
      { onNetwork: true },
      'without a cluster secret, peers are taken from loopback only',
      'without a cluster secret, peers are taken from loopback only',
    ],
  ])('refuses %s, and both ends report it', async (_, first, second, reasonA, reasonB) => {
    const [a, b] = (await startAll(first, second)) as [MeshNode, MeshNode];
    await eventually(() => a.events.length > 0 && b.events.length > 0);
    expect(a.events).toEqual([`refused 1: ${reasonA}`]);
    expect(b.events).toEqual([`refused 0: ${reasonB}`]);
  });

  it('regression: a forged hello took the link of a real peer away', async () => {
    const [a, b] = (await startAll({ secret }, { secret })) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    const forged = await call(a, { node: 1 });
    await forged.closed;
    const guessed = await call(a, { node: 1 }, { secret: Buffer.from('perhaps it is this') });
    await guessed.closed;
    expect([forged.isUp, guessed.isUp]).toEqual([false, false]);
    a.bus.send(1, next(1));
    await eventually(() => expect(exchanges(b)).toEqual([1]));
    expect(b.events).toEqual(['up 0']);
    expect(a.events[0]).toBe('up 1');
    expect(a.events.filter((event) => event.startsWith('down'))).toEqual([]);
  });

  it('tells a process of version 1 why it is refused, in a form that it understands', async () => {
    const [a] = await startAll({ secret });
    const socket = connect(a!.address);
    sockets.push(socket);
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.write(Buffer.from('\xfememchorus/1\n', 'latin1'));
    await once(socket, 'close');
    const reason = 'it speaks version 1 of the peer protocol, and this controller speaks versions 2 to 3';
    const length = String.fromCharCode(reason.length);
    expect(answer).toBe(`\0\0\0${String.fromCharCode(reason.length + 5)}\x01\0\0\0${length}${reason}`);
    expect(a!.strangers).toEqual([reason]);
  });

  it('bounds the handshakes at once, and accepts peers among many callers', async () => {
    const addresses = await meshAddresses(2);
    const a = await start(0, addresses, { secret });
    const held: Promise<unknown>[] = [];
    for (let i = 0; i < CALLERS_MAX + 20; i++) held.push((await stranger(addresses[0]!, PREFACE)).closed);
    await eventually(() => expect(a.connections).toBeLessThanOrEqual(CALLERS_MAX));
    const b = await start(1, addresses, { secret });
    await upEverywhere([a, b]);
    await Promise.all(held);
  });
});

describe('a process with an id that is taken', () => {
  it('is refused, and does not disturb the first process', async () => {
    const [a, b] = (await startAll({}, { incarnation: 5 })) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    const second = await call(a, { node: 1, incarnation: 6 });
    await second.closed;
    const reason = 'controller 1 is connected already, as another process';
    expect(second.events[0]).toBe(`refused: ${reason} (taken), proved`);
    expect([a.events, b.events]).toEqual([['up 1', `refused 1: ${reason}`], ['up 0']]);
    expect(a.mesh.incarnationOf(1)).toBe(5);
  });

  it.each<[string, MeshOptions, number]>([
    ['a process whose predecessor is silent', { silent: true }, 6],
    ['the same process', {}, 5],
  ])('is not what a new connection of %s does', async (_, options, incarnation) => {
    const addresses = await meshAddresses(2);
    const a = await start(0, addresses, options);
    const first = await call(a, { node: 1, incarnation: 5 });
    await eventually(() => expect(first.isUp).toBe(true));
    const second = await call(a, { node: 1, incarnation });
    await eventually(() => expect(second.isUp).toBe(true));
    expect([first.isUp, a.events]).toEqual([false, ['up 1', 'down 1', 'up 1']]);
  });

  it('learns it once all peers that it reaches say so', async () => {
    const addresses = await meshAddresses(2);
    const a = await start(0, addresses);
    const first = await call(a, { node: 1, incarnation: 5 });
    await eventually(() => expect(first.isUp).toBe(true));
    const second = await start(1, addresses, { incarnation: 6 });
    await eventually(() => expect(second.taken.length).toBeGreaterThan(0));
    expect(second.taken[0]).toBe('controller 1 is connected already, as another process');
    expect(first.isUp).toBe(true);
  });
});

describe('a mesh that is closed', () => {
  it('leaves no connection open, whatever it was doing', async () => {
    const silent = createServer((socket) => sockets.push(socket.resume()));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const [first, second] = await meshAddresses(2);
    const port = (silent.address() as { port: number }).port;
    const addresses = [{ host: '127.0.0.1', port }, first!, second!];
    const b = await start(1, addresses);
    const c = await start(2, addresses);
    await eventually(() => b.mesh.isUp(2) && sockets.length >= 2);
    const halfway = await stranger(first!, PREFACE);
    await eventually(() => expect(b.connections).toBe(2));
    await Promise.all([stop(b), stop(c), halfway.closed]);
    await eventually(
      () => new Promise((resolve) => silent.getConnections((_, count) => resolve(count === 0))),
    );
    const dials = sockets.length;
    await sleep(100);
    expect(sockets.length).toBe(dials);
    silent.close();
  });
});
