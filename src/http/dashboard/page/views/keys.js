/** Keys: one on all replicas side by side, and the keys that are read most and that are largest. */

import { h, KeyedList, setAttribute, setText, show } from '../dom.js';
import { bytes, count, readableKey } from '../format.js';
import { notice, panelHead } from './parts.js';
import { replicasTable, verdictLine } from './replicas.js';

/** Lists of keys are asked for again after this time, in milliseconds. */
const LISTS_EVERY_MS = 5_000;

/** Keys that a list shows. */
const LISTED_MAX = 12;

/** A key has at most this many characters. */
const KEY_LENGTH_MAX = 250;

/** @typedef {{ key: string, value: number, text: string, note: string }} ListedKey */

/** @param {import('../source.js').Source} source */
export function keysView(source) {
  const input = h('input', {
    id: 'key',
    name: 'key',
    type: 'text',
    maxlength: `${KEY_LENGTH_MAX}`,
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    required: true,
  });
  const failed = notice();
  const result = h('div', { class: 'part' });
  const hint = h(
    'p',
    { class: 'empty' },
    'Type a key to see what every controller holds for it: version, expiry, size, and whether all agree.',
  );
  const form = h(
    'form',
    { class: 'inspect', onsubmit: (event) => submit(event) },
    h('label', { class: 'field', for: 'key' }, 'Key', input),
    h('button', { type: 'submit', class: 'primary' }, 'Inspect'),
  );

  /** @param {string} key */
  const inspect = async (key) => {
    input.value = key;
    failed.clear();
    try {
      const answer = await source.get(`/v1/keys/${encodeURIComponent(key)}/replicas`);
      result.replaceChildren(verdictLine(answer), h('div', { class: 'scroll' }, replicasTable(answer)));
      show(hint, false);
    } catch (error) {
      result.replaceChildren();
      failed.say('bad', /** @type {Error} */ (error).message);
    }
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    const hash = `#/keys?key=${encodeURIComponent(input.value)}`;
    if (location.hash === hash) void inspect(input.value);
    else location.hash = hash;
  };

  const hot = keyList(
    'Hot keys',
    'Asked for most often, by a sample of the last minute.',
    'Operations a second',
    NO_HOT,
  );
  const large = keyList('Large keys', 'The largest values, by the last look at all keys.', 'Size', NO_LARGE);
  const panel = h(
    'section',
    { class: 'panel', 'aria-label': 'One key on all replicas' },
    panelHead('One key on all replicas'),
    h('div', { class: 'panel-body part' }, form, failed.node, result, hint),
  );
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return {
    node: h(
      'div',
      { class: 'part' },
      h('h1', { class: 'visually-hidden' }, 'Keys'),
      panel,
      h('div', { class: 'pair' }, hot.node, large.node),
    ),
    inspect,
    async refresh() {
      if (performance.now() - askedAtMs < LISTS_EVERY_MS) return;
      askedAtMs = performance.now();
      await Promise.all([
        hot.refresh(source, '/v1/hot-keys', hotOf),
        large.refresh(source, '/v1/large-keys', largeOf),
      ]);
    },
  };
}

const NO_HOT = 'No key stands out yet. Hot keys are listed here once clients read.';
const NO_LARGE = 'No large value has been seen yet. The largest are listed here once clients write.';

/** @param {any} one @returns {ListedKey} */
function hotOf(one) {
  return {
    key: one.key,
    value: one.readsPerSecond,
    text: count(one.readsPerSecond),
    note: one.keyspace ?? '',
  };
}

/** @param {any} one @returns {ListedKey} */
function largeOf({ key, keyspace, valueBytes }) {
  return { key, value: valueBytes, text: bytes(valueBytes), note: `keyspace ${keyspace}` };
}

/**
 * @param {string} title
 * @param {string} help
 * @param {string} column
 * @param {string} none
 */
function keyList(title, help, column, none) {
  const body = h('tbody');
  const empty = h('p', { class: 'empty' }, none);
  const rows = new KeyedList(
    body,
    (/** @type {ListedKey & { largest: number }} */ { key }) => key,
    listedKey,
  );
  const table = h(
    'table',
    { class: 'listed' },
    h('caption', { class: 'visually-hidden' }, title),
    h(
      'thead',
      {},
      h('tr', {}, h('th', { scope: 'col' }, 'Key'), h('th', { scope: 'col', class: 'number' }, column)),
    ),
    body,
  );
  const node = h(
    'section',
    { class: 'panel', 'aria-label': title },
    panelHead(title, h('p', {}, help)),
    table,
    empty,
  );
  show(table, false);
  return {
    node,
    /**
     * @param {import('../source.js').Source} source
     * @param {string} path
     * @param {(one: any) => ListedKey} read
     */
    async refresh(source, path, read) {
      const answer = await source.get(path).catch((error) => ({ failed: error.message, keys: [] }));
      /** @type {ListedKey[]} */
      const keys = answer.keys.slice(0, LISTED_MAX).map(read);
      const largest = Math.max(0, ...keys.map(({ value }) => value));
      rows.update(keys.map((one) => ({ ...one, largest })));
      setText(empty, answer.failed ?? none);
      show(table, keys.length > 0);
      show(empty, keys.length === 0);
    },
  };
}

/** @param {ListedKey & { largest: number }} first */
function listedKey({ key }) {
  const value = h('td', { class: 'number' });
  const bar = h('i');
  const link = h(
    'a',
    {
      class: 'key',
      href: `#/keys?key=${key.replaceAll('+', '%2B').replaceAll('&', '%26').replaceAll('#', '%23')}`,
    },
    readableKey(key),
  );
  const node = h('tr', {}, h('td', {}, link, h('div', { class: 'bar', 'aria-hidden': 'true' }, bar)), value);
  return {
    node,
    /** @param {ListedKey & { largest: number }} now */
    update(now) {
      setText(value, now.text);
      setAttribute(value, 'title', now.note);
      bar.style.width = `${now.largest === 0 ? 0 : (100 * now.value) / now.largest}%`;
    },
  };
}
