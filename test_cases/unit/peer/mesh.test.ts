import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT_GROUP } from '../../../src/membership/peer-bus.ts';
import { GROUP_MAX } from '../../../src/peer/codec.ts';
import { prefaceOf, VERSIONS } from '../../../src/peer/preface.ts';
import { configurationOf } from '../../../src/placement/configuration.ts';
import { valueIn } from '../../support/effects.ts';
import { eventually } from '../../support/eventually.ts';
import { framed } from '../../support/framed.ts';
import { type Address, type MeshNode, type MeshOptions, meshAddresses } from '../../support/mesh-node.ts';
import { exchanges, HELLO, Meshes, next, upEverywhere } from '../../support/meshes.ts';

const meshes = new Meshes();
afterEach(() => meshes.closeAll());

/** The preface of a caller. */
const PREFACE = prefaceOf(VERSIONS);

describe('a mesh', () => {
  it.each([2, 3, 4])('of %d comes up with one link per pair', async (count) => {
    const all = await meshes.startAll(...new Array<MeshOptions>(count).fill({}));
    await upEverywhere(all);
    for (const one of all) {
      const peers = all.filter((peer) => peer !== one).map((peer) => `up ${peer.node}`);
      expect([...one.events].sort()).toEqual(peers);
      expect(one.connections).toBe(count - 1 - one.node);
    }
  });

  it('carries messages in order and once, both ways, small and large', async () => {
    const [a, b] = (await meshes.startAll({}, {})) as [MeshNode, MeshNode];
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
    const [a, b] = (await meshes.startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    a.mesh.of(GROUP_MAX).send(1, next(1));
    a.bus.sendToAll(next(2));
    a.mesh.of(1).sendTo([1], next(3));
    await eventually(() => expect(exchanges(b)).toEqual([1, 2, 3]));
    expect(b.received.map(({ group }) => group)).toEqual([GROUP_MAX, ROOT_GROUP, 1]);
  });

  it('calls a controller that is added while it is open, and ends the link of one that is removed', async () => {
    const addresses = await meshAddresses(3);
    const { controllers } = configurationOf(addresses);
    const a = await meshes.start(0, addresses.slice(0, 2));
    const b = await meshes.start(1, addresses.slice(0, 2));
    await upEverywhere([a, b]);
    const c = await meshes.start(2, addresses);
    await eventually(() => expect(c.events).toContain('refused 0: there is no controller 2'));
    for (const one of [a, b]) one.mesh.setControllers(controllers);
    await upEverywhere([a, b, c]);
    c.bus.sendToAll(next(1));
    await eventually(() => expect([exchanges(a), exchanges(b)]).toEqual([[1], [1]]));
    // The one with the larger id calls: after its removal it is refused, and it calls no controller that is gone.
    a.mesh.setControllers(controllers.filter(({ id }) => id !== 2));
    expect(a.events.at(-1)).toBe('down 2');
    c.mesh.setControllers(controllers.filter(({ id }) => id !== 1));
    expect(c.events.at(-1)).toBe('down 1');
    await eventually(() => expect(c.mesh.refusalOf(0)).toMatch(/no controller/));
    expect([a.mesh.isUp(2), c.mesh.isUp(1)]).toEqual([false, false]);
    expect(a.mesh.isUp(1)).toBe(true);
    a.bus.sendTo([1, 2], next(2));
    await eventually(() => expect(exchanges(b)).toEqual([1, 2]));
  });

  it('buffers no message for a peer that is down', async () => {
    const [a, b] = (await meshes.startAll({}, {})) as [MeshNode, MeshNode];
    a.bus.send(1, next(7));
    await upEverywhere([a, b]);
    a.bus.send(1, next(8));
    await eventually(() => b.received.length === 1);
    expect(exchanges(b)).toEqual([8]);
  });

  it('makes a broken connection again, and reports that at both ends', async () => {
    const [a, b] = (await meshes.startAll({}, {})) as [MeshNode, MeshNode];
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
    const a = await meshes.start(0, addresses, { incarnation: 11 });
    const b = await meshes.start(1, addresses, { incarnation: 22 });
    await upEverywhere([a, b]);
    expect([a.mesh.incarnationOf(1), b.mesh.incarnationOf(0)]).toEqual([22, 11]);
    a.cut();
    await eventually(() => a.events.length === 3);
    expect(a.mesh.incarnationOf(1)).toBe(22);
    await meshes.stop(b);
    await eventually(() => !a.mesh.isUp(1));
    expect(a.mesh.incarnationOf(1)).toBeNull();
    await meshes.start(1, addresses, { incarnation: 33 });
    await eventually(() => expect(a.mesh.incarnationOf(1)).toBe(33));
  });

  it('regression: the end of a connection by the caller was not noticed before something was sent on it', async () => {
    const [a, b] = (await meshes.startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    await meshes.stop(b);
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
      { placement: 'eventual' },
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
    const [a, b] = (await meshes.startAll(first, second)) as [MeshNode, MeshNode];
    await eventually(() => a.events.length > 0 && b.events.length > 0);
    await sleep(250);
    expect(a.events).toEqual([`refused 1: ${reasonA}`]);
    expect(b.events).toEqual([`refused 0: ${reasonB}`]);
    expect([a.mesh.isUp(1), b.mesh.isUp(0)]).toEqual([false, false]);
    expect([a.mesh.refusalOf(1), b.mesh.refusalOf(0)]).toEqual([reasonA, reasonB]);
  });

  it('a caller with its own id', async () => {
    const [a, impostor] = (await meshes.startAll({}, {})) as [MeshNode, MeshNode];
    await meshes.stop(impostor);
    const { events, closed } = await meshes.call(a, { node: 0 });
    await closed;
    expect(events[0]).toBe('refused: two controllers claim to be number 0, proved');
    expect(a.events.slice(2)).toEqual([]);
  });

  it('a controller at the address of another', async () => {
    const [first, second, third] = (await meshAddresses(3)) as [Address, Address, Address];
    const a = await meshes.start(0, [first, second, third]);
    const c = await meshes.start(2, [second, first, third]);
    const reason = `127.0.0.1:${first.port} is controller 0, not 1`;
    await eventually(() => expect(c.events).toEqual([`refused 1: ${reason}`]));
    await eventually(() => expect(a.events).toEqual([`refused 2: ${reason}`]));
  });

  it('a peer after the handshake, and both ends report it', async () => {
    const [a, b] = (await meshes.startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    a.mesh.drop(1, 'its clock jumped', true);
    await eventually(() => b.events.length >= 3);
    expect(a.events.slice(0, 3)).toEqual(['up 1', 'refused 1: its clock jumped', 'down 1']);
    expect(b.events.slice(0, 3)).toEqual(['up 0', 'refused 0: its clock jumped', 'down 0']);
  });

  it('regression: a caller with an id that does not exist ended the controller', async () => {
    const [a, b] = (await meshes.startAll({}, {})) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    const { events, closed } = await meshes.call(a, { node: 200 });
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
    const a = await meshes.start(0, addresses);
    const { closed } = await meshes.callWith(addresses[0]!, Buffer.concat([PREFACE, bytes]));
    await closed;
    expect(a.received).toEqual([]);
    expect([...a.events, ...a.strangers]).toEqual([expect.stringMatching(/./)]);
    expect([a.mesh.isUp(1), a.connections]).toEqual([false, 0]);
  });
});

describe('a mesh that is closed', () => {
  it('leaves no connection open, whatever it was doing', async () => {
    const silent = createServer((socket) => meshes.sockets.push(socket.resume()));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const [first, second] = await meshAddresses(2);
    const port = (silent.address() as { port: number }).port;
    const addresses = [{ host: '127.0.0.1', port }, first!, second!];
    const b = await meshes.start(1, addresses);
    const c = await meshes.start(2, addresses);
    await eventually(() => b.mesh.isUp(2) && meshes.sockets.length >= 2);
    const halfway = await meshes.callWith(first!, PREFACE);
    await eventually(() => expect(b.connections).toBe(2));
    await Promise.all([meshes.stop(b), meshes.stop(c), halfway.closed]);
    await eventually(
      () => new Promise((resolve) => silent.getConnections((_, count) => resolve(count === 0))),
    );
    const dials = meshes.sockets.length;
    await sleep(100);
    expect(meshes.sockets.length).toBe(dials);
    silent.close();
  });
});
