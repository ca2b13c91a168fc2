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

/** memcached closes a connection on which it finds no packet where one has to be, without a word. */
const LOST: InvalidRequest = Object.freeze({ kind: 'invalid', line: '', fatal: true, noreply: true });

/**
 * memcached's binary protocol, from bytes to requests, by pull: `push` what was received, call `next` until it
 * says null. It knows no sockets and answers nothing; what memcached refuses comes out as `InvalidRequest` with
 * memcached's own answer, in its place among the requests.
 *
 * Invariants:
 *  1. The requests do not depend on how the input was cut into chunks.
 *  2. Every byte is copied once at most. A value that lies in one chunk is not copied: it is a view of it.
 *  3. Once `next` has said null, no more than `PREAMBLE_BYTES_MAX` or one item is kept.
 *
 * A packet is judged when its extras and its key are there, as in memcached, whatever its header says of them.
 */
export class BinaryDecoder {
  readonly #itemBytesMax: number;
  readonly #received = new ReceiveQueue();
  readonly #packet = new Packet();
  #awaited: 'header' | 'key' | 'value' = 'header';
  /** The command whose value is being read. */
  #storing: BinaryCommand | null = null;
  /** What was awaited, once it is there: from `#start` on, in `#bytes`. */
  #bytes: Buffer = EMPTY;
  #start = 0;
  /** What is awaited, as far as it has come, when it spans chunks. */
  #gathered: Buffer | null = null;
  #gatheredBytes = 0;
  /** Bytes left of a body that is not wanted. */
  #swallowBytes = 0;
  /** To be yielded next, before anything else is read. */
  #following: Request | null = null;
  #closed = false;

  /** @param itemBytesMax largest item in bytes, see `exceedsItemLimit` */
  constructor({ itemBytesMax }: { readonly itemBytesMax: number }) {
    this.#itemBytesMax = itemBytesMax;
  }

  /** The chunk now belongs to the decoder: values may be views of it. */
  push(chunk: Buffer): void {
    if (!this.#closed) this.#received.push(chunk);
  }

  /** Bytes held, in memory reserved for a value as well as received. */
  get bufferedBytes(): number {
    return this.#received.byteLength + (this.#gathered?.length ?? 0);
  }

  /** The next request; null when more bytes are needed for it, and for ever after `quit` or a fatal one. */
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

  /** Null when a value is to be read first. The order of the checks is memcached's. */
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
   * memcached has read extras and key by then, and still skips as many bytes as the whole body has, in an `int`:
   * so where there were any, it skips into the packets behind.
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
    // As in memcached, a `set` that does not fit takes away what the client meant to replace.
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

  /** Makes `total` bytes available behind one another; false when they have not all come yet. */
  #gather(total: number): boolean {
    const received = this.#received;
    this.#start = 0;
    if (total === 0) return true;
    while (received.fill()) {
      const { chunk, at } = received;
      if (this.#gathered === null && received.unreadInChunk >= total) {
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

  /** False while there is more to come of a body that is not wanted. */
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
