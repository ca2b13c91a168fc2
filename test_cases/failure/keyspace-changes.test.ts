import { describe, expect, it } from 'vitest';
import type { LevelsStatus } from '../../src/controller/status/status.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { ReconnectingLoad } from '../support/reconnecting-load.ts';
import { RecordedLoad } from '../support/recorded-load.ts';
import { TextClient } from '../support/text-client.ts';

/** Keyspaces that come, go and get other prefixes, in clusters of real processes under load. */

/** The speed of the machine must not decide: no controller is suspected, and no request times out. */
const PATIENT = { request_timeout: '20', threshold: '20', lease_time: '2' };

/** The keys of the load begin with `client-0-` to `client-2-`, so each change takes some of them to other levels. */
const CHANGES = [
  'add carts client-1 causal',
  'add files client-2 sequential/chain',
  'prefix carts client-0',
  'carts eventual',
  'prefix files client-1',
  'remove carts',
  'files linearizability/broadcast',
  'remove files',
];

/** Each of them takes keys of `RecordedLoad` from broadcast to a chain or back, and keeps them at `linearizability`. */
const CHANGES_OF_SCHEME = [
  'add chained pair- linearizability/chain',
  'prefix chained a',
  'default linearizability/chain',
  'chained linearizability/broadcast',
];

async function isOver({ port }: { readonly port: number }): Promise<boolean> {
  using client = await TextClient.connect(port);
  const answer = await client.ask('keyspace json\r\n');
  const { move, unaware } = JSON.parse(answer.split('\r\n')[0]!) as LevelsStatus;
  return move === null && unaware.length === 0;
}

async function change(cluster: Cluster, id: number, words: string): Promise<void> {
  using client = await TextClient.connect(cluster.controllers[id]!.port);
  expect(await client.ask(`keyspace ${words}\r\n`)).not.toMatch(/ERROR/);
}

/** Writes one key again and again, and remembers the number that was acknowledged last. */
class Counting {
  readonly #key: string;
  readonly #task: Promise<void>;
  #acknowledged = 0;
  #isStopping = false;

  constructor(cluster: Cluster, id: number, key: string) {
    this.#key = key;
    this.#task = this.#run(cluster.controllers[id]!.port);
  }

  /** @returns the key, and the number that it has at least */
  async stop(): Promise<readonly [key: string, least: number]> {
    this.#isStopping = true;
    await this.#task;
    return [this.#key, this.#acknowledged];
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  async #run(port: number): Promise<void> {
    using client = await TextClient.connect(port);
    for (let number = 1; !this.#isStopping; number++)
      if ((await client.set(this.#key, `${number}`)) === 'STORED') this.#acknowledged = number;
  }
}

describe('keyspaces that are added, removed and given other prefixes', () => {
  it('cost no request of clients', async () => {
    await using cluster = await startCluster({ level: 'linearizability', settings: PATIENT });
    const load = new ReconnectingLoad(cluster);
    for (const [turn, words] of CHANGES.entries()) {
      const from = load.answers;
      await eventually(() => load.answers >= from + 100);
      await change(cluster, turn % 3, words);
      for (const controller of cluster.controllers) await eventually(() => isOver(controller));
    }
    await load.stop();
    process.stdout.write(`keyspaces changed: ${load.figures}\n`);
    expect(load.errors).toEqual([]);
    expect(load.cutOff + load.reconnections).toBe(0);
  });

  it('lose no acknowledged write when a controller is killed meanwhile', async () => {
    await using cluster = await startCluster({
      level: 'linearizability',
      settings: { durability: 'sync', request_timeout: '20' },
    });
    const keys = ['client-0-x', 'client-1-x', 'client-2-x', 'other'];
    const writers = keys.flatMap((key) => [0, 1].map((id) => new Counting(cluster, id, `${key}-${id}`)));
    for (const words of CHANGES.slice(0, 6)) {
      const from = writers.map(({ acknowledged }) => acknowledged);
      await eventually(() => writers.every(({ acknowledged }, i) => acknowledged > from[i]!));
      await change(cluster, 0, words);
      await cluster.kill(2);
      cluster.start(2);
      await cluster.ready();
      await eventually(() => isOver(cluster.controllers[0]!));
    }
    const written = await Promise.all(writers.map((writer) => writer.stop()));
    for (const { port } of cluster.controllers) {
      using client = await TextClient.connect(port);
      for (const [key, least] of written)
        await eventually(async () => Number(await client.get(key)) >= least);
    }
  });

  it('keep what clients see linearizable when a controller is killed meanwhile', async () => {
    await using cluster = await startCluster({
      level: 'linearizability',
      settings: { durability: 'sync', request_timeout: '20' },
    });
    const load = await RecordedLoad.start(cluster);
    for (const [turn, words] of CHANGES_OF_SCHEME.entries()) {
      await load.moreWrites([0, 1, 2]);
      await change(cluster, turn % 2, words);
      await cluster.kill(2);
      cluster.start(2);
      await cluster.ready();
      for (const controller of cluster.controllers) await eventually(() => isOver(controller));
      load.renewKeys();
    }
    await load.moreWrites([0, 1, 2]);
    await load.expectRight('linearizability');
  });
});
