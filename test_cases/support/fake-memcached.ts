import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { portOf } from './free-port.ts';

export interface FakeRequest {
  readonly opcode: number;
  readonly opaque: number;
  readonly extras: Buffer;
  readonly key: Buffer;
  readonly value: Buffer;
  /** The connection that the request came on, counted from 0. */
  readonly connection: number;
}

/** Returns the bytes to send, or nothing. It may also close the socket, or write to it later. */
export type Behaviour = (request: FakeRequest, socket: Socket) => Buffer | undefined;

/**
 * A server that reads memcached's binary requests and answers as a test says, for cases that memcached brings about too
 * rarely. It answers the statistics that a driver asks for first by itself.
 */
export class FakeMemcached {
  readonly requests: FakeRequest[] = [];
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour, allowHalfOpen: boolean) {
    this.#behaviour = behaviour;
    this.#server = createServer({ allowHalfOpen }, (socket) => this.#onConnection(socket));
  }

  /** @param allowHalfOpen true: a connection that the client has ended stays open here until it is closed */
  static async start(behaviour: Behaviour, allowHalfOpen = false): Promise<FakeMemcached> {
    const fake = new FakeMemcached(behaviour, allowHalfOpen);
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: portOf(this.#server) };
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #onConnection(socket: Socket): void {
    const connection = this.sockets.push(socket) - 1;
    let pending = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 24 && pending.length >= 24 + pending.readUInt32BE(8)) {
        const end = 24 + pending.readUInt32BE(8);
        this.#onRequest(parse(pending.subarray(0, end), connection), socket);
        pending = pending.subarray(end);
      }
    });
  }

  #onRequest(request: FakeRequest, socket: Socket): void {
    if (request.opcode === OPCODES.stat) {
      socket.write(response(request, { key: 'item_size_max', value: '1048576' }));
      socket.write(response(request, {}));
      return;
    }
    this.requests.push(request);
    const bytes = this.#behaviour(request, socket);
    if (bytes !== undefined && !socket.destroyed) socket.write(bytes);
  }
}

export const OPCODES = { get: 0x00, set: 0x01, delete: 0x04, stat: 0x10 } as const;

/** Statuses of memcached's binary protocol. */
export const STATUSES = { ok: 0x00, notFound: 0x01, outOfMemory: 0x82, internalError: 0x84 } as const;

export function response(
  request: FakeRequest,
  body: { readonly status?: number; readonly key?: string; readonly value?: string | Buffer },
): Buffer {
  const extras = Buffer.alloc(request.opcode === OPCODES.get && !body.status ? 4 : 0);
  const key = Buffer.from(body.key ?? '', 'latin1');
  const value = Buffer.from(body.value ?? '');
  const header = Buffer.alloc(24);
  header[0] = 0x81;
  header[1] = request.opcode;
  header.writeUInt16BE(key.length, 2);
  header[4] = extras.length;
  header.writeUInt16BE(body.status ?? STATUSES.ok, 6);
  header.writeUInt32BE(extras.length + key.length + value.length, 8);
  header.writeUInt32BE(request.opaque, 12);
  return Buffer.concat([header, extras, key, value]);
}

function parse(frame: Buffer, connection: number): FakeRequest {
  const keyAt = 24 + frame[4]!;
  const valueAt = keyAt + frame.readUInt16BE(2);
  return {
    opcode: frame[1]!,
    opaque: frame.readUInt32BE(12),
    extras: Buffer.from(frame.subarray(24, keyAt)),
    key: Buffer.from(frame.subarray(keyAt, valueAt)),
    value: Buffer.from(frame.subarray(valueAt)),
    connection,
  };
}
