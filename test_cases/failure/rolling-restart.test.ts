import { describe, expect, it } from 'vitest';
import { ALL_LEVELS } from '../support/basic-cluster-tests.ts';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { ReconnectingLoad } from '../support/reconnecting-load.ts';

/**
 * The speed of the machine must not decide: with these settings no controller is suspected and no request
 * times out.
 */
const PATIENT = { request_timeout: '20', threshold: '20', lease_time: '2' };

describe.each(ALL_LEVELS)('%s: a rolling restart of all controllers under load', (level) => {
  it('costs no request of clients that go on elsewhere when a connection ends between two requests', async () => {
    await using cluster = await startCluster({ level, settings: PATIENT });
    const load = new ReconnectingLoad(cluster);
    const moreAnswers = async () => {
      const from = load.answers;
      await eventually(() => load.answers >= from + 300);
    };
    for (const [id, controller] of cluster.controllers.entries()) {
      await moreAnswers();
      expect(await controller.stop()).toBe(0);
      await moreAnswers();
      cluster.start(id);
      await cluster.ready();
    }
    await moreAnswers();
    await load.stop();
    process.stdout.write(`rolling restart, ${level}: ${load.figures}\n`);
    expect(load.errors).toEqual([]);
    // A request is cut off when it crosses the close of its connection, which a busy machine makes more
    // likely.
    expect(4 * load.cutOff).toBeLessThanOrEqual(load.reconnections);
    expect(load.reconnections).toBeGreaterThan(0);
  });
});
