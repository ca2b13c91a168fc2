import type { Connection, ConnectionHandlers, Transport } from '../base/transport.ts';
import { writeParts } from '../base/write-parts.ts';
import { FAILURES, RESPONSE_MAGIC, SUCCESS } from '../protocol/binary/wire-format.ts';
import { ReplyBuffer } from '../protocol/reply-buffer.ts';
import { SlabPool } from '../protocol/slab-pool.ts';
import { Abandoned } from './abandoned.ts';
import { BinaryReplyReader, type ReplyHeader, type ReplySink } from './binary-reply.ts';
import { OPCODE, type Opcode, writeAppend, writeKeyRequest, writeSet } from './binary-request.ts';
import type { StatsGroup, StoreError, StoreStats } from './driver.ts';
import type { LargeValues } from './large-values.ts';
import {
  type AbandonedConnection,
  CONNECTION_CLOSED,
  type ConnectionEvents,
  itemBytesMaxOf,
  KEEP_ALIVE_MS,
  OUT_OF_ORDER,
  reasonOf,
  refusalOf,
  type StoreAddress,
  type StoreConnection,
  VALUE_TOO_LARGE,
} from './store-connection.ts';

/**
 * The project's own connection to memcached. It speaks the binary protocol, which can carry every key, and whose
 * replies can be told from any other bytes.
 *
 *  1. All requests of an event-loop turn leave in one write at its end.
 *  2. The opaque of a request is its number and its opcode. Therefore requests in flight need no record, and a reply
 *     that is not that of the next request, or has another opcode, ends the connection before its body is read.
 */
export class PipelinedConnection implements StoreConnection {
  readonly #transport: Transport;
  readonly #address: StoreAddress;
  readonly #events: ConnectionEvents;
  readonly #output = new ReplyBuffer(new SlabPool());
  readonly #reader: BinaryReplyReader;
  #connection: Connection | null = null;
  #abandoned = false;
  #flushScheduled = false;

  /** Numbers of the next request and the next reply, 24 bits. */
  #asked = 0;
  #answered = 0;
  /** A valid reply has come: the other end is a memcached. */
  #proven = false;

  /** The requests for statistics in flight. There are always few. */
  readonly #inquiries: Inquiry[] = [];

  /** @param large gives the memory for large values that are read */
  constructor(transport: Transport, address: StoreAddress, events: ConnectionEvents, large: LargeValues) {
    this.#transport = transport;
    this.#address = address;
    this.#events = events;
    const sink: ReplySink = {
      onHeader: (header) => this.#onHeader(header),
      onReply: (header, body) => this.#onReply(header, body),
    };
    this.#reader = new BinaryReplyReader(sink, large);
  }

