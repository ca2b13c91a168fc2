import { expect, it } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { describeWith } from '../support/programs.ts';
import { ALL, type Fault, repeat, timeFor, underLoad } from '../support/under-load.ts';
import { hasWrongClocks, wrongClock } from '../support/wrong-clock.ts';

const OPTIONS = { level: 'linearizability', store: 'custom' } as const;

describeWith('libfaketime for controllers with wrong clocks', hasWrongClocks, () => {
  it.each([
    { offset: '+3h', refuses: 0, refused: 2 },
    { offset: '-3h', refuses: 2, refused: 0 },
  ])(
    'a clock that is wrong by $offset: who is ahead is refused, which is said, and the other two serve',
    {
      timeout: timeFor(10),
    },
    async ({ offset, refuses, refused }) => {
      await repeat(async () => {
        await using cluster = await startCluster(OPTIONS);
        await cluster.kill(2);
        cluster.start(2, wrongClock(offset));
        await eventually(async () => {
          const { peers } = await cluster.status(refuses);
          expect(peers[refused]!.role).toMatch(
            /^refused: its clock is 1\d{4}\.\d s ahead \(max_clock_skew 10 s\)$/,
          );
        });
        const [client, other, wrong] = await cluster.clients();
        await eventually(async () => expect(await client!.set('k', offset)).toBe('STORED'));
        expect(await other!.get('k')).toBe(offset);
        expect(await wrong!.ask('get k\r\n')).toMatch(/^SERVER_ERROR /);
        expect(cluster.controllers[refuses]!.log().join('\n')).toMatch(/its clock is 1\d{4}\.\d s ahead/);
        await cluster.restart(2);
        expect(await (await cluster.client(2)).get('k')).toBe(offset);
      });
    },
  );

  it.each(['+5s', '-5s'])(
    'a clock that is wrong by %s, which is allowed: all serve',
    {
      timeout: timeFor(10),
    },
    async (offset) => {
      const startsSo: Fault = async (cluster, load) => {
        await cluster.kill(1);
        cluster.start(1, wrongClock(offset));
        await cluster.ready();
        await load.moreWrites(ALL);
        await cluster.restart(0);
      };
      await repeat((round) => underLoad(OPTIONS, round, { [offset]: startsSo }));
    },
  );
});
