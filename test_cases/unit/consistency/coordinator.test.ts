import { beforeEach, describe, expect, it } from 'vitest';
import { Coordinator } from '../../../src/consistency/coordinator.ts';
import { DIFFERENCE_LIMITS } from '../../../src/consistency/differences.ts';
import { Pipeline } from '../../../src/consistency/pipeline.ts';
import { POLICIES, type ServedKeyspace, type ServingGroup } from '../../../src/consistency/policies.ts';
import type { JournalRecord } from '../../../src/journal/journal.ts';
import { closedBecause, type Gate, type Need, OPEN, waitBecause } from '../../../src/membership/gate.ts';
import type { Draft } from '../../../src/ordering/effect.ts';
import type { Version } from '../../../src/ordering/version.ts';
import type { Level } from '../../../src/placement/level.ts';
import { Router } from '../../../src/placement/router.ts';
import { readItemRequest, storageRequest } from '../../../src/protocol/make-request.ts';
import { REPLIES, type Reply, serverError } from '../../../src/protocol/reply.ts';
import type { Request } from '../../../src/protocol/request.ts';
import type { Reader } from '../../../src/replication/read-flow.ts';
import type { ReadDone } from '../../../src/replication/replica-reads.ts';
import { newContext, type RequestContext } from '../../../src/replication/request-context.ts';
import type { ReadStrength, Scheme, WriteOutcome } from '../../../src/replication/scheme.ts';
import { BOUNDLESS, NO_STREAM } from '../../support/reading.ts';
import { groupWith, NO_HOP, WHOLE } from '../../support/serving-group.ts';
import { TOKENS } from '../../support/token-ports.ts';

type Done = (outcome: WriteOutcome) => void;

/** A scheme that records its calls. It answers reads at once, and writes when the test says so. */
class NotingScheme
  implements
    Pick<
      Scheme,
      | 'currentVersion'
      | 'gate'
      | 'isLive'
      | 'newest'
      | 'predict'
      | 'read'
      | 'readAgainFromMemory'
      | 'storeTrouble'
      | 'write'
    >
{
  readonly reads: (readonly [key: string, strength: ReadStrength])[] = [];
  readonly sessions = null;
  readonly contexts: RequestContext[] = [];
  readonly needs: Need[] = [];
  readonly drafts: Draft[] = [];
  readonly writes: Done[] = [];
  state: Gate = OPEN;

  gate(need: Need): Gate {
    this.needs.push(need);
    return this.state;
  }

  storeTrouble(): null {
    return null;
  }

  read(key: string, strength: ReadStrength, done: ReadDone, reader: Reader): void {
    this.reads.push([key, strength]);
    this.contexts.push(reader.context);
    reader.onIssued();
    const version = { time: 1, node: 0 };
    const value = Buffer.from(key);
    done(null, { version, flags: 0, expiresAtMs: 0, token: null, marks: 0, value }, 0);
  }

  newest(key: string): JournalRecord {
    const version = this.currentVersion();
    return { key, version, expiresAtMs: 0, tombstone: false, token: null, marks: 0, readAtSec: 0 };
  }

  currentVersion(): Version {
    return { time: 1, node: 0 };
  }

  isLive(): boolean {
    return true;
  }

  predict(): null {
    return null;
  }

  readAgainFromMemory(_: number, done: () => void): void {
    done();
  }

  write(draft: Draft, done: Done, context: RequestContext): void {
    this.drafts.push(draft);
    this.writes.push(done);
    this.contexts.push(context);
  }

  apply(): void {
    this.writes.shift()!({ kind: 'applied', existed: true, version: { time: 2, node: 0 } });
  }
}

const get = (...keys: string[]): Request => ({ kind: 'get', keys, withCas: false });
const set = (key: string): Request => storageRequest('set', key, 0, 0, Buffer.from('1'));
const flush: Request = { kind: 'flush_all', delay: 0, noreply: false };

let main: NotingScheme;
let users: NotingScheme;
let coordinator: Coordinator;
let nowMs: number;

function keyspace(name: string, prefix: string, level: Level, group: ServingGroup): ServedKeyspace {
  return { name, prefix, level, policy: POLICIES[level], group, ...WHOLE };
}

/** Two keyspaces in two groups: the default one at linearizability, and `user:` at eventual. */
beforeEach(() => {
  main = new NotingScheme();
  users = new NotingScheme();
  nowMs = 0;
  coordinator = new Coordinator({
    tokens: TOKENS,
    router: new Router([
      keyspace('default', '', 'linearizability', groupWith(main as unknown as Scheme)),
      keyspace('users', 'user:', 'eventual', groupWith(users as unknown as Scheme)),
    ]),
    isTimed: () => true,
    timeMs: () => 0,
    clock: { nowMs: () => nowMs, wallMs: () => 0 },
    requestTimeoutMs: 1_000,
    slowRequestMs: 100,
    itemBytesMax: 1_000,
    differences: DIFFERENCE_LIMITS,
    waitingFor: () => '',
    nextTurn: (callback) => callback(),
    hop: NO_HOP,
    lend: () => {},
    local: (_, answer) => answer(REPLIES.ok),
  });
});

