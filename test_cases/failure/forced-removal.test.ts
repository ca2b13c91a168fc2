import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-port.ts';
import { member, membersAt, Newcomer, votersIn } from '../support/newcomer.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

const LEVEL = 'linearizability';

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
