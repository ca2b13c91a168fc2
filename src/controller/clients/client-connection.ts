import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { writeParts, writePartsAndTell } from '../../base/write-parts.ts';
import type { Coordinator } from '../../consistency/coordinator.ts';
import { ClientSession } from '../../consistency/session.ts';
import type { ClientCodec } from '../../protocol/client-codec.ts';
import type { Hit, Reply } from '../../protocol/reply.ts';
import { ReplyBuffer } from '../../protocol/reply-buffer.ts';
import type { Request } from '../../protocol/request.ts';
import { LARGE_BYTES_MIN, LARGE_VALUES } from '../../store/large-values.ts';
import type { ClientBudget } from './client-budget.ts';
import { Taking } from './reply-uptake.ts';
import { keysOf, requestBytes } from './request-bytes.ts';

export interface ClientPorts {
  readonly coordinator: Coordinator;
  /** Requests in progress at once; further ones wait in the socket. */
  readonly pipelineMax: number;
  readonly budget: ClientBudget;
  readonly clock: Clock;
  /** Has `flush` called at the end of this event-loop turn. */
  readonly onOutput: (connection: ClientConnection) => void;
  /** Has `takeTurn` called in the next event-loop turn. */
  readonly onYield: (connection: ClientConnection) => void;
  readonly onReply: (request: Request, reply: Reply) => void;
  /** Hits have gone out ahead of the rest of their reply. */
  readonly onPart: (hits: readonly Hit[]) => void;
  /** Its reads wait for room: `goOn` is to be called when others have taken what they were given, or have left. */
  readonly onHeldUp: (connection: ClientConnection) => void;
  /** There may be room for the reads of others. */
  readonly onRoom: () => void;
  readonly onBytes: (read: number, written: number) => void;
  /** The client was told that there is no memory for it. */
  readonly onRefused: () => void;
  /** The client has got its last answer, or is gone: called once. */
  readonly onEnd: () => void;
  readonly onClose: (connection: ClientConnection) => void;
}

/** As `stats conns` shows it. */
export interface ConnectionFigures {
  readonly id: number;
  /** Empty when the client has gone. */
  readonly address: string;
  readonly state: 'conn_read' | 'conn_parse_cmd' | 'conn_mwrite';
  readonly idleSeconds: number;
}

/**
 * Requests of one connection that are taken in one event-loop turn, a key of a `get` counting as one: then it is
 * the others' turn. More: fewer turns for a client that pipelines. Fewer: less delay for those beside it.
 */
export const REQUESTS_PER_TURN = 64;

/**
 * Requests of one connection in progress while a read of it waits for room or for its turn: those behind it would
 * wait, too, and are left in the socket. More: a little less delay when it is its turn. Fewer: less memory for many
 * connections that wait.
 */
const WAITING_MAX = 16;

/** How long a client may take to close its side after the last reply, in milliseconds. */
const LINGER_MS = 1_000;

const giveBack = (part: Buffer): void => LARGE_VALUES.onSent(part);

/**
 * One client's socket: bytes to requests, replies to bytes. Slows the client down, by not reading, when it has
 * too much in progress, does not take its replies, or has had its turn.
 */
export class ClientConnection {
  readonly #socket: Socket;
  readonly #id: number;
  readonly #ports: ClientPorts;
  readonly #codec: ClientCodec;
  readonly #session: ClientSession;
  readonly #taking: Taking;
  readonly #output = new ReplyBuffer();
  /** Values of writes under way, and keys of requests that read many. */
  #requestBytes = 0;
  /** What its reads under way are expected to bring, or have brought and is not in the output yet. */
  #readBytes = 0;
  /** Sent last to a client that is refused. */
  readonly #refusal: string;
  #lastWords = '';
  #lastInputMs: number;
  /** Bytes that the budget knows of. */
  #accountedBytes = 0;
  /** Requests taken since it was last the others' turn, or since there were no more. */
  #taken = 0;
  #yielded = false;
  #paused = false;
  #decoding = false;
  /** The client will send no more; what it has sent is still carried out. */
  #inputEnded = false;
  /** The connection ends with the next answer after which nothing is left to be done on it. */
  #isLast = false;
  /** Since then the client has sent requests before it had all answers: there may be more of them on the way. */
  #isPipelined = false;
  /** No more requests are taken; once all are answered, the connection ends. */
  #ending = false;
  #ended = false;
  #flushAsked = false;
  #closed = false;

