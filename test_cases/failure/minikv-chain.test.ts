import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { findNonLinearizableKey } from '../../src/checkers/linearizability.ts';
import { eventually } from '../support/eventually.ts';
import { MiniKvChain, RecordingClient } from '../support/minikv-chain.ts';

const chain = new MiniKvChain();

afterEach(() => chain.killAll());

const upTo = (end: number) => Array.from({ length: end }, (_, at) => at);

/** Ten clients at once, each with keys of its own. */
async function fill(prefix: string, length: number, nodes: readonly number[]): Promise<void> {
  await Promise.all(
    upTo(10).map(async (client) => {
      const node = nodes[client % nodes.length]!;
      for (let at = 0; at < length; at++)
        expect(await chain.put(node, `key${client * length + at}`, `${prefix}${at}`)).toMatchObject({
          status: 200,
        });
    }),
  );
}

async function expectFilled(prefix: string, length: number, nodes: readonly number[]): Promise<void> {
  const reading = nodes.flatMap((node) =>
    upTo(10).map(async (client) => {
      for (let at = 0; at < length; at++)
        expect(await chain.get(node, `key${client * length + at}`)).toEqual({
          status: 200,
          body: { value: `${prefix}${at}` },
        });
    }),
  );
  await Promise.all(reading);
}

describe('a chain of MiniKV', () => {
  it.each([1, 3, 5, 7])('of %i: forms by itself, and every node serves reads and writes', async (length) => {
    const nodes = upTo(length);
    // The last one first: each waits until its predecessor is there.
    for (const index of length === 5 ? nodes.toReversed() : nodes) chain.start(index);
    await chain.allServed();
    await fill('a', 30, [0]);
    await expectFilled('a', 30, nodes);
    await fill('b', 30, nodes);
    await expectFilled('b', 30, nodes);

    const tail = length - 1;
    await Promise.all(upTo(20).map((at) => chain.put(at % length, 'one', { at })));
    const { body } = (await chain.get(tail, 'one'))!;
    for (const index of nodes) expect((await chain.get(index, 'one'))!.body).toEqual(body);

    const page = await (await fetch(`http://localhost:${8080 + tail}/`)).text();
    expect(page).toContain('<li>key0: b0</li>');
    expect(chain.nodes.get(tail)!.said()).toContain(
      `Started MiniKV node with id=${tail} (chain replication)\n` +
        `${tail === 0 ? '' : `Connecting to predecessor with id=${tail - 1}\n`}Waiting for Ctrl+C\n`,
    );
    expect(await chain.end(tail)).toBe(0);
  });

  it.each([
    ['the head', 0],
    ['a node in the middle', 2],
    ['the tail', 4],
  ])('goes on when %s is killed under load, and takes it in again as it is started', async (_, victim) => {
    const nodes = upTo(5);
    chain.startAll(5);
    await chain.allServed();
    await chain.written(3, 'kept', 'from before');
    const clients = upTo(10).map((at) => new RecordingClient(chain, at, ['x', 'y', 'z']));
    let isOver = false;
    // Clients of the one that is killed see broken connections for a while.
    const running = clients.map((one, at) => one.run(at % 5, () => isOver));
    await sleep(500);
    await chain.kill(victim);
    chain.start(victim);
    await chain.served(victim);
    await sleep(500);
    isOver = true;
    await Promise.all(running);
    const history = clients.flatMap(({ events }) => events);
    expect(history.length).toBeGreaterThan(100);
    expect(findNonLinearizableKey(history)).toBe(null);
    for (const index of nodes) {
      await chain.served(index);
      expect((await chain.get(index, 'kept'))!.body).toEqual({ value: 'from before' });
    }
    await chain.written(victim, 'new', 1);
    for (const index of nodes) expect((await chain.get(index, 'new'))!.body).toEqual({ value: 1 });
  });

  it('is not begun anew by a head that is started while the others cannot go on without it yet', async () => {
    chain.startAll(3);
    await chain.allServed();
    await chain.written(1, 'kept', 'from before');
    const hanging = chain.nodes.get(2)!.child;
    hanging.kill('SIGSTOP');
    await chain.kill(0);
    chain.start(0);
    await eventually(() => expect(chain.nodes.get(0)!.said()).toContain('node 2 does not answer'));
    expect(await chain.get(0, 'kept')).toMatchObject({ status: 503, body: { code: 'NOT_VOTING' } });
    hanging.kill('SIGCONT');
    await chain.allServed();
    for (const index of upTo(3))
      expect((await chain.get(index, 'kept'))!.body).toEqual({ value: 'from before' });
    await chain.written(0, 'new', 1);
    for (const index of upTo(3)) expect((await chain.get(index, 'new'))!.body).toEqual({ value: 1 });
  });

  it('is empty when all nodes were killed and are started again', async () => {
    chain.startAll(3);
    await chain.allServed();
    await chain.written(1, 'a', 1);
    await chain.killAll();
    chain.startAll(3);
    await chain.allServed();
    for (const index of upTo(3)) expect((await chain.get(index, 'a'))!.body).toEqual({ value: null });
    await chain.written(2, 'a', 2);
    for (const index of upTo(3)) expect((await chain.get(index, 'a'))!.body).toEqual({ value: 2 });
  });

  it('turns a second successor away, and takes no writes with one of two nodes', async () => {
    chain.startAll(2);
    await chain.allServed();
    chain.start(2, 0);
    await eventually(() => expect(chain.nodes.get(2)!.said()).toContain('node 1 follows that node already'));
    expect(await chain.get(2, 'a')).toMatchObject({ status: 503, body: { code: 'NOT_VOTING' } });
    await chain.written(1, 'a', 1);
    await chain.kill(2);
    await chain.kill(1);
    // A write that was sent before the death was noticed keeps its key from being read, since it may have happened.
    let tried = 0;
    await eventually(async () => {
      const answer = await chain.put(0, `b${tried++}`, 2);
      expect(answer).toMatchObject({ status: 503, body: { code: 'NO_MAJORITY' } });
    });
    // Without it there is no majority for another view, so nobody else can have written.
    expect(await chain.get(0, 'a')).toEqual({ status: 200, body: { value: 1 } });
  });
});