  open(done: (itemBytesMax: number | null) => void): void {
    const handlers: ConnectionHandlers = {
      onData: (bytes, length) => {
        if (!this.#abandoned) this.#reader.read(bytes, length);
      },
      onEnd: () => this.#lose(CONNECTION_CLOSED),
      onError: (error) => this.#lose(reasonOf(error)),
      onClose: () => this.#lose(CONNECTION_CLOSED),
    };
    this.#connection = this.#transport.connect(this.#address, handlers, {
      keepAliveMs: KEEP_ALIVE_MS,
      readBuffer: Buffer.allocUnsafeSlow(READ_BYTES),
    });
    this.#inquire('settings', (_, stats) => done(itemBytesMaxOf(new Map(stats).get('item_size_max'))));
  }

  get(key: string): void {
    writeKeyRequest(OPCODE.get, key, this.#nextOpaque(OPCODE.get), this.#output);
  }

  set(key: string, bytes: Buffer): void {
    writeSet(key, bytes, NO_BYTES, this.#nextOpaque(OPCODE.set), this.#output);
  }

  setParts(key: string, header: Buffer, value: Buffer): void {
    writeSet(key, header, value, this.#nextOpaque(OPCODE.set), this.#output);
  }

  append(key: string, bytes: Buffer): void {
    writeAppend(key, bytes, this.#nextOpaque(OPCODE.append), this.#output);
  }

  delete(key: string): void {
    writeKeyRequest(OPCODE.delete, key, this.#nextOpaque(OPCODE.delete), this.#output);
  }

  stats(group: StatsGroup, take: (stats: StoreStats) => void): void {
    this.#inquire(group, (refusal, stats) => {
      if (refusal === null) take(stats);
      this.#events.onReply(refusal, null);
    });
  }

  abandon(): AbandonedConnection {
    this.#abandoned = true;
    this.#output.take();
    return new Abandoned(this.#connection!);
  }

  #inquire(group: StatsGroup, done: Inquiry['done']): void {
    this.#inquiries.push({ stats: [], done });
    writeKeyRequest(OPCODE.stat, group, this.#nextOpaque(OPCODE.stat), this.#output);
  }

  #nextOpaque(opcode: Opcode): number {
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      setImmediate(this.#flush);
    }
    const opaque = opaqueOf(this.#asked, opcode);
    this.#asked = (this.#asked + 1) & NUMBER_MASK;
    return opaque;
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false;
    if (this.#abandoned) return;
    writeParts(this.#connection!, this.#output.take());
  };

  #onHeader(header: ReplyHeader): boolean {
    if (header.magic !== RESPONSE_MAGIC) return this.#refuse(this.#proven ? OUT_OF_ORDER : NOT_BINARY);
    const due = this.#answered !== this.#asked && header.opaque === opaqueOf(this.#answered, header.opcode);
    if (!due || !hasRightShape(header)) return this.#refuse(OUT_OF_ORDER);
    this.#proven = true;
    return true;
  }

  #onReply(header: ReplyHeader, body: Buffer): boolean {
    if (header.opcode === OPCODE.stat) {
      this.#onStat(header, body);
    } else {
      this.#answered = (this.#answered + 1) & NUMBER_MASK;
      const { opcode, status, extrasBytes } = header;
      const found = status === SUCCESS;
      const missed = status === MISSES[opcode];
      if (found && opcode === OPCODE.get) this.#events.onReply(null, body.subarray(extrasBytes));
      else if (found && opcode === OPCODE.append) this.#events.onReply(null, NO_BYTES);
      else this.#events.onReply(found || missed ? null : refusalOfStatus(status), null);
    }
    return !this.#abandoned;
  }

  /** Each figure is a reply of its own; a reply without a name is the last. */
  #onStat({ status, keyBytes }: ReplyHeader, body: Buffer): void {
    const { stats, done } = this.#inquiries[0]!;
    if (status === SUCCESS && keyBytes > 0) {
      stats.push([body.toString('latin1', 0, keyBytes), body.toString('latin1', keyBytes)]);
      return;
    }
    this.#answered = (this.#answered + 1) & NUMBER_MASK;
    this.#inquiries.shift();
    done(status === SUCCESS ? null : refusalOfStatus(status), stats);
  }

  #refuse(reason: string): boolean {
    this.#lose(reason);
    return false;
  }

  #lose(reason: string): void {
    if (!this.#abandoned) this.#events.onLost(reason);
  }
}

interface Inquiry {
  readonly stats: [name: string, value: string][];
  readonly done: (refusal: StoreError | null, stats: StoreStats) => void;
}

const NO_BYTES = Buffer.alloc(0);

/** The status by which memcached says that there is nothing under the key, by opcode. */
const MISSES: Readonly<Partial<Record<number, number>>> = {
  [OPCODE.get]: FAILURES.notFound.status,
  [OPCODE.delete]: FAILURES.notFound.status,
  [OPCODE.append]: FAILURES.notStored.status,
};

/** Most bytes that are read at once. */
const READ_BYTES = 65_536;

/** Longest body of a reply, in bytes: memcached's own bound of `-I` is a gigabyte. */
const BODY_BYTES_MAX = 2 ** 30;

const GET_EXTRAS_BYTES = 4;

const NUMBER_MASK = 0xff_ffff;

const NOT_BINARY = "no reply of memcached's binary protocol: is it a memcached?";

function opaqueOf(number: number, opcode: number): number {
  return ((number << 8) | opcode) >>> 0;
}

/** Whether the lengths are those of a reply to its opcode. */
function hasRightShape({ opcode, status, extrasBytes, keyBytes, bodyBytes }: ReplyHeader): boolean {
  if (bodyBytes > BODY_BYTES_MAX) return false;
  const found = status === SUCCESS;
  switch (opcode) {
    case OPCODE.get:
      return keyBytes === 0 && extrasBytes === (found ? GET_EXTRAS_BYTES : 0) && bodyBytes >= extrasBytes;
    case OPCODE.stat:
      return extrasBytes === 0 && bodyBytes >= keyBytes;
    default:
      return keyBytes === 0 && extrasBytes === 0 && (!found || bodyBytes === 0);
  }
}

/** The names of the statuses in the text of the protocol. */
const REFUSALS: Readonly<Record<number, string>> = {
  3: VALUE_TOO_LARGE,
  4: 'Invalid arguments',
  5: 'Item not stored',
  129: 'Unknown command',
  130: 'Out of memory',
  131: 'Not supported',
  132: 'Internal error',
  133: 'Busy',
  134: 'Temporary failure',
};

function refusalOfStatus(status: number): StoreError {
  return refusalOf(REFUSALS[status] ?? `status ${status}`);
}
