import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { lastOf } from '../base/last-of.ts';
import { Authorities, type HttpAddress } from './authorities.ts';
import { outOfMemory } from './body.ts';
import type { HttpCaller, HttpClient } from './http-client.ts';
import type { HttpPorts } from './http-ports.ts';
import { compileLazily } from './lazy-validators.ts';
import { OtherControllers } from './other-controllers.ts';
import { HttpProblem } from './problems.ts';
import type { RouteGroup } from './routes/route-group.ts';

/** The HTTP side of a controller. It listens nowhere: the front door hands it connections. */
export interface HttpServer {
  serve(caller: HttpCaller): void;

  /** Answers one request that another server has received. @param client carries out what the request asks for */
  answer(request: IncomingMessage, response: ServerResponse, client: HttpClient): void;
  close(): Promise<void>;
}

/** All headers of a request, its first line included, in bytes. A longer head is answered with 431. */
export const HEAD_BYTES_MAX = 16_384;

/** How long a client may take, in milliseconds. */
export interface HttpTimes {
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

/** One interface over HTTP: all in which it differs from another one. */
export interface HttpInterface {
  readonly routes: readonly RouteGroup[];
  /** The URL that is routed in the place of this one. */
  readonly routedUrl: (url: string) => string;
  /** Says how bodies are read, before there is a route, and adds hooks that run after those of the server. */
  readonly prepare: (app: FastifyInstance) => void;
  /** The `Content-Type` of an answer that is an error. */
  readonly problemType: string;
  /** Answers a request that no route is for; absent where that is an error as any other. */
  readonly onUnknownRoute?: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

/**
 * An HTTP server with the routes of one interface. It decides which requests are served at all, hands each to its route
 * as a request of the client that the front door knows, and answers errors.
 */
export class RoutedServer implements HttpServer {
  readonly #ports: HttpPorts;
  readonly #interface: HttpInterface;
  readonly #authorities: () => Authorities;
  readonly #app: FastifyInstance;
  /** By connection, or by request. */
  readonly #clients = new WeakMap<Readable, HttpClient>();

  private constructor(ports: HttpPorts, own: HttpInterface, times: HttpTimes) {
    this.#ports = ports;
    this.#interface = own;
    const authorities = lastOf((all: readonly HttpAddress[]) => new Authorities(all, ports.hosts));
    this.#authorities = () => authorities(ports.addresses());
    this.#app = fastify({
      bodyLimit: ports.bodyBytesMax,
      serverFactory: (onRequest) => serverOf(times, onRequest),
      clientErrorHandler: onClientError,
      frameworkErrors: (error, _, reply) => void this.#refuse(error, reply),
      rewriteUrl: ({ url }) => own.routedUrl(url!),
      routerOptions: { maxParamLength: HEAD_BYTES_MAX },
    });
    this.#app.decorateRequest('client');
    compileLazily(this.#app);
    this.#app.setSerializerCompiler(() => JSON.stringify);
    this.#app.setErrorHandler((error: FastifyError, request, reply) => this.#onError(error, request, reply));
    this.#app.setNotFoundHandler((request, reply) => {
      if (own.onUnknownRoute !== undefined) return own.onUnknownRoute(request, reply);
      const what = `there is no route ${request.method} ${request.originalUrl}`;
      return this.#refuse(new HttpProblem('ROUTE_UNKNOWN', what), reply);
    });
    this.#app.addHook('onRequest', (request, reply, done) => this.#begin(request, reply, done));
    this.#app.addHook('onSend', (request, reply, payload, done) => {
      if (request.client.isLast) reply.header('connection', 'close');
      done(null, payload);
    });
    own.prepare(this.#app);
  }

  /** @returns the server once its routes are complete */
  static async create(ports: HttpPorts, own: HttpInterface, times = TIMES): Promise<HttpServer> {
    const server = new RoutedServer(ports, own, times);
    await server.#becomeReady();
    return server;
  }

  /** Adds the routes, and lets the event loop turn between them: the controller goes on serving meanwhile. */
  async #becomeReady(): Promise<void> {
    const others = new OtherControllers(this.#ports.self, this.#ports.addresses);
    this.#app.addHook('onClose', (_, done) => {
      others.close();
      done();
    });
    for (const addRoutes of this.#interface.routes) {
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

  answer(request: IncomingMessage, response: ServerResponse, client: HttpClient): void {
    this.#clients.set(request, client);
    this.#app.server.emit('request', request, response);
  }

  async close(): Promise<void> {
    await this.#app.close();
    // Ends the watch over the times of connections.
    this.#app.server.close();
  }

  #begin(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const client = (this.#clients.get(request.raw) ?? this.#clients.get(request.raw.socket))!;
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
    if (!this.#authorities().isOwnHost(host)) {
      const what = `"${host ?? ''}" is no name of this cluster; add it to http_hosts if it leads here`;
      return new HttpProblem('HOST_UNKNOWN', what);
    }
    if (origin !== undefined && !this.#authorities().isOwnOrigin(origin, host!))
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
    return reply.code(problem.status).type(this.#interface.problemType).send(JSON.stringify(problem.body));
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
