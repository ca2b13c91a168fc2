import { alignColumns } from '../../src/base/text-table.ts';
import { brief, type Goal } from '../goals.ts';
import { type Cell, figureOf, type Results, type Spread, spreadOf } from '../results.ts';

/** Renders the whole run as text. */
export function textReport(results: Results, goals: readonly Goal[]): string {
  const blocks = [
    machineLines(results),
    ...groupsOf(results.cells).map(([title, cells]) => [title, ...cellTable(cells)]),
    memoryTable(results),
    switchTable(results),
    ['goals', ...goalTable(goals)],
    list(
      'skipped',
      results.skipped.map(({ what, why }) => `${what}: ${why}`),
    ),
    list('failures', results.failures),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

export function machineLines({ date, commit, machine, options, cells }: Results): string[] {
  const foreign = spreadOf(cells.flatMap((cell) => cell.rounds.map(({ foreignCpu }) => foreignCpu)));
  const { cpu, cores, memoryBytes, kernel, fileSystem, loadAverage, versions } = machine;
  return [
    `${date}, commit ${commit}; ${options.rounds} rounds of ${options.seconds} s, median (least-most)`,
    `${cores} cores, ${cpu}, ${(memoryBytes / 1e9).toFixed(1)} GB, ${kernel}, ${fileSystem}; ` +
      `load average at the start ${loadAverage.map((one) => one.toFixed(2)).join(' ')}`,
    cells.length === 0
      ? 'nothing was measured'
      : `other work took ${percent(foreign.median)} of the CPU during the measurements ` +
        `(${percent(foreign.least)}-${percent(foreign.most)}): the less, the better they are`,
    Object.entries(versions)
      .map(([program, version]) => `${program}: ${version}`)
      .join('; '),
  ];
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** The cells by group and scenario, in the order of the run. */
export function groupsOf(cells: readonly Cell[]): [title: string, cells: Cell[]][] {
  const groups = Map.groupBy(cells, ({ group, title }) => `${group}: ${title}`);
  return [...groups];
}

function cellTable(cells: readonly Cell[]): string[] {
  const head = ['', 'per second', 'p50 µs', 'p99 µs', 'p99.9 µs', 'CPU µs/op', 'of it front', 'loader'];
  const rows = cells.map((cell) => [
    cell.subject,
    withRange(figureOf(cell, 'perSecond')),
    brief(figureOf(cell, 'p50Us').median),
    withRange(figureOf(cell, 'p99Us')),
    brief(figureOf(cell, 'p999Us').median),
    brief(figureOf(cell, 'cpuUs').median),
    brief(figureOf(cell, 'frontCpuUs').median),
    brief(figureOf(cell, 'loaderCpuUs').median),
  ]);
  return alignColumns([head, ...rows]).map((line) => `  ${line}`);
}

function memoryTable({ memory }: Results): string[] {
  if (memory.length === 0) return [];
  const head = ['', 'keys', 'idle', 'of it private', 'with its keys', 'of it private'];
  const rows = memory.map(({ subject, keys, idle, loaded }) => [
    subject,
    ...[keys, idle.bytes, idle.privateBytes, loaded.bytes, loaded.privateBytes].map(brief),
  ]);
  const lines = alignColumns([head, ...rows]).map((line) => `  ${line}`);
  return ['resident memory of the largest controller, bytes', ...lines];
}

export const SWITCH_COLUMNS = ['', 'seconds', 'longest wait ms', 'requests meanwhile', 'failed'];

/** One row for each change of level. */
export function switchRows({ switches = [] }: Results): string[][] {
  return switches.map(({ from, to, seconds, longestWaitMs, requests, failed, firstError }) => [
    `${from} to ${to}`,
    seconds.toFixed(2),
    longestWaitMs.toFixed(0),
    String(requests),
    failed === 0 ? '0' : `${failed} ${firstError}`,
  ]);
}

function switchTable(results: Results): string[] {
  const rows = switchRows(results);
  if (rows.length === 0) return [];
  return [SWITCHES_TITLE, ...alignColumns([SWITCH_COLUMNS, ...rows]).map((line) => `  ${line}`)];
}

export const SWITCHES_TITLE = 'changes of level while twelve clients read and write';

function goalTable(goals: readonly Goal[]): string[] {
  const rows = goals.map(({ what, target, ratio, met, detail }) => [
    what,
    target,
    ratio === null ? '-' : ratio.toFixed(2),
    wordFor(met),
    detail,
  ]);
  return alignColumns([['', 'target', 'measured', '', 'of'], ...rows]).map((line) => `  ${line}`);
}

export function wordFor(met: boolean | null): string {
  if (met === null) return '-';
  return met ? 'met' : 'NOT MET';
}

export function withRange({ median, least, most }: Spread): string {
  return least === most ? brief(median) : `${brief(median)} (${brief(least)}-${brief(most)})`;
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}
