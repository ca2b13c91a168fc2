import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'vitest';
import type { ClusterOptions } from '../support/cluster.ts';
import type { Level } from '../support/judge-record.ts';
import { describeWithMemcached } from '../support/memcached.ts';
import { repeat, timeFor } from '../support/rounds.ts';
import { ALL, underLoad } from '../support/under-load.ts';

/** Shorter than a lease, twice as long, and as long as ten: at the default settings. */
const PAUSES_MS = [200, 600, 3_000];

function recordedFailureTests(options: ClusterOptions & { level: Level }): void {
  it('killed and started again', { timeout: timeFor(10) }, async () => {
    await repeat((at) =>
      underLoad(options, async (cluster, load) => {
        const gone = at % 3;
        await cluster.kill(gone);
        await load.moreWrites(ALL.filter((id) => id !== gone));
        await cluster.restart(gone);
      }),
    );
  });

  it.each(PAUSES_MS)('stands still for %d ms', { timeout: timeFor(10) }, async (pauseMs) => {
    await repeat((at) =>
      underLoad(options, async (cluster) => {
        const paused = (at + 1) % 3;
        cluster.pause(paused);
        await sleep(pauseMs);
        cluster.resume(paused);
      }),
    );
  });

  it('one is killed while another is starting again', { timeout: timeFor(15) }, async () => {
    await repeat((at) =>
      underLoad(options, async (cluster) => {
        const [first, second] = [at % 3, (at + 1) % 3];
        await cluster.kill(first!);
        cluster.start(first!);
        await sleep(Math.random() * START_MS);
        await cluster.kill(second!);
        await cluster.restart(second!);
      }),
    );
  });

  it('all three are killed, one after the other', { timeout: timeFor(20) }, async () => {
    await repeat(() =>
      underLoad(options, async (cluster, load) => {
        for (const id of ALL) {
          await cluster.restart(id);
          await load.moreWrites(ALL);
        }
      }),
    );
  });
}

/** About as long as a controller takes until it takes part, in milliseconds. */
const START_MS = 1_000;

describeWithMemcached('histories of clients while controllers fail, linearizability, memcached', () => {
  recordedFailureTests({ level: 'linearizability' });
});

describe('histories of clients while controllers fail, sequential, embedded store', () => {
  recordedFailureTests({ level: 'sequential', store: 'custom' });
});
