import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { main, member } from '../support/newcomer.ts';
import { TextClient } from '../support/text-client.ts';

/**
 * Twelve controllers with a memcached each: the first seven vote. Four shards have three controllers each: 0 to 2, 3 to
 * 5, 6 to 8 and 9 to 11. So 7 and 8 have nothing in common with 9, 10 and 11.
 */

const CONTROLLERS = 12;
const KEYS = Array.from({ length: 40 }, (_, i) => `key:${i}`);

let cluster: Cluster;

/** Whether the controller knows of these that they are up: true, false, or null where it knows nothing. */
async function upAt(id: number, peers: readonly number[]): Promise<readonly (boolean | null)[]> {
  const status = await cluster.status(id);
  return peers.map((peer) => status.peers[peer]!.up);
}

const roleAt = async (id: number, peer: number) => (await cluster.status(id)).peers[peer]!.role;

describeWithMemcached('twelve controllers, of which seven vote', () => {
  let clients: TextClient[];

  beforeAll(async () => {
    const settings = { shards: '4', durability: 'sync' };
    cluster = await startCluster({ level: 'linearizability', controllers: CONTROLLERS, settings });
    clients = await cluster.clients();
  });
  afterAll(() => cluster?.stop());

  it('know nothing of those to which they send nothing', async () => {
    expect(await upAt(7, [9, 10, 11])).toEqual([null, null, null]);
    expect(await upAt(7, [0, 6, 8])).toEqual([true, true, true]);
    expect(await roleAt(11, 8)).toBe('unknown');
    expect(await upAt(0, [7, 8, 9, 10, 11])).toEqual([true, true, true, true, true]);
  });

  it('serve every key at every controller, and are linked then', async () => {
    for (const [i, key] of KEYS.entries())
      expect(await clients[i % CONTROLLERS]!.set(key, `${i}`)).toBe('STORED');
    for (const client of clients) {
      const found = await client.findAll(KEYS);
      expect(KEYS.map((key) => `${found.get(key)?.value}`)).toEqual(KEYS.map((_, i) => `${i}`));
    }
    expect(await upAt(7, [9, 10, 11])).toEqual([true, true, true]);
    expect(await upAt(11, [7, 8])).toEqual([true, true]);
  });

  it('end the links on which nothing is sent any more, and make them again', async () => {
    await eventually(async () => expect(await upAt(7, [9, 10, 11])).toEqual([null, null, null]), 60_000);
    expect((await clients[7]!.findAll(KEYS)).size).toBe(KEYS.length);
    expect(await upAt(7, [9, 10, 11])).toEqual([true, true, true]);
  });

  it('go on while one that they ask is killed, and see it again', async () => {
    await cluster.kill(10);
    for (const id of [7, 8, 9]) {
      const found = await clients[id]!.findAll(KEYS);
      expect(KEYS.map((key) => `${found.get(key)?.value}`)).toEqual(KEYS.map((_, i) => `${i}`));
    }
    await eventually(async () => expect(await clients[8]!.set(KEYS[0]!, 'again')).toBe('STORED'));
    await eventually(async () => {
      expect((await clients[8]!.findAll(KEYS)).size).toBe(KEYS.length);
      expect((await upAt(8, [10]))[0]).toBe(false);
    });
    await cluster.restart(10);
    const again = await cluster.client(10);
    expect(await again.get(KEYS[0]!)).toBe('again');
    await eventually(async () => {
      expect((await clients[8]!.findAll(KEYS)).size).toBe(KEYS.length);
      expect((await upAt(8, [10]))[0]).toBe(true);
    });
  });

  it('go on without four of the seven that are gone for good, and give their shards to others', async () => {
    const lost = [1, 2, 4, 5];
    const left = cluster.ports.flatMap((port, id) => (lost.includes(id) ? [] : [port]));
    const port = left[0]!;
    const words = lost.map(String);
    await expect(member(cluster, port, 'remove', ...words, '--force', '--yes')).rejects.toThrow(
      'can be reached',
    );
    for (const id of lost) await cluster.kill(id);
    await eventually(async () => expect(await upAt(0, lost)).toEqual(lost.map(() => false)));
    await eventually(async () =>
      expect(await member(cluster, port, 'remove', ...words, '--force', '--yes')).toContain(
        'dropped for good',
      ),
    );
    const expectAll = async () => {
      for (const one of left) {
        using client = await TextClient.connect(one, '127.0.0.1');
        for (const [i, key] of KEYS.entries())
          await eventually(async () => expect(await client.get(key)).toBe(i === 0 ? 'again' : `${i}`));
      }
    };
    await expectAll();
    expect(await main(cluster, port, 'keyspace', 'default', 'rebalance')).toContain('done: ');
    await expectAll();
    using client = await TextClient.connect(left.at(-1)!, '127.0.0.1');
    for (const key of KEYS) expect(await client.set(key, 'new')).toBe('STORED');
  }, 180_000);
});
