import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import type { MeshNode } from '../../support/mesh-node.ts';
import { Meshes } from '../../support/meshes.ts';

/** Two passing peers begin to exchange heartbeats, or do so no more. */

const meshes = new Meshes();
afterEach(() => meshes.closeAll());

interface Pair {
  readonly nodes: readonly [MeshNode, MeshNode];
  /** The controller with this id takes the other for a passing peer no more, or does so again. */
  regard(id: 0 | 1, isPassing: boolean): void;
}

async function pair(): Promise<Pair> {
  const passing: [number[], number[]] = [[1], [0]];
  const [a, b] = await meshes.startAll({ passing: passing[0] }, { passing: passing[1] });
  const nodes = [a!, b!] as const;
  return {
    nodes,
    regard(id, isPassing) {
      passing[id].length = 0;
      if (isPassing) passing[id].push(1 - id);
      nodes[id].mesh.relink(1 - id);
    },
  };
}

/** Each of the two can send to the other, which gets what is sent. */
async function expectBothWays([a, b]: readonly [MeshNode, MeshNode]): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const before = to.received.length;
    from.mesh.of(0).send(to.node, { type: 'retired', epoch: 7 });
    await eventually(() =>
      expect(to.received.slice(before).map(({ message }) => message.type)).toEqual(['retired']),
    );
  }
}

describe('two passing peers that exchange heartbeats from now on', () => {
  it('are linked if they were not', async () => {
    const { nodes, regard } = await pair();
    regard(0, false);
    regard(1, false);
    await eventually(() => expect(nodes.map(({ mesh }, id) => mesh.isUp(1 - id))).toEqual([true, true]));
    await expectBothWays(nodes);
    expect(nodes.map(({ mesh }) => mesh.traffic.linksMade)).toEqual([1, 1]);
  });

  it.each([0, 1] as const)('use the link that controller %i has made for its requests', async (asker) => {
    const { nodes, regard } = await pair();
    const asked = (1 - asker) as 0 | 1;
    nodes[asker].mesh.call(asked);
    await eventually(() => expect(nodes[asked].events).toEqual([`asker ${asker} up`]));
    regard(asked, false);
    regard(asker, false);
    await eventually(() => expect(nodes[asked].events).toEqual([`asker ${asker} up`, `up ${asker}`]));
    await expectBothWays(nodes);
    expect(nodes[asked].mesh.incarnationOf(asker)).not.toBeNull();
    await sleep(100);
    for (const { events } of nodes) expect(events.filter((event) => event.includes('down'))).toEqual([]);
    nodes[asked].cut();
    await eventually(() => expect(nodes[0].events).toContain('down 1'));
    await expectBothWaysOnce(nodes);
  });

  it('keep both links that they have made, which end together, and are made again as one', async () => {
    const { nodes, regard } = await pair();
    nodes[0].mesh.call(1);
    nodes[1].mesh.call(0);
    await eventually(() => expect(nodes.map(({ events }) => events.length)).toEqual([2, 2]));
    regard(0, false);
    regard(1, false);
    await expectBothWays(nodes);
    nodes[0].cut();
    const isDown = (node: MeshNode) => node.events.some((event) => event.startsWith('down'));
    await eventually(() => expect(nodes.every(isDown)).toBe(true));
    // The one with the higher id has called.
    await eventually(() => expect(nodes.map(({ connections }) => connections)).toEqual([1, 0]));
    await expectBothWaysOnce(nodes);
  });
});

async function expectBothWaysOnce(nodes: readonly [MeshNode, MeshNode]): Promise<void> {
  await eventually(() => expect(nodes.map(({ mesh }, id) => mesh.isUp(1 - id))).toEqual([true, true]));
  await expectBothWays(nodes);
}
