/** The events of all controllers as one of them sends them, while they happen. */

/** Events that come at once, such as those of the log at the beginning, are handed on together, in milliseconds. */
const TOGETHER_MS = 100;

export class EventFeed {
  #onEvents;
  /** @type {EventSource | null} */
  #source = null;
  #origin = '';
  /** @type {object[]} */
  #waiting = [];

  /** @param {(events: readonly object[]) => void} onEvents called with events as `/v1/events` sends them */
  constructor(onEvents) {
    this.#onEvents = onEvents;
  }

  /** Events come as soon as they happen. */
  get isOpen() {
    return this.#source?.readyState === EventSource.OPEN;
  }

  /**
   * Follows the events, unless it does already.
   *
   * @param {string} origin the controller that is asked
   * @param {number} ms so far back
   */
  follow(origin, ms) {
    const isGone = this.#source === null || this.#source.readyState === EventSource.CLOSED;
    if (!isGone && origin === this.#origin) return;
    this.close();
    const source = new EventSource(`${origin}/v1/events?ms=${ms}`);
    source.onmessage = ({ data }) => this.#add(JSON.parse(data));
    this.#source = source;
    this.#origin = origin;
  }

  close() {
    this.#source?.close();
    this.#source = null;
  }

  /** @param {object} event */
  #add(event) {
    this.#waiting.push(event);
    if (this.#waiting.length > 1) return;
    setTimeout(() => {
      const events = this.#waiting;
      this.#waiting = [];
      this.#onEvents(events);
    }, TOGETHER_MS);
  }
}
