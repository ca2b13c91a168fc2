import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countWork, OPERATIONS, traceWork } from '../../bench/work-count/count.ts';
import { COUNTED } from '../../bench/work-count/counted.ts';
import { CountedCluster } from '../../bench/work-count/counted-cluster.ts';
import { excesses, TABLE } from '../../bench/work-count/table.ts';
import { traceObstacle } from '../../bench/work-count/trace.ts';
import { describeWithMemcached } from '../support/memcached.ts';

/** Why this machine can't trace system calls; null when it can. */
const obstacle = traceObstacle();

/**
 * Compares the counted work of an operation with the table, so that an operation that costs more than before is
 * noticed: see docs/performance.md.
 */
describeWithMemcached('the counted work', () => {
  describe.each(COUNTED)('$name', (counted) => {
    let cluster: CountedCluster | null = null;

    beforeAll(async () => {
      cluster = await CountedCluster.start(counted);
    });

    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
    });

    it.each(OPERATIONS)(
      'of %s allocates, and sends to peers, no more than the table says',
      async (operation) => {
        expect(excesses(await countWork(cluster!, operation), TABLE[counted.name]![operation])).toEqual([]);
      },
    );

    it.skipIf(obstacle !== null).each(OPERATIONS)(
      `of %s makes no more system calls and frames than the table says${obstacle === null ? '' : ` (${obstacle})`}`,
      async (operation) => {
        expect(excesses(await traceWork(cluster!, operation), TABLE[counted.name]![operation])).toEqual([]);
      },
    );
  });
});
