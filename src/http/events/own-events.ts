import type { ControllerId } from '../../base/number-kinds.ts';
import type { EventLog } from './event-log.ts';
import type { MessageSource, StreamMessage, TakenMessage } from './event-stream.ts';
import type { Position } from './positions.ts';

/**
 * The events of this controller, from a position on. They stay in its log until the reader takes them. The reader is
 * told the position first: a reader that loses the stream before the first event goes on from there, and misses none.
 */
export class OwnEvents implements MessageSource {
  readonly controller: ControllerId;
  readonly #log: EventLog;
  readonly #endListening: () => void;
  #number: number;
  #isBegun = false;

  /**
   * @param from the last event that the reader has got; null for a new reader, which gets those of the last `ms`
   * @param onEvent called when there is more to take
   */
  constructor(self: ControllerId, log: EventLog, from: Position | null, ms: number, onEvent: () => void) {
    this.controller = self;
    this.#log = log;
    this.#number =
      from === null ? firstOf(log, ms) : from.run === log.run ? Math.min(from.number, log.last) : 0;
    this.#endListening = log.listen(onEvent);
  }

  take(): TakenMessage | null {
    if (!this.#isBegun) {
      this.#isBegun = true;
      return { message: null, position: this.#position };
    }
    const event = this.#log.next(this.#number);
    if (event === null) return null;
    const missed = event.number - this.#number - 1;
    this.#number = missed > 0 ? event.number - 1 : event.number;
    const { controller } = this;
    const message: StreamMessage =
      missed > 0
        ? { type: 'missed', data: { controller, events: missed } }
        : { type: null, data: { controller, ...event } };
    return { message, position: this.#position };
  }

  close(): void {
    this.#endListening();
  }

  get #position(): Position {
    return { run: this.#log.run, number: this.#number };
  }
}

/** The number before that of the first event of the last milliseconds. */
function firstOf(log: EventLog, ms: number): number {
  const [first] = log.ofLast(ms);
  return first === undefined ? log.last : first.number - 1;
}
