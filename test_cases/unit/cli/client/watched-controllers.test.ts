import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WatchedControllers } from '../../../../src/cli/client/views/watched-controllers.ts';
import { eventually } from '../../../support/eventually.ts';
import { freePorts, portOf } from '../../../support/free-port.ts';

/** What a controller says to `watch`, and then until it is stopped. */
class WatchedServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(first: string) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', () => socket.write(`${first}\r\n`));
    });
  }

  static async listen(port: number, first = 'OK'): Promise<WatchedServer> {
    const one = new WatchedServer(first);
    await new Promise<void>((resolve) => one.#server.listen(port, '127.0.0.1', resolve));
    return one;
  }

  get port(): number {
    return portOf(this.#server);
  }

  say(line: string): void {
    for (const socket of this.#sockets) socket.write(`${line}\n`);
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe('the controllers that --monitor watches', () => {
  const servers: WatchedServer[] = [];
  const shown: string[] = [];
  const notices: string[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.stop();
    shown.length = 0;
    notices.length = 0;
  });

  async function listening(port: number, first?: string): Promise<WatchedServer> {
    const server = await WatchedServer.listen(port, first);
    servers.push(server);
    return server;
  }

  function watching(ports: readonly number[], signal: AbortSignal): Promise<void> {
    const all = ports.map((port, id) => ({ id, address: { host: '127.0.0.1', port } }));
    const onLine = async (line: string, { id }: { id: number | null }): Promise<void> => {
      shown.push(`${id}: ${line}`);
    };
    const notice = (text: string): void => {
      notices.push(text.replace(/:\d+\)/, ')'));
    };
    return new WatchedControllers(all, { onLine, notice, signal }).watch();
  }

  /** The server says the line; whether it has been shown. */
  function says(server: WatchedServer, id: number, line: string): boolean {
    server.say(line);
    return shown.includes(`${id}: ${line}`);
  }

  it('are shown together, and one that dies is named and watched again', async () => {
    const ports = await freePorts(2);
    const [one, two] = [await listening(ports[0]!), await listening(ports[1]!)];
    const stop = new AbortController();
    const watched = watching(ports, stop.signal);
    await eventually(() => says(one, 0, 'a'));
    await eventually(() => says(two, 1, 'b'));
    two.stop();
    await eventually(() => notices.length === 1);
    const again = await listening(ports[1]!);
    await eventually(() => notices.at(-1) === 'controller 1 (127.0.0.1) is watched again');
    expect(notices[0]).toBe('controller 1 (127.0.0.1) is not watched: it has ended the connection');
    await eventually(() => says(again, 1, 'c'));
    stop.abort();
    await watched;
  });

  it('are an error once none of them can be watched, which says why of each', async () => {
    const ports = await freePorts(2);
    await listening(ports[0]!, 'WATCHER_TOO_MANY log watcher limit reached');
    const { signal } = new AbortController();
    await expect(watching(ports, signal)).rejects.toThrow(
      /^no controller can be watched: (?=.*controller 0 .*: watch: WATCHER_TOO_MANY)(?=.*controller 1 .*: nothing listens there)/,
    );
  });

  it('are asked for nothing once the user has wanted an end', async () => {
    await watching(await freePorts(1), AbortSignal.abort());
    expect(notices).toEqual([]);
  });
});
