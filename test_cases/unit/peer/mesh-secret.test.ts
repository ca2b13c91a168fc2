import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { CALLERS_MAX } from '../../../src/peer/pending-handshakes.ts';
import { prefaceOf, VERSIONS } from '../../../src/peer/preface.ts';
import { eventually } from '../../support/eventually.ts';
import { type MeshNode, type MeshOptions, meshAddresses } from '../../support/mesh-node.ts';
import { exchanges, Meshes, next, upEverywhere } from '../../support/meshes.ts';

const meshes = new Meshes();
afterEach(() => meshes.closeAll());

/** The preface of a caller. */
const PREFACE = prefaceOf(VERSIONS);

describe('a mesh with a secret', () => {
  const secret = 'what only this cluster has';

  it.each([{}, { onNetwork: true }])('comes up and carries messages, %j', async (more) => {
    const options = { secret, ...more };
    const [a, b] = (await meshes.startAll(options, options)) as [MeshNode, MeshNode];
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
    const [a, b] = (await meshes.startAll(first, second)) as [MeshNode, MeshNode];
    await eventually(() => a.events.length > 0 && b.events.length > 0);
    expect(a.events).toEqual([`refused 1: ${reasonA}`]);
    expect(b.events).toEqual([`refused 0: ${reasonB}`]);
  });

  it('regression: a forged hello took the link of a real peer away', async () => {
    const [a, b] = (await meshes.startAll({ secret }, { secret })) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    const forged = await meshes.call(a, { node: 1 });
    await forged.closed;
    const guessed = await meshes.call(a, { node: 1 }, { secret: Buffer.from('perhaps it is this') });
    await guessed.closed;
    expect([forged.isUp, guessed.isUp]).toEqual([false, false]);
    a.bus.send(1, next(1));
    await eventually(() => expect(exchanges(b)).toEqual([1]));
    expect(b.events).toEqual(['up 0']);
    expect(a.events[0]).toBe('up 1');
    expect(a.events.filter((event) => event.startsWith('down'))).toEqual([]);
  });

  it('tells a process of version 1 why it is refused, in a form that it understands', async () => {
    const [a] = await meshes.startAll({ secret });
    const socket = connect(a!.address);
    meshes.sockets.push(socket);
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.write(Buffer.from('\xfememchorus/1\n', 'latin1'));
    await once(socket, 'close');
    const reason = 'it speaks version 1 of the peer protocol, and this controller speaks versions 2 to 4';
    const length = String.fromCharCode(reason.length);
    expect(answer).toBe(`\0\0\0${String.fromCharCode(reason.length + 5)}\x01\0\0\0${length}${reason}`);
    expect(a!.strangers).toEqual([reason]);
  });

  it('bounds the handshakes at once, and accepts peers among many callers', async () => {
    const addresses = await meshAddresses(2);
    const a = await meshes.start(0, addresses, { secret });
    const held: Promise<unknown>[] = [];
    for (let i = 0; i < CALLERS_MAX + 20; i++)
      held.push((await meshes.callWith(addresses[0]!, PREFACE)).closed);
    await eventually(() => expect(a.connections).toBeLessThanOrEqual(CALLERS_MAX));
    const b = await meshes.start(1, addresses, { secret });
    await upEverywhere([a, b]);
    await Promise.all(held);
  });
});

describe('a process with an id that is taken', () => {
  it('is refused, and does not disturb the first process', async () => {
    const [a, b] = (await meshes.startAll({}, { incarnation: 5 })) as [MeshNode, MeshNode];
    await upEverywhere([a, b]);
    const second = await meshes.call(a, { node: 1, incarnation: 6 });
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
    const a = await meshes.start(0, addresses, options);
    const first = await meshes.call(a, { node: 1, incarnation: 5 });
    await eventually(() => expect(first.isUp).toBe(true));
    const second = await meshes.call(a, { node: 1, incarnation });
    await eventually(() => expect(second.isUp).toBe(true));
    expect([first.isUp, a.events]).toEqual([false, ['up 1', 'down 1', 'up 1']]);
  });

  it('learns it once all peers that it reaches say so', async () => {
    const addresses = await meshAddresses(2);
    const a = await meshes.start(0, addresses);
    const first = await meshes.call(a, { node: 1, incarnation: 5 });
    await eventually(() => expect(first.isUp).toBe(true));
    const second = await meshes.start(1, addresses, { incarnation: 6 });
    await eventually(() => expect(second.taken.length).toBeGreaterThan(0));
    expect(second.taken[0]).toBe('controller 1 is connected already, as another process');
    expect(first.isUp).toBe(true);
  });
});
