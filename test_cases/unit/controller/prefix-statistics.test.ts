import { describe, expect, it } from 'vitest';
import { kindOf } from '../../../src/consistency/request-kinds.ts';
import { PrefixStatistics } from '../../../src/controller/metrics/prefix-statistics.ts';
import { deleteRequest, storageRequest } from '../../../src/protocol/make-request.ts';
import { REPLIES, type Reply } from '../../../src/protocol/reply.ts';
import type { Request } from '../../../src/protocol/request.ts';

const found = (...keys: string[]): Reply => ({
  kind: 'hits',
  hits: keys.map((key) => ({ key, flags: 0, value: Buffer.alloc(0), cas: 0n })),
});

function count(prefixes: PrefixStatistics, request: Request, reply: Reply): void {
  kindOf(request).countPrefixes(request, reply, prefixes);
}

describe('operations by prefix', () => {
  it('count gets, hits, sets and deletes of keys with a prefix', () => {
    const prefixes = new PrefixStatistics();
    count(prefixes, storageRequest('set', 'user:1', 0, 0, Buffer.alloc(0)), REPLIES.stored);
    count(prefixes, storageRequest('set', 'plain', 0, 0, Buffer.alloc(0)), REPLIES.stored);
    count(prefixes, { kind: 'get', keys: ['user:0', 'user:1', 'page:1:x'], withCas: false }, found('user:1'));
    count(prefixes, deleteRequest('page:1'), REPLIES.notFound);
    count(prefixes, { ...deleteRequest('page:2'), unasked: true }, REPLIES.notFound);
    expect(prefixes.dump()).toEqual([
      'PREFIX user get 2 hit 1 set 1 del 0',
      'PREFIX page get 1 hit 0 set 0 del 1',
    ]);
    prefixes.clear();
    expect(prefixes.dump()).toEqual([]);
  });

  it('are counted for a bounded number of prefixes', () => {
    const prefixes = new PrefixStatistics();
    for (let at = 0; at < 70_000; at++) count(prefixes, deleteRequest(`${at}:`), REPLIES.deleted);
    expect(prefixes.dump()).toHaveLength(65_536);
  });
});
