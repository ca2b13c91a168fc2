import { object, oneOf } from '../schemas/schema.ts';
import { READINESS } from '../schemas/status.ts';
import type { RouteGroup } from './route-group.ts';

const BOTH = object({ reads: READINESS, writes: READINESS });

/** What load balancers and supervisors ask for. */
export const healthRoutes: RouteGroup = (app, { readiness }) => {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'health',
        summary: 'The process runs and answers. It says nothing of the cluster.',
        tags: ['health'],
        response: { 200: object({ status: oneOf('ok') }) },
      },
    },
    (_, reply) => reply.send({ status: 'ok' }),
  );

  app.get<{ Querystring: { readonly for?: 'reads' | 'writes' } }>(
    '/readyz',
    {
      schema: {
        operationId: 'readiness',
        summary:
          'Whether reads and writes are served here now. With `for`, that side alone decides on the status.',
        tags: ['health'],
        querystring: object({ for: oneOf('reads', 'writes') }, ['for']),
        response: { 200: BOTH, 503: BOTH },
      },
    },
    (request, reply) => {
      const both = readiness();
      const side = request.query.for;
      const isReady = side === undefined ? both.reads.ready && both.writes.ready : both[side].ready;
      return reply.code(isReady ? 200 : 503).send(both);
    },
  );
};
