/** What has happened, the newest first: views, failures, refills, changes of level, in sentences. */

import { h, icon, KeyedList, show } from '../dom.js';
import { iconOf, sentenceOf } from '../events.js';
import { clock, dateAndTime } from '../format.js';
import { panelHead, swatch } from './parts.js';

/**
 * @typedef {import('../events.js').Event} Event
 * @typedef {{ event: Event, controllers: number[] }} Happening
 */

export function timelineView() {
  const list = h('ol', {
    class: 'timeline',
    role: 'log',
    'aria-label': 'Events, the newest first',
    tabindex: '0',
  });
  const rows = new KeyedList(list, keyOf, row);
  const empty = h(
    'p',
    { class: 'empty' },
    'Nothing has happened since the page looks. Views, failures, refills and changes of level will be listed here.',
  );
  const only = h('input', { type: 'checkbox', id: 'warnings-only' });
  /** @type {readonly Event[]} */
  let known = [];
  const refresh = () => {
    const shown = only.checked ? known.filter(({ severity }) => severity === 'warn') : known;
    rows.update(happenings(shown));
    show(list, shown.length > 0);
    show(empty, shown.length === 0);
  };
  only.addEventListener('change', refresh);
  const node = h(
    'section',
    { class: 'panel', 'aria-label': 'Time line' },
    panelHead('What happened', h('label', { class: 'with-icon muted' }, only, 'warnings only')),
    list,
    empty,
  );
  refresh();
  return {
    node,
    /** @param {import('../live.js').Snapshot} snapshot */
    update({ events }) {
      if (events === known) return;
      known = events;
      refresh();
    },
  };
}

/** @param {Happening} happening */
function keyOf({ event, controllers }) {
  return `${event.key} ${controllers.join()}`;
}

/** The same of several controllers within this time is one line, in milliseconds. */
const SAME_WITHIN_MS = 5_000;

/**
 * Joins what several controllers say of the same happening.
 *
 * @param {readonly Event[]} events the newest first
 * @returns {Happening[]}
 */
function happenings(events) {
  /** @type {Happening[]} */
  const all = [];
  for (const event of events) {
    const same = all.findLast(
      (one) => one.event.atMs - event.atMs < SAME_WITHIN_MS && isSame(one.event, event),
    );
    if (same !== undefined && !same.controllers.includes(event.controller))
      same.controllers.push(event.controller);
    else all.push({ event, controllers: [event.controller] });
  }
  return all;
}

/**
 * @param {Event} a
 * @param {Event} b
 */
function isSame(a, b) {
  return a.message === b.message && JSON.stringify(a.fields) === JSON.stringify(b.fields);
}

/** @param {Happening} happening */
function row({ event, controllers }) {
  const { title, more } = sentenceOf(event);
  const mark = iconOf(event);
  const symbol = icon(mark.icon);
  symbol.setAttribute('class', `icon state-${mark.state}`);
  const datetime = new Date(event.atMs).toISOString();
  const time = h('time', { datetime, title: dateAndTime(event.atMs) }, clock(event.atMs));
  const ids = controllers.toSorted((a, b) => a - b);
  const noun = ids.length === 1 ? 'controller' : 'controllers';
  const node = h(
    'li',
    {},
    time,
    symbol,
    h('p', {}, title, more === '' ? null : h('span', { class: 'more' }, ` · ${more}`)),
    h('span', { class: 'who' }, ...ids.map(swatch), `${noun} ${ids.join(', ')}`),
  );
  return { node, update() {} };
}
