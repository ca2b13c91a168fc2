import { exceedsItemLimit, KEY_BYTES_MAX } from '../limits.ts';
import { deleteRequest } from '../make-request.ts';
import { ReceiveQueue } from '../receive-queue.ts';
import type { InvalidRequest, Request } from '../request.ts';
import type { BinaryCommand } from './binary-command.ts';
import { commandOf, isWellFormed } from './binary-commands.ts';
import { invalid } from './make-binary-request.ts';
import { Packet } from './packet.ts';
import { FAILURES, HEADER_BYTES, PREAMBLE_BYTES_MAX, REQUEST_MAGIC } from './wire-format.ts';

const EMPTY = Buffer.alloc(0);

/** memcached closes the connection without an answer if the bytes in the place of a packet are none. */
const LOST: InvalidRequest = Object.freeze({ kind: 'invalid', line: '', fatal: true, noreply: true });

/**
 * The decoder of memcached's binary protocol: `push` the received bytes, and call `next` until it returns null. It
 * knows no sockets, and answers nothing. A packet that memcached refuses becomes an `InvalidRequest` with memcached's
 * own answer, in its place among the requests.
 *
 * Invariants:
 *  1. The requests do not depend on how the input was cut into chunks.
 *  2. Each byte is copied at most once. A value that lies in one chunk is not copied, unless the chunk is lent: it is
 *     a view of the chunk.
 *  3. Once `next` has returned null, no more than `PREAMBLE_BYTES_MAX` or one item is kept.
 *
 * As in memcached, a packet is judged once its extras and its key have come, whatever its header says of them.
 */
export class BinaryDecoder {
  readonly #itemBytesMax: number;
  readonly #received = new ReceiveQueue();
  readonly #packet = new Packet();
  #awaited: 'header' | 'key' | 'value' = 'header';
  /** The command whose value is being read. */
  #storing: BinaryCommand | null = null;
  /** The bytes that were waited for, once they have come: those of `#bytes` from `#start` on. */
  #bytes: Buffer = EMPTY;
  #start = 0;
  /** The bytes that are waited for, as far as they have come, if they span chunks. */
  #gathered: Buffer | null = null;
  #gatheredBytes = 0;
  /** Bytes left to skip of a body that is not used. */
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
    return this.#received.byteLength + (this.#gathered?.length ?? 0);
  }

  /** The next request. Null while it is not complete, and for ever after `quit` or a fatal request. */
  next(): Request | null {
    if (this.#following !== null) {
      const request = this.#following;
      this.#following = null;
      return request;
    }
    if (this.#closed || !this.#swallow()) return null;
    const request = this.#read();
    this.#bytes = EMPTY;
    if (request?.kind === 'quit' || (request?.kind === 'invalid' && request.fatal)) this.#close();
    return request;
  }

  #read(): Request | null {
    const packet = this.#packet;
    if (this.#awaited === 'header') {
      if (!this.#gather(HEADER_BYTES)) return null;
      if (packet.readHeader(this.#bytes, this.#start) !== REQUEST_MAGIC) return LOST;
      if (HEADER_BYTES + packet.extrasBytes + packet.keyBytes > PREAMBLE_BYTES_MAX) return LOST;
      this.#awaited = 'key';
    }
    if (this.#awaited === 'key') {
      if (!this.#gather(packet.extrasBytes + packet.keyBytes)) return null;
      this.#awaited = 'header';
      packet.readExtrasAndKey(this.#bytes, this.#start);
      const request = this.#onPacket(packet);
      if (request !== null) return request;
      this.#awaited = 'value';
    }
    return this.#readValue(packet);
  }

  /** Null if a value has to be read first. The checks come in memcached's order. */
  #onPacket(packet: Packet): Request | null {
    if (packet.valueBytes < 0) return invalid(packet, FAILURES.unknownCommand, true);
    if (packet.keyBytes > KEY_BYTES_MAX) return invalid(packet, FAILURES.invalidArguments, true);
    const command = commandOf(packet.opcode);
    if (command === undefined) return this.#onUnknown(packet);
    if (!isWellFormed(packet, command)) return invalid(packet, FAILURES.invalidArguments, true);
    if (command.rest === 'value') return this.#onStore(packet, command);
    if (command.rest === 'swallowed') this.#swallowBytes = packet.valueBytes;
    return command.make(packet, command, EMPTY);
  }

  /**
   * memcached has read extras and key by then, and still skips as many bytes as the whole body has, counted in an
   * `int`. So if there were extras or a key, it skips into the packets behind this one.
   */
  #onUnknown(packet: Packet): Request {
    this.#swallowBytes = Math.max(0, packet.bodyBytes | 0);
    return invalid(packet, FAILURES.unknownCommand, false);
  }

  #onStore(packet: Packet, command: BinaryCommand): Request | null {
    const { key, keyBytes, valueBytes } = packet;
    const flags = packet.extrasBytes === 0 ? 0 : packet.extras.readUInt32BE(0);
    if (!exceedsItemLimit(keyBytes, flags, valueBytes, this.#itemBytesMax)) {
      this.#storing = command;
      return null;
    }
    this.#swallowBytes = valueBytes;
    const refusal = invalid(packet, FAILURES.tooLarge, false);
    if (!command.replaces) return refusal;
    // As in memcached, a `set` that is too large removes the entry that it was to replace.
    this.#following = refusal;
    return { ...deleteRequest(key, true), unasked: true };
  }

  #readValue(packet: Packet): Request | null {
    const { valueBytes } = packet;
    if (!this.#gather(valueBytes)) return null;
    this.#awaited = 'header';
    const command = this.#storing!;
    this.#storing = null;
    return command.make(packet, command, this.#bytes.subarray(this.#start, this.#start + valueBytes));
  }

  /** Makes `total` bytes available in one piece. @returns false if they have not all come yet */
  #gather(total: number): boolean {
    const received = this.#received;
    this.#start = 0;
    if (total === 0) return true;
    while (received.fill()) {
      const { chunk, at } = received;
      const isView = !(received.isLent && this.#awaited === 'value');
      if (this.#gathered === null && isView && received.unreadInChunk >= total) {
        received.at = at + total;
        this.#bytes = chunk;
        this.#start = at;
        return true;
      }
      this.#gathered ??= Buffer.allocUnsafe(total);
      const copied = chunk.copy(this.#gathered, this.#gatheredBytes, at);
      received.at = at + copied;
      this.#gatheredBytes += copied;
      if (this.#gatheredBytes === total) return this.#onGathered(this.#gathered);
    }
    return false;
  }

  #onGathered(bytes: Buffer): true {
    this.#bytes = bytes;
    this.#gathered = null;
    this.#gatheredBytes = 0;
    return true;
  }

  /** @returns false while more bytes have to be skipped */
  #swallow(): boolean {
    const received = this.#received;
    while (this.#swallowBytes > 0 && received.fill()) {
      const swallowed = Math.min(this.#swallowBytes, received.unreadInChunk);
      received.at += swallowed;
      this.#swallowBytes -= swallowed;
    }
    return this.#swallowBytes === 0;
  }

  #close(): void {
    this.#closed = true;
    this.#received.clear();
  }
}
