import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';

const KEYS = Array.from({ length: 200 }, (_, at) => `key-${at}`);

const HORIZON_MS = 1_000;

/** The number of records in the controller's journal, deletions included. */
async function journalEntries(cluster: Cluster, id: number): Promise<number> {
  return (await cluster.status(id)).journal.entries;
}

const directoriesSetAside = (cluster: Cluster) =>
  readdirSync(cluster.dataDir).filter((name) => name.startsWith('controller-2.damaged-'));

/** Waits until the journal of controller 2 has so many records, and has written all of them to disk. */
async function onDisk(cluster: Cluster, records: number): Promise<void> {
  await eventually(async () =>
    expect((await cluster.status(2)).journal).toMatchObject({ entries: records, backlogBytes: 0 }),
  );
}

/** Deletes half of the keys while controller 2 is away, for longer than its peers keep deletions for it. */
async function deleteWithout(
  cluster: Cluster,
  leave: () => Promise<void> | void,
): Promise<Map<string, string>> {
  const [first, , third] = await cluster.clients();
  const left = new Map<string, string>();
  for (const key of KEYS) expect(await first!.set(key, `value of ${key}`)).toBe('STORED');
  await eventually(async () => expect((await third!.findAll(KEYS)).size).toBe(KEYS.length));
  await onDisk(cluster, KEYS.length);
  await leave();
  await eventually(async () => expect((await cluster.status(0)).peers[2]!.up).toBe(false));
  for (const [at, key] of KEYS.entries()) {
    if (at % 2 === 0) expect(await first!.ask(`delete ${key}\r\n`)).toBe('DELETED');
    else left.set(key, `value of ${key}`);
  }
  for (const id of [0, 1])
    await eventually(async () => expect(await journalEntries(cluster, id)).toBe(left.size));
  return left;
}

async function expectEverywhere(cluster: Cluster, entries: ReadonlyMap<string, string>): Promise<void> {
  await eventually(async () => {
    for (const client of await cluster.clients()) {
      const found = await client.findAll(KEYS);
      expect(new Map([...found].map(([key, { value }]) => [key, value.toString()]))).toEqual(entries);
      client.close();
    }
  });
}

describeWithMemcached('a controller that was absent for longer than deletions are kept for it', () => {
  describe.each(['sequential', 'eventual'])('%s', (level) => {
    const start = () => startCluster({ level, settings: { tombstone_horizon: String(HORIZON_MS / 1_000) } });

    it('starts empty after a kill, logs that, and serves no deleted key', async () => {
      await using cluster = await start();
      const left = await deleteWithout(cluster, () => cluster.kill(2));
      cluster.start(2);
      await cluster.ready();
      await expectEverywhere(cluster, left);
      expect(directoriesSetAside(cluster)).toHaveLength(1);
      expect(cluster.controllers[2]!.log().join('\n')).toMatch(
        /starting empty.*has forgotten deletions that this controller has missed/,
      );
    });

    it('starts empty in the same process after a pause, and disconnects its clients', async () => {
      await using cluster = await start();
      const client = await cluster.client(2);
      const left = await deleteWithout(cluster, () => cluster.pause(2));
      cluster.resume(2);
      await eventually(() => expect(directoriesSetAside(cluster)).toHaveLength(1));
      await cluster.ready();
      await expectEverywhere(cluster, left);
      await expect(client.get('key-1')).rejects.toThrow();
    });
  });

  it('keeps its journal when nothing was deleted', async () => {
    await using cluster = await startCluster({ level: 'eventual', settings: { tombstone_horizon: '1' } });
    const client = await cluster.client(0);
    expect(await client.set('k', 'v')).toBe('STORED');
    await onDisk(cluster, 1);
    await cluster.kill(2);
    expect(await client.set('k', 'w')).toBe('STORED');
    await new Promise((resolve) => setTimeout(resolve, 2 * HORIZON_MS));
    cluster.start(2);
    await cluster.ready();
    expect(directoriesSetAside(cluster)).toEqual([]);
  });
});
