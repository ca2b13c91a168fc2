import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { MiniKvChain } from '../support/minikv-chain.ts';

const chain = new MiniKvChain();

afterEach(() => chain.killAll());

const upTo = (end: number) => Array.from({ length: end }, (_, at) => at);

describe('a node of MiniKV that cannot join as it is told', () => {
  it('waits as the eighth while seven have places, and a place that becomes free goes to one that waits', async () => {
    chain.startAll(8);
    await Promise.all(upTo(7).map((index) => chain.served(index)));
    await eventually(() => expect(chain.nodes.get(7)!.said()).toContain('at most 7 controllers can vote'));
    await chain.written(3, 'a', 1);
    expect(await chain.get(7, 'a')).toMatchObject({ status: 503, body: { code: 'NOT_VOTING' } });
    for (const index of upTo(7)) expect((await chain.get(index, 'a'))!.body).toEqual({ value: 1 });
    // The place of a dead node is given up once another one is started in it. The eighth is ready, and that one is not.
    await chain.kill(3);
    chain.start(3);
    await eventually(async () => {
      const answers = await Promise.all([chain.get(3, 'a'), chain.get(7, 'a')]);
      expect(answers.map((answer) => answer?.status)).toContain(200);
      expect(answers.find((answer) => answer?.status === 200)!.body).toEqual({ value: 1 });
    });
  });

  it('joins through another node when its predecessor is not there', async () => {
    chain.startAll(5);
    await chain.allServed();
    await chain.written(4, 'kept', 1);
    await chain.kill(1);
    await chain.kill(2);
    chain.start(2);
    await chain.served(2);
    await chain.written(2, 'new', 2);
    for (const index of [0, 2, 3, 4]) {
      expect((await chain.get(index, 'kept'))!.body).toEqual({ value: 1 });
      expect((await chain.get(index, 'new'))!.body).toEqual({ value: 2 });
    }
    chain.start(1);
    await chain.served(1);
    expect((await chain.get(1, 'new'))!.body).toEqual({ value: 2 });
  });

  it('does not join a chain without a majority, and joins the new one that its head begins', async () => {
    chain.startAll(3);
    await chain.allServed();
    await chain.written(0, 'old', 1);
    await chain.kill(1);
    await chain.kill(2);
    chain.start(1);
    await eventually(() => expect(chain.nodes.get(1)!.said()).toMatch(/node 1 waits: node 0 says: /));
    expect(await chain.get(1, 'old')).toMatchObject({ status: 503, body: { code: 'NOT_VOTING' } });
    await chain.kill(0);
    chain.start(0);
    chain.start(2);
    await chain.allServed();
    await chain.written(2, 'new', 2);
    for (const index of upTo(3)) {
      expect((await chain.get(index, 'old'))!.body).toEqual({ value: null });
      expect((await chain.get(index, 'new'))!.body).toEqual({ value: 2 });
    }
  });

  it('is kept apart from a new chain as long as it is of the old one', async () => {
    chain.startAll(3);
    await chain.allServed();
    await chain.written(0, 'old', 1);
    await chain.kill(0);
    await chain.kill(1);
    chain.start(0);
    chain.start(1);
    await Promise.all([chain.served(0), chain.served(1)]);
    await chain.written(1, 'new', 2);
    // The old value is no answer either: nobody can tell whether a majority has written since.
    expect(await chain.get(2, 'old')).toMatchObject({ status: 503 });
    expect((await chain.get(0, 'old'))!.body).toEqual({ value: null });
    await chain.kill(2);
    chain.start(2);
    await chain.served(2);
    expect((await chain.get(2, 'new'))!.body).toEqual({ value: 2 });
  });
});

describe('a port that is taken', () => {
  it('ends a second node with the same index, and the first one notices nothing', async () => {
    chain.startAll(2);
    await chain.allServed();
    await chain.written(1, 'a', 1);
    const first = chain.nodes.get(1)!;
    chain.start(1);
    const second = chain.nodes.get(1)!;
    const [code] = (await once(second.child, 'exit')) as [number];
    expect(code).not.toBe(0);
    expect(second.said()).toContain('127.0.0.1:8081 is in use');
    expect(second.said()).toContain('stop that first');
    expect(first.child.exitCode).toBe(null);
    for (const index of [0, 1]) expect((await chain.get(index, 'a'))!.body).toEqual({ value: 1 });
    await chain.written(0, 'a', 2);
    expect((await chain.get(1, 'a'))!.body).toEqual({ value: 2 });
  });

  it('ends a node with a clear message when another program has it', async () => {
    const other = createServer((socket) => socket.destroy());
    other.listen(50_000, '127.0.0.2');
    await once(other, 'listening');
    try {
      chain.start(0);
      const { child, said } = chain.nodes.get(0)!;
      await once(child, 'exit');
      expect(said()).toContain('127.0.0.2:50000 is in use');
      expect(other.listening).toBe(true);
    } finally {
      other.close();
    }
  });
});
