import { STATUS } from '../schemas/status.ts';
import type { RouteGroup } from './route-group.ts';

/** What this controller knows of itself and of the cluster. */
export const controllerRoutes: RouteGroup = (app, { status }) => {
  app.get(
    '/v1/controllers/self',
    {
      schema: {
        operationId: 'ownStatus',
        summary: 'The cluster as this controller sees it',
        tags: ['cluster'],
        response: { 200: STATUS },
      },
    },
    (_, reply) => reply.send(status()),
  );
};
