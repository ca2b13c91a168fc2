import { brief } from '../goals.ts';
import type { Spread } from '../results.ts';

export interface Bar {
  readonly label: string;
  readonly spread: Spread;
  /** Bars of memchorus are drawn in the accent colour. */
  readonly own: boolean;
}

const WIDTH = 640;
const LABEL_WIDTH = 210;
const VALUE_WIDTH = 70;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 14;

/** Draws horizontal bars to the medians, with a thin line from the least to the most, as an SVG element. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const largest = Math.max(...bars.map(({ spread }) => spread.most));
  const x = (value: number) => LABEL_WIDTH + (value / largest) * (WIDTH - LABEL_WIDTH - VALUE_WIDTH);
  const rows = bars.map(({ label, spread, own }, row) => {
    const top = row * ROW_HEIGHT + (ROW_HEIGHT - BAR_HEIGHT) / 2;
    const middle = top + BAR_HEIGHT / 2;
    const width = round(x(spread.median) - LABEL_WIDTH);
    return `<text x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escapeHtml(label)}</text>
<rect x="${LABEL_WIDTH}" y="${top}" width="${width}" height="${BAR_HEIGHT}" class="${own ? 'own' : 'other'}"/>
<line x1="${round(x(spread.least))}" x2="${round(x(spread.most))}" y1="${middle}" y2="${middle}"/>
<text x="${round(x(spread.most)) + 6}" y="${middle + 4}">${brief(spread.median)}</text>`;
  });
  const height = bars.length * ROW_HEIGHT;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${rows.join('\n')}</svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
