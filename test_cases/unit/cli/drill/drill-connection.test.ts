import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { DrillConnection, DrillConnectionLost } from '../../../../src/cli/drill/drill-connection.ts';

let server: Server | null = null;

/** A server that answers every line in this way, and the connection of a client to it. */
async function connected(answer: (socket: Socket, line: string) => void): Promise<DrillConnection> {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n')) if (line !== '') answer(socket, line);
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return DrillConnection.dial({ host: '127.0.0.1', port });
}

afterEach(() => {
  server?.close();
  server = null;
});

const done = (value: string | null, version: bigint | null, token: string | null = null) => ({
  kind: 'done',
  value,
  version,
  token,
});

it('reads replies however they are cut, in the order of the requests', async () => {
  const replies = ['HD c7\r\n', 'VA 4 c8 yT0\r\nv\r\n1\r\n', 'EN yT1\r\n', 'OK\r\n'];
  const connection = await connected((socket, line) => {
    if (!line.startsWith('session')) return;
    for (const byte of replies.join('')) socket.write(byte);
  });
  const asked = [
    connection.get('a', false),
    connection.get('b', true),
    connection.get('c', true),
    connection.resume('T'),
  ];
  expect(await Promise.all(asked)).toEqual([
    done(null, 7n),
    done('v\r\n1', 8n, 'T0'),
    done(null, null, 'T1'),
    done(null, null),
  ]);
  connection.close();
});

it.each([
  ['SERVER_ERROR no majority', 'no majority', false],
  ['SERVER_ERROR outcome unknown: the view changed', 'outcome unknown: the view changed', true],
  ['ERROR', 'ERROR', true],
])(
  '%s is a refusal, after which the write may have happened: %s, %s',
  async (line, reason, mayHaveHappened) => {
    const connection = await connected((socket) => socket.write(`${line}\r\n`));
    expect(await connection.get('a', false)).toEqual({ kind: 'refused', reason, mayHaveHappened });
    connection.close();
  },
);

it.each([
  ['a reply that nobody asked for', 'HD c1\r\nHD c2\r\n'],
  ['a line without an end', 'x'.repeat(70_000)],
  ['a value that is too long', `VA 99999999 c1\r\n${'x'.repeat(70_000)}`],
])('%s ends the connection', async (_, text) => {
  const connection = await connected((socket) => socket.write(text));
  await connection.get('a', false).catch(() => {});
  await expect(connection.get('a', false)).rejects.toThrow(DrillConnectionLost);
  expect(connection.isLost).toBe(true);
});

it('a connection that is closed answers nothing that is still asked', async () => {
  const connection = await connected((socket) => socket.destroy());
  await expect(connection.set('a', 'v', false)).rejects.toThrow(DrillConnectionLost);
  await expect(connection.get('a', false)).rejects.toThrow(DrillConnectionLost);
  expect(connection.pending).toBe(0);
});
