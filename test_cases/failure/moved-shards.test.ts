import { expect, it } from 'vitest';
import type { LevelsStatus } from '../../src/controller/status/status.ts';
import { CheckedLoad } from '../support/checked-load.ts';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-port.ts';
import { member, Newcomer } from '../support/newcomer.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

/** Shards go to a controller that was added, and leave one that goes, in a cluster of real processes under load. */

const KEYS = Array.from({ length: 2_000 }, (_, i) => `still:${i}`);

/** Reads keys that nobody writes, and writes and reads keys of its own. */
function loadAt(port: number): CheckedLoad {
  return new CheckedLoad(port, async (client, turn, compare) => {
    const still = KEYS[(turn * 7_919) % KEYS.length]!;
    compare(still, still, await client.get(still));
    const own = `own:${port}:${turn % 50}`;
    compare(`set of ${own}`, 'STORED', await client.set(own, `${turn}`));
    compare(own, `${turn}`, await client.get(own));
  });
}

async function ask(port: number, line: string): Promise<string> {
  using client = await TextClient.connect(port, '127.0.0.1');
  return await client.ask(`${line}\r\n`);
}

/** Waits until no shard moves, as each of these controllers knows. @returns the controllers of each shard */
async function settled(ports: readonly number[]): Promise<readonly (readonly number[])[]> {
  for (const port of ports)
    await eventually(async () => {
      const { move, unaware } = JSON.parse(
        (await ask(port, 'keyspace json')).split('\r\n')[0]!,
      ) as LevelsStatus;
      return move === null && unaware.length === 0;
    });
  const shown = JSON.parse((await ask(ports[0]!, 'show json')).split('\r\n')[0]!);
  return (shown.shards as { controllers: number[] }[]).map(({ controllers }) => controllers);
}

async function expectAll(port: number): Promise<void> {
  using client = await TextClient.connect(port, '127.0.0.1');
  for (let from = 0; from < KEYS.length; from += 500) {
    const keys = KEYS.slice(from, from + 500);
    const found = await client.findAll(keys);
    expect(keys.filter((key) => found.get(key)?.value.toString() !== key)).toEqual([]);
  }
}

it('shards go to a controller that was added, leave one that goes, and are there after a restart', async () => {
  const settings = { ...PATIENT, shards: '4', replicas: '2', durability: 'sync' };
  await using cluster = await startCluster({ level: 'eventual', store: 'custom', settings });
  const [port0, port1, port2] = cluster.ports as [number, number, number];
  using first = await TextClient.connect(port0, '127.0.0.1');
  for (const key of KEYS) expect(await first.set(key, key)).toBe('STORED');
  const [port3] = await freePorts(1);
  const newcomer = new Newcomer(cluster, port3!, cluster.ports, 'eventual');
  const loads = [port1, port2].map(loadAt);
  try {
    newcomer.begin();
    expect(await member(cluster, port0, 'add', `127.0.0.1:${port3}`)).toContain('these vote now');
    const all = [port0, port1, port2, port3!];
    expect(await ask(port1, 'keyspace default rebalance')).toContain('get other controllers');
    const spread = (await settled(all)).flat();
    expect([0, 1, 2, 3].map((id) => spread.filter((one) => one === id).length)).toEqual([2, 2, 2, 2]);
    for (const port of all) await expectAll(port);

    expect(await ask(port2, 'member remove 0')).toContain('by keyspace default rebalance without 0');
    expect(await ask(port2, 'keyspace default rebalance without 0')).toContain('get other controllers');
    expect((await settled(all)).flat()).not.toContain(0);
    expect(await ask(port2, 'member remove 0')).toContain('these vote now');
    for (const load of loads) await load.stop();
    expect(loads.flatMap(({ wrong }) => wrong.slice(0, 5))).toEqual([]);
    for (const { answers } of loads) expect(answers).toBeGreaterThan(100);
    for (const port of [port1, port2, port3!]) await expectAll(port);

    expect(await cluster.controllers[0]!.stop()).toBe(0);
    for (const one of [cluster.controllers[1]!, cluster.controllers[2]!, newcomer]) await one.kill();
    newcomer.begin();
    for (const id of [1, 2]) cluster.start(id);
    for (const port of [port1, port2, port3!]) await eventually(() => expectAll(port));
  } finally {
    for (const load of loads) await load.stop();
    if (newcomer.isRunning) await newcomer.kill();
  }
});
