import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Cluster, ClusterOptions } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import type { Level } from '../support/judge-record.ts';
import { hasMemcached } from '../support/memcached.ts';
import { Network, whyNoNetwork } from '../support/network.ts';
import { repeat, timeFor } from '../support/rounds.ts';
import { ALL, underLoad } from '../support/under-load.ts';

/** For how long a cut that has had its effect goes on, in milliseconds. */
const CUT_MS = 1_500;
/** View changes that a lasting cut between two may cost until it is settled who goes on. */
const CHANGES_MAX = 4;

const missing = whyNoNetwork();

/** Tests that cut controllers off from each other: skipped for all to see where the machine does not permit it. */
function describeWithNetwork(name: string, tests: () => void): void {
  if (missing === null) describe(name, tests);
  else describe.skip(`${name} (skipped: ${missing})`, tests);
}

/** The number of the newest view that any of them serves in. */
async function newestView(cluster: Cluster): Promise<number> {
  const all = await Promise.all(ALL.map((id) => cluster.status(id)));
  return Math.max(...all.map(({ view }) => Number.parseInt(view.ballot || '0', 10)));
}

async function membersAre(cluster: Cluster, asked: number, members: readonly number[]): Promise<void> {
  await eventually(async () => expect((await cluster.status(asked)).view.members).toEqual(members));
}

function partitionTests(options: ClusterOptions & { level: Level }): void {
  it('cut off both ways: the other two go on without it', { timeout: timeFor(10) }, async () => {
    await repeat(async (at) => {
      using network = Network.create();
      await underLoad({ ...options, hosts: network.hosts }, async (cluster, load) => {
        const alone = at % 3;
        const others = ALL.filter((id) => id !== alone);
        for (const other of others) network.cut(alone, other);
        await load.moreWrites(others);
        await membersAre(cluster, others[0]!, others);
        const client = await cluster.client(alone);
        expect(await client.set('x', 'x')).toMatch(/^SERVER_ERROR no majority of the controllers without /);
        await sleep(CUT_MS);
        network.heal();
      });
    });
  });

  it('cut off one way: the other two go on without it', { timeout: timeFor(10) }, async () => {
    await repeat(async (at) => {
      using network = Network.create();
      await underLoad({ ...options, hosts: network.hosts }, async (cluster, load) => {
        const mute = (at + 1) % 3;
        const others = ALL.filter((id) => id !== mute);
        for (const other of others) network.cutOneWay(mute, other);
        await load.moreWrites(others);
        await membersAre(cluster, others[0]!, others);
        await sleep(CUT_MS);
        network.heal();
      });
    });
  });

  // It takes the silence for that of its own pause: nothing but its lease keeps it from answering what it remembers.
  it('stands still, and wakes cut off: it shows nothing old', { timeout: timeFor(10) }, async () => {
    await repeat(async (at) => {
      using network = Network.create();
      await underLoad({ ...options, hosts: network.hosts }, async (cluster, load) => {
        const asleep = (at + 2) % 3;
        const others = ALL.filter((id) => id !== asleep);
        cluster.pause(asleep);
        for (const other of others) network.cut(asleep, other);
        await membersAre(cluster, others[0]!, others);
        await load.moreWrites(others, 100);
        cluster.resume(asleep);
        await sleep(CUT_MS);
        network.heal();
      });
    });
  });

  it.each(['both ways', 'one way'])(
    'two are cut off from each other %s, and a third hears both: a view that lasts',
    {
      timeout: timeFor(15),
    },
    async (ways) => {
      await repeat(async (at) => {
        using network = Network.create();
        await underLoad({ ...options, hosts: network.hosts }, async (cluster, load) => {
          const [a, b, third] = [at % 3, (at + 1) % 3, (at + 2) % 3] as const;
          const before = await newestView(cluster);
          if (ways === 'both ways') network.cut(a, b);
          else network.cutOneWay(a, b);
          await load.moreWrites([third]);
          await eventually(async () => expect((await cluster.status(third)).view.members).toHaveLength(2));
          const settled = await newestView(cluster);
          await sleep(2 * CUT_MS);
          expect((await newestView(cluster)) - before).toBeLessThanOrEqual(CHANGES_MAX);
          expect((await newestView(cluster)) - settled).toBeLessThanOrEqual(1);
          const { members } = (await cluster.status(third)).view;
          expect(members).toHaveLength(2);
          await load.moreWrites(members);
          network.heal();
        });
      });
    },
  );
}

describeWithNetwork('histories of clients while controllers are cut off, linearizability', () => {
  partitionTests({ level: 'linearizability', store: hasMemcached ? 'memcache' : 'custom' });
});

describeWithNetwork('histories of clients while controllers are cut off, sequential, embedded store', () => {
  partitionTests({ level: 'sequential', store: 'custom' });
});
