import { createServer, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { Authorities } from './authorities.ts';
import { outOfMemory, takeJsonBodies } from './body.ts';
import { descriptionRoutes } from './description.ts';
import type { HttpCaller, HttpClient } from './http-client.ts';
import type { HttpPorts } from './http-ports.ts';
import { routedUrl } from './key-text.ts';
import { compileLazily } from './lazy-validators.ts';
import { OtherControllers } from './other-controllers.ts';
import { admitOwnPages } from './own-pages.ts';
import { HttpProblem, PROBLEM_TYPE } from './problems.ts';
import { ROUTES } from './routes/routes.ts';

/** The HTTP side of a controller. It listens nowhere: the front door hands it connections. */
export interface HttpServer {
  serve(caller: HttpCaller): void;
  close(): Promise<void>;
}

/** All headers of a request, its first line included, in bytes. A longer head is answered with 431. */
export const HEAD_BYTES_MAX = 16_384;

/** How long a client may take, in milliseconds. */
interface HttpTimes {
  /** For the head of a request. */
  readonly headMs: number;
  /** For the whole request. */
  readonly requestMs: number;
  /** Between two requests of a connection. */
  readonly keptAliveMs: number;
  /** How often the times are looked at: how late a slow client may be noticed. */
  readonly checkedEveryMs: number;
}

const TIMES: HttpTimes = { headMs: 10_000, requestMs: 60_000, keptAliveMs: 60_000, checkedEveryMs: 1_000 };

/** @returns the HTTP side once its routes are complete */
export async function createHttpServer(ports: HttpPorts, times: HttpTimes = TIMES): Promise<HttpServer> {
  const server = new RoutedServer(ports, times);
  await server.ready();
  return server;
}

class RoutedServer implements HttpServer {
  readonly #ports: HttpPorts;
  readonly #authorities: Authorities;
  readonly #app: FastifyInstance;
  readonly #clients = new WeakMap<Duplex, HttpClient>();

  constructor(ports: HttpPorts, times: HttpTimes) {
    this.#ports = ports;
    this.#authorities = new Authorities(ports.addresses, ports.hosts);
    this.#app = fastify({
      bodyLimit: ports.bodyBytesMax,
      serverFactory: (onRequest) => serverOf(times, onRequest),
      clientErrorHandler: onClientError,
      frameworkErrors: (error, _, reply) => void this.#refuse(error, reply),
      rewriteUrl: ({ url }) => routedUrl(url!),
      routerOptions: { maxParamLength: HEAD_BYTES_MAX },
    });
    this.#app.decorateRequest('client');
    takeJsonBodies(this.#app);
    compileLazily(this.#app);
    this.#app.setSerializerCompiler(() => JSON.stringify);
    this.#app.setErrorHandler((error: FastifyError, request, reply) => this.#onError(error, request, reply));
    this.#app.setNotFoundHandler((request, reply) => {
      const what = `there is no route ${request.method} ${request.originalUrl}`;
      return this.#refuse(new HttpProblem('ROUTE_UNKNOWN', what), reply);
    });
    this.#app.addHook('onRequest', (request, reply, done) => this.#begin(request, reply, done));
    this.#app.addHook('onSend', (request, reply, payload, done) => {
      if (request.client.isLast) reply.header('connection', 'close');
      done(null, payload);
    });
    admitOwnPages(this.#app);
  }

  /** Adds the routes, and lets the event loop turn between them: the controller goes on serving meanwhile. */
  async ready(): Promise<void> {
    const others = new OtherControllers(this.#ports.self, this.#ports.addresses);
    this.#app.addHook('onClose', (_, done) => {
      others.close();
      done();
    });
    for (const addRoutes of [...ROUTES, descriptionRoutes]) {
      addRoutes(this.#app, this.#ports, others);
      await nextTurn();
    }
    await this.#app.ready();
    // The times of connections are watched from this event on, which `listen` would have sent.
    this.#app.server.emit('listening');
  }

  serve({ stream, client }: HttpCaller): void {
    this.#clients.set(stream, client);
    this.#app.server.emit('connection', stream);
    stream.resume();
  }

  async close(): Promise<void> {
    await this.#app.close();
    // Ends the watch over the times of connections.
    this.#app.server.close();
  }

  #begin(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const client = this.#clients.get(request.raw.socket)!;
    request.client = client;
    reply.raw.once('close', () => client.end());
    client.begin((isAdmitted) => {
      const refusal = isAdmitted ? this.#refusalOf(request) : outOfMemory();
      if (refusal === null) return done();
      client.becomeLast();
      done(refusal);
    });
  }

  /** Why the request may not be served at all; null when it may. See `Authorities`. */
  #refusalOf({ headers, method, raw }: FastifyRequest): HttpProblem | null {
    const { host, origin } = headers;
    if (hostsIn(raw.rawHeaders) > 1) return new HttpProblem('MALFORMED', 'there is more than one Host');
    if (!this.#authorities.isOwnHost(host)) {
      const what = `"${host ?? ''}" is no name of this cluster; add it to http_hosts if it leads here`;
      return new HttpProblem('HOST_UNKNOWN', what);
    }
    if (origin !== undefined && !this.#authorities.isOwnOrigin(origin, host!))
      return new HttpProblem('ORIGIN_FOREIGN', `pages of ${origin} may not use this cluster`);
    // A link on another page may lead here; all else that another page asks for would be its own request.
    const isLink = headers['sec-fetch-mode'] === 'navigate' && method === 'GET';
    if (origin === undefined && headers['sec-fetch-site'] === 'cross-site' && !isLink)
      return new HttpProblem('ORIGIN_FOREIGN', 'pages of other sites may not use this cluster');
    return null;
  }

  #onError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const isExpected = error instanceof HttpProblem || codeOfStatus(error.statusCode) !== 'INTERNAL';
    if (!isExpected) this.#ports.onFault(error, `${request.method} ${request.url}`);
    return this.#refuse(error, reply);
  }

  #refuse(error: FastifyError | HttpProblem, reply: FastifyReply): FastifyReply {
    const problem = error instanceof HttpProblem ? error : problemOf(error);
    if (problem.retryAfterSeconds !== null) reply.header('retry-after', problem.retryAfterSeconds);
    return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem.body));
  }
}

