import { COUNT, listOf, object } from '../schemas/schema.ts';
import { CONNECTION, VIEW } from '../schemas/status.ts';
import type { RouteGroup } from './route-group.ts';

/** Sessions that are listed where the request names no number. */
const SESSIONS_SHOWN = 100;

/** Who takes part in the cluster, and which clients this controller has. */
export const viewRoutes: RouteGroup = (app, { view, sessions }) => {
  app.get(
    '/v1/views',
    {
      schema: {
        operationId: 'view',
        summary: 'The view that this controller serves in: its members, and why it replaced the one before',
        tags: ['cluster'],
        response: { 200: VIEW },
      },
    },
    (_, reply) => reply.send(view()),
  );

  app.get<{ Querystring: { readonly limit?: number } }>(
    '/v1/sessions',
    {
      schema: {
        operationId: 'sessions',
        summary: 'The connections of clients to this controller; each of a memcached client is a session',
        tags: ['cluster'],
        querystring: object({ limit: { ...COUNT, maximum: 10_000 } }, ['limit']),
        response: { 200: object({ total: COUNT, sessions: listOf(CONNECTION) }) },
      },
    },
    (http, reply) => {
      const all = sessions();
      return reply.send({ total: all.length, sessions: all.slice(0, http.query.limit ?? SESSIONS_SHOWN) });
    },
  );
};
