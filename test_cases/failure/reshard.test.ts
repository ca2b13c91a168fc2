import { expect, it } from 'vitest';
import type { LevelsStatus } from '../../src/controller/status/status.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith, succeeds } from '../support/programs.ts';
import { PYTHON, PythonLoad } from '../support/python-load.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

/** A keyspace gets other numbers of shards, in a cluster of real processes under load. */

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

/** The answer to a write that was under way to a controller when that controller died. */
const UNKNOWN = 'SERVER_ERROR outcome unknown';

/**
 * Reads the keys that nobody writes, and counts up keys of its own, at one controller. Where a controller is killed
 * (`mayLose`), the outcome of a write that was under way there is unknown, and `eventual` lets a read by another
 * replica be older than the last write. So the own keys are not compared then; the keys that nobody writes always are.
 */
class Reader {
  readonly #id: number;
  readonly #mayLose: boolean;
  readonly #task: Promise<void>;
  readonly wrong: string[] = [];
  answers = 0;
  longestMs = 0;
  unknown = 0;
  #isStopping = false;

  constructor({ controllers }: Cluster, id: number, mayLose: boolean) {
    this.#id = id;
    this.#mayLose = mayLose;
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
      const stored = await this.#timed(client.set(counted, `${turn}`));
      if (this.#mayLose && stored.startsWith(UNKNOWN)) this.unknown++;
      else this.#compare(`set of ${counted}`, 'STORED', stored);
      const found = await this.#timed(client.get(counted));
      if (!this.#mayLose) this.#compare(counted, `${turn}`, found);
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

/** @param shards their number, and how many controllers each has where there were none: `3x2` */
async function begin(cluster: Cluster, shards: string): Promise<void> {
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

async function hasShard(cluster: Cluster, id: number): Promise<boolean> {
  return (await cluster.status(id)).shards.some(({ controllers }) => controllers.includes(id));
}

async function all(cluster: Cluster): Promise<void> {
  using client = await TextClient.connect(cluster.controllers[1]!.port);
  for (let from = 0; from < KEYS; from += BATCH) {
    const keys = Array.from({ length: Math.min(BATCH, KEYS - from) }, (_, i) => `still:${from + i}`);
    expect((await client.findAll(keys)).size).toBe(keys.length);
  }
}

describeWith('pymemcache (python3-pymemcache)', succeeds(PYTHON, ['-c', 'import pymemcache']), () => {
  const FINE = 'no client sees a miss, an error or an old value while nobody fails';
  const KILLED = 'no settled key is missed while a controller is killed in the middle of each move';

  it.each([
    ['eventual', '2 to 1, 3 and 2 shards', FINE, { shards: '2', replicas: '1' }, ['1', '3', '2'], false],
    ['eventual', '2 to 1, 3 and 2 shards', KILLED, { shards: '2', replicas: '2' }, ['1', '3', '2'], true],
    ['eventual', 'no shards to 3 and 2', FINE, {}, ['3x1', '2'], false],
    ['eventual', 'no shards to 3 and 2', KILLED, {}, ['3x2', '2'], true],
    ['linearizability', '2 to 3 and 1 shards', FINE, { shards: '2', replicas: '2' }, ['3', '1'], false],
    ['linearizability', 'no shards to 3 and 2', KILLED, {}, ['3x3', '2'], true],
  ] as const)('at %s, from %s %s', async (...[level, , , spread, steps, isKilling]) => {
    const settings = { ...PATIENT, ...spread, durability: 'sync' };
    await using cluster = await startCluster({ level, controllers: 4, settings });
    using first = await TextClient.connect(cluster.controllers[0]!.port);
    await fill(first);
    // pymemcache raises an error when an outcome is unknown, so it runs only where nobody dies.
    const loads = (isKilling ? [] : [0, 1]).map((id) => new PythonLoad([cluster.ports[id]!]));
    const readers = [0, 1].map((id) => new Reader(cluster, id, isKilling));
    let held = isKilling && (await hasShard(cluster, 3));
    try {
      for (const shards of steps) {
        const before = readers.map(({ answers }) => answers);
        await eventually(() => readers.every(({ answers }, i) => answers > before[i]! + 100));
        const fromMs = performance.now();
        await begin(cluster, shards);
        if (isKilling) {
          await cluster.kill(3);
          // The move waits for the controller that is down, so it was killed in the middle.
          expect((await levelsAt(cluster.controllers[0]!)).move).not.toBeNull();
          cluster.start(3);
          await cluster.ready();
        }
        await over(cluster, Number.parseInt(shards, 10));
        if (isKilling) held ||= await hasShard(cluster, 3);
        process.stdout.write(`to ${shards} shards: ${Math.round(performance.now() - fromMs)} ms\n`);
      }
      for (const reader of readers) await reader.stop();
      const longestMs = Math.round(Math.max(...readers.map((reader) => reader.longestMs)));
      const unknown = readers.reduce((sum, reader) => sum + reader.unknown, 0);
      const answers = readers.reduce((sum, reader) => sum + reader.answers, 0);
      process.stdout.write(
        `${KEYS} keys, ${answers} answers, longest wait ${longestMs} ms, ${unknown} unknown\n`,
      );
      expect(readers.flatMap(({ wrong }) => wrong.slice(0, 5))).toEqual([]);
      for (const load of loads) {
        const { answered, moves, wrong } = await load.stop();
        expect(wrong).toEqual([]);
        expect([moves, answered > 100]).toEqual([0, true]);
      }
      await all(cluster);
      expect(held).toBe(isKilling);
    } finally {
      for (const reader of readers) await reader.stop();
      for (const load of loads) load.kill();
    }
  });
});
