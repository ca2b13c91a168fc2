/** The dialogs that change a keyspace: another level, another prefix, one more, one less. */

import { h, setText, show } from '../dom.js';
import { capital } from '../format.js';
import { isOrderedLevel, LEVELS, SCHEMES } from '../model.js';
import { notice } from './parts.js';

/** @typedef {ReturnType<typeof import('../model.js').keyspacesOf>[number]} Row */

/**
 * What is sent to the controller.
 *
 * @typedef {object} Change
 * @property {'PUT' | 'DELETE'} method
 * @property {string} name of the keyspace
 * @property {unknown} [body]
 */

/**
 * @typedef {object} Form
 * @property {string} submit the words of the button that sends it
 * @property {(row: Row | null) => string} title
 * @property {string} hint
 * @property {readonly Node[]} fields
 * @property {(row: Row | null) => void} fill what the fields hold at first
 * @property {(row: Row | null) => Change | null} read null where nothing would change
 */

/**
 * @param {import('../source.js').Source} source
 * @param {ReturnType<typeof notice>} told
 */
export function keyspaceDialogs(source, told) {
  const level = levelFields('changed');
  const prefix = textField('Keys that begin with', 'keyspace-prefix', 64);
  const dialogs = {
    level: formDialog(source, told, {
      submit: 'Change the level',
      title: (row) => `Level of the keyspace ${row?.name}`,
      hint: 'Clients stay connected. Requests under way are answered by the level that they began with.',
      fields: level.nodes,
      fill: (row) => level.fill(row),
      read: (row) => {
        const { level: chosen, scheme } = level.read();
        const isSame =
          row?.levels.length === 1 && row.levels[0] === chosen && row.scheme === (scheme ?? null);
        return isSame ? null : { method: 'PUT', name: row?.name ?? '', body: { level: chosen, scheme } };
      },
    }),
    prefix: formDialog(source, told, {
      submit: 'Change the prefix',
      title: (row) => `Prefix of the keyspace ${row?.name}`,
      hint: 'Keys that leave the keyspace get the level of the keyspace with the next shorter prefix, and no key is lost.',
      fields: [prefix.node],
      fill: (row) => prefix.fill(row?.prefix ?? ''),
      read: (row) =>
        row?.prefix === prefix.read()
          ? null
          : { method: 'PUT', name: row?.name ?? '', body: { prefix: prefix.read() } },
    }),
    add: addDialog(source, told),
    remove: formDialog(source, told, {
      submit: 'Remove the keyspace',
      title: (row) => `Remove the keyspace ${row?.name}?`,
      hint: 'Its keys stay. They get the level of the keyspace with the next shorter prefix.',
      fields: [],
      fill: () => {},
      read: (row) => ({ method: 'DELETE', name: row?.name ?? '' }),
    }),
  };
  return { ...dialogs, nodes: Object.values(dialogs).map(({ node }) => node) };
}

/**
 * @param {import('../source.js').Source} source
 * @param {ReturnType<typeof notice>} told
 */
function addDialog(source, told) {
  const name = textField('Name', 'keyspace-name', 32);
  const prefix = textField('Keys that begin with', 'new-keyspace-prefix', 64);
  const level = levelFields('added');
  return formDialog(source, told, {
    submit: 'Add the keyspace',
    title: () => 'Add a keyspace',
    hint: 'The keys that begin like this get the level that is chosen here. No key is lost.',
    fields: [name.node, prefix.node, ...level.nodes],
    fill: () => {
      name.fill('');
      prefix.fill('');
      level.fill(null);
    },
    read: () => ({ method: 'PUT', name: name.read(), body: { prefix: prefix.read(), ...level.read() } }),
  });
}

/**
 * @param {import('../source.js').Source} source
 * @param {ReturnType<typeof notice>} told
 * @param {Form} form
 */
