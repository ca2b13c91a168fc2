/** The keyspaces with their levels, and how far the change of one has come. */

import { h, KeyedList, setText, show } from '../dom.js';
import { capital, exact } from '../format.js';
import { keyspacesOf, LEVELS, moveOf, movePartsOf, moveText } from '../model.js';
import { keyspaceDialogs } from './keyspace-dialogs.js';
import { notice, panelHead, stateMark } from './parts.js';

/** @typedef {ReturnType<typeof keyspacesOf>[number]} Row */

/** @param {import('../source.js').Source} source */
export function keyspacesView(source) {
  const told = notice();
  const dialogs = keyspaceDialogs(source, told);
  const move = movePanel(source, told);
  const body = h('tbody');
  const rows = new KeyedList(
    body,
    (/** @type {Row} */ { name }) => name,
    (first) => keyspaceRow(first, dialogs),
  );
  const alone = h(
    'p',
    { class: 'empty' },
    'There is one keyspace, so all keys have the same level. Add one here, or configure it: ',
    h('code', {}, '--keyspace sessions=session::causal'),
  );
  const heads = [
    'Keyspace',
    'Keys that begin with',
    'Level',
    'Keys',
    'Reads',
    'Writes',
    'Errors',
    'State',
    '',
  ];
  const table = h(
    'table',
    { class: 'keyspaces' },
    h('caption', { class: 'visually-hidden' }, 'Keyspaces and their levels'),
    h('thead', {}, h('tr', {}, ...heads.map((head, index) => h('th', headProps(head, index), head)))),
    body,
  );
  const panel = h(
    'section',
    { class: 'panel', 'aria-label': 'Keyspaces' },
    panelHead(
      'Keyspaces',
      h('p', {}, 'The longest prefix that a key begins with decides on its level.'),
      h('button', { type: 'button', onclick: () => dialogs.add.open(null) }, 'Add a keyspace'),
    ),
    h('div', { class: 'scroll' }, table),
    alone,
  );
  return {
    node: h(
      'div',
      { class: 'part' },
      h('h1', { class: 'visually-hidden' }, 'Keyspaces'),
      told.node,
      move.node,
      panel,
      levelsPanel(),
      ...dialogs.nodes,
    ),
    /** @param {import('../live.js').Snapshot} snapshot */
    update({ controllers }) {
      const keyspaces = keyspacesOf(controllers);
      rows.update(keyspaces);
      move.update(controllers);
      show(alone, keyspaces.length === 1);
    },
  };
}

/** What each level promises. */
function levelsPanel() {
  const rows = LEVELS.map(({ name, promise }) =>
    h('tr', {}, h('th', { scope: 'row', class: 'level' }, name), h('td', { class: 'muted' }, promise)),
  );
  const table = h(
    'table',
    { class: 'promises' },
    h('caption', { class: 'visually-hidden' }, 'What each level promises'),
    h('tbody', {}, ...rows),
  );
  return h(
    'section',
    { class: 'panel', 'aria-label': 'Levels' },
    panelHead('What the levels promise'),
    table,
  );
}

/**
 * @param {string} head
 * @param {number} index
 * @returns {Record<string, string>}
 */
function headProps(head, index) {
  const isNumber = index >= 3 && index <= 6;
  return {
    scope: 'col',
    ...(isNumber && { class: 'number' }),
    ...(head === '' && { 'aria-label': 'Change' }),
  };
}

/**
 * @param {Row} first
 * @param {ReturnType<typeof keyspaceDialogs>} dialogs
 */
function keyspaceRow(first, dialogs) {
  let shown = first;
  const mark = stateMark();
  const level = h('span', { class: 'level' });
  const cells = [0, 1, 2, 3].map(() => h('td', { class: 'number' }));
  /**
   * @param {string} words
   * @param {string} label
   * @param {{ open: (row: Row) => void }} dialog
   */
  const button = (words, label, dialog) =>
    h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        onclick: () => dialog.open(shown),
        'aria-label': `${label} ${first.name}`,
      },
      words,
    );
  const ofOthers = [
    button('Prefix', 'Change the prefix of', dialogs.prefix),
    button('Remove', 'Remove', dialogs.remove),
  ];
  const prefix = h('span', { class: 'key' });
  const node = h(
    'tr',
    {},
    h('th', { scope: 'row' }, first.name),
    h('td', {}, prefix),
    h('td', {}, level),
    ...cells,
    h('td', {}, mark.node),
    h(
      'td',
      { class: 'number' },
      button('Level', 'Change the level of', dialogs.level),
      ...(first.name === 'default' ? [] : ofOthers),
    ),
  );
  return {
    node,
    /** @param {Row} row */
    update(row) {
      shown = row;
      setText(prefix, row.prefix === '' ? 'anything else' : row.prefix);
      prefix.className = row.prefix === '' ? 'muted' : 'key';
      setText(level, `${row.levels.join(', then ')}${row.scheme === 'chain' ? ' (chain)' : ''}`);
      [row.keys, row.reads, row.writes, row.errors].forEach((value, index) => {
        const cell = cells[index];
        if (cell !== undefined) setText(cell, exact(value));
      });
      if (row.trouble !== '') mark.update('bad', row.trouble);
      else if (row.levels.length > 1) mark.update('warn', 'level changes');
      else mark.update('ok', 'served');
    },
  };
}

/**
 * The change that is under way, with the part of each controller in it.
 *
 * @param {import('../source.js').Source} source
 * @param {ReturnType<typeof notice>} told
 */
function movePanel(source, told) {
  const title = h('p');
  const parts = h('ul');
  const lines = new KeyedList(
    parts,
    (/** @type {ReturnType<typeof movePartsOf>[number]} */ { address }) => address,
    () => {
      const node = h('li');
      return {
        node,
        /** @param {ReturnType<typeof movePartsOf>[number]} part */
        update: ({ text }) => setText(node, text),
      };
    },
  );
  let name = '';
  const cancel = async () => {
    try {
      await source.send('PUT', `/v1/keyspaces/${encodeURIComponent(name)}`, { level: 'cancel' });
      told.say('ok', `The change of ${name} is cancelled.`);
    } catch (error) {
      told.say('bad', `The change was not cancelled. ${capital(/** @type {Error} */ (error).message)}`);
    }
  };
  const button = h('button', { type: 'button', onclick: () => void cancel() }, 'Cancel the change');
  const node = h(
    'section',
    { class: 'panel', 'aria-label': 'The change that is under way', hidden: true },
    panelHead('A change is under way', button),
    title,
    parts,
  );
  return {
    node,
    /** @param {readonly import('../model.js').Controller[]} controllers */
    update(controllers) {
      const move = moveOf(controllers);
      show(node, move !== null);
      if (move === null) return;
      name = move.keyspace;
      setText(title, moveText(move));
      lines.update(movePartsOf(move));
      show(button, move.phase !== 'settling');
    },
  };
}
