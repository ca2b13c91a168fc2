import type { ControllerId } from '../../base/number-kinds.ts';
import type { SyncProgress } from '../../replication/exchange/anti-entropy.ts';
import type { Group } from '../../replication/group.ts';
import type { PeerLag } from '../../replication/peer-lags.ts';
import type { RefillFigures } from '../../replication/restore/refill.ts';
import type { ControllerParts } from '../controller-parts.ts';
import type { Core } from '../core.ts';
import { type OneKeyspace, partsHere } from '../status/keyspace-service.ts';

/** Figures of all groups with entries, as of one. */

export function sumOf({ groups }: Core, figureOf: (group: Group) => number): number {
  return groups.withEntries.reduce((sum, group) => sum + figureOf(group), 0);
}

/** The group that tells of what all groups share: the store, and the memory for hot entries. */
export function firstOf({ groups }: Core): Group {
  return groups.withEntries[0];
}

/** The refills of the store: all groups fill it at the same time, each with its entries. */
export function refillFiguresOf(core: Core): RefillFigures {
  const all = core.groups.withEntries.map(({ recovery }) => recovery.refill);
  if (all.length === 1) return all[0]!;
  const sum = (of: (figures: RefillFigures) => number) =>
    all.reduce((total, figures) => total + of(figures), 0);
  return {
    isRunning: all.some(({ isRunning }) => isRunning),
    reason: all.map(({ reason }) => reason).find((reason) => reason !== '') ?? '',
    done: sum(({ done }) => done),
    total: sum(({ total }) => total),
    fromJournal: sum(({ fromJournal }) => fromJournal),
    fromPeers: sum(({ fromPeers }) => fromPeers),
    tookMs: Math.max(...all.map(({ tookMs }) => tookMs)),
    isFull: all.some(({ isFull }) => isFull),
  };
}

export interface ExchangesWithPeer {
  readonly isUnderWay: boolean;
  /** Null when nothing has come yet. */
  readonly progress: SyncProgress | null;
  /** Milliseconds since the last of them was completed; null: never. */
  readonly sinceMs: number | null;
}

/** The exchanges with one peer, in all groups. */
export function exchangesWith({ groups }: Core, peer: ControllerId): ExchangesWithPeer {
  const exchanges = groups.withEntries.map(({ scheme }) => scheme.exchange);
  const progress = exchanges.flatMap((exchange) => exchange.progressOf(peer) ?? []);
  const since = exchanges.flatMap((exchange) => exchange.sinceExchangeMs(peer) ?? []);
  return {
    isUnderWay: exchanges.some((exchange) => exchange.hasExchangeWith(peer)),
    progress: progress.length === 0 ? null : progress.reduce(add),
    sinceMs: since.length === 0 ? null : Math.min(...since),
  };
}

function add(a: SyncProgress, b: SyncProgress): SyncProgress {
  return { writes: a.writes + b.writes, total: a.total + b.total };
}

/** How far this controller is behind one peer: in the group in which it is furthest behind. */
export function lagBehind({ groups }: Core, peer: ControllerId): PeerLag {
  const lags = groups.withEntries.filter((group) => group.has(peer)).map((group) => group.lags.of(peer));
  const times = lags.flatMap(({ ms }) => ms ?? []);
  return {
    writes: lags.reduce((sum, { writes }) => sum + writes, 0),
    ms: times.length === lags.length ? Math.max(...times) : null,
  };
}

export interface LargestLag {
  readonly writes: number;
  readonly ms: number;
}

/**
 * How far this controller is behind the peer that it is furthest behind. The time behind a peer that has not been heard
 * counts from the start of this run.
 */
export function largestLag(parts: ControllerParts): LargestLag {
  return largestOf(parts, (peer) => lagBehind(parts.core, peer));
}

/** The same without the peers that are not heard: how far behind them it is, nobody here can know. */
export function largestLagOfHeard(parts: ControllerParts): LargestLag {
  const { core, mesh } = parts;
  return largestOf(parts, (peer) => (mesh.isUp(peer) ? lagBehind(core, peer) : NOT_BEHIND));
}

const NOT_BEHIND: PeerLag = { writes: 0, ms: 0 };

/** The same for the entries of one keyspace, as far as this controller has them. */
export function largestLagIn(parts: ControllerParts, keyspace: OneKeyspace): LargestLag {
  const lags = partsHere(keyspace).map(({ group }) =>
    largestOf(parts, (peer) => (group.has(peer) ? group.lags.of(peer) : NOT_BEHIND)),
  );
  return {
    writes: Math.max(0, ...lags.map(({ writes }) => writes)),
    ms: Math.max(0, ...lags.map(({ ms }) => ms)),
  };
}

function largestOf(
  { core, clock, startedMs }: ControllerParts,
  lagOf: (peer: ControllerId) => PeerLag,
): LargestLag {
  const sinceStartMs = clock.nowMs() - startedMs;
  const lags = core.peers.ids.map(lagOf);
  return {
    writes: Math.max(0, ...lags.map(({ writes }) => writes)),
    ms: Math.max(0, ...lags.map(({ ms }) => ms ?? sinceStartMs)),
  };
}
