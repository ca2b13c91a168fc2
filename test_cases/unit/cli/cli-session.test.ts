import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { runBatch } from '../../../src/cli/client/batch.ts';
import { CliSession, statusOf } from '../../../src/cli/client/cli-session.ts';
import { parseTyped, type WireCommand } from '../../../src/cli/client/typed-command.ts';
import type { Address } from '../../../src/controller/settings.ts';
import { overriddenLevels } from '../../../src/controller/status/levels-report.ts';
import { HANGS_AFTER_MS } from '../../support/hang.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** Starts a server that passes every line to `onLine`. */
async function serve(onLine: (line: string, socket: Socket) => void): Promise<Address> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').slice(0, -1)) onLine(line, socket);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

function command(line: string): WireCommand {
  const typed = parseTyped(line);
  if (typed.kind !== 'complete') throw new Error(typed.kind);
  return typed.command;
}

it('a session moves to the next controller, reports that, and sends no command twice', async () => {
  const heard: string[] = [];
  const dying = await serve((_, socket) => socket.destroy());
  const living = await serve((line, socket) => {
    heard.push(line);
    socket.write('END\r\n');
  });
  const notices: string[] = [];
  const session = new CliSession([dying, living], HANGS_AFTER_MS, true, (notice) => notices.push(notice));
  await session.connect();
  expect(await session.run(command('set k 1'))).toBeNull();
  expect(notices[0]).toContain('the outcome of "set k" is unknown');
  expect(notices[1]).toBe(`now at 127.0.0.1:${living.port}`);
  const reply = await session.run(command('get k'));
  expect(reply?.parts.map(String)).toEqual(['END']);
  expect(heard).toEqual(['get k']);
  session.close();
});

it('a session reports that a read without a reply may be asked again', async () => {
  const dying = await serve((_, socket) => socket.destroy());
  const notices: string[] = [];
  const session = new CliSession([dying], HANGS_AFTER_MS, false, (notice) => notices.push(notice));
  await session.connect();
  expect(await session.run(command('get k'))).toBeNull();
  expect(notices).toHaveLength(1);
  expect(notices[0]).toContain('"get k" was not answered; ask again');
  session.close();
});

it('a session learns the peers from its controller, and ignores those of another cluster', async () => {
  const other = await serve(() => {});
  const status = { peers: [{ address: `127.0.0.1:${other.port}` }] };
  const first = await serve((line, socket) => {
    if (line === 'show json') socket.write(`${JSON.stringify(status)}\r\nEND\r\n`);
    else socket.destroy();
  });
  const session = new CliSession([first], HANGS_AFTER_MS, true, () => {});
  await session.connect();
  await session.learnPeers([{ host: '127.0.0.1', port: 1 }]);
  await session.run(command('get k'));
  expect(session.address).toEqual(other);
  session.close();
});

it('runBatch runs commands from a pipe, with values byte for byte', async () => {
  const received: Buffer[] = [];
  const server = await serve(() => {});
  servers[0]!.on('connection', (socket: Socket) => {
    socket.on('data', (chunk) => {
      received.push(chunk);
      socket.write('STORED\r\n');
    });
  });
  async function* input() {
    yield Buffer.from('set k 0 0 4\r');
    yield Buffer.from('\n\r\n\0');
    yield Buffer.from([0xff, 13, 10]);
    yield Buffer.from('quit\r\nset never sent');
  }
  const session = new CliSession([server], HANGS_AFTER_MS, false, () => {});
  await session.connect();
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  expect(await runBatch(session, input(), 'plain')).toBe(0);
  expect(printed.mock.calls.map(([text]) => String(text)).join('')).toBe('STORED\n');
  printed.mockRestore();
  expect(Buffer.concat(received)).toEqual(Buffer.from('set k 0 0 4\r\n\r\n\0\xff\r\n', 'latin1'));
});

it('a session asks its next controller for the level that it has asked the last one for', async () => {
  const heard: string[] = [];
  const dying = await serve((line, socket) => {
    if (line.startsWith('level')) socket.write('OK\r\n');
    else socket.destroy();
  });
  const living = await serve((line, socket) => {
    heard.push(line);
    socket.write(line.startsWith('level') ? 'OK\r\n' : 'END\r\n');
  });
  const session = new CliSession([dying, living], HANGS_AFTER_MS, true, () => {});
  await session.run(command('level sequential'));
  expect(await session.run(command('get k'))).toBeNull();
  await session.run(command('get k'));
  expect(heard).toEqual(['level sequential', 'get k']);
  session.close();
});

it('the status of a controller of release 0.2.0, which knows no keyspaces, has the level of the cluster', () => {
  const shown = JSON.stringify({ controller: 0, level: 'sequential', version: '0.2.0', peers: [] });
  const status = statusOf({ parts: [Buffer.from(shown), Buffer.from('END')], failed: false })!;
  expect(status.keyspaces).toEqual([]);
  expect(status.levels).toEqual({
    epoch: 0,
    keyspaces: [
      {
        name: 'default',
        prefix: '',
        level: 'sequential',
        scheme: 'broadcast',
        configured: { prefix: '', level: 'sequential' },
      },
    ],
    removed: [],
    unaware: [],
    changing: false,
    move: null,
  });
  expect(overriddenLevels(status.levels)).toEqual([]);
});
