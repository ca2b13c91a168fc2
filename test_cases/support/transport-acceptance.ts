import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type {
  Connection,
  ConnectionHandlers,
  ConnectOptions,
  Listener,
  NetworkAddress,
  Transport,
} from '../../src/base/transport.ts';
import { writeParts } from '../../src/base/write-parts.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

/** One end of a connection, with the events and bytes that it has received. */
class End implements ConnectionHandlers {
  connection: Connection | null = null;
  readonly events: string[] = [];
  readonly #chunks: Buffer[] = [];
  chunks = 0;

  onConnect(): void {
    this.events.push('connect');
  }

  onData(chunk: Buffer, length: number): void {
    this.chunks++;
    this.#chunks.push(Buffer.from(chunk.subarray(0, length)));
  }

  onDrain(): void {
    this.events.push('drain');
  }

  onEnd(): void {
    this.events.push('end');
  }

  onError(error: Error): void {
    this.events.push(`error ${(error as NodeJS.ErrnoException).code}`);
  }

  onClose(): void {
    this.events.push('close');
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.received.toString('latin1');
  }
}

const IGNORING: ConnectionHandlers = { onData() {}, onEnd() {}, onError() {}, onClose() {} };

/** More bytes than a transport takes while the other end does not read. */
const LARGE = Buffer.alloc(32 * 1_048_576, 'x');

const bytesOf = (text: string) => Buffer.from(text, 'latin1');

/** The tests that every transport has to pass; see `Transport`. */
export function describeTransport(name: string, transport: Transport): void {
  describe(`${name}: transport acceptance`, () => {
    const scene = new Scene(transport);
    afterEach(() => scene.close());

    transferTests(scene);
    endTests(scene);
    listenerTests(scene);
  });
}

/** The connections and listeners of one test. */
class Scene {
  readonly listeners: Listener[] = [];
  readonly #open: Connection[] = [];
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  close(): void {
    for (const connection of this.#open.splice(0)) connection.destroy();
    for (const listener of this.listeners.splice(0)) listener.close();
  }

  /** @returns the accepted ends, to which later ones are added */
  async listen(address: NetworkAddress): Promise<End[]> {
    const accepted: End[] = [];
    const listener = await this.#transport.listen(address, 16, (connection) => {
      const end = new End();
      end.connection = connection;
      connection.handle(end);
      this.#open.push(connection);
      accepted.push(end);
    });
    this.listeners.push(listener);
    return accepted;
  }

  connect(address: NetworkAddress, options?: ConnectOptions): End {
    const end = new End();
    end.connection = this.#transport.connect(address, end, options);
    this.#open.push(end.connection);
    return end;
  }

  /** @returns the end that connects, and the end that accepts */
  async pair(options?: ConnectOptions): Promise<[End & Joined, End & Joined]> {
    const address = { host: '127.0.0.1', port: await freePort() };
    const accepted = await this.listen(address);
    const caller = this.connect(address, options);
    await eventually(() => accepted.length === 1 && caller.events.includes('connect'));
    return [caller as End & Joined, accepted[0] as End & Joined];
  }
}

function transferTests(scene: Scene): void {
  it('carries bytes both ways, in order, also those that were written before the connection was open', async () => {
    const address = { host: '127.0.0.1', port: await freePort() };
    const accepted = await scene.listen(address);
    const caller = scene.connect(address);
    caller.connection!.write(bytesOf('early '));
    await eventually(() => accepted.length === 1);
    const called = accepted[0]!;
    caller.connection!.write(bytesOf('and late'));
    called.connection!.write(bytesOf('answer'));
    await eventually(() => expect([called.text, caller.text]).toEqual(['early and late', 'answer']));
    expect(caller.events).toEqual(['connect']);
    expect([caller.connection!.bytesWritten, called.connection!.bytesRead]).toEqual([14, 14]);
  });

  it('knows the addresses of both ends while it is open', async () => {
    const [caller, called] = await scene.pair();
    for (const { connection } of [caller, called]) {
      expect([connection.localAddress, connection.remoteAddress]).toEqual(['127.0.0.1', '127.0.0.1']);
      expect(connection.remotePort).toBeGreaterThan(0);
    }
  });

  it('sends corked parts in their order', async () => {
    const [caller, called] = await scene.pair();
    writeParts(caller.connection, ['a', 'b', 'c'].map(bytesOf));
    await eventually(() => expect(called.text).toBe('abc'));
  });

  it('reads into the given buffer', async () => {
    const readBuffer = Buffer.alloc(64);
    const [caller, called] = await scene.pair({ readBuffer });
    const sent = Buffer.from(Array.from({ length: 1_000 }, (_, i) => i % 251));
    called.connection.write(sent);
    await eventually(() => expect(caller.received).toEqual(sent));
  });

  it('hands out chunks that stay as they are, unless the handlers take bytes that are lent', async () => {
    const [caller, called] = await scene.pair();
    const kept: Buffer[] = [];
    const copied: Buffer[] = [];
    const keep = (chunks: Buffer[]) => (chunk: Buffer, length: number) => {
      chunks.push(chunk.subarray(0, length));
    };
    caller.connection.handle({ ...IGNORING, onData: keep(kept) });
    const onLent = (bytes: Buffer) => copied.push(Buffer.from(bytes));
    called.connection.handle({ ...IGNORING, onData: keep(copied), onLent });
    const sent = Buffer.from(Array.from({ length: 600_000 }, (_, i) => i % 251));
    for (let at = 0; at < sent.length; at += 100_000) {
      const part = sent.subarray(at, at + 100_000);
      called.connection.write(part);
      caller.connection.write(part);
      await eventually(() => Buffer.concat(kept).length === at + 100_000);
    }
    await eventually(() => Buffer.concat(copied).length === sent.length);
    expect([Buffer.concat(kept).equals(sent), Buffer.concat(copied).equals(sent)]).toEqual([true, true]);
  });

  it('gives bytes out as a stream, those first that were read already', async () => {
    const [caller, called] = await scene.pair();
    caller.connection.write(bytesOf('one '));
    await eventually(() => expect(called.text).toBe('one '));
    const stream = called.connection.toStream(bytesOf('one '));
    caller.connection.write(bytesOf('two'));
    let heard = '';
    stream.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
    });
    stream.on('error', () => stream.destroy());
    stream.resume();
    await eventually(() => expect(heard).toBe('one two'));
    stream.write('answer');
    await eventually(() => expect(caller.text).toBe('answer'));
    caller.connection.reset();
    await eventually(() => expect(called.events.at(-1)).toBe('close'));
    expect(called.text).toBe('one ');
  });

  it('keeps bytes that the other end does not read, and reports a drain once it has read them', async () => {
    const [caller, called] = await scene.pair();
    called.connection.pause();
    let sent = 0;
    for (let at = 0; at < LARGE.length; at += 1_048_576) {
      caller.connection.write(LARGE.subarray(at, at + 1_048_576), () => sent++);
    }
    await sleep(100);
    expect(caller.connection.waitingBytes).toBeGreaterThan(0);
    expect([sent < 32, caller.events]).toEqual([true, ['connect']]);
    called.connection.resume();
    await eventually(() => expect(called.received.length).toBe(LARGE.length));
    await eventually(() => expect(caller.events).toEqual(['connect', 'drain']));
    expect([sent, caller.connection.waitingBytes]).toEqual([32, 0]);
  });
}

