import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HttpClient } from '../../../src/http/http-client.ts';
import type { HttpPorts } from '../../../src/http/http-ports.ts';
import type { HttpServer } from '../../../src/http/routed-server.ts';
import { createHttpServer } from '../../../src/http/server.ts';
import { eventually } from '../../support/eventually.ts';
import { portOf } from '../../support/free-port.ts';
import { LocalControllers } from '../../support/local-controllers.ts';
import { type RawAnswer, RawHttp } from '../../support/raw-http.ts';
import { TextClient } from '../../support/text-client.ts';

const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

const codeOf = ({ body }: RawAnswer) => JSON.parse(body.toString()).code as string;

describe('hostile clients of a controller', () => {
  let cluster: LocalControllers;
  beforeAll(async () => {
    cluster = await LocalControllers.start(1, { connections_max: '8', client_bytes_max: '8m' });
  });
  afterAll(() => cluster.stop());

  it('headers that are too long are answered with 431', async () => {
    const answer = await RawHttp.ask(
      cluster.port,
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    expect([answer.status, codeOf(answer)]).toEqual([431, 'HEADERS_TOO_LARGE']);
  });

  it.each([
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 5\r\n'],
    ['a length beside chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n'],
    ['chunks that are not last', 'Transfer-Encoding: chunked, identity\r\n'],
    ['a header with a space before the colon', 'Content-Length : 4\r\n'],
    ['a folded header', 'X: a\r\n b\r\n'],
    ['two hosts', 'Host: evil\r\nContent-Length: 4\r\n'],
  ])('smuggling by %s is refused, and nothing behind it is taken for a request', async (_, headers) => {
    using http = await RawHttp.connect(cluster.port);
    http.send(`POST /healthz HTTP/1.1\r\nHost: localhost\r\n${headers}\r\nabcd${HEALTH}${HEALTH}`);
    const answer = await http.answer();
    expect([answer.status, answer.headers.connection]).toEqual([400, 'close']);
    await http.ended();
    expect(http.receivedBytes).toBe(0);
  });

  it('a pipeline is answered in its order, with one request at a time', async () => {
    using http = await RawHttp.connect(cluster.port);
    const paths = Array.from({ length: 500 }, (_, i) => (i % 7 === 0 ? `/none-${i}` : '/healthz'));
    http.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''));
    for (const path of paths) {
      const answer = await http.answer();
      expect(answer.status).toBe(path === '/healthz' ? 200 : 404);
      if (path !== '/healthz') expect(answer.body.toString()).toContain(path);
    }
  });

  it('a pipeline whose client takes no answer and leaves does no harm', async () => {
    {
      using http = await RawHttp.connect(cluster.port);
      http.pause();
      http.send('GET /v1/controllers/self HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(5_000));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect((await RawHttp.ask(cluster.port, HEALTH)).status).toBe(200);
  });

  it('connections above the limit are told so, and those of all protocols count', async () => {
    const open: Disposable[] = [];
    try {
      await eventually(() => cluster.controller().status().ready);
      for (let i = 0; i < 4; i++) {
        const text = await TextClient.connect(cluster.port);
        await text.ask('get a\r\n');
        const http = await RawHttp.connect(cluster.port);
        http.send(HEALTH);
        await http.answer();
        open.push(text, http);
      }
      const answer = await RawHttp.ask(cluster.port, HEALTH);
      expect([answer.status, codeOf(answer)]).toEqual([503, 'TOO_MANY_CONNECTIONS']);
      expect(answer.headers['retry-after']).toBe('1');
    } finally {
      for (const one of open) one[Symbol.dispose]();
    }
    await eventually(async () => (await RawHttp.ask(cluster.port, HEALTH)).status === 200);
  });
});

/** A client whose connection nobody counts. */
const UNCOUNTED: HttpClient = {
  begin: (go) => go(true),
  ask: () => {},
  end: () => {},
  becomeLast: () => {},
  onEnding: () => {},
  isLast: false,
  hold: () => true,
};

const PORTS: HttpPorts = {
  version: '0.0.0',
  self: 0,
  known: () => ({ configuration: { controllers: [] }, votes: true }),
  addresses: () => [{ id: 0, host: '127.0.0.1', port: 1, httpPort: 0 }],
  hosts: [],
  bodyBytesMax: 1_000,
  timeMs: () => 0,
  readiness: () => ({ reads: { ready: true, reason: '' }, writes: { ready: false, reason: 'no lease' } }),
  elsewhere: () => null,
  askedFor: () => null,
  isUp: () => true,
  keyCount: () => 0,
  status: () => {
    throw new Error('a fault with a path: /secret/place');
  },
  metrics: async () => '',
  slowRequests: () => ({}),
  forgetSlowRequests: () => {},
  levels: () => ({ keyspaces: [] }),
  members: () => ({}),
  view: () => ({}),
  sessions: () => [],
  series: () => ({}),
  events: { run: 'r', last: 0, ofLast: () => [], next: () => null, listen: () => () => {} },
  keyHere: () => Promise.reject(new Error('no key is asked for')),
  hotKeys: () => [],
  largeKeys: () => Promise.resolve({ keys: [] }),
  runCommands: () => Promise.resolve(null),
  keyPage: () => null,
  onFault: () => {},
};

describe('the HTTP side by itself', () => {
  let http: HttpServer;
  let listener: Server;
  let faults: string[];
  beforeEach(async () => {
    faults = [];
    const ports = {
      ...PORTS,
      onFault: (error: Error, request: string) => faults.push(`${request}: ${error.message}`),
    };
    http = await createHttpServer(ports, {
      headMs: 300,
      requestMs: 600,
      keptAliveMs: 300,
      checkedEveryMs: 50,
    });
    listener = createServer({ allowHalfOpen: true }, (stream) => http.serve({ stream, client: UNCOUNTED }));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    listener.close();
    await http.close();
  });

  it('ends a connection whose headers do not come in time', async () => {
    using slow = await RawHttp.connect(portOf(listener));
    slow.send('GET /healthz HTTP/1.1\r\nHost: loc');
    const answer = await slow.answer();
    expect([answer.status, codeOf(answer)]).toEqual([408, 'TOO_SLOW']);
    await slow.ended();
  });

  it('ends a connection whose body does not come in time', async () => {
    using slow = await RawHttp.connect(portOf(listener));
    slow.send('POST /none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx');
    await slow.ended();
  });

  it('ends a connection on which nothing is asked for', async () => {
    using idle = await RawHttp.connect(portOf(listener));
    idle.send(HEALTH);
    expect((await idle.answer()).status).toBe(200);
    await idle.ended();
  });

  it('tells nothing of a fault but that there was one', async () => {
    const answer = await RawHttp.ask(
      portOf(listener),
      'GET /v1/controllers/self HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    expect([answer.status, codeOf(answer)]).toEqual([500, 'INTERNAL']);
    expect(answer.body.toString()).not.toContain('secret');
    expect(faults).toEqual(['GET /v1/controllers/self: a fault with a path: /secret/place']);
  });

  it('is ready for reads and writes apart', async () => {
    const statusOf = async (path: string) =>
      (await RawHttp.ask(portOf(listener), `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).status;
    expect(await statusOf('/readyz')).toBe(503);
    expect(await statusOf('/readyz?for=reads')).toBe(200);
    expect(await statusOf('/readyz?for=writes')).toBe(503);
    expect(await statusOf('/readyz?for=all')).toBe(400);
  });
});
