import { beforeEach, describe, expect, it } from 'vitest';
import { Coordinator } from '../../../src/consistency/coordinator.ts';
import { DIFFERENCE_LIMITS } from '../../../src/consistency/differences.ts';
import { Pipeline } from '../../../src/consistency/pipeline.ts';
import { POLICIES } from '../../../src/consistency/policies.ts';
import { SLOW_KEY_CHARS_MAX, SLOW_REQUESTS_KEPT_MS } from '../../../src/consistency/slow-requests.ts';
import { type Gate, OPEN, waitBecause } from '../../../src/membership/gate.ts';
import { Router } from '../../../src/placement/router.ts';
import { storageRequest } from '../../../src/protocol/make-request.ts';
import { REPLIES } from '../../../src/protocol/reply.ts';
import type { Request } from '../../../src/protocol/request.ts';
import type { Reader } from '../../../src/replication/read-flow.ts';
import type { ReadDone } from '../../../src/replication/replica-reads.ts';
import { newContext } from '../../../src/replication/request-context.ts';
import type { ReadStrength, Scheme, WriteOutcome } from '../../../src/replication/scheme.ts';
import { BOUNDLESS, NO_STREAM } from '../../support/reading.ts';
import { groupWith, NO_HOP } from '../../support/serving-group.ts';
import { TOKENS } from '../../support/token-ports.ts';

let nowMs: number;
let clockReadings: number;
let gate: Gate;
/** Reads are issued at once, unless a test says otherwise. */
let issuesReads: boolean;
let reads: { readonly done: ReadDone; readonly reader: Reader }[];
let writes: ((outcome: WriteOutcome) => void)[];
let coordinator: Coordinator;

const APPLIED: WriteOutcome = { kind: 'applied', existed: false, version: { time: 1, node: 0 } };

/** An ordered scheme that answers when the test says so. */
const scheme = {
  views: {},
  sessions: null,
  gate: () => gate,
  storeTrouble: () => null,
  read: (_: string, __: ReadStrength, done: ReadDone, reader: Reader) => {
    reads.push({ done, reader });
    if (issuesReads) reader.onIssued();
  },
  write: (_: unknown, done: (outcome: WriteOutcome) => void) => writes.push(done),
} as unknown as Scheme;

beforeEach(() => {
  nowMs = 5_000;
  clockReadings = 0;
  gate = OPEN;
  issuesReads = true;
  reads = [];
  writes = [];
  const keyspace = { name: 'default', prefix: '', level: 'linearizability' } as const;
  coordinator = new Coordinator({
    tokens: TOKENS,
    router: new Router([
      {
        ...keyspace,
        policy: POLICIES.linearizability,
        group: groupWith(scheme),
        hold: 'nothing',
        elsewhere: null,
        shards: null,
      },
    ]),
    isTimed: () => true,
    timeMs: () => 0,
    clock: {
      nowMs: () => {
        clockReadings++;
        return nowMs;
      },
      wallMs: () => 1_000_000 + nowMs,
    },
    requestTimeoutMs: 60_000,
    slowRequestMs: 50,
    itemBytesMax: 1_000,
    differences: DIFFERENCE_LIMITS,
    waitingFor: () => '',
    nextTurn: (callback) => callback(),
    hop: NO_HOP,
    lend: () => {},
    local: (_, answer) => answer(REPLIES.ok),
  });
});

function connect(): Pipeline {
  return new Pipeline(coordinator, {
    context: newContext(),
    onReply: () => {},
    onPart: () => {},
    stream: NO_STREAM,
    budget: BOUNDLESS,
    waitedForClientSince: () => false,
    clientName: () => '127.0.0.1:4000',
  });
}

const get = (...keys: string[]): Request => ({ kind: 'get', keys, withCas: false });
const set = (key: string): Request => storageRequest('set', key, 0, 0, Buffer.from('v'));
const readNothing = () => reads.shift()!.done(null, null, 0);

function after(ms: number, happens: () => void): void {
  nowMs += ms;
  happens();
}

/** The only slow request so far. */
function slowest() {
  coordinator.times.onTurnEnd();
  const [request, ...others] = coordinator.times.slow.list();
  expect(others).toEqual([]);
  return request!;
}

describe('the times of requests', () => {
  it('are counted by command and level, until the end of the turn that answers', () => {
    const pipeline = connect();
    pipeline.submit(get('a'));
    after(3, readNothing);
    pipeline.submit(set('a'));
    pipeline.submit({ kind: 'version' });
    expect(coordinator.times.byCommand).toEqual([]);
    after(1, () => coordinator.times.onTurnEnd());
    after(4, () => writes.shift()!(APPLIED));
    after(1, () => coordinator.times.onTurnEnd());
    const counted = coordinator.times.byCommand.map(({ command, level, durations }) => [
      ...[command, level, durations.count, durations.sumMs],
    ]);
    expect(counted).toEqual([
      ['get', 'linearizability', 1, 4],
      ['set', 'linearizability', 1, 6],
      ['other', null, 1, 6],
    ]);
    expect(coordinator.times.agreements.sumMs).toBeCloseTo(5);
    expect(coordinator.times.slow.list()).toEqual([]);
  });

  it('take no reading of the clock but that of the arrival, and two for each turn', () => {
    const pipeline = connect();
    for (let sent = 0; sent < 10; sent++) pipeline.submit(set(`k${sent}`));
    for (const done of writes) done(APPLIED);
    for (let sent = 0; sent < 10; sent++) pipeline.submit(get(`k${sent}`));
    while (reads.length > 0) readNothing();
    expect(clockReadings).toBe(20 + 1);
    coordinator.times.onTurnEnd();
    expect(clockReadings).toBe(20 + 2);
  });

  it('are counted at once where a turn answers very many, and nothing is kept of them', () => {
    const pipeline = connect();
    for (let sent = 0; sent < 3_000; sent++) pipeline.submit({ kind: 'version' });
    coordinator.times.onTurnEnd();
    expect(coordinator.times.byCommand[0]!.durations.count).toBe(3_000);
  });
});

