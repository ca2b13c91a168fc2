import { takeRawBodies } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { type HttpServer, RoutedServer } from '../../http/routed-server.ts';
import type { RouteGroup } from '../../http/routes/route-group.ts';
import { addGreetingRoutes } from './greeting-routes.ts';
import { addKeyRoutes } from './key-routes.ts';
import { addNodeRoutes } from './node-routes.ts';

/** The paths that a node has: those of the main instance of `forward`, those of `shards`, or both. */
export type Paths = 'forward' | 'both' | 'shards';

/**
 * The interface of the store with view change: `docs/view-change.md`.
 *
 * @param view the addresses of all nodes, by their ids
 */
export function viewChangeInterface(
  paths: Paths,
  view: readonly string[],
): (ports: HttpPorts) => Promise<HttpServer> {
  const forward: RouteGroup = (app, ports) => {
    addGreetingRoutes(app);
    addKeyRoutes(app, ports, '/kvs/:key', view);
  };
  const shards: RouteGroup = (app, ports) => {
    addKeyRoutes(app, ports, '/kvs/keys/:key', view);
    addNodeRoutes(app, ports, view);
  };
  return (ports) =>
    RoutedServer.create(ports, {
      routes: ROUTES_OF[paths].map((name) => (name === 'forward' ? forward : shards)),
      routedUrl: (url) => url,
      prepare: takeRawBodies,
      problemType: 'application/json; charset=utf-8',
    });
}

const ROUTES_OF = {
  forward: ['forward'],
  shards: ['shards'],
  both: ['forward', 'shards'],
} as const satisfies Record<Paths, readonly ('forward' | 'shards')[]>;
