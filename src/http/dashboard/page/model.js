/** What the answers of the controllers amount to: the state of each, and of the cluster, in words. */

import { counted, duration } from './format.js';

/**
 * @typedef {'ok' | 'warn' | 'bad' | 'unknown'} State how something is; each has a shape and a colour
 *
 * @typedef {object} Peer
 * @property {number} id
 * @property {string} address
 * @property {boolean} up
 * @property {boolean} self
 * @property {number | null} lastHeardMs
 * @property {boolean} syncing
 * @property {{ writes: number, total: number } | null} sync
 * @property {number | null} lastSyncMs
 * @property {{ writes: number, ms: number | null } | null} behind
 * @property {number | null} clockAheadMs
 * @property {boolean} inStep
 * @property {string} role
 * @property {string} storeTrouble
 *
 * @typedef {object} Keyspace
 * @property {string} name
 * @property {string} prefix
 * @property {string} level
 * @property {string | null} scheme
 * @property {number} keys
 * @property {{ ready: boolean, reason: string, requests: number }} reads
 * @property {{ ready: boolean, reason: string, requests: number }} writes
 * @property {number} errors
 *
 * @typedef {{ prefix: string, level: string }} Side a keyspace before or after a change
 *
 * @typedef {object} Move a change of a keyspace that takes keys from one group to another
 * @property {string} keyspace
 * @property {Side | null} from
 * @property {Side | null} to
 * @property {string} phase
 * @property {{ address: string, step: string, done: number, total: number, waitsFor: string }[]} controllers
 *
 * @typedef {object} Status what a controller says of itself
 * @property {string} cluster
 * @property {number} controller
 * @property {string} address
 * @property {string} version
 * @property {string} level
 * @property {Keyspace[]} keyspaces
 * @property {{ move: Move | null }} [levels]
 * @property {boolean} ready
 * @property {string} reason
 * @property {{ ready: boolean, reason: string }} reads
 * @property {{ ready: boolean, reason: string }} writes
 * @property {number} uptimeSeconds
 * @property {{ ballot: string, members: number[], reason: string, ageMs: number | null, suspected: number[] }} view
 * @property {{ pending: number, completed: number }} requests
 * @property {number} keys
 * @property {{ type: string, address: string, up: boolean, reason: string }} store
 * @property {{ running: boolean, reason: string, done: number, total: number }} refill
 * @property {{ durability: string, reason: string, entries: number, diskBytes: number }} journal
 * @property {Peer[]} peers
 *
 * @typedef {object} Controller
 * @property {number} id
 * @property {string} address
 * @property {Status | null} status null when it did not answer
 * @property {string} trouble why it did not answer; empty when it did
 */

/**
 * The state of one controller, with a word for it and the reason where it is not well.
 *
 * @param {Controller} controller
 * @param {readonly Controller[]} all
 * @returns {{ state: State, word: string, reason: string }}
 */
export function stateOf(controller, all) {
  const { status } = controller;
  if (status === null) return stateOfSilent(controller, all);
  const role = ownPart(status)?.role ?? '';
  if (!status.reads.ready && !status.writes.ready)
    return { state: 'bad', word: 'serves nothing', reason: status.reason };
  if (!status.writes.ready) return { state: 'bad', word: 'serves reads only', reason: status.writes.reason };
  if (!status.reads.ready) return { state: 'bad', word: 'serves writes only', reason: status.reads.reason };
  if (role !== 'member') return { state: 'warn', word: role === '' ? 'serves' : role, reason: '' };
  if (!status.store.up)
    return { state: 'warn', word: 'serves without its store', reason: status.store.reason };
  if (status.refill.running) {
    const { done, total } = status.refill;
    return { state: 'warn', word: 'refills its store', reason: `${done} of ${counted(total, 'key')}` };
  }
  return { state: 'ok', word: 'serves reads and writes', reason: '' };
}

/**
 * @param {Controller} controller
 * @param {readonly Controller[]} all
 * @returns {{ state: State, word: string, reason: string }}
 */
function stateOfSilent({ id, trouble }, all) {
  const hearers = all.filter(({ status }) => status?.peers[id]?.up === true);
  if (hearers.length > 0)
    return {
      state: 'unknown',
      word: 'does not answer here',
      reason: `${hearers.map((one) => `controller ${one.id}`).join(' and ')} can hear it. ${trouble}`,
    };
  const heard = all.flatMap(({ status }) => status?.peers[id]?.lastHeardMs ?? []);
  const since = heard.length === 0 ? '' : `last heard ${duration(Math.min(...heard))} ago`;
  return { state: 'bad', word: 'is down', reason: since === '' ? trouble : since };
}

