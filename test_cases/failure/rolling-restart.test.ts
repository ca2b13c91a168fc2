import { describe, expect, it } from 'vitest';
import { ALL_LEVELS } from '../support/basic-cluster-tests.ts';
import { startCluster } from '../support/cluster.ts';
import { PATIENT, restartAllUnderLoad } from '../support/rolling-restart.ts';

describe.each(ALL_LEVELS)('%s: a rolling restart of all controllers under load', (level) => {
  it('costs no request of clients that go on elsewhere when a connection ends between two requests', async () => {
    await using cluster = await startCluster({ level, settings: PATIENT });
    const load = await restartAllUnderLoad(cluster);
    process.stdout.write(`rolling restart, ${level}: ${load.figures}\n`);
    expect(load.errors).toEqual([]);
    // A request is cut off when it crosses the close of its connection, which a busy machine makes more
    // likely.
    expect(4 * load.cutOff).toBeLessThanOrEqual(load.reconnections);
    expect(load.reconnections).toBeGreaterThan(0);
  });
});
