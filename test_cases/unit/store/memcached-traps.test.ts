import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { MemcachedDriver } from '../../../src/store/memcached-driver.ts';
import { EndlessClient, OneSocketServer, SEQUENCE_END } from '../../../src/store/memjs-client.ts';
import { failure, read, remove, StateWatch, write } from '../../support/driver-calls.ts';
import { type Behaviour, FakeMemcached, OPCODES, response, STATUSES } from '../../support/fake-memcached.ts';
import { portOf } from '../../support/free-port.ts';
import { HANGS_AFTER_MS } from '../../support/hang.ts';
import { CONNECTION_KINDS, memcachedDriver } from '../../support/memcached-drivers.ts';

const TIMEOUT_MS = 200;

/** The timeout where an operation has to fail at once: an operation that does not would hang the test. */
const NEVER_MS = 10 * HANGS_AFTER_MS;

/** The reply of a plain store that has the same value under every key. */
const answering: Behaviour = (request) =>
  response(request, request.opcode === OPCODES.get ? { value: 'value' } : {});

describe.each(CONNECTION_KINDS)('where a connection could go wrong: %s', (kind) => {
  let fake: FakeMemcached;
  let driver: MemcachedDriver;
  let watch: StateWatch;

  afterEach(async () => {
    await driver.close();
    await fake.stop();
  });

  async function open(
    behaviour: Behaviour,
    { allowHalfOpen = false, timeoutMs = TIMEOUT_MS } = {},
  ): Promise<void> {
    fake = await FakeMemcached.start(behaviour, allowHalfOpen);
    driver = memcachedDriver(kind, { address: fake.address, timeoutMs });
    watch = new StateWatch();
    driver.open(watch.onStateChange);
    await watch.until(true);
  }

  it('a connection that is closed without an error fails the operations in flight at once', async () => {
    await open((_, socket) => void socket.end(), { timeoutMs: NEVER_MS });
    expect((await failure(read(driver, 'a'))).code).toBe('STORE_DOWN');
    await watch.until(true);
  });

  it('an idle connection that is closed is noticed without an operation', async () => {
    await open(answering);
    fake.sockets[0]!.end();
    await watch.until(false);
    await watch.until(true);
    expect(String(await read(driver, 'a'))).toBe('value');
  });

  it('half a reply does not spoil the replies of the next connection', async () => {
    await open((request, socket) => {
      const reply = answering(request, socket)!;
      if (request.connection > 0) return reply;
      socket.end(reply.subarray(0, reply.length - 3));
      return undefined;
    });
    await failure(read(driver, 'a'));
    await watch.until(true);
    expect(String(await read(driver, 'a'))).toBe('value');
  });

  it('a write that failed is never sent again', async () => {
    await open((request, socket) => {
      if (request.connection > 0) return answering(request, socket);
      socket.resetAndDestroy();
      return undefined;
    });
    await failure(write(driver, 'a', Buffer.from('once')));
    await watch.until(true);
    await write(driver, 'a', Buffer.from('newer'));
    await sleep(300);
    expect(fake.requests.map(({ value }) => String(value))).toEqual(['once', 'newer']);
  });

  it('an error of the store is no miss', async () => {
    await open((request) => response(request, { status: STATUSES.internalError, value: 'internal' }));
    const errors = [failure(read(driver, 'a')), failure(remove(driver, 'a'))];
    for (const error of await Promise.all(errors)) {
      expect(error.code).toBe('STORE_REFUSED');
      expect(error.message).toBe('memcached refused: Internal error');
    }
    expect(watch.up).toBe(true);
  });

  it('a store without memory is a refusal', async () => {
    await open((request) => response(request, { status: STATUSES.outOfMemory }));
    const error = await failure(write(driver, 'a', Buffer.from('x')));
    expect(error.message).toBe('memcached refused: Out of memory');
  });

  it('nothing is written to the console', async () => {
    const log = vi.spyOn(console, 'log');
    await open((_, socket) => void socket.resetAndDestroy());
    await failure(read(driver, 'a'));
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  it('memcached gets no expiry, since its clock may be wrong', async () => {
    await open(answering);
    await write(driver, 'a', Buffer.from('x'));
    expect(fake.requests.map(({ extras }) => extras.readUInt32BE(4))).toEqual([0]);
  });

  it('replies in another order than the requests end the connection', async () => {
    const held: Buffer[] = [];
    await open((request, socket) => {
      held.unshift(answering(request, socket)!);
      return held.length === 2 ? Buffer.concat(held) : undefined;
    });
    const errors = await Promise.all([failure(read(driver, 'a')), failure(read(driver, 'b'))]);
    for (const error of errors) expect(error.message).toMatch(/replies out of order/);
  });

  it('a reply without its first byte ends the connection at once, however long it claims to be', async () => {
    await open(
      (request, socket) => {
        const reply = response(request, { value: 'x'.repeat(1000) });
        return request.connection > 0 ? answering(request, socket) : reply.subarray(1);
      },
      { timeoutMs: NEVER_MS },
    );
    expect((await failure(read(driver, 'a'))).message).toMatch(/replies out of order/);
    await watch.until(true);
    expect(String(await read(driver, 'a'))).toBe('value');
  });

  it('a store that answers again is not up before the old connection is closed there', async () => {
    const kept: Socket[] = [];
    await open(
      (request, socket) => {
        if (request.connection > 0) return answering(request, socket);
        kept.push(socket);
        return undefined;
      },
      { allowHalfOpen: true },
    );
    await failure(write(driver, 'a', Buffer.from('old')));
    await sleep(400);
    expect(fake.sockets.length).toBeGreaterThan(1);
    expect(watch.up).toBe(false);
    kept[0]!.end();
    await watch.until(true);
    await write(driver, 'a', Buffer.from('new'));
  });

  it('a store that is slow but goes on answering stays up', async () => {
    let turn = Promise.resolve();
    await open((request, socket) => {
      turn = turn
        .then(() => sleep(TIMEOUT_MS / 4))
        .then(() => void socket.write(answering(request, socket)!));
      return undefined;
    });
    const found = await Promise.all(Array.from({ length: 12 }, () => read(driver, 'a')));
    expect(found.map(String)).toEqual(found.map(() => 'value'));
  });

  it('a lost connection with reads alone needs no fence', async () => {
    await open((request, socket) => (request.connection > 0 ? answering(request, socket) : undefined), {
      allowHalfOpen: true,
    });
    await failure(read(driver, 'a'));
    await watch.until(true);
    expect(fake.sockets.length).toBe(2);
  });
});

describe('memjs put right', () => {
  it('numbers requests from 0 again after the last number that it can write', () => {
    const client = new EndlessClient([new OneSocketServer({ host: '127.0.0.1', port: 1 }, {}, () => {})]);
    Object.assign(client, { seq: SEQUENCE_END - 2 });
    client.incrSeq();
    expect(client.seq).toBe(SEQUENCE_END - 1);
    client.incrSeq();
    expect(client.seq).toBe(0);
  });

  it('reads replies however they are cut into pieces', () => {
    const request = { opcode: OPCODES.get, extras: Buffer.alloc(0), key: Buffer.alloc(0), connection: 0 };
    const values = ['', 'x', 'y'.repeat(100), '', 'z'.repeat(30)];
    const stream = Buffer.concat(
      values.map((value, opaque) => response({ ...request, opaque, value: Buffer.alloc(0) }, { value })),
    );
    for (let size = 1; size <= stream.length; size++) {
      const server = new OneSocketServer({ host: '127.0.0.1', port: 1 }, {}, () => {});
      const found: string[] = [];
      for (const opaque of values.keys()) server.onResponse(opaque, ({ val }) => found.push(String(val)));
      for (let at = 0; at < stream.length; at += size) server.responseHandler(stream.subarray(at, at + size));
      expect(found).toEqual(values);
    }
  });
});

describe.each(CONNECTION_KINDS)('a store that accepts connections and says nothing: %s', (kind) => {
  it('is down, attempt after attempt, with few connections at once', async () => {
    const sockets = new Set<Socket>();
    let attempts = 0;
    const silent = createServer((socket) => {
      attempts++;
      sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
      socket.resume();
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = { host: '127.0.0.1', port: portOf(silent) };
    const driver = memcachedDriver(kind, { address, timeoutMs: 50, random: () => 0 });
    const watch = new StateWatch();
    driver.open(watch.onStateChange);
    await expect.poll(() => attempts, { timeout: HANGS_AFTER_MS }).toBeGreaterThan(3);
    expect(watch.states).toEqual([{ up: false, reason: 'no answer within 50 ms' }]);
    expect((await failure(read(driver, 'a'))).code).toBe('STORE_DOWN');
    expect(sockets.size).toBeLessThan(3);
    await driver.close();
    silent.close();
  });
});

describe.each(CONNECTION_KINDS)('a closed driver: %s', (kind) => {
  it('lets the process end, with a store that is there, absent, or silent', () => {
    const script = `
      import { createServer } from 'node:net';
      import { createDriver } from './src/store/create-driver.ts';
      import { LargeValues } from './src/store/large-values.ts';
      import { NODE_TRANSPORT } from './src/transport/node-transport.ts';
      const resources = { transport: NODE_TRANSPORT, largeValues: new LargeValues(0) };
      const silent = createServer(() => {}).listen(0, '127.0.0.1', async () => {
        const { port } = silent.address();
        for (const storePort of [port, 1]) {
          const storeAddress = { host: '127.0.0.1', port: storePort };
          const driver = await createDriver({ storeType: '${kind}', storeAddress, storeTimeoutMs: 100 }, resources);
          driver.open(() => {});
          await new Promise((resolve) => setTimeout(resolve, 250));
          await driver.close();
        }
        silent.unref();
      });`;
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      timeout: HANGS_AFTER_MS,
    });
    expect(String(result.stderr)).toBe('');
    expect(result.status).toBe(0);
  });
});