/** Node.js takes the first `Host` where there are several; a proxy in front may have taken another one. */
function hostsIn(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts;
}

function serverOf(times: HttpTimes, onRequest: RequestListener): Server {
  return createServer(
    {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: times.headMs,
      requestTimeout: times.requestMs,
      keepAliveTimeout: times.keptAliveMs,
      connectionsCheckingInterval: times.checkedEveryMs,
    },
    onRequest,
  );
}

/** An error that fastify has made itself: it is one of the client's, or a fault. */
function problemOf({ statusCode, message }: FastifyError): HttpProblem {
  const code = codeOfStatus(statusCode);
  return new HttpProblem(code, code === 'INTERNAL' ? 'the controller has logged what went wrong' : message);
}

function codeOfStatus(status: number | undefined): 'INTERNAL' | 'MALFORMED' | 'BODY_TOO_LARGE' | 'BODY_TYPE' {
  if (status === 413) return 'BODY_TOO_LARGE';
  if (status === 415) return 'BODY_TYPE';
  return status !== undefined && status >= 400 && status < 500 ? 'MALFORMED' : 'INTERNAL';
}

/** What has arrived is no request, or did not arrive in time: the connection is answered once more, and closed. */
function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (socket.destroyed || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  socket.end(lastProblem(error).lastAnswer, () => socket.destroy());
}

function lastProblem({ code, message }: NodeJS.ErrnoException): HttpProblem {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new HttpProblem('HEADERS_TOO_LARGE', `a request may have ${HEAD_BYTES_MAX} bytes of headers`);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new HttpProblem('TOO_SLOW', 'the request did not arrive in time');
  return new HttpProblem('MALFORMED', `this is no request of HTTP/1.1: ${message}`);
}
