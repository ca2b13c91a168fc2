import { lastOf } from '../base/last-of.ts';
import type { Log } from '../base/log.ts';
import type { ControllerId } from '../base/number-kinds.ts';
import type { Transport } from '../base/transport.ts';
import type { HttpAddress } from '../http/authorities.ts';
import type { HttpPorts, Readiness } from '../http/http-ports.ts';
import type { HotKeyHere } from '../http/keys-here.ts';
import { type Configuration, isVoter } from '../placement/configuration.ts';
import type { ControllerParts } from './controller-parts.ts';
import { keyHere } from './keys/key-here.ts';
import { KeyPages } from './keys/key-pages.ts';
import type { LargeKeysReport } from './keys/large-keys.ts';
import type { RecentEvents } from './log/recent-events.ts';
import { exposeMetrics } from './metrics/exposition/exposition.ts';
import { METRICS } from './metrics/metrics.ts';
import { slowRequestsOf } from './metrics/slow-requests-report.ts';
import { VERSION } from './product.ts';
import { runCommands } from './run-commands.ts';
import type { Series } from './series/series.ts';
import { type Address, httpAddressOf, ownAddress, type Settings } from './settings.ts';
import { levelsOf } from './status/levels-report.ts';
import { membersOf } from './status/members-report.ts';
import { readTroubleOf, writeTroubleOf } from './status/service.ts';
import { statusOf, viewOf } from './status/status-report.ts';

export interface HttpResources {
  readonly series: Series;
  readonly events: RecentEvents;
  readonly transport: Transport;
  readonly log: Log;
}

/** How long a controller may take beyond the time within which it answers every request, in milliseconds. */
const ANSWER_ARRIVES_WITHIN_MS = 1_000;

/** Hot keys that are told. */
const HOT_KEYS_MAX = 50;

/** What the HTTP side gets from a controller with these parts. */
export function httpPortsOf(
  parts: ControllerParts,
  { series, events, transport, log }: HttpResources,
): HttpPorts {
  const { settings, core } = parts;
  const pages = new KeyPages(parts);
  const addresses = lastOf((configuration: Configuration) => httpAddressesOf(configuration, settings));
  return {
    version: VERSION,
    self: settings.self,
    addresses: () => addresses(core.configuration),
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
    members: () => {
      const { agreed: _, ...members } = membersOf(parts);
      return members;
    },
    known: () => {
      const configuration = core.orderedGroups[0]?.views.configuration ?? core.configuration;
      return { configuration, votes: isVoter(configuration, settings.self) };
    },
    view: () => viewOf(parts),
    sessions: () => parts.clients.figures,
    series: (seconds) => series.report(seconds),
    events,
    keyHere: (key) => new Promise((resolve) => keyHere(parts, key, resolve)),
    elsewhere: (key) => core.router.partOf(key).elsewhere?.members ?? null,
    askedFor: (key) => {
      const { elsewhere } = core.router.partOf(key);
      return elsewhere === null ? null : core.serving.hop.askedFor(elsewhere);
    },
    isUp: (controller) => controller === settings.self || core.peers.isUp(controller),
    keyCount: () => METRICS.memchorus_keys.read(parts),
    hotKeys: () => hotKeysOf(parts),
    largeKeys: () => largeKeysOf(parts),
    runCommands: (controller, commands) =>
      runCommands({
        transport,
        address: addressOf(parts, controller),
        commands: Buffer.from(commands),
        withinMs: settings.requestTimeoutMs + ANSWER_ARRIVES_WITHIN_MS,
      }),
    keyPage: (prefix, cursor, limit) => pages.page(prefix, cursor, limit),
    onFault: (error, request) => log.warn('a request over HTTP met a fault', { request, error }),
  };
}

/** The caller has looked whether there is this controller. */
function addressOf({ core, settings }: ControllerParts, controller: ControllerId): Address {
  return core.configuration.controllers.find(({ id }) => id === controller) ?? ownAddress(settings);
}

/** The further ports are those of the controllers of `peers`; only the address of any other one is agreed. */
function httpAddressesOf({ controllers }: Configuration, settings: Settings): HttpAddress[] {
  return controllers.map(({ id, host, port }) => ({
    id,
    host,
    port,
    httpPort: httpAddressOf(settings, id)?.port ?? 0,
  }));
}

function readinessOf(trouble: string): Readiness {
  return { ready: trouble === '', reason: trouble };
}

function hotKeysOf({ statistics, core }: ControllerParts): HotKeyHere[] {
  return statistics.hotKeys.report(HOT_KEYS_MAX).keys.map(({ key, readsPerSecond, writesPerSecond }) => ({
    key,
    keyspace: core.router.of(key).name,
    readsPerSecond: rounded(readsPerSecond),
    writesPerSecond: rounded(writesPerSecond),
  }));
}

function rounded(rate: number): number {
  return Math.round(rate * 100) / 100;
}

function largeKeysOf({ largeKeys }: ControllerParts): Promise<LargeKeysReport> {
  return new Promise((resolve) => largeKeys.whenLooked(resolve));
}
