import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { NODE_TRANSPORT } from '../../../src/transport/node-transport.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';

const HOST = '127.0.0.1';
const ends: { destroy(): void }[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end.destroy();
});

describe('the transport over node:net', () => {
  it.each([true, false])(
    'reads what it accepts, where Node can be given memory to read into: %s',
    async (can) => {
      const restore = can ? () => {} : await withoutReadMemory();
      const port = await freePort();
      const received: Buffer[] = [];
      const listener = await NODE_TRANSPORT.listen({ host: HOST, port }, 16, (connection) => {
        ends.push(connection);
        connection.handle({
          onData: (chunk, length) => received.push(chunk.subarray(0, length)),
          onEnd: () => connection.end('answer'),
          onError() {},
          onClose() {},
        });
      });
      const socket = connect({ host: HOST, port });
      ends.push(socket);
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.end('request');
      await eventually(() => expect([`${Buffer.concat(received)}`, answer]).toEqual(['request', 'answer']));
      listener.close();
      restore();
    },
  );
});

/** Takes the undocumented method away that the transport looks for. @returns what gives it back */
async function withoutReadMemory(): Promise<() => void> {
  const port = await freePort();
  const handle = await new Promise<object>((resolve) => {
    const server = createServer((accepted: Socket & { _handle?: object }) => {
      ends.push(accepted);
      server.close();
      resolve(accepted._handle!);
    });
    server.listen(port, HOST, () => ends.push(connect({ host: HOST, port })));
  });
  let owner = handle as Record<string, unknown>;
  while (!Object.hasOwn(owner, 'useUserBuffer')) owner = Object.getPrototypeOf(owner);
  const method = owner.useUserBuffer;
  owner.useUserBuffer = undefined;
  return () => {
    owner.useUserBuffer = method;
  };
}
