import type { Connection } from '../../base/transport.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import type { HttpServer } from '../../http/routed-server.ts';
import type { HttpConnection } from './http-connection.ts';

/** Loads an interface over HTTP. */
export type LoadHttp = (http: HttpPorts) => Promise<HttpServer>;

/** The product's own interface. */
export const OWN_HTTP: LoadHttp = async (http) => {
  const { loadHttpServer } = await import('../../http/load-http-server.ts');
  return loadHttpServer(http);
};

export interface HttpDoorPorts {
  readonly http: HttpPorts;
  readonly load: LoadHttp;
  /** The HTTP side could not be loaded. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Hands connections to the HTTP side, which is loaded for the first of them: a controller that nobody asks over HTTP
 * pays nothing for it.
 */
export class HttpDoor {
  readonly #ports: HttpDoorPorts;
  #server: Promise<HttpServer> | null = null;

  constructor(ports: HttpDoorPorts) {
    this.#ports = ports;
  }

  /** Loads the HTTP side, unless it is loaded. After a failure, the next call tries again. */
  open(): Promise<HttpServer> {
    this.#server ??= this.#load();
    return this.#server;
  }

  async #load(): Promise<HttpServer> {
    try {
      return await this.#ports.load(this.#ports.http);
    } catch (error) {
      this.#server = null;
      throw error;
    }
  }

  /** @param first the bytes that have been read already */
  serve(connection: Connection, first: Buffer, client: HttpConnection): void {
    this.open().then(
      (server) => {
        if (!connection.isDestroyed) server.serve({ stream: connection.toStream(first), client });
      },
      (error: Error) => {
        connection.destroy();
        this.#ports.onFailure(error);
      },
    );
  }

  /** Answers that there is no connection left for the client. */
  refuse(connection: Connection): void {
    import('../../http/problems.ts').then(
      ({ HttpProblem }) => {
        const problem = new HttpProblem('TOO_MANY_CONNECTIONS', 'too many open connections');
        connection.end(problem.lastAnswer, () => connection.destroy());
      },
      () => connection.destroy(),
    );
  }

  /** To be called when no connection is left. */
  async close(): Promise<void> {
    const server = await this.#server?.catch(() => null);
    await server?.close();
  }
}
