import { ballotName } from '../../membership/view.ts';
import { addressTextOf, idsOf } from '../../placement/configuration.ts';
import { levelOf, orderedSchemeOf } from '../../placement/placed-level.ts';
import { nameOfShard } from '../../placement/shards.ts';
import type { ControllerParts } from '../controller-parts.ts';
import type { Core } from '../core.ts';
import type { OrderedGroup } from '../core-reports.ts';
import {
  exchangesWith,
  firstOf,
  lagBehind,
  largestLagIn,
  refillFiguresOf,
  sumOf,
} from '../metrics/group-figures.ts';
import { METRICS, uptimeSecondsOf } from '../metrics/metrics.ts';
import { VERSION } from '../product.ts';
import { DOES_NOT_VOTE } from '../roles.ts';
import { nameOf, ownAddress } from '../settings.ts';
import { type OneKeyspace, readTroubleIn, writeTroubleIn } from './keyspace-service.ts';
import { levelsOf } from './levels-report.ts';
import { readTroubleOf, writeTroubleOf } from './service.ts';
import { shardsOf } from './shards-report.ts';
import type { KeyspaceStatus, PeerStatus, RefillStatus, Service, Status } from './status.ts';

/** What `show json` prints now. Figures that are metrics come from the table of metrics. */
export function statusOf(parts: ControllerParts): Status {
  const { settings, core, storage } = parts;
  const { cluster, self } = settings;
  const reads = serviceOf(readTroubleOf(core, settings));
  const writes = serviceOf(writeTroubleOf(core));
  return {
    cluster,
    controller: self,
    address: nameOf(ownAddress(settings)),
    version: VERSION,
    level: levelOf(core.levels.ofDefault),
    keyspaces: core.router.named.map((keyspace) => keyspaceStatus(parts, keyspace)),
    shards: shardsOf(parts),
    levels: levelsOf(parts),
    ready: reads.ready && writes.ready,
    reason: reads.reason || writes.reason,
    reads,
    writes,
    uptimeSeconds: uptimeSecondsOf(parts),
    view: viewOf(parts),
    otherViews: viewsOf(parts).slice(1),
    time: timeOf(core),
    requests: {
      pending: METRICS.memchorus_requests_pending.read(parts),
      completed: METRICS.memchorus_requests_completed.read(parts),
    },
    keys: METRICS.memchorus_keys.read(parts),
    store: storeOf(parts),
    refill: refillOf(parts),
    values: {
      missing: METRICS.memchorus_values_missing.read(parts),
      unanswered: sumOf(core, ({ replica }) => replica.counters.unanswered),
      fromJournal: METRICS.memchorus_values_recovered.read(parts),
      fromPeers: METRICS.memchorus_values_fetched.read(parts),
      lost: METRICS.memchorus_values_lost.read(parts),
    },
    journal: storage.status(),
    peers: idsOf(core.configuration).map((id) => peerStatus(parts, id)),
  };
}

function keyspaceStatus(parts: ControllerParts, keyspace: OneKeyspace): KeyspaceStatus {
  const { name, prefix, level, policy } = keyspace;
  const { reads, writes, errors } = parts.statistics.keyspaces.of(keyspace);
  const lag = largestLagIn(parts, keyspace);
  return {
    name,
    prefix,
    level: policy.level,
    scheme: orderedSchemeOf(level),
    keys: parts.keyspaceKeys.of(keyspace),
    reads: { ...serviceOf(readTroubleIn(keyspace)), requests: reads },
    writes: { ...serviceOf(writeTroubleIn(keyspace)), requests: writes },
    errors,
    behind: { writes: lag.writes, ms: Math.round(lag.ms) },
  };
}

function storeOf(parts: ControllerParts): Status['store'] {
  const { settings, core, store } = parts;
  const { storeType, storeAddress } = settings;
  return {
    type: storeType,
    address: storeType === 'custom' ? '' : nameOf(storeAddress),
    up: store.state.up,
    reason: store.state.up ? '' : store.state.reason,
    instance: firstOf(core).recovery.watch.instance ?? '',
    instances: METRICS.memchorus_store_instances.read(parts),
    emptied: METRICS.memchorus_store_emptied.read(parts),
  };
}

