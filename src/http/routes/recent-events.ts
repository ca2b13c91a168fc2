import { ALWAYS_MS, EVENTS, LAST_MS } from '../schemas/events.ts';
import type { RouteGroup } from './route-group.ts';
import { addToldByAll, schemaOfAll } from './told-by-all.ts';

const FIELD = 'events';

export const ALL_EVENTS = schemaOfAll(FIELD, EVENTS);

/** What has happened: the last lines of the logs, without debug lines. */
export const recentEventsRoutes: RouteGroup = (app, { events }, others) =>
  addToldByAll(app, others, {
    path: 'recent-events',
    own: {
      operationId: 'ownRecentEvents',
      summary:
        'What has happened on this controller, the oldest first: at most the last 300 lines of its log',
    },
    all: {
      operationId: 'recentEvents',
      summary: 'What has happened on every controller, each the oldest first',
    },
    parameter: { name: 'ms', schema: LAST_MS, whenAbsent: ALWAYS_MS },
    schema: EVENTS,
    field: FIELD,
    tell: (ms) => events.ofLast(ms),
  });
