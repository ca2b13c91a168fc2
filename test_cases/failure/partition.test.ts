import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Cluster, ClusterOptions } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import type { Level } from '../support/judge-record.ts';
import { hasMemcached } from '../support/memcached.ts';
import { Network, whyNoNetwork } from '../support/network.ts';
import type { RecordedLoad } from '../support/recorded-load.ts';
import { ALL, type Fault, ROUNDS, repeat, timeFor, underLoad } from '../support/under-load.ts';

/** For how long a cut lasts after it has had its effect, in milliseconds. */
const CUT_MS = 1_000;
/** The time within which a view that does not last would be replaced, in milliseconds. */
const LASTING_MS = 3_000;
/** The most view changes that a lasting cut between two controllers may cost until one view lasts. */
const CHANGES_MAX = 4;

interface Stage {
  readonly cluster: Cluster;
  readonly network: Network;
  readonly load: RecordedLoad;
}

/** A fault of the network under load; the network is healed after it. */
type Cut = (stage: Stage, round: number) => Promise<void>;

const CUTS: Readonly<Record<string, Cut>> = {
  'one is cut off both ways: the other two go on without it': async ({ cluster, network, load }, round) => {
    const alone = round % 3;
    const others = allBut(alone);
    await Promise.all(others.map((other) => network.cut(alone, other)));
    await load.moreWrites(others);
    await membersAre(cluster, others);
    const client = await cluster.client(alone);
    expect(await client.set('x', 'x')).toMatch(/^SERVER_ERROR no majority of the controllers without /);
    await sleep(CUT_MS);
  },
  'one is cut off one way: the other two go on without it': async ({ cluster, network, load }, round) => {
    const mute = (round + 1) % 3;
    const others = allBut(mute);
    await Promise.all(others.map((other) => network.cutOneWay(mute, other)));
    await load.moreWrites(others);
    await membersAre(cluster, others);
    await sleep(CUT_MS);
  },
  // The controller takes the silence for the effect of its own pause: only its lease keeps it from serving
  // old values.
  'one stands still, and is cut off when it goes on: it serves no old value': async (
    { cluster, network, load },
    round,
  ) => {
    const asleep = (round + 2) % 3;
    const others = allBut(asleep);
    cluster.pause(asleep);
    await Promise.all(others.map((other) => network.cut(asleep, other)));
    await membersAre(cluster, others);
    await load.moreWrites(others, 100);
    cluster.resume(asleep);
    await sleep(CUT_MS);
  },
  'two are cut off from each other, and the third hears both: one view lasts': async (stage, round) => {
    const [a, b, third] = [round % 3, (round + 1) % 3, (round + 2) % 3] as const;
    await expectLastingView(stage, third, () => stage.network.cut(a, b));
  },
  'two are cut off from each other one way, and the third hears both: one view lasts': async (
    stage,
    round,
  ) => {
    const [a, b, third] = [round % 3, (round + 1) % 3, (round + 2) % 3] as const;
    await expectLastingView(stage, third, () => stage.network.cutOneWay(a, b));
  },
};

async function expectLastingView(
  { cluster, load }: Stage,
  third: number,
  cut: () => Promise<void>,
): Promise<void> {
  const before = await newestView(cluster);
  await cut();
  const members = await eventually(async () => {
    const { view } = await cluster.status(third);
    expect(view.members).toHaveLength(2);
    return view.members;
  });
  await load.moreWrites(members);
  await sleep(LASTING_MS);
  expect((await newestView(cluster)) - before).toBeLessThanOrEqual(CHANGES_MAX);
  expect((await cluster.status(third)).view.members).toEqual(members);
  await load.moreWrites(members);
}

function allBut(id: number): number[] {
  return ALL.filter((other) => other !== id);
}

/** The counter of the newest view that any controller serves in. */
async function newestView(cluster: Cluster): Promise<number> {
  const all = await Promise.all(ALL.map((id) => cluster.status(id)));
  return Math.max(...all.map(({ view }) => Number.parseInt(view.ballot || '0', 10)));
}

async function membersAre(cluster: Cluster, members: readonly number[]): Promise<void> {
  await eventually(async () => expect((await cluster.status(members[0]!)).view.members).toEqual(members));
}

async function cutUnderLoad(
  options: ClusterOptions & { readonly level: Level },
  round: number,
): Promise<void> {
  using network = Network.create();
  const faults = Object.entries(CUTS).map(([name, cut]) => {
    const fault: Fault = async (cluster, load) => {
      await cut({ cluster, network, load }, round);
      await network.heal();
    };
    return [name, fault] as const;
  });
  await underLoad({ ...options, hosts: network.hosts }, round, Object.fromEntries(faults));
}

const missing = whyNoNetwork();

/** Skips the tests, with the reason in their name, where the machine does not permit networks. */
function describeWithNetwork(name: string, tests: () => void): void {
  if (missing === null) describe(name, tests);
  else describe.skip(`${name} (skipped: ${missing})`, tests);
}

describeWithNetwork('histories of clients stay consistent while controllers are cut off', () => {
  it('linearizability', { timeout: timeFor(60) }, async () => {
    const store = hasMemcached ? 'memcache' : 'custom';
    await repeat((round) => cutUnderLoad({ level: 'linearizability', store }, round));
  });

  it.skipIf(ROUNDS === 1)('sequential (only with FAILURE_ROUNDS > 1)', { timeout: timeFor(60) }, async () => {
    await repeat((round) => cutUnderLoad({ level: 'sequential', store: 'custom' }, round));
  });
});
