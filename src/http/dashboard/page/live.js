/**
 * Keeps asking the controllers while the page is looked at, and hands each new state to the views. Events come by
 * themselves; they are asked for only where no controller sends them. Nothing is asked while the page is in the
 * background.
 */

import { EventFeed } from './event-feed.js';
import { isMarked } from './events.js';
import { History, SECONDS_KEPT } from './history.js';

/** How often the state is asked for, and the figures and events, in milliseconds. */
const STATUS_EVERY_MS = 1_000;
const HISTORY_EVERY_MS = 2_000;

/** Figures and events are asked for again that far back, in seconds, so that a late answer leaves no gap. */
const OVERLAP_SECONDS = 5;

/** Events that are kept. */
const EVENTS_KEPT = 500;

/** What is known of events while they come by themselves. */
const NO_EVENTS = { controllers: [] };

/**
 * @typedef {object} Snapshot what the views show
 * @property {string} origin the controller that is asked
 * @property {boolean} isLive the last question was answered
 * @property {import('./model.js').Controller[]} controllers
 * @property {History} history
 * @property {readonly import('./events.js').Event[]} events the newest first
 * @property {readonly number[]} marks seconds since 1970
 */

export class Live {
  #source;
  #onChange;
  /** @type {Snapshot} */
  #now;
  #historyAtMs = Number.NEGATIVE_INFINITY;
  #isRunning = false;
  #feed = new EventFeed((events) => {
    this.#addEvents(events.map(eventOf));
    this.#onChange(this.#now);
  });

  /**
   * @param {import('./source.js').Source} source
   * @param {(snapshot: Snapshot) => void} onChange
   */
  constructor(source, onChange) {
    this.#source = source;
    this.#onChange = onChange;
    this.#now = {
      origin: source.origin,
      isLive: true,
      controllers: [],
      history: new History(),
      events: [],
      marks: [],
    };
  }

  /** @returns {Snapshot} */
  get snapshot() {
    return this.#now;
  }

  start() {
    document.addEventListener('visibilitychange', () => void this.#run());
    void this.#run();
  }

  async #run() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (!document.hidden) {
      const beganMs = performance.now();
      await this.#look();
      const restMs = STATUS_EVERY_MS - (performance.now() - beganMs);
      await new Promise((resolve) => setTimeout(resolve, Math.max(100, restMs)));
    }
    this.#feed.close();
    this.#isRunning = false;
  }

  async #look() {
    const wantsHistory = performance.now() - this.#historyAtMs >= HISTORY_EVERY_MS - 100;
    const [status] = await Promise.all([
      this.#source.get('/v1/status').catch(() => null),
      wantsHistory ? this.#askHistory() : null,
    ]);
    const { origin } = this.#source;
    this.#feed.follow(origin, 1000 * Math.min(SECONDS_KEPT, this.#sinceSeconds));
    this.#now = { ...this.#now, origin, isLive: status !== null };
    if (status !== null) {
      this.#now.controllers = status.controllers.map(controllerOf);
      this.#source.add(originsOf(this.#now.controllers));
    }
    this.#onChange(this.#now);
  }

  /** Asks for the figures and the events since the last answer; at first, for all that there are. */
  async #askHistory() {
    const sinceSeconds = this.#sinceSeconds;
    const beganMs = performance.now();
    const seconds = Math.min(SECONDS_KEPT, sinceSeconds);
    const ofLast = Number.isFinite(sinceSeconds) ? `?ms=${sinceSeconds * 1000}` : '';
    const answers = await Promise.all([
      this.#source.get(`/v1/series?seconds=${seconds}`),
      this.#feed.isOpen ? NO_EVENTS : this.#source.get(`/v1/recent-events${ofLast}`),
    ]).catch(() => null);
    if (answers === null) return;
    const [series, events] = answers;
    this.#historyAtMs = beganMs;
    for (const { controller, series: samples } of series.controllers)
      if (samples !== null) this.#now.history.add(controller, samples);
    this.#addEvents(events.controllers.flatMap(eventsOf));
  }

  /** How far back there may be something that is not known here, in seconds. */
  get #sinceSeconds() {
    return Math.ceil((performance.now() - this.#historyAtMs) / 1000) + OVERLAP_SECONDS;
  }

  /** @param {readonly import('./events.js').Event[]} fresh */
  #addEvents(fresh) {
    const known = new Set(this.#now.events.map(({ key }) => key));
    const added = fresh.filter(({ key }) => !known.has(key));
    if (added.length === 0) return;
    const events = [...this.#now.events, ...added].sort(newestFirst).slice(0, EVENTS_KEPT);
    const marks = events.filter(isMarked).map(({ atMs }) => Math.floor(atMs / 1000));
    this.#now = { ...this.#now, events, marks: [...new Set(marks)] };
  }
}

/**
 * @param {import('./events.js').Event} a
 * @param {import('./events.js').Event} b
 */
function newestFirst(a, b) {
  return b.atMs - a.atMs || b.number - a.number;
}

/** @param {any} answer @returns {import('./events.js').Event[]} */
function eventsOf({ controller, events }) {
  return (events ?? []).map((/** @type {any} */ event) => eventOf({ controller, ...event }));
}

/** @param {any} event @returns {import('./events.js').Event} */
function eventOf({ controller, at, number, severity, message, fields }) {
  return {
    key: `${controller} ${at} ${number}`,
    atMs: Date.parse(at),
    number,
    controller,
    severity: severity === 'info' ? 'info' : 'warn',
    message,
    fields,
  };
}

/** @param {any} answer @returns {import('./model.js').Controller} */
function controllerOf({ controller, address, reason, status }) {
  return { id: controller, address, status, trouble: reason };
}

/**
 * Where the controllers are reached. A controller on loopback has several names; that of this page goes with
 * its origin.
 *
 * @param {readonly import('./model.js').Controller[]} controllers
 */
export function originsOf(controllers) {
  return controllers.map(({ address }) => {
    const { hostname, port } = new URL(`http://${address}`);
    const host = isLoopback(hostname) && isLoopback(location.hostname) ? location.hostname : hostname;
    return `${location.protocol}//${host}:${port || 80}`;
  });
}

/** @param {string} host */
function isLoopback(host) {
  return ['localhost', '127.0.0.1', '[::1]'].includes(host);
}
