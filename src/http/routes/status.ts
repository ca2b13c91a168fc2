import { COUNT, described, listOf, object, orNull, TEXT } from '../schemas/schema.ts';
import { STATUS } from '../schemas/status.ts';
import type { RouteGroup } from './route-group.ts';

export const STATUS_OF_ALL = object({
  controllers: listOf(
    object({
      controller: COUNT,
      address: TEXT,
      reason: described('why it did not answer; empty when it did', TEXT),
      status: orNull(STATUS),
    }),
  ),
});

/** The whole cluster in one answer. */
export const statusRoutes: RouteGroup = (app, { status }, others) => {
  app.get(
    '/v1/status',
    {
      schema: {
        operationId: 'status',
        summary: 'What every controller says of itself and of the cluster',
        tags: ['cluster'],
        response: { 200: STATUS_OF_ALL },
      },
    },
    async (_, reply) => {
      const answers = await others.askAll(status, '/v1/controllers/self');
      return reply.send({ controllers: answers.map(({ body, ...from }) => ({ ...from, status: body })) });
    },
  );
};
