import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/store/driver.ts';
import { LargeValues } from '../../../src/store/large-values.ts';
import { PipelinedConnection } from '../../../src/store/pipelined-connection.ts';
import type { ConnectionEvents, StoreAddress } from '../../../src/store/store-connection.ts';
import { NODE_TRANSPORT } from '../../../src/transport/node-transport.ts';
import {
  type Behaviour,
  FakeMemcached,
  type FakeRequest,
  OPCODES,
  response,
  STATUSES,
} from '../../support/fake-memcached.ts';
import { portOf } from '../../support/free-port.ts';

/** The events of a connection, as lines. */
class Telling {
  readonly lines: string[] = [];
  readonly connection: PipelinedConnection;
  #wake: () => void = () => {};

  constructor(address: StoreAddress) {
    const events: ConnectionEvents = {
      onReply: (refusal, bytes) => this.#tell(refusal instanceof StoreError ? refusal.message : `${bytes}`),
      onLost: (reason) => {
        this.#tell(`lost: ${reason}`);
        this.connection.abandon().destroy();
      },
    };
    this.connection = new PipelinedConnection(NODE_TRANSPORT, address, events, new LargeValues(0));
    this.connection.open((itemBytesMax) => this.#tell(`open ${itemBytesMax}`));
  }

  async until(lines: number): Promise<readonly string[]> {
    while (this.lines.length < lines) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.lines;
  }

  #tell(line: string): void {
    this.lines.push(line);
    this.#wake();
  }
}

describe("the project's own connection", () => {
  let fake: FakeMemcached;
  let telling: Telling;

  afterEach(async () => {
    telling.connection.abandon().destroy();
    await fake.stop();
  });

  async function open(behaviour: Behaviour): Promise<PipelinedConnection> {
    fake = await FakeMemcached.start(behaviour);
    telling = new Telling(fake.address);
    await telling.until(1);
    return telling.connection;
  }

  const nothingLeft = (request: FakeRequest): Buffer => response(request, { status: STATUSES.outOfMemory });

  it('sends the requests of a turn in one write, and reports their answers in order', async () => {
    const arrivals: number[] = [];
    const connection = await open((request) => {
      if (request.opcode === OPCODES.get) return response(request, { value: 'found' });
      return request.opcode === OPCODES.set ? nothingLeft(request) : response(request, {});
    });
    fake.sockets[0]!.on('data', (chunk: Buffer) => arrivals.push(chunk.length));
    connection.get('a');
    connection.set('b', Buffer.from('value'));
    connection.delete('c');
    const lines = await telling.until(4);
    expect(lines).toEqual(['open 1048576', 'found', 'memcached refused: Out of memory', 'null']);
    expect(arrivals).toEqual([24 + 1 + (24 + 8 + 1 + 5) + 24 + 1]);
  });

  it.each<[string, (request: FakeRequest) => Buffer]>([
    ['of another kind', (request) => response({ ...request, opcode: OPCODES.delete }, {})],
    ['of another number', (request) => response({ ...request, opaque: request.opaque + 256 }, {})],
    ['that was given already', (request) => response({ ...request, opaque: request.opaque - 256 }, {})],
    ['with more in it than it should have', (request) => response(request, { key: 'key', value: 'x' })],
    ['that is none', () => Buffer.from('ERROR\r\n')],
  ])('is over at once with a reply %s', async (_, reply) => {
    const connection = await open((request) => reply(request));
    connection.get('a');
    connection.get('b');
    expect((await telling.until(2))[1]).toBe('lost: replies out of order');
  });

  it('ends with a reply that no request asked for', async () => {
    await open(() => undefined);
    const request = { opcode: OPCODES.get, opaque: 256, extras: Buffer.alloc(0), connection: 0 };
    fake.sockets[0]!.write(
      response({ ...request, key: Buffer.alloc(0), value: Buffer.alloc(0) }, { value: 'x' }),
    );
    expect((await telling.until(2))[1]).toBe('lost: replies out of order');
  });

  it('reports no miss for a key that was to be written', async () => {
    const connection = await open((request) => response(request, { status: STATUSES.notFound }));
    connection.set('a', Buffer.from('x'));
    connection.get('a');
    connection.delete('a');
    expect((await telling.until(4)).slice(1)).toEqual(['memcached refused: status 1', 'null', 'null']);
  });

  it('sends nothing once it is abandoned, and reports nothing', async () => {
    const connection = await open((request) => response(request, { value: 'x' }));
    connection.get('a');
    await new Promise<void>((resolve) => connection.abandon().drain(resolve));
    expect(fake.requests).toEqual([]);
    expect(telling.lines).toEqual(['open 1048576']);
  });
});

describe('a server that is no memcached', () => {
  it('is told apart by its first byte', async () => {
    const server = createServer((socket) => void socket.end('-ERR unknown command\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const telling = new Telling({ host: '127.0.0.1', port: portOf(server) });
    expect(await telling.until(1)).toEqual([
      "lost: no reply of memcached's binary protocol: is it a memcached?",
    ]);
    server.close();
  });
});
