import { takeJsonBodies } from './body.ts';
import { descriptionRoutes } from './description.ts';
import type { HttpPorts } from './http-ports.ts';
import { routedUrl } from './key-text.ts';
import { admitOwnPages } from './own-pages.ts';
import { PROBLEM_TYPE } from './problems.ts';
import { type HttpInterface, type HttpServer, type HttpTimes, RoutedServer } from './routed-server.ts';
import { ROUTES } from './routes/routes.ts';

/** The product's own interface: `docs/http.md`. */
const OWN_INTERFACE: HttpInterface = {
  routes: [...ROUTES, descriptionRoutes],
  routedUrl,
  prepare: (app) => {
    takeJsonBodies(app);
    admitOwnPages(app);
  },
  problemType: PROBLEM_TYPE,
};

/** @returns the HTTP side once its routes are complete */
export function createHttpServer(ports: HttpPorts, times?: HttpTimes): Promise<HttpServer> {
  return RoutedServer.create(ports, OWN_INTERFACE, times);
}