/** @param {Status} status */
export function ownPart(status) {
  return status.peers.find(({ self }) => self);
}

/**
 * How far the controller is behind the peer that it is furthest behind.
 *
 * @param {Status} status
 * @returns {{ writes: number, ms: number }}
 */
export function lagOf({ peers }) {
  const lags = peers.flatMap(({ behind, up }) => (behind === null || !up ? [] : [behind]));
  return {
    writes: Math.max(0, ...lags.map(({ writes }) => writes)),
    ms: Math.max(0, ...lags.map(({ ms }) => ms ?? 0)),
  };
}

/**
 * @param {Peer} peer as another controller sees it
 * @returns {{ state: State, word: string, detail: string }}
 */
export function linkState({ up, inStep, syncing, sync, lastHeardMs, lastSyncMs, role }) {
  const heard = lastHeardMs === null ? 'never heard' : `heard ${duration(lastHeardMs)} ago`;
  if (role.startsWith('refused'))
    return { state: 'bad', word: 'refused', detail: role.slice('refused: '.length) };
  if (up === null) return { state: 'unknown', word: 'not linked', detail: 'no requests go there' };
  if (!up) return { state: 'bad', word: 'silent', detail: heard };
  if (syncing) {
    const progress = sync === null ? '' : `${sync.writes} of ${counted(sync.total, 'write')}`;
    return { state: 'warn', word: 'exchanging', detail: progress };
  }
  if (inStep) return { state: 'ok', word: 'in step', detail: heard };
  const synced = lastSyncMs === null ? 'no exchange yet' : `exchanged ${duration(lastSyncMs)} ago`;
  return { state: lastSyncMs === null ? 'warn' : 'ok', word: 'linked', detail: synced };
}

/**
 * The cluster in a sentence, and what is wrong with it.
 *
 * @param {readonly Controller[]} all
 * @returns {{ state: State, title: string, sentence: string, notes: string[] }}
 */
export function judge(all) {
  if (all.length === 0)
    return { state: 'unknown', title: 'Asking', sentence: 'The controllers are being asked.', notes: [] };
  const answered = all.filter(({ status }) => status !== null);
  const readers = answered.filter(({ status }) => status?.reads.ready);
  const writers = answered.filter(({ status }) => status?.writes.ready);
  const notes = all.flatMap((one) => noteOn(one, all));
  if (answered.length === 0)
    return { state: 'bad', title: 'Unavailable', sentence: 'No controller answers.', notes };
  if (readers.length === 0 || writers.length === 0)
    return { state: 'bad', title: 'Unavailable', sentence: lacking(readers.length, writers.length), notes };
  const whole = readers.length === all.length && writers.length === all.length;
  const sentence = whole
    ? `All ${all.length} controllers serve reads and writes.`
    : `${Math.min(readers.length, writers.length)} of ${all.length} controllers serve reads and writes.`;
  const state = whole && notes.length === 0 ? 'ok' : 'warn';
  return {
    state,
    title: state === 'ok' ? 'Healthy' : 'Degraded',
    sentence: `${sentence} ${spare(all)}`,
    notes,
  };
}

/**
 * @param {number} readers
 * @param {number} writers
 */
function lacking(readers, writers) {
  if (readers === 0 && writers === 0) return 'No controller serves reads or writes.';
  return readers === 0 ? 'No controller serves reads.' : 'Reads are served; no controller takes writes.';
}

/**
 * How many further failures the cluster stands.
 *
 * @param {readonly Controller[]} all
 */
function spare(all) {
  const serving = all.filter(({ status }) => status?.reads.ready && status.writes.ready);
  const isOrdered = serving.some(({ status }) =>
    status?.keyspaces.some(({ level }) => isOrderedLevel(level)),
  );
  const needed = isOrdered ? Math.floor(all.length / 2) + 1 : 1;
  const left = serving.length - needed;
  const further = serving.length === all.length ? '' : 'further ';
  if (left <= 0) return `No ${further}failure is tolerated.`;
  return left === 1 ? `One ${further}failure is tolerated.` : `${left} ${further}failures are tolerated.`;
}

/** The levels that need a majority. */
export const ORDERED = ['linearizability', 'sequential'];

/** @param {string} level */
export function isOrderedLevel(level) {
  return ORDERED.includes(level);
}