  /** @param refusal what its protocol says when there is no memory left, empty for nothing */
  constructor(socket: Socket, id: number, codec: ClientCodec, refusal: string, ports: ClientPorts) {
    this.#socket = socket;
    this.#id = id;
    this.#taking = new Taking(socket, ports.clock);
    this.#ports = ports;
    this.#codec = codec;
    this.#refusal = refusal;
    this.#lastInputMs = ports.clock.nowMs();
    this.#session = new ClientSession(ports.coordinator, {
      onReply: (request, reply) => this.#onReply(request, reply),
      onPart: (request, hits) => this.#onPart(request, hits),
      room: { admits: (bytes, awaited) => this.#admits(bytes, awaited), hold: (bytes) => this.#hold(bytes) },
      waitedForClientSince: (ms) => this.#taking.wasAwaitedSince(ms),
    });
    ports.budget.join();
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => {
      this.#inputEnded = true;
      this.#decode();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#onClose());
  }

  get figures(): ConnectionFigures {
    const { remoteAddress, remotePort, writableLength } = this.#socket;
    const state = this.#session.inProgress > 0 ? 'conn_parse_cmd' : 'conn_read';
    return {
      id: this.#id,
      address: remoteAddress === undefined ? '' : `${remoteAddress}:${remotePort}`,
      state: writableLength > 0 ? 'conn_mwrite' : state,
      idleSeconds: Math.floor((this.#ports.clock.nowMs() - this.#lastInputMs) / 1000),
    };
  }

  /** True when the client has sent nothing since then, and waits for nothing. */
  isIdleSince(ms: number): boolean {
    const owes = this.#session.inProgress + this.#output.byteLength + this.#socket.writableLength;
    return this.#lastInputMs <= ms && owes === 0;
  }

  /** Takes in bytes, from the socket or read from it before. */
  receive(chunk: Buffer): void {
    if (this.#ending) return;
    this.#lastInputMs = this.#ports.clock.nowMs();
    this.#ports.onBytes(chunk.length, 0);
    this.#codec.push(chunk);
    // Before, too: requests take more memory once they have been read than they did as bytes.
    this.#refuseIfExhausted();
    this.#decode();
    this.#refuseIfExhausted();
  }

  /** Goes on with requests that had to wait for others' turns. */
  takeTurn(): void {
    this.#yielded = false;
    this.#taken = 0;
    this.#resume();
  }

  /** Starts requests that were waiting for the engine. */
  drain(): void {
    this.#session.drain();
  }

  /** Goes on with reads that had to wait for room. */
  goOn(): void {
    this.#session.flow.retry();
    this.#resume();
  }

  /** The client has taken nothing of what it was given since then, and holds more than its share. */
  hasStalledSince(ms: number): boolean {
    return this.#taking.hasStoodSince(ms) && this.#accountedBytes > this.#ports.budget.share;
  }

  /** Writes what has been answered in this turn. */
  flush(): void {
    this.#flushAsked = false;
    if (this.#closed) return;
    const bytes = this.#output.byteLength;
    if (bytes > 0) {
      const parts = this.#output.take();
      if (bytes < LARGE_BYTES_MIN) writeParts(this.#socket, parts);
      else writePartsAndTell(this.#socket, parts, LARGE_BYTES_MIN, giveBack);
      this.#ports.onBytes(0, bytes);
    }
    this.#account();
    if (this.#isLast && bytes > 0 && this.#isBetweenRequests) {
      this.#ending = true;
      if (!this.#isPipelined && this.#socket.writableLength === 0) return this.destroy();
    }
    if (this.#ending && this.#session.inProgress === 0) this.#end();
    else this.goOn();
  }

  /**
   * Ends the connection with the next answer. A client that waits for its answers has no request on the way then, so it
   * sees the end between two requests, if that comes right behind the answer: the socket is closed at once, without the
   * turn of the event loop that the end of a stream takes. At any other time its next request may have been sent already.
   */
  finishWithNextAnswer(): void {
    this.#isLast = true;
    this.#isPipelined = this.#session.inProgress > 1;
  }

  /** Answers what has been asked, then ends the connection. */
  finish(): void {
    this.#ending = true;
    this.#askFlush();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #decode(): void {
    if (this.#decoding || this.#yielded) return;
    this.#decoding = true;
    while (!this.#ending) {
      if (this.#isFull()) {
        this.#pause();
        break;
      }
      if (this.#taken >= REQUESTS_PER_TURN) {
        this.#yield();
        break;
      }
      const request = this.#codec.next();
      if (request === null) {
        this.#onAllTaken();
        break;
      }
      this.#take(request);
    }
    this.#decoding = false;
    this.#account();
  }

  #take(request: Request): void {
    this.#taken += Math.max(1, keysOf(request));
    if (request.kind === 'quit' || (request.kind === 'invalid' && request.fatal)) this.finish();
    this.#requestBytes += requestBytes(request);
    this.#session.submit(request);
    if (this.#isLast && this.#session.inProgress > 1) this.#isPipelined = true;
  }

  #onAllTaken(): void {
    this.#taken = 0;
    if (this.#inputEnded) return this.finish();
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  get #isBetweenRequests(): boolean {
    return this.#session.inProgress === 0 && this.#codec.bufferedBytes === 0;
  }

  #isFull(): boolean {
    const { inProgress, flow } = this.#session;
    const waits = flow.isHeldUp || flow.turnsAwaited > 0;
    return (
      inProgress >= (waits ? WAITING_MAX : this.#ports.pipelineMax) ||
      this.#heldBytes + this.#readBytes >= this.#ports.budget.allowance
    );
  }

  /** What requests under way hold themselves, and replies that were not taken. */
  get #heldBytes(): number {
    return this.#requestBytes + this.#replyBytes;
  }

  get #replyBytes(): number {
    return this.#output.byteLength + this.#socket.writableLength;
  }

  /**
   * See `Room`. A client that has left holds nothing, and waits for nothing. What requests hold themselves does not count:
   * one request may be larger than what a connection may have, and its reads are what ends it.
   */
  #admits(bytes: number, awaited: boolean): boolean {
    if (this.#closed) return true;
    const { budget } = this.#ports;
    const held = this.#replyBytes + (awaited ? 0 : this.#readBytes);
    if (held + bytes <= budget.allowance || (held === 0 && budget.admitsOne(bytes))) return true;
    this.#ports.onHeldUp(this);
    return false;
  }

  #hold(bytes: number): void {
    if (this.#closed) return;
    this.#readBytes += bytes;
    this.#ports.budget.add(0, bytes);
  }

  #onDrain(): void {
    this.#taking.onDrain();
    this.#account();
    this.goOn();
    this.#ports.onRoom();
  }

  #account(): void {
    if (!this.#closed) this.#accountAs(this.#heldBytes + this.#codec.bufferedBytes);
  }

  #accountAs(bytes: number): void {
    this.#ports.budget.add(bytes - this.#accountedBytes, 0);
    this.#accountedBytes = bytes;
  }

  #refuseIfExhausted(): void {
    const { budget } = this.#ports;
    if (!budget.isExhausted || this.#ending) return;
    this.#account();
    if (this.#accountedBytes <= budget.share) return;
    this.#lastWords = this.#refusal;
    this.#ports.onRefused();
    this.finish();
  }

  #yield(): void {
    this.#yielded = true;
    this.#pause();
    this.#ports.onYield(this);
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (this.#paused) this.#decode();
  }

  #onReply(request: Request, reply: Reply): void {
    this.#ports.onReply(request, reply);
    if (this.#closed) return;
    this.#codec.encode(request, reply, this.#output);
    this.#requestBytes -= requestBytes(request);
    this.#askFlush();
  }

  #onPart(request: Request, hits: readonly Hit[]): void {
    this.#ports.onPart(hits);
    if (this.#closed) return;
    this.#codec.encode(request, { kind: 'hits', hits, isPart: true }, this.#output);
    this.#askFlush();
  }

  #askFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    this.#ports.onOutput(this);
  }

  /**
   * Closing at once would reset the connection while the client is still sending, and lose the last replies
   * on their way: so the client gets time to close its side.
   */
  #end(): void {
    if (this.#socket.writableEnded) return;
    this.#socket.end(this.#lastWords, () => {
      setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    });
    this.#socket.resume();
    this.#noteEnd();
  }

  #noteEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ports.onEnd();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ending = true;
    this.#noteEnd();
    this.#accountAs(0);
    this.#ports.budget.add(0, -this.#readBytes);
    this.#ports.budget.leave();
    this.#session.leave();
    this.#ports.onClose(this);
    this.#ports.onRoom();
  }
}
