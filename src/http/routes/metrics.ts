import { prefersOpenMetrics } from '../accept.ts';
import { described, object, TEXT } from '../schemas/schema.ts';
import { SLOW_REQUESTS } from '../schemas/slow-requests.ts';
import type { RouteGroup } from './route-group.ts';

const MEDIA_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const;

const METRICS = {
  description: 'the metrics',
  content: { 'text/plain': { schema: TEXT }, 'application/openmetrics-text': { schema: TEXT } },
};

/** The figures of this controller: for Prometheus, and the slow requests one by one. */
export const metricRoutes: RouteGroup = (app, { metrics, slowRequests, forgetSlowRequests }) => {
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        summary: 'The metrics of this controller, for Prometheus: in its text format, or in OpenMetrics',
        tags: ['metrics'],
        response: { 200: METRICS },
      },
    },
    async (request, reply) => {
      const format = prefersOpenMetrics(request.headers.accept) ? 'openmetrics' : 'text';
      const text = await metrics(format);
      return reply.header('vary', 'accept').type(MEDIA_TYPES[format]).send(text);
    },
  );

  app.get<{ Querystring: { readonly count?: number } }>(
    '/v1/slow-requests',
    {
      schema: {
        operationId: 'slowRequests',
        summary: 'The slowest requests of the last minutes on this controller, and where their time went',
        tags: ['metrics'],
        querystring: object({ count: described('how many at most', { type: 'integer', minimum: 1 }) }, [
          'count',
        ]),
        response: { 200: SLOW_REQUESTS },
      },
    },
    (request, reply) => reply.send(slowRequests(request.query.count ?? null)),
  );

  app.delete(
    '/v1/slow-requests',
    {
      schema: {
        operationId: 'forgetSlowRequests',
        summary: 'Forgets the slow requests of this controller',
        tags: ['metrics'],
        response: { 204: described('they are forgotten', { type: 'null' }) },
      },
    },
    (_, reply) => {
      forgetSlowRequests();
      return reply.code(204).send();
    },
  );
};
