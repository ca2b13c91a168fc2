import { takeRawBodies } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { type HttpServer, RoutedServer } from '../../http/routed-server.ts';
import type { RouteGroup } from '../../http/routes/route-group.ts';
import { addGreetingRoutes } from './greeting-routes.ts';
import { addKeyRoutes } from './key-routes.ts';
import { addNodeRoutes } from './node-routes.ts';

/** The paths that a node has: those of the main instance of `forward`, or these and those of `shards`. */
export type Paths = 'forward' | 'both';

/** The interface of the store with view change: `docs/view-change.md`. @param address the node's own, in the view */
export function viewChangeInterface(
  paths: Paths,
  address: string,
): (ports: HttpPorts) => Promise<HttpServer> {
  const forward: RouteGroup = (app, ports) => {
    addGreetingRoutes(app);
    addKeyRoutes(app, ports, '/kvs/:key');
  };
  const shards: RouteGroup = (app, ports) => {
    addKeyRoutes(app, ports, '/kvs/keys/:key');
    addNodeRoutes(app, ports, address);
  };
  return (ports) =>
    RoutedServer.create(ports, {
      routes: paths === 'forward' ? [forward] : [forward, shards],
      routedUrl: (url) => url,
      prepare: takeRawBodies,
      problemType: 'application/json; charset=utf-8',
    });
}
