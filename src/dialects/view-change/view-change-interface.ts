import { takeRawBodiesOfGets } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { type HttpServer, RoutedServer } from '../../http/routed-server.ts';
import type { RouteGroup } from '../../http/routes/route-group.ts';
import { addGreetingRoutes } from './greeting-routes.ts';
import { addKeyRoutes } from './key-routes.ts';
import { addNodeRoutes } from './node-routes.ts';
import type { Paths } from './paths.ts';
import { addReplicaKeyRoutes } from './replica-key-routes.ts';
import { addReplicaRoutes, type ReplicaView } from './replica-routes.ts';
import { addWaitingRoutes } from './waiting-routes.ts';
import type { ChangeView } from './wanted-view.ts';

/**
 * The interface of the store with view change: `docs/view-change.md`.
 *
 * @param view without nodes for a node that waits for a view change
 * @param change absent where the view stays as it is
 */
export function viewChangeInterface(
  paths: Paths,
  view: ReplicaView,
  change?: ChangeView,
): (ports: HttpPorts) => Promise<HttpServer> {
  const { nodes } = view;
  const forward: RouteGroup = (app, ports) => {
    addGreetingRoutes(app);
    addKeyRoutes(app, ports, '/kvs/:key', nodes);
  };
  const shards: RouteGroup = (app, ports) => {
    addKeyRoutes(app, ports, '/kvs/keys/:key', nodes);
    addNodeRoutes(app, ports, nodes, change);
  };
  const replicas: RouteGroup = (app, ports) => {
    addReplicaKeyRoutes(app, ports, nodes);
    addReplicaRoutes(app, ports, view, change);
  };
  const routes: Record<Paths, readonly RouteGroup[]> = {
    forward: [forward],
    both: [forward, shards],
    shards: [shards],
    replicas: [replicas],
  };
  const waiting: RouteGroup = (app) => addWaitingRoutes(app, paths, change!);
  return (ports) =>
    RoutedServer.create(ports, {
      routes: nodes.length === 0 ? [waiting] : routes[paths],
      routedUrl: (url) => url,
      prepare: takeRawBodiesOfGets,
      problemType: 'application/json; charset=utf-8',
    });
}
