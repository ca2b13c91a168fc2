import { describe, expect, it } from 'vitest';
import { ALL_LEVELS } from '../support/basic-cluster-tests.ts';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { ReconnectingLoad } from '../support/reconnecting-load.ts';

/** How slow the machine is must not decide: only what is answered does. */
const PATIENT = { request_timeout: '20', threshold: '20', lease_time: '2' };

describe.each(ALL_LEVELS)(
  '%s: all controllers are stopped and started, one after the other, under load',
  (level) => {
    it('costs no request: clients whose connection ends between two requests go on elsewhere', async () => {
      await using cluster = await startCluster({ level, settings: PATIENT });
      const load = new ReconnectingLoad(cluster);
      const moreAnswers = async () => {
        const from = load.answers;
        await eventually(() => load.answers >= from + 300, 30_000);
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
      // A process that has to wait for its turn between the last answer and the close may cut off a request that crosses.
      expect(4 * load.cutOff).toBeLessThanOrEqual(load.reconnections);
      expect(load.reconnections).toBeGreaterThan(0);
    });
  },
);
