import { describe, expect, it } from 'vitest';
import { Watchers } from '../../../src/controller/streams/watchers.ts';
import {
  arithmeticRequest,
  deleteRequest,
  readItemRequest,
  storageRequest,
} from '../../../src/protocol/make-request.ts';
import { type Hit, REPLIES, type Reply, serverError } from '../../../src/protocol/reply.ts';
import type { Request } from '../../../src/protocol/request.ts';
import { StreamDouble } from '../../support/stream-double.ts';

const NOW_MS = 1_700_000_000_250;
const CLIENT = 9;

const hit = (key: string, bytes = 3): Hit => ({ key, flags: 0, value: Buffer.alloc(bytes), cas: 0n });
const hits = (...keys: string[]): Reply => ({ kind: 'hits', hits: keys.map((key) => hit(key)) });
const get = (...keys: string[]): Request => ({ kind: 'get', keys, withCas: false });
const set = (key: string): Request => storageRequest('set', key, 0, 60, Buffer.alloc(2));

class Session {
  readonly watchers = new Watchers({ nowMs: () => 0, wallMs: () => NOW_MS });

  watch(...words: string[]): StreamDouble {
    const client = new StreamDouble();
    this.watchers.begin(words, client.answer, client);
    return client;
  }

  reply(request: Request, reply: Reply): void {
    if (this.watchers.isWatched) this.watchers.onReply(request, reply, CLIENT);
  }
}

describe('watchers', () => {
  it('see each request that was answered, as a line of memcached', () => {
    const session = new Session();
    const client = session.watch('fetchers', 'mutations', 'deletions');
    session.reply(get('a', 'none', 'b c'), hits('a', 'b c'));
    session.reply(set('a'), REPLIES.stored);
    session.reply(storageRequest('set', 'a', 0, 0, Buffer.alloc(0), 7n), REPLIES.exists);
    session.reply(arithmeticRequest('incr', 'n', 1n), serverError('NO_VIEW', 'no view'));
    session.reply(deleteRequest('a'), REPLIES.deleted);
    session.reply(deleteRequest('a'), REPLIES.notFound);
    session.reply(readItemRequest('m'), REPLIES.notFound);
    session.reply({ kind: 'version' }, REPLIES.ok);
    expect(client.lines).toEqual([
      'OK',
      'ts=1700000000.250000 gid=1 type=item_get key=a status=found clsid=1 cfd=9 size=3',
      'ts=1700000000.250000 gid=2 type=item_get key=none status=not_found clsid=0 cfd=9 size=0',
      'ts=1700000000.250000 gid=3 type=item_get key=b%20c status=found clsid=1 cfd=9 size=3',
      'ts=1700000000.250000 gid=4 type=item_store key=a status=stored cmd=set ttl=60 clsid=1 cfd=9 size=2',
      'ts=1700000000.250000 gid=5 type=item_store key=a status=exists cmd=cas ttl=0 clsid=1 cfd=9 size=0',
      'ts=1700000000.250000 gid=6 type=item_store key=n status=failed cmd=incr ttl=0 clsid=1 cfd=9 size=0',
      'ts=1700000000.250000 gid=7 type=deleted key=a cmd=delete clsid=0 size=0',
      'ts=1700000000.250000 gid=8 type=item_get key=m status=not_found clsid=0 cfd=9 size=0',
    ]);
  });

  it('see only what they asked for: without words the fetchers', () => {
    const session = new Session();
    const fetchers = session.watch();
    const mutations = session.watch('mutations');
    session.reply(set('a'), REPLIES.stored);
    session.reply(get('a'), hits('a'));
    expect(fetchers.lines.map((line) => /type=\w+/.exec(line)?.[0])).toEqual([undefined, 'type=item_get']);
    expect(mutations.lines.map((line) => /type=\w+/.exec(line)?.[0])).toEqual([undefined, 'type=item_store']);
  });

  it('see each key of a reply once that is sent in parts', () => {
    const session = new Session();
    const client = session.watch();
    const request = get('a', 'x', 'b', 'y', 'c', 'z');
    session.watchers.onPart(request, [hit('a')], CLIENT);
    session.watchers.onPart(request, [hit('b')], CLIENT);
    session.reply(request, { kind: 'hits', hits: [hit('c')], hitsBefore: 2 });
    const told = client.lines.slice(1).map((line) => /key=(\w+) status=(\w+)/.exec(line)!.slice(1).join(' '));
    expect(told).toEqual(['a found', 'x not_found', 'b found', 'y not_found', 'c found', 'z not_found']);
  });

  it('lose lines when they do not take them, and are told how many', () => {
    const session = new Session();
    const slow = session.watch('mutations');
    const quick = session.watch('mutations');
    for (let at = 0; at < 5000; at++) {
      session.reply(set(`key${at}`), REPLIES.stored);
      quick.takeAll();
    }
    expect(quick.lines).toHaveLength(5001);
    expect(slow.untakenBytes).toBeLessThan(256 * 1024 + 200);
    const seen = slow.lines.length - 1;
    expect(seen).toBeLessThan(5000);
    slow.takeAll();
    session.reply(set('last'), REPLIES.stored);
    const [skipped, last] = slow.lines.slice(-2);
    expect(skipped).toBe(`skipped=${5000 - seen}`);
    expect(last).toContain('key=last');
  });

  it('begin when their turn has come, and end when the client or the controller is about to end', () => {
    const session = new Session();
    const later = new StreamDouble();
    later.isNext = false;
    session.watchers.begin([], later.answer, later);
    session.reply(get('a'), hits('a'));
    expect(later.sent).toBe('');
    later.isNext = true;
    session.watchers.onTick();
    session.reply(get('b'), hits('b'));
    expect(later.lines).toHaveLength(2);
    later.state = 'ending';
    session.watchers.onTick();
    expect(later.reply).toEqual({ kind: 'line', line: '' });
    expect(session.watchers.isWatched).toBe(false);
  });

  it('are limited in number, and are refused what there is not', () => {
    const session = new Session();
    for (let at = 0; at < 20; at++) session.watch();
    expect(session.watch().reply).toEqual({
      kind: 'line',
      line: 'WATCHER_TOO_MANY log watcher limit reached',
    });
    expect(session.watch('nonsense').reply).toEqual({ kind: 'line', line: 'ERROR' });
    expect(session.watch('mutations', 'evictions').reply).toEqual({
      kind: 'client_error',
      reason:
        'watch evictions is not available: the store evicts by itself: watch the memcached of this controller',
    });
  });
});
