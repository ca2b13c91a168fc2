import { describe, expect, it } from 'vitest';
import { PrefixStatistics } from '../../../src/controller/metrics/prefix-statistics.ts';
import { deleteRequest, storeRequest } from '../../../src/protocol/make-request.ts';
import { REPLIES, type Reply } from '../../../src/protocol/reply.ts';

const found = (...keys: string[]): Reply => ({
  kind: 'hits',
  hits: keys.map((key) => ({ key, flags: 0, value: Buffer.alloc(0), cas: 0n })),
});

describe('operations by prefix', () => {
  it('are gets, hits, sets and deletes of keys that have one', () => {
    const prefixes = new PrefixStatistics();
    prefixes.count(storeRequest('set', 'user:1', 0, 0, Buffer.alloc(0)), REPLIES.stored);
    prefixes.count(storeRequest('set', 'plain', 0, 0, Buffer.alloc(0)), REPLIES.stored);
    prefixes.count({ kind: 'get', keys: ['user:0', 'user:1', 'page:1:x'], withCas: false }, found('user:1'));
    prefixes.count(deleteRequest('page:1'), REPLIES.notFound);
    prefixes.count({ ...deleteRequest('page:2'), unasked: true }, REPLIES.notFound);
    expect(prefixes.dump()).toEqual([
      'PREFIX user get 2 hit 1 set 1 del 0',
      'PREFIX page get 1 hit 0 set 0 del 1',
    ]);
    prefixes.clear();
    expect(prefixes.dump()).toEqual([]);
  });

  it('are bounded in number', () => {
    const prefixes = new PrefixStatistics();
    for (let at = 0; at < 70_000; at++) prefixes.count(deleteRequest(`${at}:`), REPLIES.deleted);
    expect(prefixes.dump()).toHaveLength(65_536);
  });
});
