import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { askNode, type NodeAnswer } from '../support/node-answer.ts';
import { type NodeProcess, NodeProcesses } from '../support/node-processes.ts';

const processes = new NodeProcesses('view-change');

afterEach(() => processes.killAll());

interface ChangeBody {
  readonly shards: readonly { readonly 'key-count': number; readonly address?: string }[];
}

/** Nodes at 127.0.0.2 and up, each with the view that it is told. */
class Nodes {
  readonly #port: number;
  readonly #factor: number | null;
  readonly #running = new Map<number, NodeProcess>();

  private constructor(port: number, factor: number | null) {
    this.#port = port;
    this.#factor = factor;
  }

  static async start(views: readonly (readonly number[])[], factor: number | null = null): Promise<Nodes> {
    const nodes = new Nodes(await freePort(), factor);
    for (const [at, view] of views.entries()) nodes.#start(at, view);
    for (const at of views.keys())
      await eventually(async () => (await nodes.ask(at, 'GET', '/kvs/key-count')).status === 200);
    for (const at of views[0]!)
      await eventually(async () => (await nodes.ask(at, 'GET', '/kvs/keys/none')).status === 404);
    return nodes;
  }

  address(at: number): string {
    return `127.0.0.${at + 2}:${this.#port}`;
  }

  ask(at: number, method: string, path: string, body?: unknown): Promise<NodeAnswer> {
    return askNode(this.address(at), method, path, body);
  }

  change(asked: number, view: readonly number[], factor = this.#factor): Promise<NodeAnswer> {
    const wanted = { view: view.map((at) => this.address(at)).join() };
    return this.ask(asked, 'PUT', '/kvs/view-change', {
      ...wanted,
      ...(factor === null ? {} : { 'repl-factor': factor }),
    });
  }

  async put(at: number, count: number, prefix = 'key'): Promise<void> {
    for (let i = 0; i < count; i++)
      expect((await this.ask(at, 'PUT', `/kvs/keys/${prefix}${i}`, { value: i })).status).toBe(201);
  }

  async expectKeys(at: number, count: number, prefix = 'key'): Promise<void> {
    for (let i = 0; i < count; i++)
      expect(await this.ask(at, 'GET', `/kvs/keys/${prefix}${i}`)).toMatchObject({
        status: 200,
        body: { value: i },
      });
  }

  /**
   * Which view these nodes serve in, each of them the same: by what becomes of `count` keys that were put. All are
   * asked for at once, since a node tries for seconds to reach one that is dead.
   */
  async viewOf(asked: readonly number[], count: number): Promise<'old' | 'new' | 'undecided'> {
    const views = new Set<string>();
    for (const at of asked) {
      const keys = Array.from({ length: count }, (_, i) => i);
      const answers = await Promise.all(keys.map((i) => this.ask(at, 'GET', `/kvs/keys/key${i}`)));
      let served = 0;
      for (const [i, { status, body }] of answers.entries()) {
        if (status === 503) continue;
        expect([status, body]).toMatchObject([200, { value: i }]);
        served++;
      }
      const own = await this.keyCount(at);
      if (served === count) views.add('old');
      else views.add(served > own ? 'new' : 'undecided');
    }
    const [view, other] = views;
    return other === undefined ? (view as 'old' | 'new') : 'undecided';
  }

  async kill(at: number): Promise<void> {
    await processes.end(this.#running.get(at)!, 'SIGKILL');
  }

  async keyCount(at: number): Promise<number> {
    const { body } = await this.ask(at, 'GET', '/kvs/key-count');
    return (body as { readonly 'key-count': number })['key-count'];
  }

  /** A process in the place of one that was killed. */
  restart(at: number, view: readonly number[]): void {
    this.#start(at, view);
  }

  #start(at: number, view: readonly number[]): void {
    const environment = { ADDRESS: this.address(at), VIEW: view.map((one) => this.address(one)).join() };
    const factor = this.#factor === null ? {} : { REPL_FACTOR: String(this.#factor) };
    this.#running.set(at, processes.start({ ...environment, ...factor }));
  }
}