describe('a slow request', () => {
  it('tells that it has waited at the gate, and then for the agreement', () => {
    const pipeline = connect();
    gate = waitBecause('NO_VIEW', 'forming');
    pipeline.submit(set('a key\n'));
    after(70, () => {
      gate = OPEN;
      pipeline.drain();
    });
    after(20, () => writes.shift()!(APPLIED));
    nowMs += 5;
    expect(slowest()).toEqual({
      arrivedMs: 1_005_000,
      tookMs: 95,
      phasesMs: { waiting: 70, agreement: 20, store: 0, journal: 0, reply: 5 },
      command: 'set',
      key: 'a\\x20key\\x0a',
      keys: 1,
      level: 'linearizability',
      client: '127.0.0.1:4000',
      answer: 'ok',
    });
  });

  it('tells the store from the agreement, and the journal from the store', () => {
    const pipeline = connect();
    pipeline.submit(set('a'));
    after(100, () => writes.shift()!({ ...APPLIED, agreedMs: nowMs - 60 } as WriteOutcome));
    expect(slowest().phasesMs).toMatchObject({ waiting: 0, agreement: 40, store: 60, reply: 0 });
    coordinator.times.slow.clear();
    pipeline.submit(set('b'));
    after(100, () => writes.shift()!({ ...APPLIED, storedMs: nowMs - 70 } as WriteOutcome));
    expect(slowest().phasesMs).toMatchObject({ agreement: 30, journal: 70 });
  });

  it('that is a read tells the wait for writes of its key from the answer of the store', () => {
    issuesReads = false;
    const pipeline = connect();
    pipeline.submit(get('a', 'b'));
    for (const { reader } of reads) reader.onDelayed();
    after(40, () => {
      for (const { reader } of reads) reader.onIssued();
    });
    after(30, readNothing);
    readNothing();
    expect(slowest()).toMatchObject({ phasesMs: { agreement: 40, store: 30 }, key: 'a', keys: 2 });
  });

  it('tells that its reply has waited for the replies to earlier requests', () => {
    const pipeline = connect();
    pipeline.submit(get('a'));
    pipeline.submit(get('b'));
    after(10, () => reads.pop()!.done(null, null, 0));
    after(45, readNothing);
    coordinator.times.onTurnEnd();
    const times = coordinator.times.slow
      .list()
      .map(({ key, phasesMs }) => [key, phasesMs.store, phasesMs.reply]);
    expect(times).toEqual([
      ['a', 55, 0],
      ['b', 10, 45],
    ]);
  });

  it('names the code of its error, and no more than a part of a long key', () => {
    const pipeline = connect();
    pipeline.submit(set('k'.repeat(250)));
    after(60, () => writes.shift()!({ kind: 'unknown', code: 'VIEW_CHANGED', reason: '' }));
    const { answer, key } = slowest();
    expect(answer).toBe('VIEW_CHANGED');
    expect(key).toBe(`${'k'.repeat(SLOW_KEY_CHARS_MAX - 1)}…`);
  });
});

describe('the list of slow requests', () => {
  /** Requests that take so long, one after the other. */
  function run(durationsMs: readonly number[]): void {
    for (const ms of durationsMs) {
      const pipeline = connect();
      pipeline.submit(get(`k${ms}`));
      after(ms, readNothing);
      coordinator.times.onTurnEnd();
    }
  }
  const times = () => coordinator.times.slow.list().map(({ tookMs }) => tookMs);

  it('has the slowest first, and keeps the slowest when there are too many', () => {
    run(Array.from({ length: 200 }, (_, i) => 51 + ((i * 37) % 200)));
    expect(times()).toEqual(Array.from({ length: 128 }, (_, i) => 250 - i));
    expect(coordinator.times.slow.total).toBe(200);
  });

  it('forgets what is older than some minutes, for quicker requests as well', () => {
    run(Array.from({ length: 128 }, () => 900));
    run([60]);
    expect(times()).not.toContain(60);
    nowMs += SLOW_REQUESTS_KEPT_MS + 1;
    run([70]);
    expect(times()).toEqual([70]);
    nowMs += SLOW_REQUESTS_KEPT_MS + 1;
    expect(times()).toEqual([]);
  });

  it('is empty once it was cleared, and takes new ones', () => {
    run([60]);
    coordinator.times.slow.clear();
    run([70]);
    expect(times()).toEqual([70]);
    expect(coordinator.times.slow.total).toBe(2);
  });
});
