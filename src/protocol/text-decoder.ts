import { parseCommand } from './commands.ts';
import { exceedsItemLimit, LINE_BYTES_MAX, SHORT_LINE_BYTES_MAX } from './limits.ts';
import { LineCarry } from './line-carry.ts';
import { deleteRequest, storageRequest } from './make-request.ts';
import { metaStorageRequest } from './meta/meta-words.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { SERVER_ERROR_LINES } from './reply.ts';
import type { InvalidRequest, Request } from './request.ts';
import { TextLine } from './text-line.ts';
import { invalid, type StorageHeader } from './text-words.ts';

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const LINE_END_BYTES = 2;

/** How many leading spaces a `get` may have, for memcached to let its line be long. */
const LEADING_SPACES_MAX = 100;

const MULTI_KEY_COMMANDS = ['get ', 'gets ', 'gat ', 'gats '].map((name) => Buffer.from(name));

/**
 * The decoder of memcached's text protocol: `push` the received bytes, and call `next` until it returns null. It
 * knows no sockets, and answers nothing. Input that is no request becomes an `InvalidRequest` with memcached's own
 * answer, in its place among the requests.
 *
 * Invariants:
 *  1. The requests do not depend on how the input was cut into chunks.
 *  2. Each byte is searched for a line end once, and copied at most once, except for the doubling of a line that
 *     spans chunks. A value that lies in one chunk is not copied, unless the chunk is lent: it is a view of the chunk.
 *  3. Once `next` has returned null, no more than a line of `LINE_BYTES_MAX` or one item is kept.
 *
 * memcached closes the connection on a line of more than `SHORT_LINE_BYTES_MAX` that is no `get`, unless one read
 * happened to return the whole line. This decoder closes it in any case. Other than in memcached, a `gat` may be as
 * long as a `get`.
 */
export class TextProtocolDecoder {
  readonly #itemBytesMax: number;
  readonly #received = new ReceiveQueue();
  readonly #carry = new LineCarry();
  readonly #line = new TextLine();
  /** The storage command whose value is being read. */
  #header: StorageHeader | null = null;
  /** The value and its line end as far as they have come, if they span chunks. */
  #gathered: Buffer | null = null;
  #gatheredBytes = 0;
  /** Bytes left to skip of a value that is too large to be kept. */
  #swallowBytes = 0;
  /** The request to return next, before anything else is read. */
  #following: Request | null = null;
  #closed = false;

  /** @param itemBytesMax the largest item in bytes, see `exceedsItemLimit` */
  constructor({ itemBytesMax }: { readonly itemBytesMax: number }) {
    this.#itemBytesMax = itemBytesMax;
  }

