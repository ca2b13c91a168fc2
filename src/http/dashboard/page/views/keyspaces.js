/** The keyspaces with their levels, and the dialog that changes one. */

import { h, KeyedList, setText, show } from '../dom.js';
import { capital, exact } from '../format.js';
import { keyspacesOf, LEVELS } from '../model.js';
import { notice, panelHead, stateMark } from './parts.js';

/** @typedef {ReturnType<typeof keyspacesOf>[number]} Row */

/** @param {import('../source.js').Source} source */
export function keyspacesView(source) {
  const told = notice();
  const dialog = levelDialog(source, told);
  const body = h('tbody');
  const rows = new KeyedList(
    body,
    (/** @type {Row} */ { name }) => name,
    (first) => keyspaceRow(first, dialog.open),
  );
  const alone = h(
    'p',
    { class: 'empty' },
    'There is one keyspace, so all keys have the same level. More are configured with sections of config.ini, or with flags: ',
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
    panelHead('Keyspaces', h('p', {}, 'The longest prefix that a key begins with decides on its level.')),
    h('div', { class: 'scroll' }, table),
    alone,
  );
  return {
    node: h(
      'div',
      { class: 'part' },
      h('h1', { class: 'visually-hidden' }, 'Keyspaces'),
      told.node,
      panel,
      levelsPanel(),
      dialog.node,
    ),
    /** @param {import('../live.js').Snapshot} snapshot */
    update({ controllers }) {
      const keyspaces = keyspacesOf(controllers);
      rows.update(keyspaces);
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
 * @param {(row: Row) => void} open
 */
function keyspaceRow(first, open) {
  let shown = first;
  const mark = stateMark();
  const level = h('span', { class: 'level' });
  const cells = [0, 1, 2, 3].map(() => h('td', { class: 'number' }));
  const button = h(
    'button',
    {
      type: 'button',
      class: 'quiet',
      onclick: () => open(shown),
      'aria-label': `Change the level of ${first.name}`,
    },
    'Change level',
  );
  const prefix =
    first.prefix === ''
      ? h('span', { class: 'muted' }, 'anything else')
      : h('span', { class: 'key' }, first.prefix);
  const node = h(
    'tr',
    {},
    h('th', { scope: 'row' }, first.name),
    h('td', {}, prefix),
    h('td', {}, level),
    ...cells,
    h('td', {}, mark.node),
    h('td', { class: 'number' }, button),
  );
  return {
    node,
    /** @param {Row} row */
    update(row) {
      shown = row;
      setText(level, row.levels.join(', then '));
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
 * @param {import('../source.js').Source} source
 * @param {ReturnType<typeof notice>} told
 */
function levelDialog(source, told) {
  const title = h('h2', { id: 'level-title' });
  const choices = h('fieldset', {}, h('legend', { class: 'visually-hidden' }, 'Level'));
  const failed = notice();
  const apply = h('button', { type: 'submit', class: 'primary' }, 'Change the level');
  /** @type {Row | null} */
  let row = null;
  /** @type {HTMLDialogElement} */
  const node = h(
    'dialog',
    { 'aria-labelledby': 'level-title' },
    h(
      'form',
      { method: 'dialog', onsubmit: (event) => void change(event) },
      title,
      h(
        'p',
        { class: 'muted' },
        'Clients stay connected. Requests under way are answered by the level that they began with.',
      ),
      choices,
      failed.node,
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'button', onclick: () => node.close() }, 'Cancel'),
        apply,
      ),
    ),
  );

  /** @param {Event} event */
  const change = async (event) => {
    event.preventDefault();
    const level = new FormData(/** @type {HTMLFormElement} */ (event.target)).get('level');
    if (row === null || typeof level !== 'string') return;
    if (row.levels.length === 1 && row.levels[0] === level) {
      node.close();
      return;
    }
    apply.disabled = true;
    setText(apply, 'Changing …');
    try {
      const path = `/v1/keyspaces/${encodeURIComponent(row.name)}`;
      const answer = await source.send('PUT', path, { level });
      node.close();
      told.say('ok', outcomeOf(row, answer));
    } catch (error) {
      failed.say('bad', `The level was not changed. ${capital(/** @type {Error} */ (error).message)}`);
    } finally {
      apply.disabled = false;
      setText(apply, 'Change the level');
    }
  };

  /** @param {Row} chosen */
  const open = (chosen) => {
    row = chosen;
    told.clear();
    failed.clear();
    setText(title, `Level of the keyspace ${chosen.name}`);
    while (choices.children.length > 1) choices.lastElementChild?.remove();
    choices.append(...LEVELS.map(({ name, promise }) => choice(name, promise, chosen.levels[0] === name)));
    node.showModal();
    /** @type {HTMLElement | null} */ (choices.querySelector('input:checked'))?.focus();
  };
  return { node, open };
}

/**
 * @param {string} level
 * @param {string} promise
 * @param {boolean} isNow
 */
function choice(level, promise, isNow) {
  return h(
    'label',
    { class: 'choice' },
    h('input', { type: 'radio', name: 'level', value: level, checked: isNow }),
    h('span', { class: 'level' }, isNow ? `${level} (now)` : level),
    h('span', { class: 'promise' }, promise),
  );
}

/**
 * What has become of a change, in sentences.
 *
 * @param {Row} row as it was before
 * @param {any} answer the levels that hold now
 */
function outcomeOf({ name, levels }, { keyspaces, unaware, move }) {
  if (move?.keyspace === name)
    return `${capital(name)} moves to ${move.to.level}. Its level changes once all controllers have its entries there.`;
  const level = keyspaces.find((/** @type {Row} */ one) => one.name === name)?.level;
  const before = levels.includes(level) ? '' : `, and was at ${levels.join(', then ')}`;
  const late = unaware.length === 0 ? '' : ` ${unaware.join(', ')} may still go by the level before.`;
  return `${capital(name)} is at ${level} now${before}.${late}`;
}
