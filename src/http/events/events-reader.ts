import type { StreamMessage } from './event-stream.ts';

/** A message as its text was read. */
export interface ReadMessage {
  /** Null: there is nothing but the id. */
  readonly message: StreamMessage | null;
  readonly id: string | null;
}

/** A message that is longer is none of a controller, in characters. */
const MESSAGE_LENGTH_MAX = 262_144;

const TYPES: readonly string[] = ['controller', 'missed', 'end'] satisfies readonly StreamMessage['type'][];

/** Reads server-sent events as controllers write them: each field is one line, and lines end with a line feed. */
export class EventsReader {
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** @returns the messages that the bytes complete @throws Error when they are none of a controller */
  read(bytes: Uint8Array): ReadMessage[] {
    const texts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n\n');
    this.#rest = texts.pop()!;
    if (this.#rest.length > MESSAGE_LENGTH_MAX) throw new Error('it sent an event that is too long');
    return texts.map(messageIn).filter((one) => one !== null);
  }
}

/** Null for a comment, and for a message without data and id. */
function messageIn(text: string): ReadMessage | null {
  const fields = new Map(
    text.split('\n').map((line) => [line.split(':', 1)[0]!, line.replace(/^[^:]*: ?/, '')]),
  );
  const data = fields.get('data');
  const id = fields.get('id') ?? null;
  if (data === undefined) return id === null ? null : { message: null, id };
  const type = fields.get('event') ?? null;
  if (type !== null && !TYPES.includes(type)) return null;
  const parsed: unknown = JSON.parse(data);
  if (typeof parsed !== 'object' || parsed === null) throw new Error('it sent an event without fields');
  return { message: { type: type as StreamMessage['type'], data: parsed }, id };
}
