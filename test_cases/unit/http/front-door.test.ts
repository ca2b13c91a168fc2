import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpIn } from '../../../src/http/first-bytes.ts';
import { ROUTES } from '../../../src/http/routes/routes.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { LocalControllers } from '../../support/local-controllers.ts';
import { RawHttp } from '../../support/raw-http.ts';
import { filesIn } from '../../support/source-tree.ts';
import { TextClient } from '../../support/text-client.ts';

const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('the first bytes of a connection', () => {
  it.each([
    ['GET / HTTP/1.1\r\n', 'http'],
    ['DELETE /v1', 'http'],
    ['OPTIONS * HTTP/1.1', 'http'],
    ['G', 'partial'],
    ['GET', 'partial'],
    ['GET ', 'partial'],
    ['GET a\r\n', 'none'],
    ['CONNECT host:80 HTTP/1.1', 'none'],
    ['GET http://host/ HTTP/1.1', 'none'],
    ['HTTP/\r\n', 'none'],
    ['MG key v\r\n', 'none'],
    ['get / HTTP/1.1\r\n', 'none'],
    ['VERYLONGMETHOD / HTTP/1.1', 'none'],
    ['\x80\0', 'none'],
  ])('%j: %s', (first, kind) => {
    expect(httpIn(Buffer.from(first, 'latin1'))).toBe(kind);
  });
});

describe('one port serves all protocols', () => {
  let cluster: LocalControllers;
  let httpPort: number;
  beforeAll(async () => {
    httpPort = await freePort();
    cluster = await LocalControllers.start(1, { http_port: String(httpPort) });
  });
  afterAll(() => cluster.stop());

  it('HTTP and text beside each other', async () => {
    using text = await TextClient.connect(cluster.port);
    expect(await text.ask('get a\r\n')).toBe('END');
    expect((await RawHttp.ask(cluster.port, HEALTH)).status).toBe(200);
    expect(await text.ask('get a\r\n')).toBe('END');
  });

  it('HTTP that arrives byte by byte', async () => {
    using http = await RawHttp.connect(cluster.port);
    for (const byte of HEALTH) {
      http.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await http.answer()).status).toBe(200);
  });

  it('a line in upper case that begins no HTTP request is answered as by memcached', async () => {
    using text = await TextClient.connect(cluster.port);
    expect(await text.ask('GET a\r\n')).toBe('ERROR');
  });

  it('the further port speaks HTTP alone', async () => {
    expect((await RawHttp.ask(httpPort, HEALTH)).status).toBe(200);
    const answer = await RawHttp.ask(httpPort, 'get a\r\n');
    expect([answer.status, answer.headers.connection]).toEqual([400, 'close']);
  });

  it('HTTP clients are shown and counted as others are', async () => {
    using http = await RawHttp.connect(cluster.port);
    http.send(HEALTH);
    await http.answer();
    using text = await TextClient.connect(cluster.port);
    await eventually(async () => expect((await text.stats()).get('curr_connections')).toBe('2'));
  });
});

it('nothing but the door loads the HTTP side: a controller without HTTP clients does not pay for it', () => {
  const loading = filesIn('src').flatMap(({ path, imports }) =>
    imports
      .filter(({ target, from, typeOnly }) => !typeOnly && (isHeavy(target) || /fastify/.test(from)))
      .map(({ from }) => `${path}: ${from}`),
  );
  // A dialect is loaded in the place of the HTTP side, by the command that runs it.
  const outside = loading.filter((line) => !/^src\/(http|dialects)\//.test(line));
  expect(ROUTES.length).toBeGreaterThan(0);
  expect(outside).toEqual([
    'src/cli/minikv/run-chain.ts: ../../dialects/minikv/not-yet-answer.ts',
    'src/cli/minikv/run-chain.ts: ../../dialects/minikv/minikv-interface.ts',
    'src/cli/minikv/run-node.ts: ../../dialects/minikv/minikv-interface.ts',
    'src/cli/sharded/run-node.ts: ../../dialects/sharded/sharded-interface.ts',
    'src/cli/view-change/node-host.ts: ../../dialects/view-change/answers.ts',
    'src/cli/view-change/node-host.ts: ../../dialects/view-change/change/leader.ts',
    'src/cli/view-change/node-host.ts: ../../dialects/view-change/change/messages.ts',
    'src/cli/view-change/node-host.ts: ../../dialects/view-change/change/newer-view.ts',
    'src/cli/view-change/node-host.ts: ../../dialects/view-change/change/participant.ts',
    'src/cli/view-change/node-host.ts: ../../dialects/view-change/view-change-interface.ts',
    'src/cli/view-change/run-node.ts: ../../dialects/view-change/view-change-interface.ts',
    'src/cli/view-change/run-node.ts: ../../dialects/view-change/follower.ts',
    'src/cli/view-change/step-caller.ts: ../../dialects/view-change/change/messages.ts',
    'src/cli/view-change/step-caller.ts: ../../dialects/view-change/change/proof.ts',
    'src/cli/view-change/step-door.ts: ../../dialects/view-change/change/messages.ts',
    'src/cli/view-change/step-door.ts: ../../dialects/view-change/change/proof.ts',
    'src/controller/clients/http-door.ts: ../../http/load-http-server.ts',
    'src/controller/clients/http-door.ts: ../../http/problems.ts',
  ]);
});

/** A file of the HTTP side that more than a few lines hang on. */
function isHeavy(target: string | null): boolean {
  return /^src\/(http|dialects)\//.test(target ?? '') && !LIGHT.includes(target!);
}

const LIGHT: readonly string[] = [
  'src/http/first-bytes.ts',
  'src/dialects/minikv/chain-ports.ts',
  'src/dialects/sharded/dealt-shards.ts',
  'src/dialects/view-change/runs.ts',
];
