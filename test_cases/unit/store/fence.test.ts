import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/base/transport.ts';
import { Abandoned } from '../../../src/store/abandoned.ts';
import { Fence } from '../../../src/store/fence.ts';
import { NODE_TRANSPORT } from '../../../src/transport/node-transport.ts';
import { portOf } from '../../support/free-port.ts';

const UNHEARD = { onData: () => {}, onEnd: () => {}, onError: () => {}, onClose: () => {} };

describe('a fence', () => {
  let server: Server;
  let client: Connection;
  let accepted: Socket;

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = NODE_TRANSPORT.connect({ host: '127.0.0.1', port: portOf(server) }, UNHEARD);
    [accepted] = (await once(server, 'connection')) as [Socket];
    accepted.on('error', () => {});
  });
  afterEach(() => {
    accepted.destroy();
    client.destroy();
    server.close();
  });

  it('is free once the store has read everything and closed, and not before', async () => {
    let received = 0;
    client.write(Buffer.alloc(1_000_000));
    const fence = new Fence(new Abandoned(client));
    let free = false;
    fence.whenFree(10_000, () => {
      free = true;
    });
    await sleep(50);
    expect(free).toBe(false);
    accepted.on('data', (bytes) => {
      received += bytes.length;
    });
    await once(accepted, 'end');
    expect(received).toBe(1_000_000);
    expect(fence.free).toBe(false);
    accepted.write('a late reply');
    accepted.end();
    await expect.poll(() => free).toBe(true);
  });

  it('resets the connection after a time, and then no byte leaves', async () => {
    client.write(Buffer.alloc(20_000_000));
    const fence = new Fence(new Abandoned(client));
    const started = Date.now();
    await new Promise<void>((resolve) => fence.whenFree(50, resolve));
    expect(Date.now() - started).toBeGreaterThanOrEqual(49);
    let received = 0;
    accepted.on('data', (bytes) => {
      received += bytes.length;
    });
    await new Promise((resolve) => accepted.once('close', resolve));
    expect(received).toBeLessThan(20_000_000);
  });

  it('is free at once when the connection is closed already', async () => {
    const fence = new Fence(new Abandoned(client));
    accepted.resume().end();
    await expect.poll(() => client.isClosed).toBe(true);
    let free = false;
    fence.whenFree(10_000, () => {
      free = true;
    });
    expect(free).toBe(true);
  });
});
