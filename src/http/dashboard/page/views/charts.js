/** The charts of the overview: which figures, over which time, of which controllers. */

import { h, KeyedList, setAttribute, setText } from '../dom.js';
import { bytes, count, duration, percent } from '../format.js';
import { chart } from './chart.js';
import { panelHead, swatch } from './parts.js';

/** @typedef {import('../live.js').Snapshot} Snapshot */

/** @param {readonly number[]} values */
const sum = (values) => values.reduce((total, one) => total + one, 0);
/** @param {readonly number[]} values */
const largest = (values) => Math.max(...values);
/** @param {readonly number[]} values */
const mean = (values) => sum(values) / values.length;
/** @param {string} figure @returns {import('./chart.js').ChartKind['values']} */
const just = (figure) => (column) => column(figure);

/** @type {readonly import('./chart.js').ChartKind[]} */
const KINDS = [
  {
    title: 'Operations a second',
    help: 'Keys read and writes made by clients, by the controller that they asked.',
    text: count,
    total: sum,
    topMin: 10,
    values: just('operations'),
  },
  {
    title: 'Hits',
    help: 'The share of keys asked for that had an entry.',
    text: percent,
    total: mean,
    topMin: 1,
    topMax: 1,
    values: (column) => {
      const misses = column('misses');
      return column('hits').map((hits, index) => {
        const asked = (hits ?? 0) + (misses[index] ?? 0);
        return hits === null || asked === 0 ? null : hits / asked;
      });
    },
  },
  {
    title: 'Latency, median',
    help: 'Half of the requests of each second were answered within this time.',
    text: duration,
    total: largest,
    topMin: 1,
    values: just('p50Ms'),
  },
  {
    title: 'Latency, 99 %',
    help: '99 of 100 requests of each second were answered within this time.',
    text: duration,
    total: largest,
    topMin: 1,
    values: just('p99Ms'),
  },
  {
    title: 'Errors a second',
    help: 'Requests that were answered with a server error.',
    text: count,
    total: sum,
    topMin: 4,
    values: just('errors'),
  },
  {
    title: 'Staleness',
    help: 'How long ago each controller had all that the peers that it hears have told of.',
    text: duration,
    total: largest,
    topMin: 100,
    values: just('behindMs'),
  },
  {
    title: 'Memory',
    help: 'Memory of the process of each controller.',
    text: bytes,
    total: sum,
    topMin: 1e8,
    values: just('memoryBytes'),
  },
  {
    title: 'Disk',
    help: 'Bytes of the journals on disk.',
    text: bytes,
    total: sum,
    topMin: 1e4,
    values: just('diskBytes'),
  },
];

const MINUTES = [2, 5, 10];

export function chartsView() {
  /** @type {Set<number>} */
  const hidden = new Set();
  const charts = KINDS.map((kind) => ({ kind, ...chart(kind) }));
  /** @type {Snapshot | null} */
  let shown = null;
  let minutes = 5;
  const redraw = () => shown !== null && update(shown);
  const legend = legendOf(hidden, redraw);
  const range = rangeChoice(minutes, (chosen) => {
    minutes = chosen;
    redraw();
  });
  const table = figuresTable();
  const node = h(
    'section',
    { class: 'panel', 'aria-label': 'Charts' },
    panelHead('The last minutes', legend.node, range),
    h('div', { class: 'charts' }, ...charts.map((one) => one.node)),
    table.node,
  );

  /** @param {Snapshot} snapshot */
  const update = (snapshot) => {
    shown = snapshot;
    const { controllers, history, marks } = snapshot;
    const end = history.end ?? Math.floor(Date.now() / 1000);
    const seconds = minutes * 60;
    const from = end - seconds + 1;
    const times = Array.from({ length: seconds }, (_, index) => from + index);
    const ids = controllers.map(({ id }) => id);
    const all = charts.map(({ kind, update: draw }) => {
      const columns = ids.map((id) => kind.values((figure) => history.column(id, figure, from, seconds)));
      draw({ times, ids, columns, hidden, marks });
      return columns;
    });
    legend.update(ids);
    table.update(ids, all);
  };
  return {
    node,
    update,
    repaint() {
      for (const one of charts) one.repaint();
    },
  };
}

/**
 * @param {Set<number>} hidden
 * @param {() => void} onChange
 */
function legendOf(hidden, onChange) {
  const node = h('div', { class: 'legend', role: 'group', 'aria-label': 'Controllers that are drawn' });
  const list = new KeyedList(
    node,
    (/** @type {number} */ id) => `${id}`,
    (id) => {
      const onclick = () => {
        if (!hidden.delete(id)) hidden.add(id);
        setAttribute(button, 'aria-pressed', `${!hidden.has(id)}`);
        onChange();
      };
      const button = h(
        'button',
        { type: 'button', 'aria-pressed': 'true', onclick },
        swatch(id),
        `Controller ${id}`,
      );
      return { node: button, update() {} };
    },
  );
  return { node, update: (/** @type {readonly number[]} */ ids) => list.update(ids) };
}

/**
 * @param {number} chosen
 * @param {(minutes: number) => void} onChoice
 */
function rangeChoice(chosen, onChoice) {
  const choices = MINUTES.map((minutes) =>
    h(
      'label',
      {},
      h('input', {
        type: 'radio',
        name: 'range',
        value: `${minutes}`,
        checked: minutes === chosen,
        onchange: () => onChoice(minutes),
      }),
      `${minutes} min`,
    ),
  );
  return h(
    'fieldset',
    { class: 'segments' },
    h('legend', { class: 'visually-hidden' }, 'Time shown'),
    ...choices,
  );
}

/** The newest figures as a table: for screen readers, for copying, and for whoever prefers numbers. */
function figuresTable() {
  const head = h('tr');
  const rows = KINDS.map(({ title }) => h('tr', {}, h('th', { scope: 'row' }, title)));
  const table = h('table', {}, h('thead', {}, head), h('tbody', {}, ...rows));
  const node = h(
    'details',
    { class: 'figures-table' },
    h('summary', {}, 'The newest figures as a table'),
    h('div', { class: 'scroll' }, table),
  );
  return {
    node,
    /**
     * @param {readonly number[]} ids
     * @param {readonly (readonly (readonly (number | null)[])[])[]} all the columns of each chart
     */
    update(ids, all) {
      if (head.children.length !== ids.length + 1) {
        const names = ids.map((id) => h('th', { scope: 'col', class: 'number' }, `Controller ${id}`));
        head.replaceChildren(h('th', { scope: 'col' }, 'Figure'), ...names);
        for (const row of rows) {
          while (row.children.length > 1) row.lastElementChild?.remove();
          row.append(...ids.map(() => h('td', { class: 'number' })));
        }
      }
      rows.forEach((row, place) => {
        ids.forEach((_, column) => {
          const newest = all[place]?.[column]?.slice(-4).findLast((value) => value !== null) ?? null;
          const cell = row.children[column + 1];
          if (cell !== undefined) setText(cell, KINDS[place]?.text(newest) ?? '');
        });
      });
    },
  };
}
