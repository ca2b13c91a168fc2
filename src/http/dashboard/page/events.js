/** Events of controllers, in sentences. What has no sentence here is shown as it was logged. */

import { counted, duration } from './format.js';

/**
 * @typedef {object} Event
 * @property {string} key unique in the cluster
 * @property {number} atMs milliseconds since 1970, by the clock of the controller
 * @property {number} number of its run of the controller
 * @property {number} controller
 * @property {'info' | 'warn'} severity
 * @property {string} message as in the log
 * @property {Record<string, unknown>} fields
 */

/** @typedef {Record<string, any>} Fields */

/** @type {Record<string, (fields: Fields) => [title: string, more?: string]>} */
const SENTENCES = {
  listening: ({ version, level }) => ['Controller started', `version ${version}, ${level}`],
  'view installed': ({ view, members, reason }) => [
    `View ${view} begins with ${controllers(members)}`,
    `${reason ?? ''}`,
  ],
  'proposing a view': ({ view, reason }) => [`Proposes view ${view}`, `${reason ?? ''}`],
  'this controller was left out of a newer view': ({ view }) => [
    'Left out of the view',
    `view ${view} goes on without it`,
  ],
  'peer is up': ({ peer }) => [`Hears ${peer}`],
  'peer is down': ({ peer }) => [`Does not hear ${peer} any more`],
  'peer is refused': ({ peer, reason }) => [`Refuses ${peer}`, `${reason ?? ''}`],
  'peer takes no writes': ({ peer, reason }) => [`${peer} takes no writes`, `${reason ?? ''}`],
  'peer takes writes again': ({ peer }) => [`${peer} takes writes again`],
  'the store of a peer is down': ({ peer, reason }) => [`The store of ${peer} is down`, `${reason ?? ''}`],
  'the store of a peer is back': ({ peer }) => [`The store of ${peer} is back`],
  'store is up': ({ store }) => ['Its store is up', `${store}`],
  'store is back': ({ store }) => ['Its store is back', `${store}`],
  'store is down': ({ store, reason }) => ['Its store is down', `${store}: ${reason}`],
  'the store is being filled': ({ keys, of, reason }) => [
    of === undefined
      ? `Refills its store: ${counted(Number(keys), 'key')}`
      : `Refills its store: ${keys} of ${of} keys`,
    `${reason ?? ''}`,
  ],
  'ready for reads and writes': ({ afterMs }) => [
    'Serves reads and writes',
    afterMs === undefined ? '' : `after ${duration(Number(afterMs))}`,
  ],
  'ready for reads, not for writes': (fields) => ['Serves reads only', waits(fields)],
  'ready for writes, not for reads': (fields) => ['Serves writes only', waits(fields)],
  'not ready for reads and writes': (fields) => ['Serves nothing', waits(fields)],
  'still not ready for reads and writes': (fields) => ['Still serves nothing', waits(fields)],
  'still ready for reads, not for writes': (fields) => ['Still serves reads only', waits(fields)],
  'the journal takes no writes': ({ reason }) => ['Its journal takes no writes', `${reason}`],
  'the journal takes writes again': () => ['Its journal takes writes again'],
  'the journal is compacted': () => ['Its journal is compacted'],
};

/** @type {readonly [RegExp, string][]} */
const ICONS = [
  [/view/, 'view'],
  [/level|placement/, 'level'],
  [/filled|refill/, 'refill'],
  [/ready for reads and writes|is back|again$|is up$/, 'ok'],
];

/**
 * @param {Event} event
 * @returns {{ title: string, more: string }}
 */
export function sentenceOf({ message, fields }) {
  const known = Object.hasOwn(SENTENCES, message) ? SENTENCES[message] : undefined;
  if (known !== undefined) {
    const [title, more = ''] = known(fields);
    return { title, more };
  }
  const more = Object.entries(fields).map(([name, value]) => `${name}: ${textOf(value)}`);
  return { title: message.charAt(0).toUpperCase() + message.slice(1), more: more.join(', ') };
}

/**
 * @param {Event} event
 * @returns {{ icon: string, state: import('./model.js').State | 'info' }}
 */
export function iconOf({ message, severity }) {
  const state = severity === 'warn' ? 'warn' : message.startsWith('ready') ? 'ok' : 'info';
  if (severity === 'warn' && !/view/.test(message)) return { icon: 'warn', state };
  return { icon: ICONS.find(([pattern]) => pattern.test(message))?.[1] ?? 'info', state };
}

/** What changes how the cluster works: the charts mark these. */
const MARKED = /^(view installed|peer is down|store is down|store is back|not ready|.*level.*)/;

/** @param {Event} event */
export function isMarked({ message }) {
  return MARKED.test(message);
}

/** @param {unknown} members */
function controllers(members) {
  const ids = Array.isArray(members) ? members : [members];
  return `${ids.length === 1 ? 'controller' : 'controllers'} ${ids.join(', ')}`;
}

/** @param {Fields} fields */
function waits({ waitsFor, reads, writes }) {
  return [waitsFor, reads, writes].filter((reason) => typeof reason === 'string' && reason !== '').join('; ');
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === 'object' ? JSON.stringify(value) : `${value}`;
}
