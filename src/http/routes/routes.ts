import { controllerRoutes } from './controllers.ts';
import { healthRoutes } from './health.ts';
import { keyChangeRoutes } from './key-changes.ts';
import { keyRoutes } from './keys.ts';
import { keyspaceRoutes } from './keyspaces.ts';
import { metricRoutes } from './metrics.ts';
import type { RouteGroup } from './route-group.ts';
import { viewRoutes } from './views.ts';

/** Every route of the HTTP side, by subject. A new subject is a file here and a line in this list. */
export const ROUTES: readonly RouteGroup[] = [
  healthRoutes,
  controllerRoutes,
  keyspaceRoutes,
  viewRoutes,
  keyRoutes,
  keyChangeRoutes,
  metricRoutes,
];
