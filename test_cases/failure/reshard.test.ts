import { expect, it } from 'vitest';
import type { LevelsStatus } from '../../src/controller/status/status.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, succeeds } from '../support/programs.ts';
import { PYTHON, PythonLoad } from '../support/python-load.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

/** A keyspace at `eventual` gets other numbers of shards, in a cluster of real processes under load. */

const KEYS = Number(process.env.RESHARD_KEYS ?? 60_000);
const BATCH = 1_000;

/** So many keys are also written again and again, each by one client. */
const COUNTED = 50;

/** A step from one key to the next that visits all of them, since it shares no factor with their number. */
const STRIDE = 7_919;

async function fill(client: TextClient): Promise<void> {
  for (let from = 0; from < KEYS; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, KEYS - from) }, (_, i) => from + i);
    client.send(numbers.map((n) => `set still:${n} 0 0 ${`${n}`.length}\r\n${n}\r\n`).join(''));
    for (const _ of numbers) expect(await client.takeLine()).toBe('STORED');
  }
}

/** Reads the keys that nobody writes, and counts up keys of its own, at one controller. */
class Reader {
  readonly #id: number;
  readonly #task: Promise<void>;
  readonly wrong: string[] = [];
  answers = 0;
  longestMs = 0;
  #isStopping = false;

  constructor({ controllers }: Cluster, id: number) {
    this.#id = id;
    this.#task = this.#run(controllers[id]!.port);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#task;
  }

  async #run(port: number): Promise<void> {
    using client = await TextClient.connect(port);
    for (let turn = 1; !this.#isStopping; turn++) {
      const still = ((turn + this.#id) * STRIDE) % KEYS;
      this.#compare(`still:${still}`, `${still}`, await this.#timed(client.get(`still:${still}`)));
      const counted = `counted:${this.#id}:${turn % COUNTED}`;
      this.#compare(`set of ${counted}`, 'STORED', await this.#timed(client.set(counted, `${turn}`)));
      this.#compare(counted, `${turn}`, await this.#timed(client.get(counted)));
    }
  }

  async #timed<T>(answer: Promise<T>): Promise<T | string> {
    const fromMs = performance.now();
    const taken = await answer.catch((error: unknown) => String(error));
    this.longestMs = Math.max(this.longestMs, performance.now() - fromMs);
    this.answers++;
    return taken;
  }

  #compare(what: string, wanted: string, found: string | null): void {
    if (found !== wanted) this.wrong.push(`${what} at ${this.#id} is ${found} and not ${wanted}`);
  }
}

async function levelsAt({ port }: { readonly port: number }): Promise<LevelsStatus> {
  using client = await TextClient.connect(port);
  return JSON.parse((await client.ask('keyspace json\r\n')).split('\r\n')[0]!) as LevelsStatus;
}

async function begin(cluster: Cluster, shards: number): Promise<void> {
  using client = await TextClient.connect(cluster.controllers[0]!.port);
  expect(await client.ask(`keyspace default shards ${shards}\r\n`)).not.toMatch(/ERROR/);
}

async function over(cluster: Cluster, shards: number): Promise<void> {
  for (const [id, controller] of cluster.controllers.entries())
    await eventually(async () => {
      const { move, unaware } = await levelsAt(controller);
      if (move !== null || unaware.length > 0) return false;
      const here = (await cluster.status(id)).shards.filter(({ keyspace }) => keyspace === 'default');
      return here.length === shards;
    });
}

async function all(cluster: Cluster): Promise<void> {
  using client = await TextClient.connect(cluster.controllers[1]!.port);
  for (let from = 0; from < KEYS; from += BATCH) {
    const keys = Array.from({ length: Math.min(BATCH, KEYS - from) }, (_, i) => `still:${from + i}`);
    expect((await client.findAll(keys)).size).toBe(keys.length);
  }
}

describeWith('pymemcache (python3-pymemcache)', succeeds(PYTHON, ['-c', 'import pymemcache']), () => {
  it('sees no miss, error or old value from 2 to 1, 3 and 2 shards', async () => {
    const settings = { ...PATIENT, shards: '2', replicas: '1', durability: 'sync' };
    await using cluster = await startCluster({ level: 'eventual', controllers: 4, settings });
    using first = await TextClient.connect(cluster.controllers[0]!.port);
    await fill(first);
    const loads = [0, 1].map((id) => new PythonLoad([cluster.ports[id]!]));
    const readers = [0, 1].map((id) => new Reader(cluster, id));
    try {
      for (const shards of [1, 3, 2]) {
        const before = readers.map(({ answers }) => answers);
        await eventually(() => readers.every(({ answers }, i) => answers > before[i]! + 100));
        const fromMs = performance.now();
        await begin(cluster, shards);
        await over(cluster, shards);
        process.stdout.write(`to ${shards} shards: ${Math.round(performance.now() - fromMs)} ms\n`);
      }
      for (const reader of readers) await reader.stop();
      const longestMs = Math.round(Math.max(...readers.map((reader) => reader.longestMs)));
      const answers = readers.reduce((sum, reader) => sum + reader.answers, 0);
      process.stdout.write(`${KEYS} keys, ${answers} answers, longest wait ${longestMs} ms\n`);
      expect(readers.flatMap(({ wrong }) => wrong.slice(0, 5))).toEqual([]);
      for (const load of loads) {
        const { answered, moves, wrong } = await load.stop();
        expect(wrong).toEqual([]);
        expect([moves, answered > 100]).toEqual([0, true]);
      }
      await all(cluster);
    } finally {
      for (const reader of readers) await reader.stop();
      for (const load of loads) load.kill();
    }
  });
});
