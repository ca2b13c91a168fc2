import { batchRoutes } from './batch.ts';
import { consoleRoutes } from './console.ts';
import { controllerRoutes } from './controllers.ts';
import { dashboardRoutes } from './dashboard.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { keyChangeRoutes } from './key-changes.ts';
import { keyRoutes } from './keys.ts';
import { keyListRoutes, keysHereRoutes } from './keys-here.ts';
import { keyspaceRoutes } from './keyspaces.ts';
import { listingRoutes } from './listing.ts';
import { forcedRoutes, memberRoutes } from './members.ts';
import { metricRoutes } from './metrics.ts';
import { recentEventsRoutes } from './recent-events.ts';
import type { RouteGroup } from './route-group.ts';
import { seriesRoutes } from './series.ts';
import { statusRoutes } from './status.ts';
import { viewRoutes } from './views.ts';

/** Every route of the HTTP side, by subject. A new subject is a file here and a line in this list. */
export const ROUTES: readonly RouteGroup[] = [
  healthRoutes,
  controllerRoutes,
  keyspaceRoutes,
  memberRoutes,
  forcedRoutes,
  viewRoutes,
  statusRoutes,
  seriesRoutes,
  recentEventsRoutes,
  eventRoutes,
  keyRoutes,
  listingRoutes,
  batchRoutes,
  keyChangeRoutes,
  keysHereRoutes,
  keyListRoutes,
  metricRoutes,
  consoleRoutes,
  dashboardRoutes,
];
