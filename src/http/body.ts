import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem } from './problems.ts';

const NOTHING = Buffer.alloc(0);

/** Takes in the body of a request, and counts its bytes as those of the client. */
type Parse = (request: FastifyRequest, body: Buffer, done: BodyDone) => void;

type BodyDone = (error: Error | null, body?: unknown) => void;

/** Has the routes of this scope take any body as it is, whatever its `Content-Type` says. */
export function takeRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  addParser(app, '*', (_, body, done) => done(null, body));
}

/** The same, and lets `GET` have a body as well. */
export function takeRawBodiesOfGets(app: FastifyInstance): void {
  takeRawBodies(app);
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true });
}

/** Has the routes of this scope take bodies in JSON, and no others. */
export function takeJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  addParser(app, 'application/json', (request, body, done) => {
    void parse(request, body.toString(), done);
  });
}

/** What is left of a body that is refused is read and thrown away, so that the client gets the answer. */
function addParser(app: FastifyInstance, type: string, parse: Parse): void {
  app.addContentTypeParser(type, (request, payload, done) => {
    const bytesMax = request.routeOptions.bodyLimit!;
    const chunks: Buffer[] = [];
    let bytes = Number(request.headers['content-length'] ?? 0) > bytesMax ? Infinity : 0;
    let isOver = false;
    const fail = (error: Error): void => {
      if (isOver) return;
      isOver = true;
      chunks.length = 0;
      done(error);
    };
    payload.on('data', (chunk: Buffer) => {
      if (isOver) return;
      bytes += chunk.length;
      if (bytes > bytesMax) fail(tooLarge(bytesMax));
      else if (request.client.hold(chunk.length)) chunks.push(chunk);
      else fail(outOfMemory());
    });
    payload.on('end', () => {
      if (isOver) return;
      isOver = true;
      parse(request, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), done);
    });
    payload.on('error', fail);
  });
}

/** The body of a request of such a route; empty where there is none. */
export function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : NOTHING;
}

function tooLarge(bytesMax: number): HttpProblem {
  return new HttpProblem('BODY_TOO_LARGE', `the body is larger than ${bytesMax} bytes`);
}

export function outOfMemory(): HttpProblem {
  return new HttpProblem('OUT_OF_MEMORY', 'all clients together use as much memory as they may');
}
