import { performance } from 'node:perf_hooks';
import { ballotName } from '../../membership/view.ts';
import type { Mesh } from '../../peer/mesh.ts';
import type { KVController } from '../../store/kv-controller.ts';
import type { Core } from '../core.ts';
import { VERSION } from '../product.ts';
import { nameOf, type Settings } from '../settings.ts';
import type { Storage } from '../storage.ts';
import { readTroubleOf, writeTroubleOf } from './service.ts';
import type { PeerStatus, Service, Status } from './status.ts';

/** Where a status is taken from. */
export interface StatusSources {
  readonly settings: Settings;
  readonly core: Core;
  readonly mesh: Mesh;
  readonly store: KVController;
  readonly storage: Storage;
  /** When the controller was started, on the monotonic clock of `performance`. */
  readonly startedMs: number;
}

/** What `show json` prints, as of now. */
export function statusOf(sources: StatusSources): Status {
  const { settings, core, store, storage, startedMs } = sources;
  const { cluster, self, peers, level, storeType, storeAddress } = settings;
  const { scheme, recovery, replica } = core;
  const reads = serviceOf(readTroubleOf(core, settings));
  const writes = serviceOf(writeTroubleOf(core));
  const { instance, instances, emptied } = recovery.watch;
  const { isRunning, isFull, tookMs, ...refill } = recovery.refill;
  return {
    cluster,
    controller: self,
    address: nameOf(peers[self]!),
    version: VERSION,
    level,
    ready: reads.ready && writes.ready,
    reason: reads.reason || writes.reason,
    reads,
    writes,
    uptimeSeconds: Math.round((performance.now() - startedMs) / 100) / 10,
    view: viewOf(core),
    time: timeOf(core),
    requests: { pending: scheme.pending, completed: scheme.completed },
    keys: storage.journal.keys,
    store: {
      type: storeType,
      address: storeType === 'custom' ? '' : nameOf(storeAddress),
      up: store.state.up,
      reason: store.state.up ? '' : store.state.reason,
      instance: instance ?? '',
      instances,
      emptied,
    },
    refill: { ...refill, running: isRunning, full: isFull, tookMs: Math.round(tookMs) },
    values: {
      ...replica.counters,
      fromPeers: recovery.repairs.fetched,
      lost: recovery.repairs.gone,
    },
    journal: storage.status(),
    peers: peers.map((_, peer) => peerStatus(sources, peer)),
  };
}

function serviceOf(trouble: string): Service {
  return { ready: trouble === '', reason: trouble };
}

function viewOf({ view, leaseLeftMs, peers }: Core): Status['view'] {
  return {
    ballot: view === null ? '' : ballotName(view.ballot),
    members: view?.members.map((member) => member.node) ?? [],
    reason: view?.reason ?? '',
    leaseLeftMs: leaseLeftMs === null || !Number.isFinite(leaseLeftMs) ? null : Math.round(leaseLeftMs),
    suspected: peers.silent,
  };
}

function timeOf({ time: { cluster } }: Core): Status['time'] {
  return { nowMs: cluster.agreedMs, reason: cluster.isAgreed ? '' : cluster.trouble };
}

function peerStatus(sources: StatusSources, id: number): PeerStatus {
  const { settings, core } = sources;
  const self = id === settings.self;
  const { peers: known, sync } = core;
  return {
    id,
    address: nameOf(settings.peers[id]!),
    up: self || known.isUp(id),
    self,
    lastHeardMs: self ? 0 : rounded(known.silentMs(id)),
    syncing: !self && sync.isSyncing(id),
    sync: self ? null : sync.progressOf(id),
    lastSyncMs: self ? null : rounded(sync.sinceSyncMs(id)),
    clockAheadMs: rounded(core.time.errorMsOf(id)),
    inStep: !self && core.roles.isInStep(id),
    role: self ? core.roles.own : roleOf(sources, id),
    storeTrouble: (self ? core.replica.storeTrouble() : known.heartbeat(id)?.storeTrouble) ?? '',
  };
}

function roleOf({ core, mesh }: StatusSources, id: number): string {
  const refusal = mesh.refusalOf(id);
  if (refusal !== null && !mesh.isUp(id)) return `refused: ${refusal}`;
  return core.peers.isUp(id) ? core.roles.of(id) : 'down';
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
