import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-port.ts';
import { member, membersAt, Newcomer, votersIn } from '../support/newcomer.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

const LEVEL = 'linearizability';

/** What `/v1/status` says of one controller. */
interface Told {
  readonly controller: number;
  readonly status: object | null;
}

/** A client that writes and reads keys of its own at one controller, and checks what it reads. */
class SteadyClient {
  /** By key. One of three keys is in a causal keyspace, and one in an eventual one. */
  readonly written = new Map<string, string>();
  readonly errors: string[] = [];
  readonly #running: Promise<void>;
  #stopping = false;

  constructor(port: number) {
    this.#running = this.#run(port);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #run(port: number): Promise<void> {
    const client = await TextClient.connect(port, '127.0.0.1');
    for (let turn = 0; !this.#stopping; turn++) {
      const key = `${['', 'feed:', 'mail:'][turn % 3]}${port}-${turn % 200}`;
      const answer = await client.set(key, `${turn}`);
      if (answer === 'STORED') this.written.set(key, `${turn}`);
      else this.errors.push(answer);
      const value = await client.get(key);
      if (value !== this.written.get(key)) this.errors.push(`${key} is ${value}`);
      await sleep(2);
    }
    client.close();
  }
}

/** The controllers that answer the one with this port over HTTP, by their ids. */
async function answeringOverHttp(port: number): Promise<number[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/status`);
  const { controllers } = (await answer.json()) as { controllers: Told[] };
  return controllers.flatMap(({ controller, status }) => (status === null ? [] : [controller]));
}

/** Removes controller 4, at `port`, which has answered writes alone a moment before. */
async function goesWithItsWrites(cluster: Cluster, port: number, others: readonly number[]): Promise<void> {
  const keys = ['feed:last', 'mail:last'];
  using client = await TextClient.connect(port, '127.0.0.1');
  for (const key of keys) expect(await client.set(key, 'v')).toBe('STORED');
  await member(cluster, others[0]!, 'remove', '4', '--wait', '120');
  for (const other of others) {
    using reader = await TextClient.connect(other, '127.0.0.1');
    for (const key of keys) await eventually(async () => expect(await reader.get(key)).toBe('v'));
  }
}

it('a cluster grows from 3 to 5 under load, with a kill, loses two that it began with, and restarts', async () => {
  const settings = { ...PATIENT, durability: 'sync', form: 'no' };
  const keyspaces = {
    feed: { prefix: 'feed:', consistency: 'causal' },
    mail: { prefix: 'mail:', consistency: 'eventual' },
  } as const;
  await using cluster = await startCluster({ level: LEVEL, store: 'custom', settings, keyspaces });
  const [port0, port1, port2] = cluster.ports;
  const [port3, port4] = await freePorts(2);
  const third = new Newcomer(cluster, port3!, cluster.ports, LEVEL);
  const fourth = new Newcomer(cluster, port4!, [port1!, port3!], LEVEL);
  const load = new SteadyClient(port2!);
  try {
    // It waits until it is added.
    third.begin();
    await eventually(() => expect(third.tail()).toContain('member add 127.0.0.1'));
    expect(await member(cluster, port0!, 'add', `127.0.0.1:${port3}`)).toContain('these vote now');
    expect(votersIn(await membersAt(cluster, port3!))).toEqual([0, 1, 2, 3]);

    const adding = member(cluster, port1!, 'add', `127.0.0.1:${port4}`, '--wait', '120');
    await third.kill();
    fourth.begin();
    third.begin();
    expect(await adding).toContain('these vote now');
    await eventually(async () => expect(votersIn(await membersAt(cluster, port3!))).toEqual([0, 1, 2, 3, 4]));

    expect(await answeringOverHttp(port4!)).toEqual([0, 1, 2, 3, 4]);

    for (const id of [0, 1]) {
      expect(await cluster.controllers[id]!.stop()).toBe(0);
      await member(cluster, port2!, 'remove', `${id}`, '--wait', '120');
    }
    expect(votersIn(await membersAt(cluster, port4!))).toEqual([2, 3, 4]);
    await load.stop();
    expect(load.errors).toEqual([]);
    expect(load.written.size).toBeGreaterThan(100);

    for (const one of [third, fourth, cluster.controllers[2]!]) await one.kill();
    third.begin();
    fourth.begin();
    cluster.start(2);
    for (const port of [port2!, port3!, port4!]) {
      await eventually(async () => expect(votersIn(await membersAt(cluster, port))).toEqual([2, 3, 4]));
      using client = await TextClient.connect(port, '127.0.0.1');
      await eventually(async () => expect(await client.get('a key that there is none of')).toBe(null));
      for (const [key, value] of load.written)
        await eventually(async () => expect(await client.get(key)).toBe(value));
    }
    await goesWithItsWrites(cluster, port4!, [port2!, port3!]);
    await eventually(async () =>
      expect((await membersAt(cluster, port3!)).controllers.map(({ id }) => id)).toEqual([0, 1, 2, 3]),
    );
    await fourth.kill();
    fourth.begin();
    await eventually(() => expect(fourth.tail()).toContain('was removed from the cluster for good'));
  } finally {
    await load.stop().catch(() => {});
    for (const one of [third, fourth]) if (one.isRunning) await one.kill();
  }
});
