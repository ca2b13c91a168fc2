import type { Log } from '../base/log.ts';
import type { HttpAddress } from '../http/authorities.ts';
import type { HttpPorts, Readiness } from '../http/http-ports.ts';
import type { ControllerParts } from './controller-parts.ts';
import { exposeMetrics } from './metrics/exposition/exposition.ts';
import { slowRequestsOf } from './metrics/slow-requests-report.ts';
import { VERSION } from './product.ts';
import { httpAddressOf, type Settings } from './settings.ts';
import { levelsOf } from './status/levels-report.ts';
import { readTroubleOf, writeTroubleOf } from './status/service.ts';
import { statusOf, viewOf } from './status/status-report.ts';

/** What the HTTP side gets from a controller with these parts. */
export function httpPortsOf(parts: ControllerParts, log: Log): HttpPorts {
  const { settings, core } = parts;
  return {
    version: VERSION,
    self: settings.self,
    addresses: httpAddressesOf(settings),
    hosts: settings.httpHosts,
    bodyBytesMax: settings.itemBytesMax,
    timeMs: () => core.time.cluster.agreedMs ?? parts.clock.wallMs(),
    readiness: () => ({
      reads: readinessOf(readTroubleOf(core, settings)),
      writes: readinessOf(writeTroubleOf(core)),
    }),
    status: () => statusOf(parts),
    metrics: (format) => exposeMetrics(parts, format),
    slowRequests: (count) => slowRequestsOf(parts, count),
    forgetSlowRequests: () => core.coordinator.times.slow.clear(),
    levels: () => levelsOf(parts),
    view: () => viewOf(core),
    sessions: () => parts.clients.figures,
    onFault: (error, request) => log.warn('a request over HTTP met a fault', { request, error }),
  };
}

function httpAddressesOf(settings: Settings): HttpAddress[] {
  return settings.peers.map(({ host, port }, id) => ({
    host,
    port,
    httpPort: httpAddressOf(settings, id)?.port ?? 0,
  }));
}

function readinessOf(trouble: string): Readiness {
  return { ready: trouble === '', reason: trouble };
}
