import { describe, expect, it } from 'vitest';
import type { Action, Answer, Event } from '../../src/checkers/history.ts';
import { findNonLinearizableKey } from '../../src/checkers/linearizability.ts';
import { isSequentiallyConsistent } from '../../src/checkers/sequential-consistency.ts';
import type { Level } from '../../src/placement/level.ts';
import { storageRequest } from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { SimCluster } from './sim-cluster.ts';

/** Clients that each carry out one operation after the other at a controller of their own, and record what they saw. */
class Script {
  readonly #cluster: SimCluster;
  readonly events: Event[] = [];

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  /** Runs a client's actions one after the other, beginning at this time. */
  client(
    client: number,
    node: number,
    startMs: number,
    actions: readonly [key: string, action: Action][],
  ): void {
    const { scheduler, nodes } = this.#cluster;
    const connection = nodes[node]!.connect();
    const next = (i: number): void => {
      if (i === actions.length) return;
      const [key, action] = actions[i]!;
      const invokedAt = scheduler.nowMs;
      connection.submit(requestOf(key, action), (reply) => {
        const returnedAt = scheduler.nowMs;
        this.events.push({ client, key, action, answer: answerOf(reply), invokedAt, returnedAt });
        scheduler.after(0.1, () => next(i + 1));
      });
    };
    scheduler.after(startMs, () => next(0));
  }
}

function requestOf(key: string, action: Action): Request {
  if (action.kind === 'get') return { kind: 'get', keys: [key], withCas: false };
  if (action.kind !== 'set') throw new Error('the scripts only get and set');
  return storageRequest('set', key, 0, 0, Buffer.from(action.value));
}

function answerOf(reply: Reply): Answer {
  if (reply.kind === 'outcome') return { kind: 'word', word: reply.outcome };
  if (reply.kind === 'hits') return { kind: 'value', value: reply.hits[0]?.value.toString() ?? null };
  throw new Error(`failed: ${JSON.stringify(reply)}`);
}

const set = (value: string): Action => ({ kind: 'set', value });
const get: Action = { kind: 'get' };

async function clusterAt(level: Level): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 7, level, settings: { requestTimeoutMs: 3_000 } });
  await cluster.start();
  await cluster.run(2_000);
  return cluster;
}

/**
 * A write at controller 0 is answered. Controller 1 has received the write, but the acknowledgements of controller 2
 * reach it late, so that it cannot know yet that the write is stable. At that moment it is asked for the key.
 */
async function staleReadScene(level: Level): Promise<{ events: Event[]; readTookMs: number }> {
  const cluster = await clusterAt(level);
  cluster.network.extraMs.set('2>1', 400);
  cluster.network.extraMs.set('0>1', level === 'eventual' ? 400 : 0);
  const script = new Script(cluster);
  script.client(0, 0, 0, [['x', set('new')]]);
  script.client(1, 1, 100, [['x', get]]);
  await cluster.run(2_000);
  const read = script.events.find((event) => event.action.kind === 'get')!;
  return { events: script.events, readTookMs: read.returnedAt - read.invokedAt };
}

/**
 * Two clients each write a key of their own and read the other's, at controllers whose messages to each other are slow.
 */
async function crossedWritesScene(level: Level): Promise<Event[]> {
  const cluster = await clusterAt(level);
  for (const pair of ['0>1', '1>0', '0>2', '2>0', '1>2', '2>1']) cluster.network.extraMs.set(pair, 50);
  const script = new Script(cluster);
  script.client(0, 0, 0, [
    ['x', set('1')],
    ['y', get],
  ]);
  script.client(1, 1, 0, [
    ['y', set('1')],
    ['x', get],
  ]);
  await cluster.run(2_000);
  return script.events;
}

describe('the difference between the levels', () => {
  it('sequential answers at once with the old value, which linearizability forbids', async () => {
    const { events, readTookMs } = await staleReadScene('sequential');
    expect(readTookMs).toBeLessThan(10);
    expect(events.at(-1)!.answer).toEqual({ kind: 'value', value: null });
    expect(isSequentiallyConsistent(events)).toBe(true);
    expect(findNonLinearizableKey(events)).toBe('x');
  });

  it('linearizability waits in the same scene, and answers with the new value', async () => {
    const { events, readTookMs } = await staleReadScene('linearizability');
    expect(readTookMs).toBeGreaterThan(200);
    expect(events.at(-1)!.answer).toEqual({ kind: 'value', value: 'new' });
    expect(findNonLinearizableKey(events)).toBeNull();
  });

  it('eventual lets two controllers each miss the write of the other, which sequential forbids', async () => {
    const events = await crossedWritesScene('eventual');
    const reads = events.filter((event) => event.action.kind === 'get');
    expect(reads.map((event) => event.answer)).toEqual([
      { kind: 'value', value: null },
      { kind: 'value', value: null },
    ]);
    expect(isSequentiallyConsistent(events)).toBe(false);
  });

  it.each<Level>(['sequential', 'linearizability'])(
    '%s shows at least one of the two writes in the same scene',
    async (level) => {
      const events = await crossedWritesScene(level);
      expect(events).toHaveLength(4);
      expect(isSequentiallyConsistent(events)).toBe(true);
      if (level === 'linearizability') expect(findNonLinearizableKey(events)).toBeNull();
    },
  );

  it('eventual answers a write before any other controller has it; the ordered levels do not', async () => {
    const tookMs = async (level: Level): Promise<number> => {
      const [first] = await crossedWritesScene(level);
      return first!.returnedAt - first!.invokedAt;
    };
    expect(await tookMs('eventual')).toBeLessThan(5);
    expect(await tookMs('sequential')).toBeGreaterThan(100);
    expect(await tookMs('linearizability')).toBeGreaterThan(100);
  });
});

