import { expect } from 'vitest';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { ReconnectingLoad } from './reconnecting-load.ts';

/** The speed of the machine must not decide: with these settings no controller is suspected and no request times out. */
export const PATIENT = { request_timeout: '20', threshold: '20', lease_time: '2' };

/** Stops and starts one controller after the other, while clients use all of them. @returns the load, which has ended */
export async function restartAllUnderLoad(cluster: Cluster): Promise<ReconnectingLoad> {
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
  return load;
}
