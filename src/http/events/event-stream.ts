import { Readable } from 'node:stream';
import type { ControllerId } from '../../base/number-kinds.ts';
import { idOf, type Position, type Positions } from './positions.ts';

/** One message to the reader. */
export interface StreamMessage {
  /** Null for a message of the type `message`. */
  readonly type: 'controller' | 'missed' | 'end' | null;
  readonly data: object;
}

/** A message of one controller. */
export interface TakenMessage {
  /** Null: it only says from where on the reader gets the events of that controller. */
  readonly message: StreamMessage | null;
  /** How far the reader has got in the log of that controller with it; null where that is no further than before. */
  readonly position: Position | null;
}

/** The messages of one controller. */
export interface MessageSource {
  readonly controller: ControllerId;
  /** The next message; null while there is none. */
  take(): TakenMessage | null;
  /** The reader has gone. */
  close(): void;
}

/** How often a comment is sent, in milliseconds: proxies end connections on which nothing is sent for a minute. */
export const COMMENT_EVERY_MS = 15_000;

/** How soon a reader whose stream has ended should come back, in milliseconds. */
const COME_BACK_AFTER_MS = 1_000;

/** How long a reader may take to read the reason for which its stream has ended, in milliseconds. */
const REASON_WITHIN_MS = 5_000;

/** Bytes that are made ready for a reader. What it has not read beyond that stays where it comes from. */
const READY_BYTES = 16_384;

/**
 * What a stream counts for in the memory of all clients, in bytes: what is ready, as much again on its way to the
 * socket, and the longest event.
 */
export const STREAM_BYTES_MAX = 4 * READY_BYTES;

/**
 * The body of an answer of server-sent events. Messages are taken from the sources only when the reader has read those
 * before, so that a slow reader costs `READY_BYTES` and not more. A reader that takes nothing of what waits for it from
 * one comment to the next is ended with a reason.
 */
export class EventStream extends Readable {
  readonly #sources: MessageSource[] = [];
  readonly #positions: Map<ControllerId, Position>;
  readonly #timer: NodeJS.Timeout;
  /** The reader has asked for more than the sources had. */
  #isHungry = false;
  #isEnding = false;
  #sentBytes = 0;
  /** What the reader had taken when the last comment was due. */
  #takenBytes = -1;

  /** @param positions how far the reader has got */
  constructor(positions: Positions, commentEveryMs = COMMENT_EVERY_MS) {
    super({ highWaterMark: READY_BYTES });
    this.#positions = new Map(positions);
    this.#timer = setInterval(() => this.#onTick(), commentEveryMs).unref();
    this.#send(`retry: ${COME_BACK_AFTER_MS}\n\n`);
  }

  add(source: MessageSource): void {
    this.#sources.push(source);
    this.wake();
  }

  /** A source has something to take. */
  wake(): void {
    if (!this.#isHungry) return;
    this.#isHungry = false;
    this.#fill();
  }

  /** Ends the stream, and tells the reader why. */
  finish(reason: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#send(textOf({ type: 'end', data: { reason } }, null));
    this.push(null);
    setTimeout(() => this.destroy(), REASON_WITHIN_MS).unref();
  }

  override _read(): void {
    this.#fill();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#isEnding = true;
    clearInterval(this.#timer);
    for (const source of this.#sources) source.close();
    done(error);
  }

  #fill(): void {
    while (!this.#isEnding) {
      const text = this.#nextText();
      if (text === null) {
        this.#isHungry = true;
        return;
      }
      if (!this.#send(text)) return;
    }
  }

  #nextText(): string | null {
    for (const source of this.#sources) {
      const taken = source.take();
      if (taken === null) continue;
      if (taken.position !== null) this.#positions.set(source.controller, taken.position);
      return textOf(taken.message, taken.position === null ? null : idOf(this.#positions));
    }
    return null;
  }

  /** @returns whether the reader wants more at once */
  #send(text: string): boolean {
    const bytes = Buffer.from(text);
    this.#sentBytes += bytes.length;
    return this.push(bytes);
  }

  #onTick(): void {
    if (this.#isEnding) return;
    const takenBytes = this.#sentBytes - this.readableLength;
    if (this.readableLength > 0 && takenBytes === this.#takenBytes)
      return this.finish('nothing was read for too long; come back with Last-Event-ID to go on from there');
    this.#takenBytes = takenBytes;
    this.#send(': still here\n\n');
  }
}

/** A reader keeps the id of a message without data, and passes nothing on. */
function textOf(message: StreamMessage | null, id: string | null): string {
  const idLine = id === null ? '' : `id: ${id}\n`;
  if (message === null) return `${idLine}\n`;
  const typeLine = message.type === null ? '' : `event: ${message.type}\n`;
  return `${idLine}${typeLine}data: ${JSON.stringify(message.data)}\n\n`;
}
