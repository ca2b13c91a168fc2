import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecentEvents } from '../../../src/controller/log/recent-events.ts';
import { EventStream } from '../../../src/http/events/event-stream.ts';
import { EventsReader } from '../../../src/http/events/events-reader.ts';
import { FollowedEvents } from '../../../src/http/events/followed-controller.ts';
import { OwnEvents } from '../../../src/http/events/own-events.ts';
import { idOf, positionsIn } from '../../../src/http/events/positions.ts';
import { TestEventSource } from '../../support/event-source.ts';
import { eventually } from '../../support/eventually.ts';
import { portOf } from '../../support/free-port.ts';
import { LocalControllers } from '../../support/local-controllers.ts';

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const CLOCK = { nowMs: () => 1_000, wallMs: () => 1_000 };

describe('events of all controllers', () => {
  let cluster: LocalControllers;
  beforeAll(async () => {
    cluster = await LocalControllers.start(3);
  });
  afterAll(() => cluster.stop());

  const urlOf = (path: string, id = 0) => `http://127.0.0.1:${cluster.ports[id]}${path}`;
  const isLine = (controller: number, message: string) => (event: { data: Record<string, unknown> }) =>
    event.data.controller === controller && event.data.message === message;

  it('come from each of them, those of the log first, with an id', async () => {
    using events = await TestEventSource.open(urlOf('/v1/events'));
    const seen = new Set<unknown>();
    while (seen.size < 3) {
      const { id, data } = await events.until(({ data }) => data.message === 'ready for reads and writes');
      seen.add(data.controller);
      expect(positionsIn(id!).get(data.controller as number)!.number).toBe(data.number);
    }
  });

  it('go on behind the last one that the reader has got, on another controller too', async () => {
    let id: string | null = null;
    {
      using events = await TestEventSource.open(urlOf('/v1/events'));
      const seen = new Set<unknown>();
      while (seen.size < 3) {
        const event = await events.until(({ data }) => data.message === 'ready for reads and writes');
        seen.add(event.data.controller);
        id = event.id;
      }
    }
    const before = positionsIn(id!);
    using again = await TestEventSource.open(urlOf('/v1/events', 1), id);
    await fetch(urlOf('/v1/keyspaces/default'), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ level: 'linearizability' }),
    });
    const numbers = [...before].map(([controller, { number }]) => [controller, number] as const);
    const next = new Map(numbers);
    for (let events = 0; events < 3; events++) {
      const { data } = (await again.next())!;
      const controller = data.controller as number;
      expect(data.number).toBe(next.get(controller)! + 1);
      next.set(controller, data.number as number);
    }
  });

  it('name a controller that is not heard, and go on with it once it is back', async () => {
    using events = await TestEventSource.open(urlOf('/v1/events?ms=0'));
    await cluster.stopOne(2);
    const gone = await events.until(({ type }) => type === 'controller');
    expect(gone.data).toEqual({
      controller: 2,
      address: `127.0.0.1:${cluster.ports[2]}`,
      reason: expect.stringMatching(/^it (closed|refused) the connection$/),
    });
    await cluster.startOne(2);
    await events.until(({ type, data }) => type === 'controller' && data.reason === '');
    await events.until(isLine(2, 'listening'));
  });

  it('are refused to more clients than may follow them, and to none once others have left', async () => {
    const open: Disposable[] = [];
    for (let i = 0; i < 16; i++) open.push(await TestEventSource.open(urlOf('/v1/events', 1)));
    const refused = await fetch(urlOf('/v1/events', 1));
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      503,
      'TOO_MANY_STREAMS',
    ]);
    for (const one of open) one[Symbol.dispose]();
    await eventually(async () => {
      using events = await TestEventSource.open(urlOf('/v1/events', 1)).catch(() => null);
      return events !== null;
    });
  });

  it('are asked for in words that are understood, or not at all', async () => {
    for (const id of ['x', '0.run', '0.run.-1', `${'0.r.1,'.repeat(300)}0.r.1`]) {
      const answer = await fetch(urlOf('/v1/events'), { headers: { 'last-event-id': id } });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'MALFORMED']);
    }
    expect((await fetch(urlOf('/v1/events?ms=x'))).status).toBe(400);
    const head = await fetch(urlOf('/v1/events'), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });
});

it('a controller that ends tells the readers of its events, and waits for none of them', async () => {
  const cluster = await LocalControllers.start(1);
  using events = await TestEventSource.open(`http://127.0.0.1:${cluster.port}/v1/events?ms=0`);
  const beganMs = performance.now();
  const stopped = cluster.stop();
  const end = await events.until(({ type }) => type === 'end');
  expect(end.data).toEqual({ reason: 'the controller ends' });
  expect(await events.next()).toBeNull();
  await stopped;
  expect(performance.now() - beganMs).toBeLessThan(2_500);
});

