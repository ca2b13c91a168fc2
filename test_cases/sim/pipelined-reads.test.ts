import { expect, it } from 'vitest';
import { LEVELS } from '../../src/placement/level.ts';
import { deleteRequest, readItemRequest, storageRequest } from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import { SimCluster } from './sim-cluster.ts';

const pipeline: readonly Request[] = [
  storageRequest('set', 'k', 0, 0, Buffer.from('old')),
  { ...deleteRequest('k'), invalidate: true },
  readItemRequest('k'),
  { ...readItemRequest('k'), recacheBelow: 30 },
  storageRequest('set', 'k', 0, 0, Buffer.from('new')),
];

/** A read that won the right to recache was decided only after the requests behind it. */
it.each(LEVELS)('%s: the first read of a pipeline wins, not a later one', async (level) => {
  const cluster = new SimCluster({ seed: 11, level, settings: { requestTimeoutMs: 3_000 } });
  await cluster.start();
  const replies: Reply[] = [];
  await cluster.run(2_000);
  const connection = cluster.nodes[0]!.connect();
  for (const request of pipeline) connection.submit(request, (reply) => replies.push(reply));
  await cluster.run(4_000);
  const old = { value: Buffer.from('old'), stale: true };
  expect(replies.slice(2, 4)).toMatchObject([
    { kind: 'item', item: { ...old, taken: false, won: true } },
    { kind: 'item', item: { ...old, taken: true, won: false } },
  ]);
});