function endTests(scene: Scene): void {
  it('ends each direction separately, with last bytes', async () => {
    const [caller, called] = await scene.pair();
    let isSent = false;
    caller.connection.end('last words', () => {
      isSent = true;
    });
    await eventually(() => expect([called.text, called.events]).toEqual(['last words', ['end']]));
    expect([isSent, caller.connection.isEnded, caller.connection.isClosed]).toEqual([true, true, false]);
    called.connection.write(bytesOf('still heard'));
    await eventually(() => expect(caller.text).toBe('still heard'));
    called.connection.end();
    await eventually(() => expect(caller.events).toEqual(['connect', 'end', 'close']));
    await eventually(() => expect(called.events).toEqual(['end', 'close']));
    expect([caller.connection.isClosed, called.connection.isClosed]).toEqual([true, true]);
  });

  it('closes a connection once everything was sent', async () => {
    const [caller, called] = await scene.pair();
    caller.connection.write(LARGE);
    caller.connection.closeWhenSent();
    await eventually(() => expect(called.received.length).toBe(LARGE.length));
    await eventually(() => expect(caller.events.at(-1)).toBe('close'));
  });

  it('destroys a connection at once, with a last event at both ends', async () => {
    const [caller, called] = await scene.pair();
    called.connection.destroy();
    expect(called.connection.isDestroyed).toBe(true);
    await eventually(() => expect(called.events).toEqual(['close']));
    await eventually(() => expect(caller.events.length).toBeGreaterThan(1));
    caller.connection.destroy();
    await eventually(() => expect(caller.events.at(-1)).toBe('close'));
  });

  it('resets a connection, which the other end can distinguish from an end', async () => {
    const [caller, called] = await scene.pair();
    called.connection.reset();
    await eventually(() => expect(caller.events).toEqual(['connect', 'error ECONNRESET', 'close']));
  });
}

function listenerTests(scene: Scene): void {
  it('calls the handlers that were set last', async () => {
    const [caller, called] = await scene.pair();
    caller.connection.write(bytesOf('one'));
    await eventually(() => expect(called.text).toBe('one'));
    const next = new End();
    called.connection.handle(next);
    caller.connection.write(bytesOf('two'));
    await eventually(() => expect(next.text).toBe('two'));
    caller.connection.destroy();
    await eventually(() => expect(next.events.length).toBeGreaterThan(0));
    expect([called.text, called.events]).toEqual(['one', []]);
  });

  it('reports that no process listens, and that an address is in use', async () => {
    const address = { host: '127.0.0.1', port: await freePort() };
    const caller = scene.connect(address);
    await eventually(() => expect(caller.events).toEqual(['error ECONNREFUSED', 'close']));
    await scene.listen(address);
    await expect(scene.listen(address)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('accepts no connection after a listener is closed, and keeps the open ones', async () => {
    const address = { host: '127.0.0.1', port: await freePort() };
    const accepted = await scene.listen(address);
    const first = scene.connect(address);
    await eventually(() => accepted.length === 1);
    scene.listeners[0]!.close();
    const second = scene.connect(address);
    await eventually(() => expect(second.events).toEqual(['error ECONNREFUSED', 'close']));
    first.connection!.write(bytesOf('still here'));
    await eventually(() => expect(accepted[0]!.text).toBe('still here'));
  });
}

interface Joined {
  readonly connection: Connection;
}
