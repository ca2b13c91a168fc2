import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { NO_VERSION } from '../../../src/ordering/version.ts';
import type { HopAnswer, HopAsk } from '../../../src/replication/hop/messages.ts';
import { eventually } from '../../support/eventually.ts';
import { type MeshNode, meshAddresses } from '../../support/mesh-node.ts';
import { Meshes } from '../../support/meshes.ts';

const meshes = new Meshes();
afterEach(() => meshes.closeAll());

const GROUP = 16;

const askOf = (number: number): HopAsk => ({
  type: 'ask',
  number,
  client: 1,
  level: null,
  maxAgeMs: null,
  after: NO_VERSION,
  request: { kind: 'get', keys: ['k'], withCas: false },
});
const answerOf = (number: number): HopAnswer => ({
  type: 'answer',
  number,
  reply: { kind: 'hits', hits: [] },
  servedLevel: '',
  servedAgeMs: 0,
  applied: NO_VERSION,
});

const received = (node: MeshNode) =>
  node.received.map(({ message }) =>
    'number' in message ? `${message.type} ${message.number}` : message.type,
  );

async function pair(): Promise<[a: MeshNode, b: MeshNode]> {
  return (await meshes.startAll({ passing: [1] }, { passing: [0] })) as [MeshNode, MeshNode];
}

describe('passing peers', () => {
  it('are not linked before one has requests for the other', async () => {
    const [a, b] = await pair();
    await sleep(100);
    expect([a.events, b.events, a.connections, b.connections]).toEqual([[], [], 0, 0]);
  });

  it.each([
    [0, 'lower'],
    [1, 'higher'],
  ])('send requests over a link of their own, and answers back: %i, the one with the %s id', async (id) => {
    const nodes = await pair();
    const [asker, asked] = [nodes[id]!, nodes[1 - id]!];
    asker.mesh.call(asked.node);
    await eventually(() => expect(asker.events).toEqual([`up ${asked.node}`]));
    await eventually(() => expect(asked.events).toEqual([`asker ${asker.node} up`]));
    expect([asker.mesh.isUp(asked.node), asked.mesh.isUp(asker.node)]).toEqual([true, false]);
    asker.mesh.of(GROUP).send(asked.node, askOf(1));
    await eventually(() => expect(received(asked)).toEqual(['ask 1']));
    asked.mesh.of(GROUP).send(asker.node, answerOf(1));
    // It has no link for requests of its own.
    asked.mesh.of(GROUP).send(asker.node, askOf(2));
    asked.mesh.of(GROUP).send(asker.node, answerOf(3));
    await eventually(() => expect(received(asker)).toEqual(['answer 1', 'answer 3']));
  });

  it('have a link each when both have requests, and each ends its own', async () => {
    const [a, b] = await pair();
    a.mesh.call(1);
    b.mesh.call(0);
    await eventually(() => expect([a.mesh.isUp(1), b.mesh.isUp(0)]).toEqual([true, true]));
    await eventually(() => expect([a.connections, b.connections]).toEqual([1, 1]));
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.mesh.of(GROUP).send(to.node, askOf(1));
      from.mesh.of(GROUP).send(to.node, answerOf(2));
    }
    await eventually(() => expect([received(a), received(b)]).toEqual([received(b), received(a)]));
    await eventually(() => expect(received(a).sort()).toEqual(['answer 2', 'ask 1']));
    // What waits for the peer are answers, whatever waits on the link for requests.
    a.mesh.of(GROUP).send(1, askOf(4));
    expect(a.mesh.waitingBytes(1)).toBe(0);
    a.mesh.of(GROUP).send(1, answerOf(5));
    expect(a.mesh.waitingBytes(1)).toBeGreaterThan(0);
    await eventually(() => expect(received(b)).toContain('answer 5'));
    a.mesh.hangUp(1);
    await eventually(() => expect(b.events).toContain('asker 0 down'));
    expect([a.mesh.isUp(1), b.mesh.isUp(0)]).toEqual([false, true]);
    expect(a.events.filter((event) => event.includes('down'))).toEqual([]);
    b.mesh.of(GROUP).send(0, askOf(3));
    await eventually(() => expect(received(a)).toContain('ask 3'));
  });

  it('make a link again after it was ended, and after it broke', async () => {
    const [a, b] = await pair();
    a.mesh.call(1);
    await eventually(() => expect(a.mesh.isUp(1)).toBe(true));
    a.mesh.hangUp(1);
    await eventually(() => expect(b.events.at(-1)).toBe('asker 0 down'));
    await sleep(100);
    expect(b.events.filter((event) => event === 'asker 0 up')).toHaveLength(1);
    a.mesh.call(1);
    await eventually(() => expect(a.mesh.isUp(1)).toBe(true));
    b.cut();
    await eventually(() => expect(a.events).toEqual(['up 1', 'up 1', 'down 1', 'up 1']));
    expect(a.mesh.traffic.linksMade).toBe(3);
  });

  it('are called until they are there, or are not needed any more', async () => {
    const addresses = await meshAddresses(2);
    const a = await meshes.start(0, addresses, { passing: [1] });
    a.mesh.call(1);
    a.mesh.call(1);
    await sleep(50);
    const b = await meshes.start(1, addresses, { passing: [0] });
    await eventually(() => expect(a.mesh.isUp(1)).toBe(true));
    await meshes.stop(b);
    await eventually(() => expect(a.mesh.isUp(1)).toBe(false));
    a.mesh.hangUp(1);
    const again = await meshes.start(1, addresses, { passing: [0] });
    await sleep(200);
    expect([a.mesh.isUp(1), again.events]).toEqual([false, []]);
  });

  it('refuse a caller that takes them for others', async () => {
    const [a, b] = (await meshes.startAll({ passing: [1] }, {})) as [MeshNode, MeshNode];
    a.mesh.call(1);
    await eventually(() => expect(a.mesh.refusalOf(1)).toBe('controller 0 is to be called, not to call'));
    expect(a.mesh.isUp(1)).toBe(false);
    expect(b.events.filter((event) => event.includes('asker'))).toEqual([]);
  });

  it('are told what they did wrong over the link that they have', async () => {
    const [a, b] = await pair();
    a.mesh.call(1);
    await eventually(() => expect(b.events).toEqual(['asker 0 up']));
    b.mesh.drop(0, 'it asks for more than it waits for', true);
    await eventually(() => expect(a.events).toContain('refused 1: it asks for more than it waits for'));
    expect(b.events).toContain('asker 0 down');
  });
});