/** How an ordered level is replicated. */
export const SCHEMES = [
  {
    name: 'broadcast',
    promise: 'The controller that is asked sends each value to all others: one round trip.',
  },
  {
    name: 'chain',
    promise: 'Each controller sends each value once, to the next: for large values and many replicas.',
  },
];

/** All levels, the strictest first, with what each promises. */
export const LEVELS = [
  {
    name: 'linearizability',
    promise: 'A read shows every write that was answered anywhere before it began.',
  },
  { name: 'sequential', promise: 'All clients see all writes in one order; a read may be a moment old.' },
  {
    name: 'causal',
    promise: 'A client never sees a write without what it depends on. Served in a minority too.',
  },
  { name: 'eventual', promise: 'Answered at once, here; the controllers become equal later.' },
];

/**
 * @param {Controller} one
 * @param {readonly Controller[]} all
 * @returns {string[]}
 */
function noteOn(one, all) {
  const { state, word, reason } = stateOf(one, all);
  const notes = [];
  if (state !== 'ok')
    notes.push(`Controller ${one.id} ${verbFor(word)}${reason === '' ? '' : `: ${reason}`}`);
  for (const peer of one.status?.peers ?? []) {
    const isThere = all[peer.id]?.status !== null;
    if (peer.role.startsWith('refused'))
      notes.push(`Controller ${one.id} refuses controller ${peer.id}: ${peer.role.slice(9)}`);
    else if (peer.up === false && isThere)
      notes.push(`Controller ${one.id} does not hear controller ${peer.id}`);
  }
  return notes;
}

/** @param {string} word roles are nouns and adjectives: `joining`, `cut off` */
function verbFor(word) {
  return /^(serves|does|is|refills|takes) /.test(word) ? word : `is ${word}`;
}

/**
 * The keyspaces of the whole cluster: figures summed over the controllers that answered.
 *
 * @param {readonly Controller[]} all
 */
export function keyspacesOf(all) {
  const statuses = all.flatMap(({ status }) => status ?? []);
  const [first] = statuses;
  return (first?.keyspaces ?? []).map((keyspace) => {
    const same = statuses.flatMap(({ keyspaces }) => keyspaces.filter(({ name }) => name === keyspace.name));
    const troubled = same.find(({ reads, writes }) => !reads.ready || !writes.ready);
    return {
      name: keyspace.name,
      prefix: keyspace.prefix,
      levels: [...new Set(same.map(({ level }) => level))],
      scheme: keyspace.scheme,
      keys: Math.max(...same.map(({ keys }) => keys)),
      reads: sum(same.map(({ reads }) => reads.requests)),
      writes: sum(same.map(({ writes }) => writes.requests)),
      errors: sum(same.map(({ errors }) => errors)),
      trouble: troubled === undefined ? '' : troubled.writes.reason || troubled.reads.reason,
    };
  });
}

/**
 * The change that a controller tells of; null while none is under way.
 *
 * @param {readonly Controller[]} all
 */
export function moveOf(all) {
  return all.map(({ status }) => status?.levels?.move ?? null).find((move) => move !== null) ?? null;
}

/** @param {Move} move */
export function moveText({ keyspace, from, to, phase }) {
  return `${changeText(keyspace, from, to)}: ${PHASES[phase] ?? phase}.`;
}

/**
 * @param {string} name
 * @param {Side | null} from
 * @param {Side | null} to
 */
function changeText(name, from, to) {
  if (to === null) return `${name} is being removed`;
  if (from === null) return `${name} is being added, at ${to.level}, with the prefix ${to.prefix}`;
  return from.prefix === to.prefix
    ? `${name} moves from ${from.level} to ${to.level}`
    : `${name} gets the prefix ${to.prefix} instead of ${from.prefix}`;
}

/** @type {Record<string, string>} */
const PHASES = {
  preparing: 'the entries are copied, and the level before serves',
  barrier: 'writes wait until the last entries are handed over',
  settling: 'the new level serves, and the old copies are cleared',
};

/**
 * How far each controller is, in words.
 *
 * @param {Move} move
 */
export function movePartsOf({ controllers }) {
  return controllers.map(({ address, step, done, total, waitsFor }) => {
    const how = step === '' ? '' : ` ${step}, ${done} of about ${Math.max(done, total)} records`;
    return { address, text: `${address}${how}${waitsFor === '' ? '' : `: ${waitsFor}`}` };
  });
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, one) => total + one, 0);
}
