import { describe, expect, it } from 'vitest';
import { POLICIES, type RequestRouter } from '../../../src/consistency/policies.ts';
import { kindOf, REQUEST_KINDS } from '../../../src/consistency/request-kinds.ts';
import { Router } from '../../../src/placement/router.ts';
import { COMMANDS } from '../../../src/protocol/commands.ts';
import {
  arithmeticRequest,
  deleteRequest,
  readItemRequest,
  storageRequest,
} from '../../../src/protocol/make-request.ts';
import type { Request } from '../../../src/protocol/request.ts';
import type { Scheme } from '../../../src/replication/scheme.ts';
import { groupWith } from '../../support/serving-group.ts';

const VALUE = Buffer.alloc(1_000);
const set = storageRequest('set', 'user:1', 0, 0, VALUE);
const get = (...keys: string[]): Request => ({ kind: 'get', keys, withCas: false });
const gat: Request = { kind: 'gat', keys: ['user:1', 'b'], withCas: false, exptime: 1 };
const touch: Request = { kind: 'touch', key: 'user:1', exptime: 1, noreply: false };
const flush: Request = { kind: 'flush_all', delay: 0, noreply: false };
const debug: Request = { kind: 'debug', key: 'user:1' };
const item = readItemRequest('user:1');

/** What each request does to entries, and the prefixes of the keyspaces that it concerns. */
const REQUESTS: readonly (readonly [Request, access: string, prefixes: readonly string[]])[] = [
  [get('b'), 'read', ['']],
  [get('b', 'user:1', 'user:2'), 'read', ['', 'user:']],
  [gat, 'conditional write', ['user:', '']],
  [item, 'read', ['user:']],
  [{ ...item, touch: 1 }, 'conditional write', ['user:']],
  [{ ...item, vivify: 1 }, 'conditional write', ['user:']],
  [{ ...item, recacheBelow: 1 }, 'conditional write', ['user:']],
  [set, 'plain write', ['user:']],
  [{ ...set, verb: 'add' }, 'conditional write', ['user:']],
  [{ ...set, verb: 'cas', compare: 1n }, 'conditional write', ['user:']],
  [arithmeticRequest('incr', 'b', 1n), 'conditional write', ['']],
  [touch, 'conditional write', ['user:']],
  [deleteRequest('b'), 'plain write', ['']],
  [{ ...deleteRequest('b'), compare: 1n }, 'conditional write', ['']],
  [{ ...deleteRequest('b'), invalidate: true }, 'conditional write', ['']],
  [{ ...deleteRequest('b'), dropValue: true }, 'conditional write', ['']],
  [flush, 'plain write', ['', 'user:']],
  [debug, 'read', ['user:']],
  [{ kind: 'version' }, 'none', []],
  [{ kind: 'stats', words: [] }, 'none', []],
  [{ kind: 'invalid', line: 'ERROR', fatal: false, noreply: false }, 'none', []],
];

const group = groupWith(null as unknown as Scheme);
const router: RequestRouter = new Router([
  {
    name: 'default',
    prefix: '',
    level: 'sequential',
    policy: POLICIES.sequential,
    group,
    hold: 'nothing',
    elsewhere: null,
    shards: null,
  },
  {
    name: 'users',
    prefix: 'user:',
    level: 'eventual',
    policy: POLICIES.eventual,
    group,
    hold: 'nothing',
    elsewhere: null,
    shards: null,
  },
]);

describe('the table of request kinds', () => {
  it('has a row for each kind that a command makes', () => {
    expect(COMMANDS.map(({ makes }) => makes).filter((kind) => !(kind in REQUEST_KINDS))).toEqual([]);
  });

  it('has rows of one shape, so that they share one hidden class', () => {
    const shapes = new Set(Object.values(REQUEST_KINDS).map((row) => Object.keys(row).join()));
    expect([...shapes]).toHaveLength(1);
  });

  it.each(REQUESTS)('%o: what it does to entries, and where', (request, access, prefixes) => {
    const kind = kindOf(request);
    expect(kind.access(request)).toBe(access);
    expect(kind.keyspaces(request, router).map(({ prefix }) => prefix)).toEqual(prefixes);
  });

  it('says which requests set the time of the last read', () => {
    const noticed = (request: Request) => kindOf(request).countsAsRead(request);
    expect([get('b'), item, touch, gat].map(noticed)).toEqual([true, true, true, true]);
    expect([{ ...item, countsAsRead: false }, debug, set].map(noticed)).toEqual([false, false, false]);
  });

  it('counts the bytes that a request holds: the value that it writes, or the keys if there are several', () => {
    const bytes = (request: Request) => kindOf(request).ownBytes(request);
    expect(bytes(set)).toBe(1_000);
    expect(bytes(get('k'))).toBe(0);
    expect(bytes(get(...new Array<string>(1_000).fill('key')))).toBe(51_000);
    expect(bytes({ kind: 'version' })).toBe(0);
  });
});
