import { brief, type Goal } from '../goals.ts';
import { type Cell, type Figure, figureOf, type Results } from '../results.ts';
import { barChart, escapeHtml } from './bar-chart.ts';
import {
  groupsOf,
  machineLines,
  SWITCH_COLUMNS,
  SWITCHES_TITLE,
  switchRows,
  wordFor,
} from './text-report.ts';

const STYLE = `
:root {
  color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #667; --line: #ccd;
  --own: #2f6fde; --other: #aab2bf; --good: #197a3e; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e8eb; --paper: #15181c; --faint: #99a; --line: #345;
    --own: #6ea0ff; --other: #566070; --good: #5fd08a; --bad: #ff8a80;
  }
}
body {
  font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1040px; margin: 2em auto; padding: 0 1em;
}
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
h3 { font-size: 1em; margin: 0 0 .3em; font-weight: 500; }
p, li { color: var(--faint); } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25em .8em .25em 0; border-bottom: 1px solid var(--line); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 1em 2em; }
svg { width: 100%; height: auto; } svg text { font-size: 13px; fill: var(--ink); }
.own { fill: var(--own); } .other { fill: var(--other); } svg line { stroke: var(--ink); stroke-width: 1.5; }
.met { color: var(--good); } .missed { color: var(--bad); }
`;

/** Renders the results as one HTML file that loads nothing else. */
export function pageOf(results: Results, goals: readonly Goal[]): string {
  const groups = groupsOf(results.cells).map(([title, cells]) => chartsOf(title, cells));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>memchorus, measured</title><style>${STYLE}</style></head><body>
<h1>memchorus, measured</h1>
${machineLines(results)
  .map((line) => `<p>${escapeHtml(line)}</p>`)
  .join('\n')}
<h2>Goals</h2>
${goalTable(goals)}
<h2>Who is who</h2>
<ul>${Object.entries(results.subjects)
    .map(([name, what]) => `<li><b>${escapeHtml(name)}</b>: ${escapeHtml(what)}</li>`)
    .join('\n')}</ul>
${groups.join('\n')}
${memoryTable(results)}
${switchTable(results)}
${listOf(
  'Skipped',
  results.skipped.map(({ what, why }) => `${what}: ${why}`),
)}
${listOf('Failures', results.failures)}
</body></html>
`;
}

function chartsOf(title: string, cells: readonly Cell[]): string {
  const charts: [Figure, string][] = [
    ['perSecond', 'operations per second'],
    ['p99Us', 'p99, µs'],
    ['cpuUs', 'CPU of all its processes per operation, µs'],
    ['p50Us', 'p50, µs'],
  ];
  const drawn = charts.map(([figure, name]) => {
    const bars = cells.map((cell) => {
      const own = cell.subject.startsWith('memchorus');
      return { label: cell.subject, spread: figureOf(cell, figure), own };
    });
    return `<div><h3>${name}</h3>${barChart(`${title}: ${name}`, bars)}</div>`;
  });
  return `<h2>${escapeHtml(title)}</h2><div class="charts">${drawn.join('\n')}</div>`;
}

function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ what, target, ratio, met, detail }) => {
    const mark = met === null ? '' : ` class="${met ? 'met' : 'missed'}"`;
    const shown = ratio === null ? '-' : ratio.toFixed(2);
    const cells = [escapeHtml(what), target, shown].map((cell) => `<td>${cell}</td>`).join('');
    return `<tr>${cells}<td${mark}>${wordFor(met)}</td><td>${escapeHtml(detail)}</td></tr>`;
  });
  return `<table><tr><th></th><th>target</th><th>measured</th><th></th><th>of</th></tr>${rows.join('\n')}</table>`;
}

const MEMORY_COLUMNS = ['', 'keys', 'idle', 'of it private', 'with its keys', 'of it private'];

function memoryTable({ memory }: Results): string {
  if (memory.length === 0) return '';
  const rows = memory.map(({ subject, keys, idle, loaded }) => {
    const sizes = [idle.bytes, idle.privateBytes, loaded.bytes, loaded.privateBytes].map(brief);
    return `<tr>${[escapeHtml(subject), brief(keys), ...sizes].map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<h2>Resident memory of the largest controller, bytes</h2>
<table><tr>${MEMORY_COLUMNS.map((name) => `<th>${name}</th>`).join('')}</tr>${rows.join('\n')}</table>`;
}

function switchTable(results: Results): string {
  const rows = switchRows(results).map((row) => rowOf('td', row));
  if (rows.length === 0) return '';
  return `<h2>${SWITCHES_TITLE}</h2>\n<table>${rowOf('th', SWITCH_COLUMNS)}${rows.join('\n')}</table>`;
}

function rowOf(tag: 'td' | 'th', cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
}

function listOf(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<h2>${title}</h2><ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}</ul>`;
}
