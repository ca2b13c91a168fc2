import { alignColumns } from '../../base/text-table.ts';
import { PHASE_NAMES, type RequestPhase } from '../../consistency/request-phases.ts';
import { SLOW_REQUESTS_KEPT_MS, type SlowRequest } from '../../consistency/slow-requests.ts';
import type { ControllerParts } from '../controller-parts.ts';

/** The slow requests of one controller, as JSON tells them. Fields are only ever added. */
export interface SlowRequestsReport {
  /** A request that takes as long counts as slow, in milliseconds; 0 where none does. */
  readonly slowRequestMs: number;
  /** For how long a slow request is kept, in seconds. */
  readonly keptSeconds: number;
  /** Slow requests since the start of this run. */
  readonly total: number;
  /** How many are kept. */
  readonly kept: number;
  /** The slowest first. */
  readonly requests: readonly SlowRequestReport[];
}

export interface SlowRequestReport extends Omit<SlowRequest, 'arrivedMs'> {
  /** ISO 8601, by the clock of this machine. */
  readonly arrivedAt: string;
}

/** @param count how many are told at most; null for all that are kept */
export function slowRequestsOf(
  { core, settings }: Pick<ControllerParts, 'core' | 'settings'>,
  count: number | null,
): SlowRequestsReport {
  const { slow } = core.coordinator.times;
  const kept = slow.list();
  const told = count === null ? kept : kept.slice(0, count);
  return {
    slowRequestMs: settings.slowRequestMs,
    keptSeconds: SLOW_REQUESTS_KEPT_MS / 1000,
    total: slow.total,
    kept: kept.length,
    requests: told.map(reportOf),
  };
}

/** Times are told to the microsecond. */
function reportOf({ arrivedMs, tookMs, phasesMs, ...rest }: SlowRequest): SlowRequestReport {
  const phases = PHASE_NAMES.map((name) => [name, toMicroseconds(phasesMs[name])]);
  return {
    arrivedAt: new Date(arrivedMs).toISOString(),
    tookMs: toMicroseconds(tookMs),
    phasesMs: Object.fromEntries(phases) as Record<RequestPhase, number>,
    ...rest,
  };
}

function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Renders the report as a human-readable table. Times are in milliseconds. */
export function renderSlowRequests(report: SlowRequestsReport): string {
  const { slowRequestMs, total, kept, requests } = report;
  if (slowRequestMs === 0) return 'slow requests  none are kept, since slow_request_time is 0';
  const minutes = report.keptSeconds / 60;
  const shown = requests.length < kept ? `, the slowest ${requests.length} of them` : '';
  const slow = `${kept} of the last ${minutes} minutes, of ${slowRequestMs} ms or more${shown}`;
  const head = `slow requests  ${slow}; ${total} since the start`;
  if (requests.length === 0) return head;
  return [head, '', ...alignColumns([COLUMNS, ...requests.map(rowOf)])].join('\n');
}

const COLUMNS = [
  ...['TIME', 'MS', 'COMMAND', 'KEY', 'LEVEL', 'CLIENT'],
  ...PHASE_NAMES.map((name) => name.toUpperCase()),
  'ANSWER',
] as const;

function rowOf(request: SlowRequestReport): readonly string[] {
  const { arrivedAt, tookMs, phasesMs, command, key, keys, level, client, answer } = request;
  const further = keys > 1 ? ` and ${keys - 1} more` : '';
  return [
    arrivedAt,
    msText(tookMs),
    command,
    key === '' ? '-' : `${key}${further}`,
    level ?? '-',
    client === '' ? 'gone' : client,
    ...PHASE_NAMES.map((name) => msText(phasesMs[name])),
    answer,
  ];
}

/** A phase that took no time that could be measured is a dash, so that the others stand out. */
function msText(ms: number): string {
  return ms === 0 ? '-' : ms.toFixed(1);
}
