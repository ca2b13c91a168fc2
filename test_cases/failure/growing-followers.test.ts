import { expect, it } from 'vitest';
import { CheckedLoad } from '../support/checked-load.ts';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-port.ts';
import { main, member, membersAt, Newcomer, votersIn } from '../support/newcomer.ts';
import { PATIENT } from '../support/rolling-restart.ts';
import { TextClient } from '../support/text-client.ts';

const LEVEL = 'linearizability';
const KEYS = Array.from({ length: 200 }, (_, i) => `key:${i}`);

/** Counts keys of its own up at one controller, and reads others, which nobody writes. */
function loadAt(port: number): CheckedLoad {
  return new CheckedLoad(port, async (client, turn, compare) => {
    const own = `own:${port}:${turn % 20}`;
    const round = Math.floor(turn / 20) + 1;
    if (round === 1) compare(`set of ${own}`, 'STORED', await client.set(own, '0'));
    compare(own, `${round}`, await client.ask(`incr ${own} 1\r\n`));
    const still = KEYS[turn % KEYS.length]!;
    compare(still, still, await client.get(still));
  });
}

it('a cluster in which two follow changes its shards and its controllers under load, and one is killed', async () => {
  const settings = { ...PATIENT, durability: 'sync', shards: '3', replicas: '3' };
  await using cluster = await startCluster({ level: LEVEL, store: 'custom', controllers: 9, settings });
  const [port0, port7] = [cluster.ports[0]!, cluster.ports[7]!];
  const [port9] = (await freePorts(1)) as [number];
  const clients = await cluster.clients();
  for (const [i, key] of KEYS.entries()) expect(await clients[i % 9]!.set(key, key)).toBe('STORED');
  const loads = [port0, port7, cluster.ports[4]!].map(loadAt);
  const added = new Newcomer(cluster, port9, [port7], LEVEL);
  try {
    const done = expect.stringContaining('done: no key of default moves any more');
    expect(await main(cluster, port0, 'keyspace', 'default', 'shards', '6', '--wait', '120')).toEqual(done);
    added.begin();
    expect(await member(cluster, port0, 'add', `127.0.0.1:${port9}`)).toContain('follows: start it there');
    using client = await eventually(() => TextClient.connect(port9));
    await eventually(async () => expect(await client.get(KEYS[0]!)).toBe(KEYS[0]));
    expect(votersIn(await membersAt(cluster, port9))).toEqual([0, 1, 2, 3, 4, 5, 6]);

    const without8 = ['keyspace', 'default', 'rebalance', 'without', '8', '--wait', '120'];
    expect(await main(cluster, port0, ...without8)).toEqual(done);
    expect((await client.stats()).get('curr_items')).not.toBe('0');
    expect(await member(cluster, port0, 'remove', '8')).toContain('is none of the cluster any more');

    const moving = main(cluster, port0, 'keyspace', 'default', 'rebalance', 'without', '6', '--wait', '120');
    await added.kill();
    added.begin();
    expect(await moving).toEqual(done);
    await Promise.all(loads.map((load) => load.stop()));
    expect(loads.flatMap(({ wrong }) => wrong)).toEqual([]);
    for (const { answers } of loads) expect(answers).toBeGreaterThan(100);

    for (const port of [port0, port7, port9]) {
      using reader = await eventually(() => TextClient.connect(port));
      await eventually(async () => {
        const found = await reader.findAll(KEYS);
        expect(KEYS.filter((key) => `${found.get(key)?.value}` !== key)).toEqual([]);
      });
    }
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
    if (added.isRunning) await added.kill();
  }
});
