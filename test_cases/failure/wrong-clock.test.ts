import { expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith } from '../support/programs.ts';
import { ALL, type Fault, repeat, timeFor, underLoad } from '../support/under-load.ts';
import { hasWrongClocks, WrongClock } from '../support/wrong-clock.ts';

const OPTIONS = { level: 'linearizability', store: 'custom' } as const;

/** Three hours are some 10,800 seconds. */
async function expectRefusal(cluster: Cluster, refuses: number, refused: number): Promise<void> {
  const { peers } = await cluster.status(refuses);
  expect(peers[refused]!.role).toMatch(/^refused: its clock is 1\d{4}\.\d s ahead \(max_clock_skew 10 s\)$/);
}

describeWith('libfaketime for controllers with wrong clocks', hasWrongClocks, () => {
  it.each([
    { offset: '+3h', refuses: 0, refused: 2 },
    { offset: '-3h', refuses: 2, refused: 0 },
  ])('wrong by $offset from its start: who is ahead is refused, the other two serve', async (scene) => {
    const { offset, refuses, refused } = scene;
    await using cluster = await startCluster(OPTIONS);
    await cluster.kill(2);
    using clock = new WrongClock(offset);
    cluster.start(2, clock.environment);
    await eventually(() => expectRefusal(cluster, refuses, refused));
    await eventually(() => {
      expect(cluster.controllers[refuses]!.log().join('\n')).toMatch(/its clock is 1\d{4}\.\d s ahead/);
    });
    const [client, other, wrong] = await cluster.clients();
    await eventually(async () => expect(await client!.set('k', offset)).toBe('STORED'));
    expect(await other!.get('k')).toBe(offset);
    expect(await wrong!.ask('get k\r\n')).toMatch(/^SERVER_ERROR /);
    await cluster.restart(2);
    expect(await (await cluster.client(2)).get('k')).toBe(offset);
  });

  it('wrong by 5 s either way, which is allowed: all serve', { timeout: timeFor(20) }, async () => {
    const startsWith =
      (offset: string): Fault =>
      async (cluster, load) => {
        await cluster.kill(1);
        using clock = new WrongClock(offset);
        cluster.start(1, clock.environment);
        await cluster.ready();
        await load.moreWrites(ALL);
        await cluster.restart(1);
      };
    const faults = { ahead: startsWith('+5s'), behind: startsWith('-5s') };
    await repeat((round) => underLoad(OPTIONS, round, faults));
  });

  it('it jumps by hours, forth and back, under load', { timeout: timeFor(30) }, async () => {
    const jumpsBy =
      (offset: string, refuses: number, refused: number): Fault =>
      async (cluster, load) => {
        using clock = new WrongClock('+0');
        await cluster.kill(1);
        cluster.start(1, clock.environment);
        await cluster.ready();
        clock.set(offset);
        await eventually(() => expectRefusal(cluster, refuses, refused));
        await load.moreWrites([0, 2]);
        clock.set('+0');
        await cluster.ready();
        await load.moreWrites(ALL);
        await cluster.restart(1);
      };
    const faults = { ahead: jumpsBy('+3h', 0, 1), behind: jumpsBy('-3h', 1, 0) };
    await repeat((round) => underLoad(OPTIONS, round, faults));
  });
});
