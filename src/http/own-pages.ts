import type { FastifyInstance } from 'fastify';

/** How long a browser may remember that a page of the cluster may ask this controller, in seconds. */
const REMEMBERED_SECONDS = 600;

/**
 * Lets pages that one controller has served ask the others too (cross-origin resource sharing). When this
 * hook runs, the server has refused requests from pages of others: an `Origin` that is left is one of the
 * cluster.
 */
export function admitOwnPages(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    if (origin !== undefined) reply.headers({ 'access-control-allow-origin': origin, vary: 'origin' });
    done();
  });
  app.options('/*', { schema: { hide: true } }, (_, reply) =>
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': 'GET, PUT, POST, DELETE',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': REMEMBERED_SECONDS,
      })
      .send(),
  );
}
