import { alignColumns } from '../../src/base/text-table.ts';
import { type Cell, type Figure, figureOf, findCell, type Results, type Spread } from '../results.ts';
import { withRange } from './text-report.ts';

/**
 * Compares two runs cell by cell. A figure has changed when the ranges of its rounds do not overlap. With
 * three rounds that sometimes happens by chance, so a real change should show in more than one place.
 */
export function compare(before: Results, after: Results): string {
  const rows = after.cells.flatMap((now) => {
    const then = findCell(before.cells, now.group, now.scenario, now.subject);
    return then === null ? [] : [rowOf(then, now)];
  });
  const head = ['', 'per second before', 'after', 'ratio', '', 'CPU µs/op before', 'after', 'ratio', ''];
  const warning =
    before.machine.cpu === after.machine.cpu && before.machine.kernel === after.machine.kernel
      ? []
      : ['the machines differ: only ratios within each run mean something'];
  const lines = [
    `before: ${before.commit}, ${before.date}`,
    `after:  ${after.commit}, ${after.date}`,
    ...warning,
    ...(rows.length === 0 ? ['nothing was measured in both'] : alignColumns([head, ...rows])),
  ];
  return `${lines.join('\n')}\n`;
}

function rowOf(then: Cell, now: Cell): string[] {
  const name = `${now.group} ${now.scenario}: ${now.subject}`;
  return [name, ...change(then, now, 'perSecond'), ...change(then, now, 'cpuUs')];
}

function change(then: Cell, now: Cell, figure: Figure): string[] {
  const [before, after] = [figureOf(then, figure), figureOf(now, figure)];
  const ratio = (after.median / before.median).toFixed(2);
  return [withRange(before), withRange(after), ratio, directionOf(before, after)];
}

export function directionOf(before: Spread, after: Spread): 'more' | 'less' | '' {
  if (after.least > before.most) return 'more';
  return after.most < before.least ? 'less' : '';
}
