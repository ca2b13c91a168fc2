import { takeRawBodiesOfGets } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { type HttpServer, RoutedServer } from '../../http/routed-server.ts';
import type { RouteGroup } from '../../http/routes/route-group.ts';
import { addGreetingRoutes } from './greeting-routes.ts';
import { addKeyRoutes } from './key-routes.ts';
import { addNodeRoutes } from './node-routes.ts';
import { addReplicaKeyRoutes } from './replica-key-routes.ts';
import { addReplicaRoutes, type ReplicaView } from './replica-routes.ts';

/** The paths that a node has: those of one generation, or those of `forward` and of `shards`. */
export type Paths = 'forward' | 'both' | 'shards' | 'replicas';

/** The interface of the store with view change: `docs/view-change.md`. */
export function viewChangeInterface(
  paths: Paths,
  view: ReplicaView,
): (ports: HttpPorts) => Promise<HttpServer> {
  const { nodes } = view;
  const forward: RouteGroup = (app, ports) => {
    addGreetingRoutes(app);
    addKeyRoutes(app, ports, '/kvs/:key', nodes);
  };
  const shards: RouteGroup = (app, ports) => {
    addKeyRoutes(app, ports, '/kvs/keys/:key', nodes);
    addNodeRoutes(app, ports, nodes);
  };
  const replicas: RouteGroup = (app, ports) => {
    addReplicaKeyRoutes(app, ports, nodes);
    addReplicaRoutes(app, ports, view);
  };
  const routes: Record<Paths, readonly RouteGroup[]> = {
    forward: [forward],
    both: [forward, shards],
    shards: [shards],
    replicas: [replicas],
  };
  return (ports) =>
    RoutedServer.create(ports, {
      routes: routes[paths],
      routedUrl: (url) => url,
      prepare: takeRawBodiesOfGets,
      problemType: 'application/json; charset=utf-8',
    });
}
