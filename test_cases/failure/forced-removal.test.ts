import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-port.ts';
import { main, member, membersAt, Newcomer, votersIn } from '../support/newcomer.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

const LEVEL = 'linearizability';

/** Of what `show json` prints. */
interface Shown {
  readonly shards: readonly { readonly controllers: readonly number[] }[];
}

it('two of three are gone for good: the third goes on, two others come, one is back and gets nowhere', async () => {
  const settings = { ...PATIENT, durability: 'sync', form: 'no' };
  const keyspaces = { mail: { prefix: 'mail:', consistency: 'eventual' } } as const;
  await using cluster = await startCluster({ level: LEVEL, store: 'custom', settings, keyspaces });
  const [port0, port1, port2] = cluster.ports;
  const keys = Array.from({ length: 50 }, (_, i) => `${i % 2 === 0 ? '' : 'mail:'}k${i}`);
  const valuesAt = async (port: number) => {
    using client = await TextClient.connect(port, '127.0.0.1');
    for (const key of keys) await eventually(async () => expect(await client.get(key)).toBe(`v of ${key}`));
  };
  {
    using client = await TextClient.connect(port1!, '127.0.0.1');
    for (const key of keys) expect(await client.set(key, `v of ${key}`)).toBe('STORED');
  }
  await valuesAt(port0!);
  await expect(member(cluster, port0!, 'remove', '1', '2', '--force', '--yes')).rejects.toThrow(
    'can be reached',
  );

  for (const id of [1, 2]) await cluster.controllers[id]!.kill();
  const aside = join(cluster.dataDir, '../aside');
  mkdirSync(aside);
  for (const name of readdirSync(cluster.dataDir).filter((one) => /^controller-[12]\b/.test(one))) {
    cpSync(join(cluster.dataDir, name), join(aside, name), { recursive: true });
    rmSync(join(cluster.dataDir, name), { recursive: true });
  }
  await eventually(async () => expect((await membersAt(cluster, port0!)).controllers[2]!.up).toBe(false));
  await expect(member(cluster, port0!, 'remove', '1', '--force', '--yes')).rejects.toThrow('controller 2');
  await expect(member(cluster, port0!, 'remove', '1', '2', '--force')).rejects.toThrow('may be lost');
  expect(votersIn(await membersAt(cluster, port0!))).toEqual([0, 1, 2]);
  expect(await member(cluster, port0!, 'remove', '1', '2', '--force', '--yes')).toContain('dropped for good');
  expect(votersIn(await membersAt(cluster, port0!))).toEqual([0]);
  await valuesAt(port0!);

  // One of those that come takes the address of one that is gone.
  const [other] = await freePorts(1);
  const newcomers = [port1!, other!].map((port) => new Newcomer(cluster, port, [port0!], LEVEL));
  try {
    for (const one of newcomers) {
      one.begin();
      await member(cluster, port0!, 'add', `127.0.0.1:${one.port}`, '--wait', '120');
      await valuesAt(one.port);
    }
    const voters = votersIn(await membersAt(cluster, other!));
    expect(voters).toHaveLength(3);
    for (const id of [1, 2]) expect(voters).not.toContain(id);

    for (const name of readdirSync(aside))
      cpSync(join(aside, name), join(cluster.dataDir, name), { recursive: true });
    cluster.start(2);
    await eventually(() => expect(cluster.controllers[2]!.tail()).toContain('removed by force'));
    using returned = await TextClient.connect(port2!, '127.0.0.1');
    for (const key of keys.slice(0, 2))
      await eventually(async () => expect(await returned.set(key, 'old')).toContain('removed by force'));
    await valuesAt(port0!);
    expect(votersIn(await membersAt(cluster, port0!))).toEqual(voters);

    // A majority of the three goes on, and the forced one restarts with what it knows.
    await cluster.controllers[0]!.kill();
    await valuesAt(other!);
    cluster.start(0);
    await eventually(() => valuesAt(port0!));
  } finally {
    for (const one of newcomers) if (one.isRunning) await one.kill();
  }
});

it('a machine with shards is gone for good: a new one takes its place, and no key is lost', async () => {
  const settings = { ...PATIENT, durability: 'sync', shards: '4', replicas: '2' };
  await using cluster = await startCluster({ level: LEVEL, controllers: 3, store: 'custom', settings });
  const [port0, port1, port2] = cluster.ports;
  const keys = Array.from({ length: 60 }, (_, i) => `k${i}`);
  const write = async (port: number, value: string) => {
    using client = await TextClient.connect(port, '127.0.0.1');
    for (const key of keys) await eventually(async () => expect(await client.set(key, value)).toBe('STORED'));
  };
  const expectAt = async (port: number, value: string) => {
    using client = await TextClient.connect(port, '127.0.0.1');
    for (const key of keys) await eventually(async () => expect(await client.get(key)).toBe(value));
  };
  await write(port1!, 'old');
  await cluster.controllers[1]!.kill();
  await eventually(async () => expect((await membersAt(cluster, port0!)).controllers[1]!.up).toBe(false));
  await expect(member(cluster, port0!, 'remove', '1')).rejects.toThrow('member remove 1 --force drops it');
  const dropped = await member(cluster, port0!, 'remove', '1', '--force', '--yes');
  expect(dropped).toContain('a majority is then 2');
  expect(votersIn(await membersAt(cluster, port2!))).toEqual([0, 2]);
  for (const port of [port0!, port2!]) await expectAt(port, 'old');
  await write(port2!, 'new');

  // It comes to the address of the one that is gone.
  const newcomer = new Newcomer(cluster, port1!, [port0!], LEVEL);
  rmSync(join(cluster.dataDir, 'controller-1'), { recursive: true });
  try {
    newcomer.begin();
    await member(cluster, port0!, 'add', `127.0.0.1:${port1}`, '--wait', '120');
    await main(cluster, port0!, 'keyspace', 'default', 'rebalance', '--wait', '120');
    using client = await TextClient.connect(port0!, '127.0.0.1');
    const shown = JSON.parse((await client.lines('show json'))[0]!) as Shown;
    expect(shown.shards.flatMap(({ controllers }) => controllers)).not.toContain(1);
    for (const port of [port0!, port1!, port2!]) await expectAt(port, 'new');
    await write(port1!, 'newer');
    for (const port of [port0!, port2!]) await expectAt(port, 'newer');
  } finally {
    if (newcomer.isRunning) await newcomer.kill();
  }
});
