import { describe, expect, it } from 'vitest';
import { Router } from '../../../src/placement/router.ts';

const ALL = {
  name: 'default',
  prefix: '',
  level: 'sequential' as const,
  policy: 'all',
  group: 1,
  hold: 'nothing' as const,
  elsewhere: null,
  shards: null,
};
const USERS = {
  name: 'users',
  prefix: 'user:',
  level: 'eventual' as const,
  policy: 'users',
  group: 2,
  hold: 'nothing' as const,
  elsewhere: null,
  shards: null,
};

describe('the router', () => {
  it('refuses two keyspaces with one prefix, and keyspaces without a default', () => {
    expect(() => new Router([ALL, USERS, { ...USERS }])).toThrow('the same prefix');
    expect(() => new Router([USERS])).toThrow('no keyspace has the empty prefix');
  });

  it('allocates no list for one key, nor if there is only one keyspace', () => {
    const alone = new Router([ALL]);
    expect(alone.listOfEach(['a', 'b'])).toBe(alone.all);
    const router = new Router([ALL, USERS]);
    expect(router.listOf('user:1')).toBe(router.listOf('user:2'));
  });
});
