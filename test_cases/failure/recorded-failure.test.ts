import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { describeWithMemcached } from '../support/memcached.ts';
import { ALL, type Fault, repeat, timeFor, underLoad } from '../support/under-load.ts';

/** About the time from the start of a controller until it is a member, in milliseconds. */
const START_MS = 1_000;

const standsStill =
  (pauseMs: number): Fault =>
  async (cluster, _, round) => {
    const paused = (round + 1) % 3;
    cluster.pause(paused);
    await sleep(pauseMs);
    cluster.resume(paused);
  };

/** The pauses are shorter than a lease, twice a lease, and ten leases, at the default settings. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'one is killed and started again': async (cluster, load, round) => {
    const gone = round % 3;
    await cluster.kill(gone);
    await load.moreWrites(ALL.filter((id) => id !== gone));
    await cluster.restart(gone);
  },
  'one stands still for 0.2 s': standsStill(200),
  'one stands still for 0.6 s': standsStill(600),
  'one stands still for 3 s': standsStill(3_000),
  'one is killed while another is starting again': async (cluster, _, round) => {
    const [first, second] = [round % 3, (round + 1) % 3] as const;
    await cluster.kill(first);
    cluster.start(first);
    await sleep(Math.random() * START_MS);
    await cluster.kill(second);
    await cluster.restart(second);
  },
  'all three are killed and started again, one after the other': async (cluster, load) => {
    for (const id of ALL) {
      await cluster.restart(id);
      await load.moreWrites(ALL);
    }
  },
};

describeWithMemcached('histories of clients while controllers fail', () => {
  it('linearizability, memcached', { timeout: timeFor(60) }, async () => {
    await repeat((round) => underLoad({ level: 'linearizability' }, round, FAULTS));
  });
});

describe('histories of clients while controllers fail', () => {
  it('sequential, embedded store', { timeout: timeFor(60) }, async () => {
    await repeat((round) => underLoad({ level: 'sequential', store: 'custom' }, round, FAULTS));
  });
});
