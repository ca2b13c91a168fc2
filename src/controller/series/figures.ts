import type { ControllerParts } from '../controller-parts.ts';
import { largestLagOfHeard } from '../metrics/group-figures.ts';
import { METRICS } from '../metrics/metrics.ts';

/**
 * The figures of which a controller remembers the last minutes, as the dashboard draws them. `rate`: of a
 * counter, its growth a second. `level`: the figure as it is. `quantile`: the time within which this share of
 * the requests was answered that were answered since the last sample.
 */
export type SampledFigure =
  | { readonly kind: 'rate' | 'level'; readonly read: (parts: ControllerParts) => number }
  | { readonly kind: 'quantile'; readonly share: number };

export const SAMPLED_FIGURES = {
  /** Keys read and written by clients. */
  operations: { kind: 'rate', read: (parts) => readsOf(parts) + writesOf(parts) },
  reads: { kind: 'rate', read: readsOf },
  writes: { kind: 'rate', read: writesOf },
  hits: { kind: 'rate', read: METRICS.get_hits.read },
  misses: { kind: 'rate', read: METRICS.get_misses.read },
  errors: { kind: 'rate', read: METRICS.memchorus_errors.read },
  /** In milliseconds, of requests for entries. */
  p50Ms: { kind: 'quantile', share: 0.5 },
  p99Ms: { kind: 'quantile', share: 0.99 },
  /** A peer that is down does not count: its absence is told elsewhere, and would cover up all else. */
  behindMs: { kind: 'level', read: (parts) => Math.round(largestLagOfHeard(parts).ms) },
  pendingWrites: { kind: 'level', read: METRICS.memchorus_requests_pending.read },
  connections: { kind: 'level', read: METRICS.curr_connections.read },
  memoryBytes: { kind: 'level', read: () => process.memoryUsage.rss() },
  diskBytes: { kind: 'level', read: METRICS.memchorus_journal_disk_bytes.read },
} as const satisfies Readonly<Record<string, SampledFigure>>;

export type FigureName = keyof typeof SAMPLED_FIGURES;

export const FIGURE_NAMES = Object.keys(SAMPLED_FIGURES) as readonly FigureName[];

function readsOf({ statistics: { counts } }: ControllerParts): number {
  return counts.cmd_get;
}

/** A touch counts as a write: all replicas change the expiry. */
function writesOf({ statistics: { counts } }: ControllerParts): number {
  const deletes = counts.delete_hits + counts.delete_misses;
  const arithmetic = counts.incr_hits + counts.incr_misses + counts.decr_hits + counts.decr_misses;
  return counts.cmd_set + counts.cmd_touch + deletes + arithmetic;
}