describe('a controller that is followed', () => {
  /** What it was asked each time, and how it answers: each stream ends at once. */
  async function askedOf(streams: readonly string[], ms: number): Promise<IncomingMessage[]> {
    const asked: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      const stream = streams[asked.push(request) - 1];
      if (stream === undefined) response.writeHead(503).end();
      else response.writeHead(200).end(stream);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = { id: 2, host: '127.0.0.1', port: portOf(server), httpPort: 0 };
    const events = new FollowedEvents({ id: 2, address }, null, ms, () => {});
    await eventually(() => asked.length === streams.length + 1);
    events.close();
    server.close();
    return asked;
  }

  it('is asked for what came behind its position, also if no event came before the stream was lost', async () => {
    const [first, second] = await askedOf(['id: 2.run.7\n\n'], 0);
    expect([first!.url, first!.headers['last-event-id']]).toEqual([
      expect.stringMatching(/ms=[0-9]$/),
      undefined,
    ]);
    expect(second!.headers['last-event-id']).toBe('2.run.7');
  });

  it('is asked for more time than has passed where it was not heard, since a question takes its time', async () => {
    const [, second] = await askedOf([''], 0);
    expect(second!.headers['last-event-id']).toBeUndefined();
    expect(Number(/ms=(\d+)$/.exec(second!.url!)![1])).toBeGreaterThan(6_000);
  });
});

describe('a stream of events', () => {
  function written(lines: number): RecentEvents {
    const log = new RecentEvents(CLOCK);
    const logger = log.noting(SILENT);
    for (let line = 1; line <= lines; line++) logger.info(`line ${line}`, { text: 'x'.repeat(400) });
    return log;
  }

  it('says how many events a reader has missed whose log was too short', () => {
    const log = written(310);
    const from = { run: log.run, number: 4 };
    const events = new OwnEvents(1, log, from, 0, () => {});
    expect(events.take()).toEqual({ message: null, position: from });
    expect(events.take()).toEqual({
      message: { type: 'missed', data: { controller: 1, events: 6 } },
      position: { run: log.run, number: 10 },
    });
    expect(events.take()!.position!.number).toBe(11);
  });

  it('begins anew with another run of the controller', () => {
    const log = written(2);
    const events = new OwnEvents(1, log, { run: 'earlier', number: 200 }, 0, () => {});
    expect([0, 1].map(() => events.take()!.position!.number)).toEqual([0, 1]);
  });

  it('takes 16 KiB and one event ahead of a reader, and ends with a reason if nothing is read', async () => {
    const log = written(300);
    const stream = new EventStream(new Map(), 100);
    stream.add(new OwnEvents(0, log, null, 10_000, () => stream.wake()));
    stream.read(0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stream.readableLength).toBeGreaterThan(16_000);
    expect(stream.readableLength).toBeLessThan(17_500);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const rest = await stream.toArray();
    expect(Buffer.concat(rest).toString()).toMatch(
      /event: end\ndata: {"reason":"nothing was read for too long[^\n]*\n\n$/,
    );
  });

  it('goes on for a slow reader that reads something from comment to comment', async () => {
    const log = written(300);
    const stream = new EventStream(new Map(), 200);
    stream.add(new OwnEvents(0, log, null, 10_000, () => stream.wake()));
    const got: string[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _, done) {
        got.push(chunk.toString());
        if (got.join('').includes('line 300')) stream.finish('seen enough');
        setTimeout(done, 5);
      },
    });
    stream.pipe(slow);
    await once(slow, 'finish');
    const numbers = [...got.join('').matchAll(/"number":(\d+)/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
  });

  it('is read the same however its bytes are split', () => {
    const text =
      'retry: 1000\n\nid: 0.r.0\n\nid: 0.r.1\ndata: {"a":"é"}\n\n: still here\n\nevent: end\ndata: {"reason":""}\n\n';
    const bytes = Buffer.from(text);
    const whole = new EventsReader().read(bytes);
    expect(whole).toEqual([
      { id: '0.r.0', message: null },
      { id: '0.r.1', message: { type: null, data: { a: 'é' } } },
      { id: null, message: { type: 'end', data: { reason: '' } } },
    ]);
    for (let at = 0; at <= bytes.length; at++) {
      const reader = new EventsReader();
      expect([...reader.read(bytes.subarray(0, at)), ...reader.read(bytes.subarray(at))]).toEqual(whole);
    }
    expect(() => new EventsReader().read(Buffer.from('data: 1\n\n'))).toThrow('without fields');
    expect(() => new EventsReader().read(Buffer.from('data: {\n\n'))).toThrow(SyntaxError);
    expect(() => new EventsReader().read(Buffer.alloc(300_000, 'x'))).toThrow('too long');
  });

  it('has ids that say how far it has come in the log of each controller', () => {
    const positions = new Map([
      [0, { run: 'a1', number: 7 }],
      [12, { run: 'z', number: 0 }],
    ]);
    expect(idOf(positions)).toBe('0.a1.7,12.z.0');
    expect(positionsIn(idOf(positions))).toEqual(positions);
    expect(positionsIn('')).toEqual(new Map());
  });
});
