import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { probePort } from '../../../src/store/probe-port.ts';
import { NODE_TRANSPORT } from '../../../src/transport/node-transport.ts';
import { StateWatch } from '../../support/driver-calls.ts';
import { freePort, portOf } from '../../support/free-port.ts';
import { memcachedDriver } from '../../support/memcached-drivers.ts';

let server: Server | null = null;

/** @param reply to any line; null for no reply at all */
async function serve(reply: string | null): Promise<{ host: string; port: number }> {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (reply !== null && chunk.includes('\n')) socket.write(reply);
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: portOf(server) };
}

afterEach(() => void server?.close());

describe('the first answer of a listener tells what it is', () => {
  it.each([
    ['VERSION 1.6.18\r\n', 'memcached', 'a memcached (1.6.18)'],
    ['VERSION 1.6.18 memchorus/0.1.0\r\n', 'controller', 'a controller of memchorus (0.1.0)'],
    ["-ERR unknown command 'version'\r\n", 'redis', 'a Redis, which speaks another protocol'],
    ['HTTP/1.1 400 Bad Request\r\n', 'http', 'a web server'],
    ['\x1b[2Jhi\r\n', 'unknown', 'something that answers "?[2Jhi"'],
    ['x'.repeat(100_000), 'unknown', `something that answers "${'x'.repeat(40)}"`],
    [null, 'silent', 'something that accepts connections and answers nothing'],
  ])('%j', async (reply, kind, words) => {
    expect(await probePort(NODE_TRANSPORT, await serve(reply), 300)).toEqual({ kind, words });
  });

  it('no listener', async () => {
    expect(await probePort(NODE_TRANSPORT, { host: '127.0.0.1', port: await freePort() }, 300)).toMatchObject(
      {
        kind: 'nobody',
      },
    );
  });
});

describe('a store that accepts the connection and answers nothing in the binary protocol', () => {
  it.each([
    [
      'VERSION 1.6.18\r\n',
      /no answer within 100 ms: it seems to be a memcached \(1\.6\.18\) that does not speak the bin/,
    ],
    ["-ERR unknown command 'version'\r\n", /no answer within 100 ms: it seems to be a Redis/],
    [null, /no answer within 100 ms$/],
  ])('%j is down, with what it seems to be', async (reply, reason) => {
    const driver = memcachedDriver('memcache', { address: await serve(reply), timeoutMs: 100 });
    const watch = new StateWatch();
    driver.open(watch.onStateChange);
    await watch.until(false);
    const state = watch.states.at(-1);
    await driver.close();
    expect(state).toMatchObject({ up: false, reason: expect.stringMatching(reason) });
  });
});