function formDialog(source, told, form) {
  const id = `dialog-${form.submit.toLowerCase().replaceAll(' ', '-')}`;
  const title = h('h2', { id });
  const failed = notice();
  const apply = h('button', { type: 'submit', class: 'primary' }, form.submit);
  /** @type {Row | null} */
  let row = null;

  /** @param {Event} event */
  const send = async (event) => {
    event.preventDefault();
    const change = form.read(row);
    if (change === null) {
      node.close();
      return;
    }
    apply.disabled = true;
    setText(apply, 'Changing …');
    try {
      const path = `/v1/keyspaces/${encodeURIComponent(change.name)}`;
      const answer = await source.send(change.method, path, change.body);
      node.close();
      told.say('ok', outcomeOf(change.name, row, answer));
    } catch (error) {
      failed.say('bad', `Nothing was changed. ${capital(/** @type {Error} */ (error).message)}`);
    } finally {
      apply.disabled = false;
      setText(apply, form.submit);
    }
  };

  /** @type {HTMLDialogElement} */
  const node = h(
    'dialog',
    { 'aria-labelledby': id },
    h(
      'form',
      { method: 'dialog', onsubmit: (event) => void send(event) },
      title,
      h('p', { class: 'muted' }, form.hint),
      ...form.fields,
      failed.node,
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'button', onclick: () => node.close() }, 'Cancel'),
        apply,
      ),
    ),
  );

  return {
    node,
    /** @param {Row | null} chosen the keyspace that is changed; null for none */
    open(chosen) {
      row = chosen;
      told.clear();
      failed.clear();
      setText(title, form.title(chosen));
      form.fill(chosen);
      node.showModal();
      /** @type {HTMLElement | null} */ (node.querySelector('input:checked, input[type="text"]'))?.focus();
    },
  };
}

/**
 * @param {string} label
 * @param {string} id
 * @param {number} length at most
 */
function textField(label, id, length) {
  const input = h('input', {
    type: 'text',
    id,
    required: true,
    maxlength: String(length),
    autocomplete: 'off',
    spellcheck: 'false',
  });
  return {
    node: h('label', { class: 'field', for: id }, label, input),
    read: () => input.value,
    /** @param {string} text */
    fill: (text) => {
      input.value = text;
    },
  };
}

/**
 * The choice of a level, and at an ordered one of its scheme.
 *
 * @param {string} id
 */
function levelFields(id) {
  const levels = h('fieldset', {}, h('legend', { class: 'visually-hidden' }, 'Level'));
  const schemes = h('fieldset', {}, h('legend', {}, 'How it is replicated'));
  /** @param {HTMLElement} fieldset */
  const chosenIn = (fieldset) =>
    /** @type {HTMLInputElement | null} */ (fieldset.querySelector('input:checked'))?.value ?? '';
  const onLevel = () => show(schemes, isOrderedLevel(chosenIn(levels)));
  levels.addEventListener('change', onLevel);

  /**
   * @param {HTMLElement} fieldset
   * @param {string} name of the radio buttons
   * @param {readonly { name: string, promise: string }[]} all
   * @param {{ first: string, isNow: boolean }} chosen
   */
  const offer = (fieldset, name, all, { first, isNow }) => {
    while (fieldset.children.length > 1) fieldset.lastElementChild?.remove();
    for (const one of all) {
      const isFirst = one.name === first;
      const label = isFirst && isNow ? `${one.name} (now)` : one.name;
      fieldset.append(
        h(
          'label',
          { class: 'choice' },
          h('input', { type: 'radio', name, value: one.name, checked: isFirst }),
          h('span', { class: 'level' }, label),
          h('span', { class: 'promise' }, one.promise),
        ),
      );
    }
  };

  return {
    nodes: [levels, schemes],
    /** @returns {{ level: string, scheme?: string }} */
    read: () => {
      const level = chosenIn(levels);
      return isOrderedLevel(level) ? { level, scheme: chosenIn(schemes) } : { level };
    },
    /** @param {Row | null} row the keyspace as it is; null for a new one */
    fill: (row) => {
      offer(levels, `level-${id}`, LEVELS, { first: row?.levels[0] ?? 'eventual', isNow: row !== null });
      const scheme = row?.scheme ?? null;
      offer(schemes, `scheme-${id}`, SCHEMES, { first: scheme ?? 'broadcast', isNow: scheme !== null });
      onLevel();
    },
  };
}

/**
 * What has become of a change, in sentences.
 *
 * @param {string} name
 * @param {Row | null} row as it was before; null for a new one
 * @param {any} answer the keyspaces that hold now
 */
function outcomeOf(name, row, { keyspaces, unaware, move }) {
  if (move?.keyspace === name)
    return `The change of ${name} has begun. It holds once all controllers have the entries at the new level.`;
  const late = unaware.length === 0 ? '' : ` ${unaware.join(', ')} may not know it yet.`;
  const held = keyspaces.find((/** @type {Row} */ one) => one.name === name);
  if (held === undefined) return `${capital(name)} is removed.${late}`;
  const before =
    row === null || row.levels.includes(held.level) ? '' : `, and was at ${row.levels.join(', then ')}`;
  const prefix = row === null || row.prefix !== held.prefix ? `, with the prefix ${held.prefix}` : '';
  return `${capital(name)} is at ${held.level} now${prefix}${before}.${late}`;
}
