import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpProblem } from './problems.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Has the routes of this scope take any body as it is, whatever its `Content-Type` says. What is left of a body that is
 * refused is read and thrown away, so that the client gets the answer.
 */
export function takeRawBodies(app: FastifyInstance, bytesMax: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request, payload, done) => {
    const chunks: Buffer[] = [];
    let bytes = Number(request.headers['content-length'] ?? 0) > bytesMax ? Infinity : 0;
    let isOver = false;
    const finish = (error: Error | null, body?: Buffer): void => {
      if (isOver) return;
      isOver = true;
      chunks.length = 0;
      done(error, body);
    };
    payload.on('data', (chunk: Buffer) => {
      if (isOver) return;
      bytes += chunk.length;
      if (bytes > bytesMax) finish(tooLarge(bytesMax));
      else if (request.client.hold(chunk.length)) chunks.push(chunk);
      else finish(outOfMemory());
    });
    payload.on('end', () => finish(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    payload.on('error', finish);
  });
}

/** The body of a request of such a route; empty where there is none. */
export function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : NOTHING;
}

function tooLarge(bytesMax: number): HttpProblem {
  return new HttpProblem('BODY_TOO_LARGE', `the body is larger than ${bytesMax} bytes (item_size_max)`);
}

export function outOfMemory(): HttpProblem {
  return new HttpProblem('OUT_OF_MEMORY', 'all clients together use as much memory as they may');
}
