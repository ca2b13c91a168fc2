/** The cluster in one sentence, with what is wrong, and the facts beside it. */

import { h, icon, KeyedList, setAttribute, setIcon, setText, show } from '../dom.js';
import { count, counted, duration } from '../format.js';
import { judge } from '../model.js';
import { factList } from './parts.js';

/** @typedef {import('../live.js').Snapshot} Snapshot */

export function healthView() {
  const symbol = icon('unknown');
  const title = h('h1', {}, 'Asking the controllers');
  const sentence = h('p', { class: 'muted' });
  const list = h('ul', { class: 'notes' });
  const notes = new KeyedList(
    list,
    (/** @type {string} */ text) => text,
    (text) => ({ node: h('li', {}, h('span', {}, text)), update() {} }),
  );
  const facts = factList('facts', ['Level', 'View', 'Members', 'View since', 'Keys', 'Pending writes']);
  const body = h('div', {}, title, sentence, list);
  const node = h(
    'section',
    { class: 'panel health', 'aria-label': 'Health' },
    h('div', { class: 'health-line' }, symbol, body),
    facts.node,
  );
  return {
    node,
    /** @param {Snapshot} snapshot */
    update({ controllers }) {
      const verdict = judge(controllers);
      setIcon(symbol, verdict.state);
      setAttribute(symbol, 'class', `icon state-${verdict.state}`);
      setText(title, verdict.title);
      setText(sentence, verdict.sentence);
      notes.update([...new Set(verdict.notes)]);
      setAttribute(list, 'class', `notes state-${verdict.state}`);
      show(list, verdict.notes.length > 0);
      facts.update(factsOf(controllers));
    },
  };
}

/** @param {readonly import('../model.js').Controller[]} controllers */
function factsOf(controllers) {
  const statuses = controllers.flatMap(({ status }) => status ?? []);
  if (statuses.length === 0) return [];
  const levels = [...new Set(statuses.flatMap(({ keyspaces }) => keyspaces.map(({ level }) => level)))];
  const newest = statuses.reduce((most, one) => (viewNumber(one) > viewNumber(most) ? one : most));
  const { view } = newest;
  const hasView = view.ballot !== '';
  return [
    levels.length === 1 ? (levels[0] ?? '') : counted(levels.length, 'level'),
    hasView ? view.ballot : 'none',
    hasView ? view.members.join(', ') : '–',
    duration(view.ageMs),
    count(Math.max(...statuses.map(({ keys }) => keys))),
    count(statuses.reduce((sum, { requests }) => sum + requests.pending, 0)),
  ];
}

/** @param {import('../model.js').Status} status */
function viewNumber({ view }) {
  return Number.parseInt(view.ballot, 10) || 0;
}
