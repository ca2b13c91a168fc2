import { expect, it } from 'vitest';
import type { LevelsStatus } from '../../src/controller/status/status.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

/**
 * A keyspace at `causal` gets other numbers of shards in a cluster of real processes, while clients go from controller
 * to controller with the tokens of their sessions.
 */

const KEYS = 40;
const HERE = 3;

/** In both rows, a key of the same number is written to the first one first. */
const cause = (walker: number, n: number) => `cause:${walker}:${n}`;
const effect = (walker: number, n: number) => `effect:${walker}:${n}`;

/** Goes on at another controller in each turn, with the token from the one before. */
class Walker {
  readonly #id: number;
  readonly #ports: readonly number[];
  /** A controller is killed meanwhile: requests that are errors are sent again. */
  readonly #mayFail: boolean;
  readonly #task: Promise<void>;
  readonly wrong: string[] = [];
  /** What was written last to the rows, by the number of the key. */
  readonly #written = new Map<number, number>();
  #token = '';
  turns = 0;
  errors = 0;
  #isStopping = false;

  constructor({ ports }: Cluster, id: number, mayFail: boolean) {
    this.#id = id;
    this.#ports = ports.slice(0, HERE);
    this.#mayFail = mayFail;
    this.#task = this.#run();
  }

  /** Reads all that it has written, at each controller, in the session that has gone over all moves. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#task;
    for (const port of this.#ports) {
      using client = await this.#enter(port);
      for (const [n, turn] of this.#written) await this.#expectOwn(client, n, turn);
      this.#token = await this.#leave(client);
    }
  }

  /** Bytes of the token: it names no shard that is gone. */
  get tokenBytes(): number {
    return Buffer.from(this.#token, 'base64url').length;
  }

  async #run(): Promise<void> {
    for (let turn = 1; !this.#isStopping; turn++) {
      using client = await this.#enter(this.#ports[(this.#id + turn) % HERE]!);
      const n = turn % KEYS;
      await this.#set(client, cause(this.#id, n), turn);
      await this.#set(client, effect(this.#id, n), turn);
      this.#written.set(n, turn);
      const own = (turn * 7) % KEYS;
      if (this.#written.has(own)) await this.#expectOwn(client, own, this.#written.get(own)!);
      await this.#expectCause(client, 1 - this.#id, (turn * 3) % KEYS);
      this.#token = await this.#leave(client);
      this.turns = turn;
    }
  }

  async #enter(port: number): Promise<TextClient> {
    const client = await TextClient.connect(port);
    if (this.#token !== '') this.#compare('session', 'OK', await client.ask(`session ${this.#token}\r\n`));
    return client;
  }

  async #leave(client: TextClient): Promise<string> {
    const line = await client.ask('session\r\n');
    if (!line.startsWith('SESSION ')) this.wrong.push(`session gives ${line}`);
    return line.slice('SESSION '.length);
  }

  async #set(client: TextClient, key: string, turn: number): Promise<void> {
    const stored = await this.#answered(() => client.set(key, `${turn}`));
    this.#compare(`set ${key}`, 'STORED', stored);
  }

  async #expectOwn(client: TextClient, n: number, turn: number): Promise<void> {
    for (const key of [cause(this.#id, n), effect(this.#id, n)])
      this.#compare(key, `${turn}`, await this.#answered(() => client.get(key)));
  }

  /** Whoever has read the effect sees its cause, or a later one. */
  async #expectCause(client: TextClient, walker: number, n: number): Promise<void> {
    const seen = Number(await this.#answered(() => client.get(effect(walker, n))));
    const found = Number(await this.#answered(() => client.get(cause(walker, n))));
    if (!(found >= seen)) this.wrong.push(`${effect(walker, n)} is ${seen}, and its cause ${found}`);
  }

  async #answered(ask: () => Promise<string | null>): Promise<string | null> {
    for (;;) {
      const answer = await ask().catch((error: unknown) => String(error));
      if (!this.#mayFail || answer?.includes('SERVER_ERROR') !== true) return answer;
      this.errors++;
    }
  }

  #compare(what: string, wanted: string, found: string | null): void {
    if (found !== wanted) this.wrong.push(`${what} of ${this.#id} is ${found} and not ${wanted}`);
  }
}

async function ask(cluster: Cluster, request: string): Promise<string> {
  using client = await TextClient.connect(cluster.ports[0]!);
  return await client.ask(`${request}\r\n`);
}

async function over(cluster: Cluster, shards: number): Promise<void> {
  for (const [id, port] of cluster.ports.entries())
    await eventually(async () => {
      using client = await TextClient.connect(port);
      const { move, unaware } = JSON.parse((await client.lines('keyspace json'))[0]!) as LevelsStatus;
      const of = (await cluster.status(id)).shards.filter(({ keyspace }) => keyspace === 'default');
      return move === null && unaware.length === 0 && of.length === shards;
    });
}

it.each([
  ['while nobody fails', false],
  ['while a controller is killed in the middle of each move', true],
])('sessions go on from 2 shards to 1, 4 and 2, %s', async (_name, isKilling) => {
  const settings = { ...PATIENT, shards: '2', replicas: '2', durability: 'sync' };
  await using cluster = await startCluster({ level: 'causal', controllers: 4, settings });
  expect(await ask(cluster, 'keyspace default shards 8')).toMatch(/8 groups while that is done.* go over 7/);
  const walkers = [0, 1].map((id) => new Walker(cluster, id, isKilling));
  const turned = async (): Promise<void> => {
    const before = walkers.map(({ turns }) => turns);
    await eventually(() => walkers.every(({ turns }, i) => turns > before[i]! + KEYS));
  };
  try {
    await turned();
    const bytes = walkers.map(({ tokenBytes }) => tokenBytes);
    for (const shards of [1, 4, 2]) {
      expect(await ask(cluster, `keyspace default shards ${shards}`)).not.toMatch(/ERROR/);
      if (isKilling) {
        await cluster.kill(HERE);
        cluster.start(HERE);
        await cluster.ready();
      }
      await over(cluster, shards);
      await turned();
    }
    for (const walker of walkers) await walker.stop();
    const turns = walkers.map((walker) => walker.turns);
    const errors = walkers.map((walker) => walker.errors);
    process.stdout.write(`turns ${turns}, errors ${errors}, bytes ${bytes}\n`);
    expect(walkers.flatMap(({ wrong }) => wrong.slice(0, 5))).toEqual([]);
    for (const [i, { tokenBytes }] of walkers.entries()) expect(tokenBytes).toBeLessThan(2 * bytes[i]!);
  } finally {
    for (const walker of walkers) await walker.stop();
  }
});
