import { describe, expect, it } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENT, restartAllUnderLoad } from '../support/rolling-restart.ts';
import { ALL, type Fault, repeat, timeFor, underLoad } from '../support/under-load.ts';

/** The head, the member in the middle and the tail of the view, as one of the others sees them. */
const FAULTS: Readonly<Record<string, Fault>> = Object.fromEntries(
  ['head', 'middle', 'tail'].map((place, at): [string, Fault] => [
    `the ${place} is killed and started again`,
    async (cluster, load) => {
      const { members } = (await cluster.status(0)).view;
      const gone = members[at]!;
      await cluster.kill(gone);
      await load.moreWrites(ALL.filter((id) => id !== gone));
      await cluster.restart(gone);
    },
  ]),
);

describe('a chain of real processes', () => {
  it.each(['linearizability', 'sequential'] as const)(
    'keeps %s while its members are killed',
    { timeout: timeFor(60) },
    async (level) => {
      await repeat((round) =>
        underLoad({ level, store: 'custom', settings: { scheme: 'chain' } }, round, FAULTS),
      );
    },
  );

  it('is restarted member by member without an error for a client that goes on elsewhere', async () => {
    const settings = { ...PATIENT, scheme: 'chain' };
    await using cluster = await startCluster({ level: 'linearizability', store: 'custom', settings });
    const load = await restartAllUnderLoad(cluster);
    expect(load.errors).toEqual([]);
    const { view } = await cluster.status(0);
    // Each came back as the tail.
    expect([view.scheme, view.members]).toEqual(['chain', [0, 1, 2]]);
  });

  it('refuses a controller that replicates in another way', async () => {
    const flags = { 2: ['--scheme', 'broadcast'] };
    const settings = { scheme: 'chain' };
    await using cluster = await startCluster({
      level: 'linearizability',
      store: 'custom',
      settings,
      flags,
      untilReady: false,
    });
    const refusal = 'level linearizability is not linearizability/chain';
    await eventually(() => {
      const lines = cluster.controllers[0]!.log().filter((line) => line.includes(refusal));
      expect(lines.length).toBeGreaterThan(0);
    });
  });
});