  /** The decoder owns the chunk from now on: values may be views of it. */
  push(chunk: Buffer): void {
    if (!this.#closed) this.#received.push(chunk);
  }

  /** Like `push`, of bytes that may be overwritten after `keep`. */
  lend(bytes: Buffer): void {
    if (!this.#closed) this.#received.lend(bytes);
  }

  /** Copies what has not become a request of the bytes that were lent. */
  keep(): void {
    this.#received.keep();
  }

  /** Bytes held: received ones, and memory that is reserved for a value. */
  get bufferedBytes(): number {
    return this.#received.byteLength + this.#carry.length + (this.#gathered?.length ?? 0);
  }

  /** The next request. Null while it is not complete, and for ever after `quit` or a fatal request. */
  next(): Request | null {
    if (this.#following !== null) {
      const request = this.#following;
      this.#following = null;
      return request;
    }
    if (this.#swallowBytes > 0) this.#swallow();
    if (!this.#received.fill()) return null;
    return this.#header === null ? this.#readLine() : this.#readValue(this.#header);
  }

  #readLine(): Request | null {
    const received = this.#received;
    while (received.fill()) {
      const { chunk, at } = received;
      const lineEnd = chunk.indexOf(LF, at);
      const end = lineEnd === -1 ? chunk.length : lineEnd;
      if (this.#carry.length === 0 && lineEnd !== -1) {
        received.at = lineEnd + 1;
        return this.#onLine(chunk, at, lineEnd);
      }
      const fits = Math.min(end, at + LINE_BYTES_MAX - this.#carry.length);
      this.#carry.append(chunk, at, fits);
      received.at = end;
      if (fits < end) return this.#onLineTooLong(this.#carry.bytes, 0, this.#carry.length);
      if (lineEnd !== -1) {
        received.at++;
        return this.#onCarriedLine();
      }
      if (isTooLong(this.#carry.bytes, 0, this.#carry.length)) {
        return this.#onLineTooLong(this.#carry.bytes, 0, this.#carry.length);
      }
    }
    return null;
  }

  #onCarriedLine(): Request | null {
    const { bytes, length } = this.#carry;
    this.#carry.reset();
    return this.#onLine(bytes, 0, length);
  }

  #onLine(bytes: Buffer, start: number, end: number): Request | null {
    if (isTooLong(bytes, start, end)) return this.#onLineTooLong(bytes, start, end);
    const withoutCr = end - start > 1 && bytes[end - 1] === CR ? end - 1 : end;
    this.#line.read(bytes, start, withoutCr);
    const parsed = parseCommand(this.#line);
    this.#line.release();
    if (parsed.kind === 'header') return this.#onHeader(parsed);
    if (parsed.kind === 'refused') {
      this.#swallowBytes = parsed.valueBytes + LINE_END_BYTES;
      return invalid(parsed.line);
    }
    if (parsed.kind === 'quit' || (parsed.kind === 'invalid' && parsed.fatal)) this.#close();
    return parsed;
  }

  #onHeader(header: StorageHeader): Request | null {
    const { verb, key, flags, valueBytes, noreply } = header;
    if (!exceedsItemLimit(key.length, flags, valueBytes, this.#itemBytesMax)) {
      this.#header = header;
      return this.#readValue(header);
    }
    this.#swallowBytes = valueBytes + LINE_END_BYTES;
    const refusal = invalid(SERVER_ERROR_LINES.VALUE_TOO_LARGE, noreply);
    if (verb !== 'set' && header.meta === undefined) return refusal;
    // As in memcached, a `set` that is too large, and any such `ms`, removes the entry that it was to replace.
    this.#following = refusal;
    return { ...deleteRequest(key, true), unasked: true };
  }

  #readValue(header: StorageHeader): Request | null {
    const received = this.#received;
    const total = header.valueBytes + LINE_END_BYTES;
    while (received.fill()) {
      const { chunk, at } = received;
      if (this.#gathered === null && !received.isLent && received.unreadInChunk >= total) {
        received.at = at + total;
        return this.#onValue(header, chunk, at);
      }
      this.#gathered ??= Buffer.allocUnsafe(total);
      const copied = chunk.copy(this.#gathered, this.#gatheredBytes, at);
      received.at = at + copied;
      this.#gatheredBytes += copied;
      if (this.#gatheredBytes === total) return this.#onValue(header, this.#gathered, 0);
    }
    return null;
  }

  /**
   * The value and its line end have come. If the line end is missing, the bytes behind the value are the next command.
   */
  #onValue(header: StorageHeader, bytes: Buffer, start: number): Request {
    this.#header = null;
    this.#gathered = null;
    this.#gatheredBytes = 0;
    const { verb, key, flags, exptime, compare, noreply, meta } = header;
    const end = start + header.valueBytes;
    if (bytes[end] !== CR || bytes[end + 1] !== LF) {
      return invalid('CLIENT_ERROR bad data chunk', noreply);
    }
    const value = bytes.subarray(start, end);
    if (meta !== undefined) return metaStorageRequest(header, meta, value);
    return storageRequest(verb, key, flags, exptime, value, compare, noreply);
  }

  #swallow(): void {
    const received = this.#received;
    while (this.#swallowBytes > 0 && received.fill()) {
      const swallowed = Math.min(this.#swallowBytes, received.unreadInChunk);
      received.at += swallowed;
      this.#swallowBytes -= swallowed;
    }
  }

  /** memcached allows a longer list of keys, so its end is explained. Any other long line closes without an answer. */
  #onLineTooLong(bytes: Buffer, start: number, end: number): InvalidRequest {
    const line = namesManyKeys(bytes, start, end) ? 'CLIENT_ERROR line too long' : '';
    this.#close();
    return invalid(line, false, true);
  }

  #close(): void {
    this.#closed = true;
    this.#received.clear();
    this.#carry.reset();
  }
}

function isTooLong(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length <= SHORT_LINE_BYTES_MAX) return false;
  return length > LINE_BYTES_MAX || !namesManyKeys(bytes, start, end);
}

/** The line begins like a command that may name any number of keys. */
function namesManyKeys(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end && at - start <= LEADING_SPACES_MAX && bytes[at] === SPACE) at++;
  if (at - start > LEADING_SPACES_MAX) return false;
  return MULTI_KEY_COMMANDS.some((name) => bytes.compare(name, 0, name.length, at, at + name.length) === 0);
}
