import type { Clock } from '../../base/clock.ts';
import { Fifo } from '../../base/fifo.ts';
import type { LogFields } from '../../base/log.ts';
import type { MonotonicMs } from '../../base/number-kinds.ts';
import type { EventLog, LoggedEvent } from '../../http/events/event-log.ts';
import type { Logger } from './logger.ts';

interface KeptEvent {
  readonly event: LoggedEvent;
  readonly atMs: MonotonicMs;
}

/** Events that are kept. When there are more, the oldest go. */
const EVENTS_MAX = 300;

/** The longest value of a field that is kept, in characters of JSON: a longer one is cut off. */
const VALUE_LENGTH_MAX = 500;

/**
 * The last lines of the log, in memory, for those who ask over HTTP what has happened. Debug lines are not among them.
 */
export class RecentEvents implements EventLog {
  readonly run: string;
  readonly #clock: Clock;
  readonly #kept = new Fifo<KeptEvent>();
  readonly #listeners = new Set<() => void>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.run = Math.floor(clock.wallMs()).toString(36);
  }

  /** A logger that writes to this one, and whose lines are kept here as well. */
  noting(logger: Logger): Logger {
    return {
      error: (message, fields) => {
        this.#note('error', message, fields);
        logger.error(message, fields);
      },
      warn: (message, fields) => {
        this.#note('warn', message, fields);
        logger.warn(message, fields);
      },
      info: (message, fields) => {
        this.#note('info', message, fields);
        logger.info(message, fields);
      },
      debug: logger.debug,
    };
  }

  get last(): number {
    return this.#count;
  }

  ofLast(ms: number): LoggedEvent[] {
    const sinceMs = this.#clock.nowMs() - ms;
    return this.#kept.filter(({ atMs }) => atMs >= sinceMs).map(({ event }) => event);
  }

  next(number: number): LoggedEvent | null {
    const first = this.#kept.first()?.event.number;
    if (first === undefined) return null;
    return this.#kept.at(Math.max(0, number + 1 - first))?.event ?? null;
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #note(severity: LoggedEvent['severity'], message: string, fields: LogFields = {}): void {
    const kept = Object.entries(fields).map(([name, value]) => [name, bounded(value)]);
    const at = new Date(this.#clock.wallMs()).toISOString();
    const event = { number: ++this.#count, at, severity, message, fields: Object.fromEntries(kept) };
    this.#kept.push({ event, atMs: this.#clock.nowMs() });
    if (this.#kept.length > EVENTS_MAX) this.#kept.shift();
    for (const listener of this.#listeners) listener();
  }
}

function bounded(value: unknown): unknown {
  if (typeof value === 'string') return shortened(value);
  if (value instanceof Error) return shortened(value.message);
  const text = JSON.stringify(value, withoutBigints) ?? 'null';
  // A copy, since the object may change later.
  return text.length > VALUE_LENGTH_MAX ? shortened(text) : JSON.parse(text);
}

function shortened(text: string): string {
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
}

function withoutBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
