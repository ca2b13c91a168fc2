import { describe, expect, it } from 'vitest';
import { ask, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';

/** A controller that runs in bursts, or that one of the others does not hear. */

const ORDERED = ['linearizability', 'sequential'] as const;

async function clusterOf(level: (typeof ORDERED)[number], nodes = 3): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 1, level, nodes });
  await cluster.start();
  await cluster.run(1_000);
  return cluster;
}

/** Counts the views that a controller installs from now on. */
function countViews(cluster: SimCluster, node: number): () => number {
  const seen = new Set<string>();
  const look = (): void => {
    const ballot = cluster.nodes[node]!.core?.view?.ballot;
    if (ballot !== undefined) seen.add(`${ballot.counter}.${ballot.node}`);
    cluster.scheduler.after(5, look);
  };
  look();
  return () => seen.size - 1;
}

const membersSeenBy = (cluster: SimCluster, node: number) =>
  cluster.nodes[node]!.core!.view?.members.map((member) => member.node) ?? null;

describe.each(ORDERED)('%s: a controller that runs in bursts', (level) => {
  it.each([400, 700])(
    'is left out a few times and not for each burst, with pauses of %i ms',
    async (offMs) => {
      const cluster = await clusterOf(level);
      const views = countViews(cluster, 0);
      cluster.runInBursts(cluster.nodes[2]!, 500, offMs, 35_000);
      await cluster.run(35_000);
      expect(views()).toBeGreaterThan(0);
      expect(views()).toBeLessThan(8);
      expect(await ask(cluster, 0, set('a', '1'))).toMatchObject({ outcome: 'stored' });
      await cluster.runUntilReady(15_000);
    },
  );

  it('is kept out, whichever of the others proposes the views', async () => {
    const cluster = await clusterOf(level, 5);
    cluster.runInBursts(cluster.nodes[4]!, 500, 400, 30_000);
    const views = countViews(cluster, 1);
    await cluster.run(8_000);
    const before = views();
    cluster.kill(cluster.nodes[0]!);
    await cluster.run(2_000);
    cluster.nodes[0]!.start();
    await cluster.run(18_000);
    // A view without the first, one with it, and at most one more with the slow controller and one without it.
    expect(views() - before).toBeLessThan(6);
  });

  it('is taken in although it is slow if the others are no majority without it', async () => {
    const cluster = await clusterOf(level);
    cluster.runInBursts(cluster.nodes[2]!, 500, 400, 10_000);
    await cluster.run(10_000);
    expect(membersSeenBy(cluster, 0)).toEqual([0, 1]);
    cluster.kill(cluster.nodes[1]!);
    await cluster.run(1_000);
    expect(membersSeenBy(cluster, 0)).toEqual([0, 2]);
    expect(await ask(cluster, 0, set('a', '1'))).toMatchObject({ outcome: 'stored' });
  });
});

/** What a controller answers within the time of a message or two. */
async function answerAtOnce(cluster: SimCluster, node: number) {
  const askedMs = cluster.scheduler.nowMs;
  let answer: unknown = null;
  cluster.nodes[node]!.connect().submit(set('a', '1'), (reply) => {
    answer = reply;
  });
  await cluster.run(5);
  if (answer === null) throw new Error(`not answered at once, at ${askedMs}`);
  return answer;
}

const BOTH_WAYS = [
  [0, 2],
  [2, 0],
] as const;

describe.each(ORDERED)('%s: a controller that one member does not hear', (level) => {
  it.each([
    ['both ways', BOTH_WAYS],
    ['one way', BOTH_WAYS.slice(0, 1)],
    ['the other way', BOTH_WAYS.slice(1)],
  ])('refuses at once, with the reason, for as long as that lasts: %s', async (_, ways) => {
    const cluster = await clusterOf(level);
    for (const [from, to] of ways) cluster.network.block(from, to);
    await cluster.run(2_000);
    const [outside, member] = membersSeenBy(cluster, 2) === null ? [2, 0] : [0, 2];
    const name = `sim:${member}, which is a member`;
    const hears = `(it does not hear ${name}|${name}, does not hear it)`;
    const reason = expect.stringMatching(`^this controller is outside of the view: ${hears}$`);
    for (let time = 0; time < 10; time++) {
      expect(await answerAtOnce(cluster, outside)).toMatchObject({ reason });
      expect(await ask(cluster, member, set('b', '1'))).toMatchObject({ outcome: 'stored' });
      await cluster.run(500);
    }
    cluster.network.healAll();
    await cluster.runUntilReady();
    expect(await ask(cluster, outside, set('a', '2'))).toMatchObject({ outcome: 'stored' });
  });
});
