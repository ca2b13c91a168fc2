import { bytesText } from '../../../base/text-table.ts';
import { pause, statsOf, type ViewPorts } from './view.ts';

const INTERVAL_MS = 1000;

/** The heading is repeated after so many lines. */
const LINES_PER_HEADING = 20;

type Figures = ReadonlyMap<string, string>;

/** `--stat`: a line of figures in each interval; rates are those of the interval. */
export async function statView({ session, options, write, signal }: ViewPorts): Promise<void> {
  const intervalMs = options.intervalMs ?? INTERVAL_MS;
  let before: Sample | null = null;
  for (let line = 0; !signal.aborted; line++) {
    const figures = await statsOf(session);
    const sample = { figures, atMs: performance.now() };
    if (line % LINES_PER_HEADING === 0) await write(`${cells(HEADING)}\n`);
    await write(`${cells(rowOf(sample, before))}\n`);
    before = sample;
    await pause(Math.max(intervalMs, 10), signal);
  }
}

interface Sample {
  readonly figures: Figures;
  readonly atMs: number;
}

const HEADING = ['keys', 'memory', 'clients', 'reads/s', 'writes/s', 'hits', 'errors/s', 'pending', 'behind'];

/** The counters whose sum is the reads, and the writes, of clients. */
const READS = ['cmd_get', 'cmd_touch'];
const WRITES = [
  'cmd_set',
  'incr_hits',
  'incr_misses',
  'decr_hits',
  'decr_misses',
  'delete_hits',
  'delete_misses',
];

/** Without an earlier sample there are no rates. */
export function rowOf(now: Sample, before: Sample | null): string[] {
  const { figures } = now;
  const rate = (names: readonly string[]): string => {
    if (before === null) return '-';
    const seconds = (now.atMs - before.atMs) / 1000;
    return `${Math.max(0, Math.round((sum(figures, names) - sum(before.figures, names)) / seconds))}`;
  };
  const stored = figures.get('bytes');
  return [
    figures.get('curr_items') ?? '-',
    stored === undefined ? '-' : bytesText(Number(stored)),
    figures.get('curr_connections') ?? '-',
    rate(READS),
    rate(WRITES),
    hitsOf(figures, before?.figures ?? null),
    rate(['memchorus_errors']),
    figures.get('memchorus_requests_pending') ?? '-',
    figures.get('memchorus_behind_writes') ?? '-',
  ];
}

function hitsOf(now: Figures, before: Figures | null): string {
  if (before === null) return '-';
  const hits = sum(now, ['get_hits']) - sum(before, ['get_hits']);
  const all = hits + sum(now, ['get_misses']) - sum(before, ['get_misses']);
  return all <= 0 ? '-' : `${Math.round((hits / all) * 100)}%`;
}

function sum(figures: Figures, names: readonly string[]): number {
  return names.reduce((total, name) => total + Number(figures.get(name) ?? 0), 0);
}

function cells(row: readonly string[]): string {
  return row
    .map((cell) => cell.padEnd(10))
    .join('')
    .trimEnd();
}