function countsIn({ body }: NodeAnswer): readonly number[] {
  return (body as ChangeBody).shards.map((shard) => shard['key-count']);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** Writes ever larger values, one key for each writer, until it is told to stop. */
class Writers {
  readonly #nodes: Nodes;
  readonly #acknowledged: number[];
  readonly #tried: number[];
  readonly #running: Promise<void>;
  #isStopped = false;

  constructor(nodes: Nodes, at: readonly number[]) {
    this.#nodes = nodes;
    this.#acknowledged = at.map(() => -1);
    this.#tried = at.map(() => -1);
    this.#running = Promise.all(at.map((node, writer) => this.#write(node, writer))).then(() => {});
  }

  get acknowledged(): readonly number[] {
    return [...this.#acknowledged];
  }

  /** What was acknowledged before a change of the view was asked for is there right after its answer. */
  async expectAtLeast(readAt: number, acknowledged: readonly number[]): Promise<void> {
    for (const [writer, least] of acknowledged.entries()) {
      const { body } = await this.#nodes.ask(readAt, 'GET', `/kvs/keys/writer${writer}`);
      expect((body as { readonly value: number }).value).toBeGreaterThanOrEqual(least);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** Each key has the value that was acknowledged last, or that of a later write without an answer. */
  async expectLatest(readAt: number): Promise<void> {
    for (const [writer, acknowledged] of this.#acknowledged.entries()) {
      const { status, body } = await this.#nodes.ask(readAt, 'GET', `/kvs/keys/writer${writer}`);
      expect(status).toBe(200);
      const { value } = body as { readonly value: number };
      expect(value).toBeGreaterThanOrEqual(acknowledged);
      expect(value).toBeLessThanOrEqual(this.#tried[writer]!);
      expect(acknowledged).toBeGreaterThan(0);
    }
  }

  async #write(at: number, writer: number): Promise<void> {
    for (let value = 0; !this.#isStopped; value++) {
      this.#tried[writer] = value;
      const { status, body } = await this.#nodes.ask(at, 'PUT', `/kvs/keys/writer${writer}`, { value });
      if (status < 300) this.#acknowledged[writer] = value;
      // A key is new once, whatever view it is in.
      if (status < 300 && value > 0 && this.#acknowledged[writer] !== -1)
        expect((body as { readonly replaced: boolean }).replaced || this.#acknowledged[writer] === 0).toBe(
          true,
        );
    }
  }
}

describe('nodes of shards', () => {
  it('grow, shrink and are all replaced, while clients write and read', async () => {
    const nodes = await Nodes.start([
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1, 2, 3],
    ]);
    await nodes.put(0, 200);
    const writers = new Writers(nodes, [0, 1, 0, 1]);
    await sleep(200);
    const grown = await nodes.change(0, [0, 1, 2, 3]);
    expect(grown).toMatchObject({ status: 200, body: { message: 'View change successful' } });
    expect((grown.body as ChangeBody).shards.map(({ address }) => address)).toEqual(
      [0, 1, 2, 3].map((at) => nodes.address(at)),
    );
    for (const count of countsIn(grown)) expect(count).toBeGreaterThan(20);
    expect(sum(countsIn(grown))).toBeGreaterThanOrEqual(200);
    await nodes.expectKeys(2, 200);
    await writers.stop();
    await writers.expectLatest(3);
    const shrunk = await nodes.change(1, [3, 2]);
    expect(shrunk.status).toBe(200);
    expect(sum(countsIn(shrunk))).toBe(204);
    await nodes.expectKeys(3, 200);
    expect([await nodes.keyCount(3), await nodes.keyCount(2)]).toEqual(countsIn(shrunk));
    for (const left of [0, 1]) {
      expect(await nodes.keyCount(left)).toBe(0);
      expect((await nodes.ask(left, 'GET', '/kvs/keys/key1')).status).toBe(503);
    }
    // A node that has left is taken in again, and may be asked for that.
    const back = await nodes.change(0, [0]);
    expect([back.status, sum(countsIn(back))]).toEqual([200, 204]);
    await nodes.expectKeys(0, 200);
  });

  it('keep their view, with all keys, when a node that is asked for does not answer', async () => {
    const nodes = await Nodes.start([
      [0, 1],
      [0, 1],
    ]);
    await nodes.put(0, 50);
    expect((await nodes.change(0, [0, 1, 5])).status).toBe(503);
    expect((await nodes.change(0, [0, 0])).status).toBe(400);
    await nodes.expectKeys(1, 50);
    expect((await nodes.ask(1, 'PUT', '/kvs/keys/key1', { value: 1 })).status).toBe(200);
  });

  it('carry out one of two changes at once, and refuse the other, or both', async () => {
    const nodes = await Nodes.start([
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    await nodes.put(0, 50);
    const answers = await Promise.all([nodes.change(0, [0, 1, 2]), nodes.change(1, [0, 1, 3])]);
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    for (const { status } of answers) expect([200, 503]).toContain(status);
    await nodes.expectKeys(0, 50);
    await nodes.expectKeys(1, 50);
    const last = await nodes.change(0, [2, 3]);
    expect([last.status, sum(countsIn(last))]).toEqual([200, 50]);
  });

  it('serve in one view as a whole when the node that leads a change, or another one, is killed', async () => {
    const [LEADER, OTHER] = [2, 3];
    for (const killed of [LEADER, OTHER])
      for (const delayMs of [20, 60, 120, 180, 300]) {
        const nodes = await Nodes.start([
          [0, 1],
          [0, 1],
          [0, 1],
          [0, 1],
        ]);
        await nodes.put(0, 60);
        const asked = nodes.change(LEADER, [0, 1, 2, 3]).then(
          ({ status }) => status,
          () => null,
        );
        await sleep(delayMs);
        await nodes.kill(killed);
        const status = await asked;
        await eventually(async () => expect(await nodes.viewOf([0, 1], 60)).not.toBe('undecided'));
        const view = await nodes.viewOf([0, 1], 60);
        if (status === 200) expect(view).toBe('new');
        await processes.killAll();
      }
  });
});

describe('nodes of replicas', () => {
  it('change how many have each key, and are all replaced', async () => {
    const nodes = await Nodes.start(
      [
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1],
      ],
      2,
    );
    await nodes.put(0, 100);
    const writers = new Writers(nodes, [0, 1]);
    await sleep(200);
    const before = writers.acknowledged;
    const replaced = await nodes.change(0, [2, 3], 2);
    expect(replaced).toMatchObject({
      status: 200,
      body: { shards: [{ 'shard-id': '1', replicas: [nodes.address(2), nodes.address(3)] }] },
    });
    for (const at of [2, 3]) await writers.expectAtLeast(at, before);
    await nodes.expectKeys(3, 100);
    await nodes.expectKeys(2, 100);
    const { status } = await nodes.change(3, [0, 1, 2, 3], 4);
    expect(status).toBe(200);
    await writers.stop();
    // At `causal` a replica has the last writes soon, and not at once.
    for (const at of [0, 1, 2, 3]) await eventually(() => writers.expectLatest(at));
    await eventually(async () => {
      for (const at of [0, 1, 2, 3]) expect(await nodes.keyCount(at)).toBe(102);
    });
    const spread = await nodes.change(2, [1, 2, 3], 1);
    expect([spread.status, sum(countsIn(spread))]).toEqual([200, 102]);
    await nodes.expectKeys(1, 100);
  });

  it('that were started again with an older view serve in the newest one that names them, or wait', async () => {
    const nodes = await Nodes.start(
      [
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1],
      ],
      2,
    );
    await nodes.put(0, 60);
    expect((await nodes.change(0, [1, 2, 3, 0], 2)).status).toBe(200);
    await nodes.kill(1);
    await nodes.put(2, 20, 'meanwhile');
    nodes.restart(1, [0, 1]);
    await eventually(() => nodes.expectKeys(1, 20, 'meanwhile'));
    await nodes.expectKeys(1, 60);
    await eventually(async () => expect(await nodes.keyCount(1)).toBe(await nodes.keyCount(2)));
    const left = await nodes.change(1, [2, 3], 2);
    expect([left.status, sum(countsIn(left))]).toEqual([200, 80]);
    await nodes.kill(0);
    nodes.restart(0, [0, 1]);
    await eventually(async () => expect(await nodes.keyCount(0)).toBe(0));
    for (const at of [0, 1]) expect((await nodes.ask(at, 'GET', '/kvs/keys/key0')).status).toBe(503);
    // One that waits, since its own view does not name it, asks nobody: it is told.
    await nodes.kill(3);
    nodes.restart(3, [0, 1]);
    await eventually(() => nodes.expectKeys(3, 60));
    const back = await nodes.change(3, [0, 1, 2, 3], 4);
    expect([back.status, sum(countsIn(back))]).toEqual([200, 80]);
    await nodes.expectKeys(0, 60);
  });

  it('take a context from before a change as empty', async () => {
    const nodes = await Nodes.start(
      [
        [0, 1],
        [0, 1],
        [0, 1],
      ],
      2,
    );
    const { body } = await nodes.ask(0, 'PUT', '/kvs/keys/x', { value: 1, 'causal-context': {} });
    const before = { 'causal-context': (body as { 'causal-context': object })['causal-context'] };
    expect((await nodes.change(1, [0, 1, 2], 3)).status).toBe(200);
    for (const at of [0, 1, 2])
      expect(await nodes.ask(at, 'GET', '/kvs/keys/x', before)).toMatchObject({
        status: 200,
        body: { value: 1 },
      });
  });
});
