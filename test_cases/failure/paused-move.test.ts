import { expect, it } from 'vitest';
import type { LevelsStatus } from '../../src/controller/status/status.ts';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

const KEYS = Array.from({ length: 20_000 }, (_, i) => `key:${i}`);
const BATCH = 1_000;

async function phaseAt(port: number): Promise<string | null> {
  using client = await TextClient.connect(port);
  const answer = await client.ask('keyspace json\r\n');
  return (JSON.parse(answer.split('\r\n')[0]!) as LevelsStatus).move?.phase ?? null;
}

async function keyspace(port: number, words: string): Promise<string> {
  using client = await TextClient.connect(port);
  return await client.ask(`keyspace default ${words}\r\n`);
}

it('a paused change of the number of shards waits, over the restart of all controllers, and then goes on', async () => {
  const settings = { ...PATIENT, shards: '2', replicas: '2', durability: 'sync' };
  await using cluster = await startCluster({ level: 'eventual', store: 'custom', settings });
  const ports = cluster.controllers.map(({ port }) => port);
  {
    using client = await TextClient.connect(ports[0]!);
    for (let from = 0; from < KEYS.length; from += BATCH) {
      const batch = KEYS.slice(from, from + BATCH);
      client.send(batch.map((key) => `set ${key} 0 0 ${key.length}\r\n${key}\r\n`).join(''));
      for (const _ of batch) expect(await client.takeLine()).toBe('STORED');
    }
  }
  expect(await keyspace(ports[0]!, 'shards 3')).not.toMatch(/ERROR/);
  await eventually(async () => expect(await keyspace(ports[1]!, 'pause')).toContain('paused'));
  for (const controller of cluster.controllers) await controller.kill();
  cluster.startAll();
  await cluster.ready();
  for (const port of ports) await eventually(async () => expect(await phaseAt(port)).toBe('paused'));
  await eventually(async () => expect(await keyspace(ports[2]!, 'resume')).toContain('goes on'));
  for (const port of ports) await eventually(async () => expect(await phaseAt(port)).toBe(null));
  using client = await TextClient.connect(ports[1]!);
  for (let from = 0; from < KEYS.length; from += BATCH) {
    const batch = KEYS.slice(from, from + BATCH);
    expect((await client.findAll(batch)).size).toBe(batch.length);
  }
});
