import { describe, expect, it } from 'vitest';
import type { LevelsStatus } from '../../src/controller/status/status.ts';
import { ALL_LEVEL_CHANGES } from '../support/all-level-changes.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { ReconnectingLoad } from '../support/reconnecting-load.ts';
import { TextClient } from '../support/text-client.ts';

/** The speed of the machine must not decide: no controller is suspected, and no request times out. */
const PATIENT = { request_timeout: '20', threshold: '20', lease_time: '2' };

const FIRST = 'linearizability';

const KEYS = 500;

async function levelsAt(client: TextClient): Promise<LevelsStatus> {
  const answer = await client.ask('keyspace json\r\n');
  return JSON.parse(answer.split('\r\n')[0]!) as LevelsStatus;
}

/** @returns when the change is over at the controller */
async function change(cluster: Cluster, id: number, level: string): Promise<void> {
  using client = await TextClient.connect(cluster.controllers[id]!.port);
  expect(await client.ask(`keyspace default ${level}\r\n`)).toMatch(/^default (is at|moves from)/);
  await isAt(client, level);
}

async function isAt(client: TextClient, level: string): Promise<void> {
  await eventually(async () => {
    const { move, keyspaces } = await levelsAt(client);
    return move === null && keyspaces[0]!.level === level;
  });
}

async function expectAll(cluster: Cluster, turn: number): Promise<void> {
  for (const { port } of cluster.controllers) {
    using client = await TextClient.connect(port);
    for (let i = 0; i < KEYS; i += 7) {
      const expected = i % ALL_LEVEL_CHANGES.length < turn ? `new-${i}` : `old-${i}`;
      await eventually(async () => (await client.get(`kept-${i}`)) === expected);
    }
  }
}

describe('a keyspace that gets each level after each other one while the cluster runs', () => {
  it('costs no request of clients, and keeps every entry', async () => {
    await using cluster = await startCluster({ level: FIRST, settings: PATIENT });
    using writer = await TextClient.connect(cluster.controllers[0]!.port);
    for (let i = 0; i < KEYS; i++) expect(await writer.set(`kept-${i}`, `old-${i}`)).toBe('STORED');
    const load = new ReconnectingLoad(cluster);
    for (const [turn, level] of ALL_LEVEL_CHANGES.entries()) {
      const from = load.answers;
      await eventually(() => load.answers >= from + 100);
      await change(cluster, turn % 3, level);
      for (let i = turn; i < KEYS; i += ALL_LEVEL_CHANGES.length)
        expect(await writer.set(`kept-${i}`, `new-${i}`)).toBe('STORED');
    }
    await load.stop();
    process.stdout.write(`all changes of levels: ${load.figures}\n`);
    expect(load.errors).toEqual([]);
    expect(load.cutOff + load.reconnections).toBe(0);
    await expectAll(cluster, ALL_LEVEL_CHANGES.length);
  });

  it.each([
    [FIRST, 'linearizability', 'eventual'],
    [FIRST, 'eventual', 'sequential'],
    [FIRST, 'causal', 'linearizability'],
    ['causal', 'causal', 'linearizability'],
    ['eventual', 'eventual', 'sequential'],
  ] as const)(
    'goes on when a controller is killed meanwhile: from %s on, %s to %s',
    async (first, before, level) => {
      await using cluster = await startCluster({ level: first, settings: { durability: 'sync' } });
      if (before !== first) await change(cluster, 0, before);
      using writer = await TextClient.connect(cluster.controllers[0]!.port);
      for (let i = 0; i < KEYS; i++) expect(await writer.set(`kept-${i}`, `old-${i}`)).toBe('STORED');
      expect(await writer.ask(`keyspace default ${level}\r\n`)).toMatch(/^default moves from/);
      await cluster.kill(2);
      cluster.start(2);
      await isAt(writer, level);
      await cluster.ready();
      await expectAll(cluster, 0);
    },
  );
});
