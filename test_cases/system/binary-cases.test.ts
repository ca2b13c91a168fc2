import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BINARY_CASES } from '../support/binary-cases.ts';
import { converse, packet } from '../support/binary-packets.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { describeWithMemcached, Memcached } from '../support/memcached.ts';

/** Sends the input of one case after a flush of everything. */
async function afterFlush(port: number, input: Buffer): ReturnType<typeof converse> {
  expect((await converse(port, packet(0x08))).output).toEqual(['#0 08 status=0']);
  return converse(port, input);
}

/**
 * Whether a case is about the largest item: the memcacheds of tests take larger items than such a case
 * expects.
 */
const isAboutSizes = (input: Buffer): boolean => input.length > 100_000;

describeWithMemcached('memcached answers the binary protocol as the table of cases says', () => {
  let memcached: Memcached;

  beforeAll(async () => {
    memcached = await Memcached.start();
  });
  afterAll(() => memcached?.stop());

  it.each(BINARY_CASES.filter(({ input }) => !isAboutSizes(input)))('$name', async (one) => {
    const { output, closes } = one;
    expect(await afterFlush(memcached.port, one.input)).toEqual({ output, closes });
  });
});

describe('a controller answers the binary protocol as the table of cases says', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ level: 'linearizability', store: 'custom' });
  });
  afterAll(() => cluster?.stop());

  it.each(BINARY_CASES)('$name', async ({ input, output, closes }) => {
    expect(await afterFlush(cluster.ports[0]!, input)).toEqual({ output, closes });
  });
});