describe('a peer that is down', () => {
  it.each<Level>(['sequential', 'linearizability'])('%s goes on with the majority', async (level) => {
    const cluster = await clusterAt(level);
    const script = new Script(cluster);
    script.client(0, 0, 0, [['x', set('1')]]);
    await cluster.run(100);
    cluster.nodes[2]!.kill();
    await cluster.run(600);
    script.client(1, 1, 0, [
      ['x', get],
      ['x', set('2')],
      ['x', get],
    ]);
    await cluster.run(50);
    expect(script.events.map((event) => event.answer)).toEqual([
      { kind: 'word', word: 'stored' },
      { kind: 'value', value: '1' },
      { kind: 'word', word: 'stored' },
      { kind: 'value', value: '2' },
    ]);
  });

  it('a write that is under way when a peer dies is carried over, and answered within the second', async () => {
    const cluster = new SimCluster({ seed: 3, level: 'linearizability' });
    await cluster.start();
    cluster.network.cut(0, 2);
    cluster.network.cut(1, 2);
    const replies: Reply[] = [];
    cluster.nodes[0]!.connect().submit(requestOf('x', set('1')), (reply) => replies.push(reply));
    await cluster.run(1_000);
    expect(replies).toEqual([{ kind: 'outcome', outcome: 'stored' }]);
  });
});

describe('a minority', () => {
  async function alone(level: Level): Promise<SimCluster> {
    const cluster = await clusterAt(level);
    const script = new Script(cluster);
    script.client(0, 0, 0, [['x', set('kept')]]);
    await cluster.run(100);
    cluster.network.cut(1, 0);
    cluster.network.cut(1, 2);
    return cluster;
  }

  /** Asks controller 1, and waits for so many milliseconds. */
  async function ask(cluster: SimCluster, request: Request, forMs: number): Promise<Reply | undefined> {
    const replies: Reply[] = [];
    cluster.nodes[1]!.connect().submit(request, (reply) => replies.push(reply));
    await cluster.run(forMs);
    return replies[0];
  }

  const REFUSED = {
    kind: 'server_error',
    code: 'NO_MAJORITY',
    reason: 'no majority of the controllers without sim:0 (down) and sim:2 (down)',
  };

  it('at linearizability refuses everything at once, with the reason', async () => {
    const cluster = await alone('linearizability');
    await cluster.run(700);
    expect(await ask(cluster, requestOf('x', get), 5)).toEqual(REFUSED);
    expect(await ask(cluster, requestOf('x', set('lost')), 5)).toEqual(REFUSED);
  });

  it('at sequential goes on with reads, and refuses writes at once', async () => {
    const cluster = await alone('sequential');
    await cluster.run(700);
    expect(answerOf((await ask(cluster, requestOf('x', get), 5))!)).toEqual({ kind: 'value', value: 'kept' });
    expect(await ask(cluster, requestOf('x', set('lost')), 5)).toEqual(REFUSED);
  });

  it('at eventual goes on', async () => {
    const cluster = await alone('eventual');
    await cluster.run(700);
    expect(answerOf((await ask(cluster, requestOf('x', set('new')), 5))!)).toEqual({
      kind: 'word',
      word: 'stored',
    });
    expect(answerOf((await ask(cluster, requestOf('x', get), 5))!)).toEqual({ kind: 'value', value: 'new' });
  });

  it('a write under way when the others disappear is answered in time, as unknown', async () => {
    const cluster = await alone('linearizability');
    const reply = (await ask(cluster, requestOf('x', set('1')), 3_050)) as { reason: string };
    expect(reply.reason).toMatch(/^outcome unknown: .*sim:0 \(down\)/);
  });

  it('serves again when it is back', async () => {
    const cluster = await alone('linearizability');
    await cluster.run(700);
    cluster.network.heal(1, 0);
    cluster.network.heal(1, 2);
    await cluster.runUntilReady(3_000);
    expect(answerOf((await ask(cluster, requestOf('x', get), 50))!)).toEqual({
      kind: 'value',
      value: 'kept',
    });
  });
});

describe('an empty cluster', () => {
  /** Starts two of three controllers. */
  async function startTwo(form: boolean): Promise<SimCluster> {
    const cluster = new SimCluster({ seed: 5, level: 'linearizability', settings: { form } });
    cluster.nodes[0]!.start();
    cluster.nodes[1]!.start();
    await cluster.run(3_000);
    return cluster;
  }

  it('is not formed by a majority, which says for whom it waits, but by all', async () => {
    const cluster = await startTwo(false);
    expect(cluster.nodes[0]!.core!.notReadyBecause).toMatch(
      /^a cluster that nobody remembers .* sim:2 \(down\)$/,
    );
    cluster.nodes[2]!.start();
    await cluster.runUntilReady(3_000);
  });

  it('is formed by a majority that was told to, and takes in a controller that comes later', async () => {
    const cluster = await startTwo(true);
    expect(cluster.nodes[0]!.core!.notReadyBecause).toBe('');
    expect(cluster.nodes[1]!.core!.view!.members).toHaveLength(2);
    cluster.nodes[2]!.start();
    await cluster.runUntilReady(3_000);
  });
});
