import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Fifo } from '../../base/fifo.ts';
import type { ControllerId } from '../../base/number-kinds.ts';
import type { HttpAddress } from '../authorities.ts';
import { nameOfAddress, reasonOf } from '../other-controllers.ts';
import { ALWAYS_MS } from '../schemas/events.ts';
import { COMMENT_EVERY_MS, type MessageSource, type TakenMessage } from './event-stream.ts';
import { EventsReader, type ReadMessage } from './events-reader.ts';
import { idOf, type Position, positionsIn } from './positions.ts';

/** How long a controller that is not heard is left alone before it is asked again, in milliseconds. */
const ASK_AGAIN_AFTER_MS = 1_000;

/** A controller from which nothing comes, not even a comment, within this time is asked again, in milliseconds. */
const SILENT_AFTER_MS = 3 * COMMENT_EVERY_MS;

/**
 * A controller that was not heard, and that has told no position yet, is asked for events of so many milliseconds more
 * than have passed since the reader came: it counts them back from the moment at which it reads the question. Longer:
 * the reader gets more events from before its time. Shorter: a slow machine loses some.
 */
const ON_THE_WAY_MS = 5_000;

/** Messages that wait to be taken. With more, nothing is read from the controller. */
const WAITING_MAX = 64;

export interface FollowedController {
  readonly id: ControllerId;
  readonly address: HttpAddress;
}

/**
 * The events of another controller: it reads that controller's own stream, and asks for it again, from the last event
 * on, whenever it has ended. When the controller is not heard, or is heard again, a message says so.
 */
export class FollowedEvents implements MessageSource {
  readonly #of: FollowedController;
  /** The reader wants the events since then, in milliseconds of the monotonic clock. */
  readonly #sinceMs: number;
  readonly #onMessage: () => void;
  readonly #waiting = new Fifo<TakenMessage>();
  /** The last event that has been read, or that need not be. Null until the controller has told where its log stands. */
  #position: Position | null;
  #asking: ClientRequest | null = null;
  #answer: IncomingMessage | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Why it is not heard; empty while it is. */
  #trouble = '';

  /**
   * @param from the last event that the reader has got; null for a new reader, which gets those of the last `ms`
   * @param onMessage called when there is more to take
   */
  constructor(of: FollowedController, from: Position | null, ms: number, onMessage: () => void) {
    this.#of = of;
    this.#position = from;
    this.#sinceMs = performance.now() - ms;
    this.#onMessage = onMessage;
    this.#ask();
  }

  get controller(): ControllerId {
    return this.#of.id;
  }

  take(): TakenMessage | null {
    const taken = this.#waiting.shift() ?? null;
    if (this.#waiting.length === 0) this.#answer?.resume();
    return taken;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#asking?.removeAllListeners('close').destroy();
  }

  #ask(): void {
    const { id, address } = this.#of;
    const { host, port } = address;
    const onTheWayMs = this.#trouble === '' ? 0 : ON_THE_WAY_MS;
    const ms = Math.ceil(performance.now() - this.#sinceMs) + onTheWayMs;
    const path = `/v1/controllers/self/events?ms=${Math.min(ms, ALWAYS_MS)}`;
    const headers: Record<string, string> =
      this.#position === null ? {} : { 'last-event-id': idOf(new Map([[id, this.#position]])) };
    let why = 'it closed the connection';
    const asking = request({ host, port, path, headers, agent: false, timeout: SILENT_AFTER_MS });
    this.#asking = asking;
    asking.on('timeout', () => asking.destroy(new Error('nothing comes from it')));
    asking.on('error', (error) => {
      why = reasonOf(error);
    });
    asking.on('response', (answer) => {
      if (answer.statusCode === 200) return this.#follow(answer);
      asking.destroy(new Error(`it answered with status ${answer.statusCode}`));
    });
    asking.on('close', () => {
      this.#answer = null;
      this.#tell(why);
      this.#timer = setTimeout(() => this.#ask(), ASK_AGAIN_AFTER_MS).unref();
    });
    asking.end();
  }

  #follow(answer: IncomingMessage): void {
    const reader = new EventsReader();
    this.#answer = answer;
    this.#tell('');
    answer.on('error', () => {});
    answer.on('data', (bytes: Buffer) => {
      try {
        for (const one of reader.read(bytes)) this.#onRead(one);
      } catch (error) {
        answer.destroy();
        this.#asking?.destroy(error as Error);
      }
      if (this.#waiting.length > WAITING_MAX) answer.pause();
    });
  }

  #onRead(read: ReadMessage): void {
    // It comes back by itself.
    if (read.message?.type === 'end') return;
    const position = read.id === null ? null : (positionsIn(read.id).get(this.#of.id) ?? null);
    if (position !== null) this.#position = position;
    this.#add({ message: read.message, position });
  }

  #tell(trouble: string): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    const data = { controller: this.#of.id, address: nameOfAddress(this.#of.address), reason: trouble };
    this.#add({ message: { type: 'controller', data }, position: null });
  }

  #add(message: TakenMessage): void {
    this.#waiting.push(message);
    this.#onMessage();
  }
}