/** A connection whose requests ask for a level; null for the level of each keyspace. */
function connect(level: Level | null = null) {
  const replies: Reply[] = [];
  const context: RequestContext = { ...newContext(), level };
  const pipeline = new Pipeline(coordinator, {
    context,
    onReply: (_, reply) => replies.push(reply),
    onPart: () => {},
    stream: NO_STREAM,
    budget: BOUNDLESS,
    waitedForClientSince: () => false,
    clientName: () => '127.0.0.1:4000',
  });
  return { context, replies, pipeline };
}

const keysOf = (reply?: Reply) => (reply?.kind === 'hits' ? reply.hits.map(({ key }) => key) : reply);

describe('a request of several groups', () => {
  it('reads each key in its group, by the level of its keyspace, and answers in the order of the keys', () => {
    const { pipeline, replies } = connect();
    pipeline.submit(get('a', 'user:1', 'b', 'user:2'));
    expect(main.reads).toEqual([
      ['a', 'strong'],
      ['b', 'strong'],
    ]);
    expect(users.reads).toEqual([
      ['user:1', 'local'],
      ['user:2', 'local'],
    ]);
    expect(keysOf(replies[0])).toEqual(['a', 'user:1', 'b', 'user:2']);
  });

  it('is refused if one of the groups refuses it, and waits if one of them waits', () => {
    const { pipeline, replies } = connect();
    users.state = waitBecause('CLOCK_UNKNOWN', 'no time');
    pipeline.submit(get('a', 'user:1'));
    expect(replies).toEqual([]);
    main.state = closedBecause('NO_MAJORITY', 'alone');
    pipeline.drain();
    expect(replies).toEqual([serverError('NO_MAJORITY', 'alone')]);
    expect([...main.reads, ...users.reads]).toEqual([]);
  });

  it('flushes every group, and is answered once all groups have applied the flush', () => {
    const { pipeline, replies } = connect();
    pipeline.submit(flush);
    expect([...main.drafts, ...users.drafts]).toEqual([{ kind: 'flush' }, { kind: 'flush' }]);
    main.apply();
    expect(replies).toEqual([]);
    users.apply();
    expect(replies).toEqual([REPLIES.ok]);
  });

  it('may have happened once one group has applied it, though another one has not', () => {
    const { pipeline, replies } = connect();
    pipeline.submit(flush);
    main.apply();
    users.state = waitBecause('QUEUE_FULL', 'full');
    users.writes.shift()!({ kind: 'conflict' });
    nowMs = 2_000;
    coordinator.onTick();
    expect(replies).toEqual([serverError('NOT_AGREED_IN_TIME', 'outcome unknown: not agreed in time')]);
  });
});

describe('a request of one group', () => {
  it('asks the other group for nothing', () => {
    const { pipeline } = connect();
    main.state = closedBecause('NO_MAJORITY', 'alone');
    pipeline.submit(set('user:1'));
    pipeline.submit(get('user:1'));
    expect(users.drafts).toHaveLength(1);
    expect(users.reads).toEqual([['user:1', 'local']]);
    expect(main.needs).toEqual([]);
  });

  it('has not happened if its write ended in a conflict, and its deadline passes', () => {
    const { pipeline, replies } = connect();
    pipeline.submit(set('a'));
    main.state = waitBecause('QUEUE_FULL', 'full');
    main.writes.shift()!({ kind: 'conflict' });
    nowMs = 2_000;
    coordinator.onTick();
    expect(replies).toEqual([serverError('QUEUE_FULL', 'full')]);
  });
});

describe('the context of a connection', () => {
  it('goes with every read and write to the scheme', () => {
    const { context, pipeline } = connect();
    pipeline.submit(set('a'));
    main.apply();
    pipeline.submit(get('a'));
    pipeline.submit(get('a', 'b'));
    expect(main.contexts).toHaveLength(4);
    expect(new Set(main.contexts)).toEqual(new Set([context]));
  });

  it('counts the requests that have been started and that touch entries', () => {
    const { context, pipeline } = connect();
    for (const request of [get('a'), set('a'), { kind: 'version' } as const]) pipeline.submit(request);
    expect(context.session.started).toBe(2);
  });

  it('makes reads weaker by the level that it asks for', () => {
    const { pipeline } = connect('sequential');
    pipeline.submit(get('a'));
    expect(main.reads).toEqual([['a', 'local']]);
    expect(new Set(main.needs)).toEqual(new Set(['read']));
  });

  it('makes reads wait for earlier writes if its level says so, or else that of the keyspace', () => {
    const byKeyspace = connect();
    byKeyspace.pipeline.submit(set('a'));
    byKeyspace.pipeline.submit(get('a'));
    expect(main.reads).toEqual([]);
    main.apply();
    expect(main.reads).toHaveLength(1);
    // In an ordered keyspace `eventual` is served at `sequential`, which waits as well.
    const byLevel = connect('eventual');
    byLevel.pipeline.submit(set('a'));
    byLevel.pipeline.submit(get('a'));
    expect(main.reads).toHaveLength(1);
    main.apply();
    expect(main.reads.at(-1)).toEqual(['a', 'local']);
    const inUsers = connect();
    inUsers.pipeline.submit(set('user:1'));
    inUsers.pipeline.submit(get('user:1'));
    expect(users.reads).toHaveLength(1);
  });

  it('does not make reads stronger than their keyspace', () => {
    const { pipeline } = connect('linearizability');
    pipeline.submit(get('user:1'));
    expect(users.reads).toEqual([['user:1', 'local']]);
  });

  it('leaves writes at the level of their keyspace, also those that change nothing', () => {
    const { pipeline } = connect('sequential');
    pipeline.submit(storageRequest('add', 'a', 0, 0, Buffer.from('1')));
    expect(main.needs).toContain('strong-read');
    expect(main.needs).not.toContain('read');
  });
});

