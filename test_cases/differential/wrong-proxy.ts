import { connect, createServer, type Server, type Socket } from 'node:net';
import { portOf } from '../support/free-port.ts';

/** Changes the output of a server, one chunk at a time; null closes the connection. */
export type Fault = (chunk: Buffer) => Buffer | null;

/** A proxy in front of a memcached that changes its output now and then. */
export class WrongProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  get port(): number {
    return portOf(this.#server);
  }

  static start(behindPort: number, fault: Fault): Promise<WrongProxy> {
    return new Promise((resolve) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true });
      const proxy = new WrongProxy(server);
      server.on('connection', (client) => proxy.#join(client, behindPort, fault));
      server.listen(0, '127.0.0.1', () => resolve(proxy));
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket, behindPort: number, fault: Fault): void {
    const server = connect({ port: behindPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.on('data', (chunk: Buffer) => {
      const said = fault(chunk);
      if (said === null) client.destroy();
      else client.write(said);
    });
    server.on('end', () => client.end());
  }
}
