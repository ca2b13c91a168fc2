/** One key on all controllers, side by side. */

import { h, icon } from '../dom.js';
import { dateAndTime, duration, exact, readableKey } from '../format.js';
import { swatch } from './parts.js';

/**
 * @typedef {object} KeyHere what one controller holds
 * @property {string} keyspace
 * @property {string} level
 * @property {'entry' | 'deleted' | 'expired' | 'none' | 'elsewhere'} state
 * @property {string | null} version
 * @property {string | null} writtenAt
 * @property {number | null} writtenBy
 * @property {string | null} expiresAt null for never
 * @property {number | null} valueBytes
 * @property {number | null} flags
 * @property {string | null} digest
 * @property {string | null} valueIn
 *
 * @typedef {object} KeyOnReplicas
 * @property {string} key
 * @property {boolean | null} agree null while it cannot be told
 * @property {{ controller: number, address: string, reason: string, holds: KeyHere | null }[]} replicas
 */

/** @type {Record<string, string>} */
const STATES = {
  entry: 'has an entry',
  deleted: 'deleted',
  expired: 'expired',
  none: 'not known here',
  elsewhere: 'in a shard of other controllers',
};

/** @type {readonly { name: string, compared: boolean, text: (holds: KeyHere) => string }[]} */
const FIELDS = [
  { name: 'State', compared: true, text: ({ state }) => STATES[state] ?? state },
  { name: 'Version', compared: true, text: ({ version }) => version ?? '–' },
  { name: 'Written', compared: false, text: ({ writtenAt }) => timeText(writtenAt, '–') },
  {
    name: 'Written at',
    compared: false,
    text: ({ writtenBy }) => (writtenBy === null ? '–' : `controller ${writtenBy}`),
  },
  {
    name: 'Expires',
    compared: true,
    text: ({ expiresAt, state }) => (state === 'entry' ? timeText(expiresAt, 'never') : '–'),
  },
  {
    name: 'Bytes',
    compared: true,
    text: ({ valueBytes }) => (valueBytes === null ? '–' : `${exact(valueBytes)}`),
  },
  { name: 'Flags', compared: true, text: ({ flags }) => (flags === null ? '–' : `${flags}`) },
  {
    name: 'SHA-256 of the value',
    compared: true,
    text: ({ digest }) => (digest === null ? '–' : digest.slice(0, 16)),
  },
  { name: 'Value found in', compared: false, text: ({ valueIn }) => valueIn ?? '–' },
];

/** @param {KeyOnReplicas} answer */
export function replicasTable(answer) {
  const { replicas } = answer;
  const heads = replicas.map(({ controller, address }) =>
    h(
      'th',
      { scope: 'col' },
      h('span', { class: 'with-icon' }, swatch(controller), `Controller ${controller}`),
      h('div', { class: 'muted mono' }, address),
    ),
  );
  const rows = FIELDS.map(({ name, compared, text }) => {
    const texts = replicas.map(({ holds }) => (holds === null ? '' : text(holds)));
    const usual = mostFrequent(texts.filter((one) => one !== ''));
    const cells = texts.map((one, index) => {
      if (one === '')
        return h(
          'td',
          { class: 'muted' },
          name === 'State' ? `did not answer: ${replicas[index]?.reason}` : '',
        );
      if (!compared || one === usual) return h('td', { class: 'mono' }, one);
      return h('td', { class: 'mono differs' }, one, h('span', { class: 'mark' }, 'differs'));
    });
    return h('tr', {}, h('th', { scope: 'row' }, name), ...cells);
  });
  return h(
    'table',
    { class: 'replicas' },
    h('caption', { class: 'visually-hidden' }, `The key ${readableKey(answer.key)} on all controllers`),
    h('thead', {}, h('tr', {}, h('td'), ...heads)),
    h('tbody', {}, ...rows),
  );
}

/**
 * Whether the replicas agree, in a sentence.
 *
 * @param {KeyOnReplicas} answer
 * @returns {{ state: import('../model.js').State, sentence: string }}
 */
export function verdictOf({ replicas, agree }) {
  const answered = replicas.flatMap(({ holds }) => holds ?? []);
  const [first] = answered;
  if (first === undefined) return { state: 'bad', sentence: 'No controller answered.' };
  const place = `Keyspace ${first.keyspace}, ${first.level}.`;
  if (agree === false) {
    const hint = ['causal', 'eventual'].includes(first.level)
      ? 'At this level that is so for a moment after a write; look again.'
      : 'A write may be on its way; look again.';
    return { state: 'warn', sentence: `The replicas differ. ${hint} ${place}` };
  }
  const isUnknown = answered.every(({ state }) => state === 'none');
  const known = isUnknown ? 'None of them knows the key.' : '';
  if (answered.length < replicas.length) {
    const who =
      answered.length === 1
        ? 'Only one controller answered.'
        : `The ${answered.length} controllers that answered agree.`;
    return { state: 'warn', sentence: [who, known, place].filter((part) => part !== '').join(' ') };
  }
  if (isUnknown)
    return {
      state: 'unknown',
      sentence: `No controller knows the key: it was never written, or is forgotten. ${place}`,
    };
  return { state: 'ok', sentence: `All ${answered.length} replicas agree. ${place}` };
}

/** @param {KeyOnReplicas} answer */
export function verdictLine(answer) {
  const { state, sentence } = verdictOf(answer);
  const symbol = icon(state);
  symbol.setAttribute('class', `icon state-${state}`);
  return h('div', { class: `notice is-${state}`, role: 'status' }, symbol, h('p', {}, sentence));
}

/**
 * @param {string | null} time
 * @param {string} otherwise
 */
function timeText(time, otherwise) {
  if (time === null) return otherwise;
  const ms = Date.parse(time);
  const from = ms - Date.now();
  const relative = from > 0 ? `in ${duration(from)}` : `${duration(-from)} ago`;
  return `${dateAndTime(ms)} (${relative})`;
}

/** @param {readonly string[]} texts */
function mostFrequent(texts) {
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
}