describe('a read that asks for a level by itself', () => {
  const mg = (key: string, asked: string) => {
    const levelFlag = { asked, served: '' };
    return { ...readItemRequest(key), levelFlag };
  };

  it('is served at it, and tells so, and the next read of the connection is not', () => {
    const { pipeline } = connect();
    const weak = mg('a', 's');
    pipeline.submit(weak);
    pipeline.submit(get('a'));
    expect(main.reads).toEqual([
      ['a', 'local'],
      ['a', 'strong'],
    ]);
    expect(weak.levelFlag.served).toBe('s');
  });

  it('comes before the level that its connection asks for', () => {
    const { pipeline } = connect('sequential');
    const strong = mg('a', 'l');
    pipeline.submit(strong);
    expect(main.reads).toEqual([['a', 'strong']]);
    expect(strong.levelFlag.served).toBe('l');
  });

  it('is refused with a code if the level is stronger than that of the keyspace, or unknown', () => {
    const { pipeline, replies } = connect();
    for (const letter of ['l', 's', 'c', 'x']) pipeline.submit(mg('user:1', letter));
    expect(replies.map((reply) => (reply.kind === 'client_error' ? reply.code : reply))).toEqual([
      'LEVEL_TOO_STRONG',
      'LEVEL_TOO_STRONG',
      'LEVEL_TOO_STRONG',
      'LEVEL_UNKNOWN',
    ]);
    expect(replies[0]).toMatchObject({
      reason: 'a read cannot ask for linearizability: its keyspace has the weaker level eventual',
    });
    expect(users.reads).toEqual([]);
  });

  it('counts at the level that has served it', () => {
    const { pipeline } = connect();
    for (const request of [mg('a', 'e'), get('a'), get('a', 'user:1')]) pipeline.submit(request);
    expect(coordinator.readsServed).toEqual({
      linearizability: 2,
      sequential: 1,
      causal: 0,
      eventual: 1,
      bounded: 0,
    });
  });
});

describe('level', () => {
  const level = (...words: string[]): Request => ({ kind: 'level', words });

  it('tells what the connection asks for, and what that means in each keyspace', () => {
    const { pipeline, replies } = connect();
    for (const request of [level('sequential'), level(), level('default'), level()]) pipeline.submit(request);
    expect(replies).toEqual([
      REPLIES.ok,
      {
        kind: 'lines',
        lines: [
          'ASKED sequential',
          'KEYSPACE default linearizability READS sequential',
          'KEYSPACE users eventual READS eventual',
        ],
      },
      REPLIES.ok,
      {
        kind: 'lines',
        lines: [
          'ASKED default',
          'KEYSPACE default linearizability READS linearizability',
          'KEYSPACE users eventual READS eventual',
        ],
      },
    ]);
  });

  it('changes nothing for the requests before it in the pipeline', () => {
    const { pipeline } = connect();
    main.state = waitBecause('CLOCK_UNKNOWN', 'no time');
    for (const request of [get('a'), level('sequential'), get('b')]) pipeline.submit(request);
    main.state = OPEN;
    pipeline.drain();
    expect(main.reads).toEqual([
      ['a', 'strong'],
      ['b', 'local'],
    ]);
  });

  it('takes a bound on staleness in the place of a level', () => {
    const { context, pipeline, replies } = connect();
    for (const request of [level('sequential'), level('stale-ms', '500'), level()]) pipeline.submit(request);
    expect(context).toMatchObject({ level: null, maxAgeMs: 500 });
    expect(replies[2]).toMatchObject({
      lines: [
        'ASKED stale-ms 500',
        'KEYSPACE default linearizability READS stale-ms 500',
        'KEYSPACE users eventual READS stale-ms 500',
      ],
    });
    pipeline.submit(level('default'));
    expect(context).toMatchObject({ level: null, maxAgeMs: null });
  });

  it('is refused for a word that is no level', () => {
    const { context, pipeline, replies } = connect();
    const wrong = [level('strong'), level('sequential', 'x'), level('stale-ms'), level('stale-ms', '-1')];
    for (const request of wrong) pipeline.submit(request);
    for (const reply of replies) expect(reply).toMatchObject({ kind: 'client_error', code: 'LEVEL_UNKNOWN' });
    expect(context.level).toBeNull();
  });
});
