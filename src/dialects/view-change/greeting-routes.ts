import type { FastifyInstance, FastifyReply } from 'fastify';
import { METHOD_UNSUPPORTED } from './key-routes.ts';

/** What the main instance of `forward` answers beside keys. Texts of clients come back as plain text, never as HTML. */
export function addGreetingRoutes(app: FastifyInstance): void {
  const hello = async (_: unknown, reply: FastifyReply) => text(reply, 'Hello, world!');
  app.get('/', hello);
  app.post('/', hello);
  app.get('/hello', hello);
  app.post<{ Params: { readonly name: string } }>('/hello/:name', async ({ params }, reply) =>
    text(reply, `Hello, ${params.name}!`),
  );
  app.post<{ Params: { readonly message: string } }>('/echo/:message', async ({ params }, reply) =>
    text(reply, `POST message received: ${params.message}`),
  );
  app.get('/echo/:message', async (_, reply) => text(reply.code(405), METHOD_UNSUPPORTED));
}

function text(reply: FastifyReply, content: string): FastifyReply {
  return reply.type('text/plain; charset=utf-8').send(content);
}
