import { COUNT, described, listOf, object, oneOf, orNull, type Schema, TEXT } from '../schemas/schema.ts';
import type { RouteGroup } from './route-group.ts';

/** Without `ms`, all events that are kept. */
const ALWAYS_MS = 2 ** 40;

const FIELDS: Schema = { type: 'object', description: 'as in the log', additionalProperties: true };

const EVENTS = listOf(
  object({
    number: described('of this run of the controller, from 1', COUNT),
    at: described('by the wall clock of the controller', TEXT),
    severity: oneOf('error', 'warn', 'info'),
    message: TEXT,
    fields: FIELDS,
  }),
);

export const ALL_EVENTS = object({
  controllers: listOf(object({ controller: COUNT, address: TEXT, reason: TEXT, events: orNull(EVENTS) })),
});

const LAST = object(
  { ms: described('only events of so many last milliseconds', { ...COUNT, maximum: ALWAYS_MS }) },
  ['ms'],
);

type WithMs = { readonly Querystring: { readonly ms?: number } };

/** What has happened: the last lines of the logs, without debug lines. */
export const recentEventsRoutes: RouteGroup = (app, { recentEvents }, others) => {
  app.get<WithMs>('/v1/controllers/self/recent-events', {
    schema: {
      operationId: 'ownRecentEvents',
      summary:
        'What has happened on this controller, the oldest first: at most the last 300 lines of its log',
      tags: ['cluster'],
      querystring: LAST,
      response: { 200: EVENTS },
    },
    handler: (request, reply) => reply.send(recentEvents(request.query.ms ?? ALWAYS_MS)),
  });

  app.get<WithMs>('/v1/recent-events', {
    schema: {
      operationId: 'recentEvents',
      summary: 'What has happened on every controller, each the oldest first',
      tags: ['cluster'],
      querystring: LAST,
      response: { 200: ALL_EVENTS },
    },
    handler: async (request, reply) => {
      const { ms = ALWAYS_MS } = request.query;
      const answers = await others.askAll(
        () => recentEvents(ms),
        `/v1/controllers/self/recent-events?ms=${ms}`,
      );
      return reply.send({ controllers: answers.map(({ body, ...from }) => ({ ...from, events: body })) });
    },
  });
};
