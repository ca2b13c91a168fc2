import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/base/transport.ts';
import { EarlyTransport } from '../../../src/transport/early-transport.ts';
import { NODE_TRANSPORT } from '../../../src/transport/node-transport.ts';
import { freePort } from '../../support/free-port.ts';

const HOST = '127.0.0.1';

/** Answers each chunk with itself. */
function echo(connection: Connection): void {
  connection.handle({
    onData: (chunk, length) => void connection.write(Buffer.from(chunk.subarray(0, length))),
    onEnd: () => connection.end(),
    onError: () => {},
    onClose: () => {},
  });
}

async function asked(host: string, port: number): Promise<() => Promise<string>> {
  const socket = connect({ host, port });
  await once(socket, 'connect');
  const answer = once(socket, 'data');
  socket.write('hello');
  return async () => {
    const [chunk] = (await answer) as [Buffer];
    socket.destroy();
    return chunk.toString();
  };
}

describe('a transport that listens early', () => {
  it('keeps a client waiting until its owner listens, at both addresses', async () => {
    const port = await freePort();
    const transport = new EarlyTransport(NODE_TRANSPORT, 0);
    await transport.open({ host: HOST, port }, { host: '127.0.0.2', port });
    const first = await asked(HOST, port);
    const second = await asked('127.0.0.2', port);
    const listener = await transport.listen({ host: HOST, port }, 10, echo);
    expect([await first(), await second()]).toEqual(['hello', 'hello']);
    const third = await asked(HOST, port);
    expect(await third()).toBe('hello');
    listener.close();
    await expect(asked(HOST, port)).rejects.toThrow('ECONNREFUSED');
  });

  it('answers a client that has waited too long for its owner, and gives unused addresses up', async () => {
    const port = await freePort();
    const transport = new EarlyTransport(NODE_TRANSPORT, 0);
    await transport.open({ host: HOST, port }, null, { afterMs: 10, answer: () => 'too late' });
    const answer = await asked(HOST, port);
    expect(await answer()).toBe('too late');
    transport.close();
    await expect(asked(HOST, port)).rejects.toThrow('ECONNREFUSED');
  });

  it('does without a second address that the machine does not have', async () => {
    const port = await freePort();
    const transport = new EarlyTransport(NODE_TRANSPORT, 0);
    await transport.open({ host: HOST, port }, { host: '203.0.113.1', port });
    const listener = await transport.listen({ host: HOST, port }, 10, echo);
    const answer = await asked(HOST, port);
    expect(await answer()).toBe('hello');
    listener.close();
  });

  it('waits for a port that is about to be left, and says when it is not', async () => {
    const port = await freePort();
    const other = createServer().listen(port, HOST);
    await once(other, 'listening');
    const hasty = new EarlyTransport(NODE_TRANSPORT, 0);
    await expect(hasty.open({ host: HOST, port }, { host: '127.0.0.2', port })).rejects.toThrow('EADDRINUSE');
    setTimeout(() => other.close(), 100);
    const patient = new EarlyTransport(NODE_TRANSPORT, 60_000);
    const listener = await patient.listen({ host: HOST, port }, 10, echo);
    listener.close();
  });
});
