import type { RouteGroup } from './routes/route-group.ts';

/**
 * The description of the routes in `ROUTES`, made from their schemas when somebody asks for the first time. It is no
 * part of that list, which it is made from.
 */
export const descriptionRoutes: RouteGroup = (app, ports) => {
  let description: Promise<object> | null = null;
  app.get('/openapi.json', { schema: { hide: true } }, async (_, reply) => {
    description ??= import('./openapi.ts').then(({ describeRoutes }) => describeRoutes(ports));
    return reply.send(await description);
  });
};