function refillOf(parts: ControllerParts): RefillStatus {
  const { reason, isRunning, isFull, tookMs } = refillFiguresOf(parts.core);
  return {
    reason,
    done: METRICS.memchorus_refill_keys_done.read(parts),
    total: METRICS.memchorus_refill_keys_total.read(parts),
    fromJournal: METRICS.memchorus_refill_from_journal.read(parts),
    fromPeers: METRICS.memchorus_refill_from_peers.read(parts),
    running: isRunning,
    full: isFull,
    tookMs: Math.round(tookMs),
  };
}

function serviceOf(trouble: string): Service {
  return { ready: trouble === '', reason: trouble };
}

/** The view of the first group with ordered keyspaces. */
export function viewOf(parts: ControllerParts): Status['view'] {
  return viewsOf(parts)[0] ?? viewIn(parts, null);
}

/** The views that the controller serves in, one for each group with ordered keyspaces. */
export function viewsOf(parts: ControllerParts): readonly Status['view'][] {
  return parts.core.orderedGroups.map((group) => viewIn(parts, group));
}

function viewIn({ core }: ControllerParts, group: OrderedGroup | null): Status['view'] {
  const shard = core.groups.shards.find(({ number }) => number === group?.number)?.shard;
  const { view = null, viewAgeMs = null, leaseLeftMs = null } = group?.views ?? {};
  return {
    ballot: view === null ? '' : ballotName(view.ballot),
    members: view?.members.map((member) => member.node) ?? [],
    scheme: group?.schemeName === 'chain' ? 'chain' : 'broadcast',
    reason: view?.reason ?? '',
    ageMs: rounded(viewAgeMs),
    leaseLeftMs: leaseLeftMs === null || !Number.isFinite(leaseLeftMs) ? null : Math.round(leaseLeftMs),
    suspected: core.peers.silent.filter((peer) => shard?.members.includes(peer) ?? true),
    shard: shard === undefined ? '' : nameOfShard(shard),
  };
}

function timeOf({ time: { cluster } }: Core): Status['time'] {
  return { nowMs: cluster.agreedMs, reason: cluster.isAgreed ? '' : cluster.trouble };
}

function peerStatus(sources: ControllerParts, id: number): PeerStatus {
  const { settings, core } = sources;
  const self = id === settings.self;
  const { peers: known } = core;
  const exchanges = exchangesWith(core, id);
  return {
    id,
    address: addressTextOf(core.configuration, id),
    up: self || core.passing.isUp(id),
    self,
    lastHeardMs: self ? 0 : rounded(known.silentMs(id)),
    syncing: !self && exchanges.isUnderWay,
    sync: self ? null : exchanges.progress,
    lastSyncMs: self ? null : rounded(exchanges.sinceMs),
    behind: self ? null : behindOf(core, id),
    clockAheadMs: rounded(core.time.errorMsOf(id)),
    inStep: !self && core.roles.isInStep(id),
    role: self ? core.roles.own : roleOf(sources, id),
    storeTrouble: (self ? firstOf(core).replica.storeTrouble() : known.heartbeat(id)?.storeTrouble) ?? '',
  };
}

function behindOf(core: Core, id: number): PeerStatus['behind'] {
  const { writes, ms } = lagBehind(core, id);
  return { writes, ms: rounded(ms) };
}

/** What the role of a controller is told from. */
export interface RoleParts extends Pick<ControllerParts, 'core'> {
  readonly mesh: Pick<ControllerParts['mesh'], 'refusalOf' | 'isUp'>;
}

export function roleOf({ core, mesh }: RoleParts, id: number): string {
  const refusal = mesh.refusalOf(id);
  if (refusal !== null && !mesh.isUp(id)) return `refused: ${refusal}`;
  if (!core.roles.votes(id)) return DOES_NOT_VOTE;
  const isUp = core.passing.isUp(id);
  if (isUp === null) return 'unknown';
  return isUp ? core.roles.of(id) : 'down';
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
