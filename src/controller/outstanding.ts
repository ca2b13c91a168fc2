import type { Request } from '../protocol/request.ts';

/**
 * A read is taken to find this many bytes a key, until replies have shown how large the values are. Larger: a
 * connection is slower to have many reads under way. Smaller: many that ask for large values at once keep the
 * store busy for longer than others can wait.
 */
const FIRST_VALUE_BYTES = 1_048_576;

/** Of what it was, after each reply: large values are noticed at once, and forgotten over some replies. */
const ESTIMATE_DECAY = 7 / 8;

/**
 * What the requests in progress on one connection hold, or will: the values of writes, and the values that reads
 * are expected to find. A client that asks for a thousand values at once is not known to ask for a gigabyte
 * until they come, and by then they are there: hence the estimate.
 */
export class Outstanding {
  /** Values of writes under way, in bytes. */
  writtenBytes = 0;
  #keysAsked = 0;
  #valueBytes = FIRST_VALUE_BYTES;

  /** What reads under way are expected to find, in bytes. */
  get expectedBytes(): number {
    return this.#keysAsked * this.#valueBytes;
  }

  begin(request: Request): void {
    if (request.kind === 'store') this.writtenBytes += request.value.length;
    else this.#keysAsked += keysOf(request);
  }

  /** @param replyBytes the size of the reply on the wire */
  end(request: Request, replyBytes: number): void {
    if (request.kind === 'store') {
      this.writtenBytes -= request.value.length;
      return;
    }
    const keys = keysOf(request);
    if (keys === 0) return;
    this.#keysAsked -= keys;
    this.#valueBytes = Math.max(replyBytes / keys, this.#valueBytes * ESTIMATE_DECAY);
  }
}

/** Values that the request reads. */
export function keysOf(request: Request): number {
  switch (request.kind) {
    case 'get':
    case 'gat':
      return request.keys.length;
    case 'read_item':
      return 1;
    default:
      return 0;
  }
}
