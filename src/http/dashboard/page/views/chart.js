/** One chart over the last minutes: a line for each controller, drawn by uPlot, and its figures in words. */

import { h, setAttribute, setText } from '../dom.js';
import { clock } from '../format.js';
import { colorOf } from '../theme.js';
import { DASHES, seriesIndex, swatch } from './parts.js';

/** @type {typeof import('uplot')} */
const UPlot = /** @type {any} */ (globalThis).uPlot;

const HEIGHT = 132;

/**
 * @typedef {object} ChartKind
 * @property {string} title
 * @property {string} help one sentence, for a pointer and for screen readers
 * @property {(value: number | null) => string} text
 * @property {(values: readonly number[]) => number} total what stands for all controllers, of those that have a figure
 * @property {(column: (figure: string) => (number | null)[]) => (number | null)[]} values
 * @property {number} topMin the axis reaches at least up to here
 * @property {number} [topMax] the axis never reaches higher
 *
 * @typedef {object} ChartData
 * @property {readonly number[]} times seconds since 1970
 * @property {readonly number[]} ids the controllers
 * @property {readonly (readonly (number | null)[])[]} columns one for each controller
 * @property {ReadonlySet<number>} hidden controllers that are not drawn
 * @property {readonly number[]} marks seconds at which something happened
 */

/** @param {ChartKind} kind */
export function chart(kind) {
  const now = h('span', { class: 'chart-now' }, '–');
  const plot = h('div', { class: 'chart-plot', role: 'img' });
  const readout = h('div', { class: 'chart-readout', 'aria-hidden': 'true' });
  const node = h(
    'figure',
    { class: 'chart' },
    h('div', { class: 'chart-head' }, h('h3', { title: kind.help }, kind.title), now),
    plot,
    readout,
  );
  /** @type {import('uplot') | null} */
  let drawn = null;
  let drawnFor = '';
  /** @type {ChartData | null} */
  let data = null;
  const read = readouts(readout, kind);

  /** @param {ChartData} next */
  const update = (next) => {
    data = next;
    if (plot.clientWidth === 0) return;
    const wanted = next.ids.join();
    if (drawn === null || wanted !== drawnFor) {
      drawn?.destroy();
      drawn = create(plot, kind, next.ids, () => data?.marks ?? [], onCursor);
      drawnFor = wanted;
    }
    next.ids.forEach((id, index) => {
      const isShown = !next.hidden.has(id);
      if (drawn?.series[index + 1]?.show !== isShown) drawn?.setSeries(index + 1, { show: isShown });
    });
    drawn.setData(/** @type {any} */ ([next.times, ...next.columns]));
    describe();
  };

  const describe = () => {
    if (data === null) return;
    const newest = data.columns.map(newestOf);
    const known = newest.filter((value) => value !== null);
    const total = known.length === 0 ? null : kind.total(known);
    setText(now, kind.text(total));
    const all = data.columns.flat().filter((value) => value !== null);
    const range = all.length === 0 ? 'no figures yet' : `highest ${kind.text(Math.max(...all))}`;
    setAttribute(plot, 'aria-label', `${kind.title}: ${kind.text(total)} now, ${range}. ${kind.help}`);
    if (drawn === null || drawn.cursor.idx === null || drawn.cursor.idx === undefined) read(data, null);
  };

  /** @param {number | null} index */
  const onCursor = (index) => {
    if (data !== null) read(data, index);
  };

  new ResizeObserver(() => {
    if (drawn !== null && plot.clientWidth > 0) drawn.setSize({ width: plot.clientWidth, height: HEIGHT });
    else if (data !== null) update(data);
  }).observe(plot);

  /** The colours have changed. */
  const repaint = () => {
    drawn?.destroy();
    drawn = null;
    if (data !== null) update(data);
  };
  return { node, update, repaint };
}

/** @param {readonly (number | null)[]} column */
function newestOf(column) {
  for (let index = column.length - 1; index >= Math.max(0, column.length - 4); index--)
    if (column[index] !== null) return column[index] ?? null;
  return null;
}

/**
 * The line under a chart: the figures of each controller where the pointer is, or the newest ones.
 *
 * @param {HTMLElement} node
 * @param {ChartKind} kind
 */
function readouts(node, kind) {
  /** @type {Map<number, HTMLElement>} */
  const values = new Map();
  const time = h('span', { class: 'time' });
  /**
   * @param {ChartData} data
   * @param {number | null} index
   */
  return (data, index) => {
    if ([...values.keys()].join() !== data.ids.join()) {
      values.clear();
      for (const id of data.ids) values.set(id, h('span'));
      const parts = [...values].map(([id, value]) => h('span', { class: 'value' }, swatch(id), value));
      node.replaceChildren(...parts, time);
    }
    data.ids.forEach((id, place) => {
      const column = data.columns[place] ?? [];
      const value = index === null ? newestOf(column) : (column[index] ?? null);
      const cell = values.get(id);
      if (cell !== undefined) setText(cell, kind.text(value));
    });
    setText(time, index === null ? 'now' : clock((data.times[index] ?? 0) * 1000));
  };
}

/**
 * @param {HTMLElement} parent
 * @param {ChartKind} kind
 * @param {readonly number[]} ids
 * @param {() => readonly number[]} marksNow
 * @param {(index: number | null) => void} onCursor
 */
function create(parent, kind, ids, marksNow, onCursor) {
  const line = colorOf('--line');
  const muted = colorOf('--muted');
  const strong = colorOf('--line-strong');
  const font = '11px system-ui, sans-serif';
  return new UPlot(
    {
      width: parent.clientWidth,
      height: HEIGHT,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: 'memchorus' },
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: { size: 6 },
      },
      scales: { y: { range: (_, __, top) => [0, topOf(kind, top)] } },
      series: [{}, ...ids.map(lineOf)],
      axes: [
        {
          stroke: muted,
          font,
          size: 22,
          gap: 4,
          grid: { show: false },
          ticks: { show: false },
          space: 70,
          values: (_, splits) => splits.map((second) => clock(second * 1000).slice(0, 5)),
          incrs: [60, 120, 300],
        },
        {
          stroke: muted,
          font,
          size: 58,
          gap: 6,
          grid: { stroke: line, width: 1 },
          ticks: { show: false },
          splits: (_, __, ___, top) => [0, top / 2, top],
          values: (_, splits) => splits.map((value) => kind.text(value)),
        },
      ],
      hooks: {
        drawClear: [(plot) => drawMarks(plot, marksNow(), strong)],
        setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
      },
    },
    /** @type {any} */ ([[], ...ids.map(() => [])]),
    parent,
  );
}

/** @param {number} id */
function lineOf(id) {
  return {
    label: `controller ${id}`,
    stroke: colorOf(`--series-${seriesIndex(id)}`),
    width: 1.6,
    dash: DASHES[seriesIndex(id)] ?? [],
    spanGaps: false,
    points: { show: false },
  };
}

/**
 * A round number at or above the largest value, so that the axis moves seldom and its labels are short.
 *
 * @param {ChartKind} kind
 * @param {number | null} top
 */
function topOf({ topMin, topMax }, top) {
  const wanted = Math.max(topMin, top ?? 0);
  if (topMax !== undefined && wanted >= topMax) return topMax;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 4, 5, 8, 10].find((one) => one * power >= wanted) ?? 10;
  return step * power;
}

/**
 * @param {import('uplot')} plot
 * @param {readonly number[]} marks
 * @param {string} color
 */
function drawMarks(plot, marks, color) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const second of marks) {
    const x = Math.round(plot.valToPos(second, 'x', true));
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
