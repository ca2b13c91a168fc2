import type { Clock } from '../../base/clock.ts';
import type { Connection } from '../../base/transport.ts';
import { writeParts, writePartsAndTell } from '../../base/write-parts.ts';
import type { ClientStream } from '../../consistency/client-stream.ts';
import type { Coordinator } from '../../consistency/coordinator.ts';
import { Pipeline } from '../../consistency/pipeline.ts';
import { kindOf } from '../../consistency/request-kinds.ts';
import type { ClientCodec } from '../../protocol/client-codec.ts';
import type { Hit, Reply } from '../../protocol/reply.ts';
import { ReplyBuffer } from '../../protocol/reply-buffer.ts';
import type { Request } from '../../protocol/request.ts';
import type { SlabPool } from '../../protocol/slab-pool.ts';
import { newContext } from '../../replication/request-context.ts';
import { LARGE_BYTES_MIN } from '../../store/large-values.ts';
import type { ConnectionFigures, ServedClient } from './client.ts';
import type { ClientBudget } from './client-budget.ts';
import { ConnectionMemory } from './connection-memory.ts';
import { type Input, PHASES, type Phase } from './connection-phase.ts';
import { ReplyUptake } from './reply-uptake.ts';

export interface ClientPorts {
  /** Most requests in progress at once; further ones wait in the socket. */
  readonly pipelineMax: number;
  readonly budget: ClientBudget;
  readonly clock: Clock;
  /** Requests that `flush` is called at the end of this event-loop turn. */
  readonly onOutput: (connection: ClientConnection) => void;
  /** Requests that `resumeDecoding` is called in the next event-loop turn. */
  readonly onYield: (connection: ClientConnection) => void;
  /** @param client the number of the connection */
  readonly onReply: (request: Request, reply: Reply, client: number) => void;
  /** Some hits have been sent ahead of the rest of their reply. */
  readonly onPart: (request: Request, hits: readonly Hit[], client: number) => void;
  /**
   * Reads of this connection wait for budget: `goOn` has to be called when other clients have taken replies
   * or left.
   */
  readonly onBlocked: (client: ServedClient) => void;
  /** There may be budget for the reads of other clients. */
  readonly onBudgetFreed: () => void;
  readonly onBytes: (read: number, written: number) => void;
  /** A piece of a reply of at least `LARGE_BYTES_MIN` is with the kernel. */
  readonly onLargeSent: (part: Buffer) => void;
  /** Memory for the replies of all clients. */
  readonly slabs: SlabPool;
  /** The client was told that there is no memory left for it. */
  readonly onRefused: () => void;
  /** Called once, when the client has got its last answer or is gone. */
  readonly onEnd: () => void;
  readonly onClose: (client: ServedClient) => void;
}

/**
 * Most requests of one connection that are decoded in one event-loop turn; each key of a `get` counts as one.
 * Then it is the turn of the other connections. More: fewer turns for a client that pipelines. Fewer: less
 * delay for the clients beside it.
 */
export const REQUESTS_PER_TURN = 64;

/**
 * Most requests of one connection in progress while one of its reads waits for budget or for its turn. The
 * requests behind that read would wait too, so they are left in the socket. More: slightly less delay when
 * the turn comes. Fewer: less memory for many connections that wait.
 */
const WAITING_MAX = 16;

/** How long a client may take to close its side after the last reply, in milliseconds. */
const LINGER_MS = 1_000;

/**
 * One client's socket: bytes become requests, replies become bytes. The connection slows its client down, by
 * not reading, when the client has too much in progress, does not take its replies, or has had its turn.
 */
export class ClientConnection implements ServedClient, ClientStream {
  readonly #connection: Connection;
  readonly #id: number;
  readonly #ports: ClientPorts;
  readonly #codec: ClientCodec;
  readonly #pipeline: Pipeline;
  readonly #uptake: ReplyUptake;
  readonly #output: ReplyBuffer;
  readonly #memory: ConnectionMemory;
  /** The text that is sent to a client when it is refused for lack of memory. */
  readonly #refusal: string;
  #lastWords = '';
  #lastInputMs: number;
  #phase: Phase = PHASES.open;
  #input: Input = 'flowing';
  /** Requests decoded since the other connections last had their turn, or since none was left to decode. */
  #decodedInTurn = 0;
  #isDecoding = false;
  #isFlushAsked = false;

  /** @param refusal what the protocol says when there is no memory left; empty when it says nothing */
  constructor(
    connection: Connection,
    id: number,
    codec: ClientCodec,
    refusal: string,
    coordinator: Coordinator,
    ports: ClientPorts,
  ) {
    this.#connection = connection;
    this.#id = id;
    this.#uptake = new ReplyUptake(connection, ports.clock);
    this.#output = new ReplyBuffer(ports.slabs);
    this.#memory = new ConnectionMemory(ports.budget, connection, this.#output);
    this.#ports = ports;
    this.#codec = codec;
    this.#refusal = refusal;
    this.#lastInputMs = ports.clock.nowMs();
    this.#pipeline = new Pipeline(coordinator, {
      context: newContext(),
      onReply: (request, reply) => this.#onReply(request, reply),
      onPart: (request, hits) => this.#onPart(request, hits),
      stream: this,
      budget: {
        fits: (bytes, awaited) => this.#fits(bytes, awaited),
        reserve: (bytes) => this.#reserve(bytes),
      },
      waitedForClientSince: (ms) => this.#uptake.hadBacklogSince(ms),
      clientName: () => this.#clientName,
    });
    connection.handle({
      onData: (chunk) => this.receive(chunk),
      onLent: (bytes) => this.receive(bytes, true),
      onDrain: () => this.#onDrain(),
      onEnd: () => this.#becomeHalfClosed(),
      onError: () => connection.destroy(),
      onClose: () => this.#becomeClosed(),
    });
  }

  get figures(): ConnectionFigures {
    const { waitingBytes } = this.#connection;
    const state = this.#pipeline.inProgress > 0 ? 'conn_parse_cmd' : 'conn_read';
    return {
      id: this.#id,
      address: this.#clientName,
      state: waitingBytes > 0 ? 'conn_mwrite' : state,
      idleSeconds: Math.floor((this.#ports.clock.nowMs() - this.#lastInputMs) / 1000),
    };
  }

  /** Its address; empty when it has gone. */
  get #clientName(): string {
    const { remoteAddress, remotePort } = this.#connection;
    return remoteAddress === undefined ? '' : `${remoteAddress}:${remotePort}`;
  }

  get state(): ClientStream['state'] {
    if (this.#phase === PHASES.open) return 'open';
    return this.#phase < PHASES.lingering ? 'ending' : 'gone';
  }

  get untakenBytes(): number {
    return this.#output.byteLength + this.#connection.waitingBytes;
  }

  send(text: string): void {
    if (this.#phase >= PHASES.lingering) return;
    this.#output.text(text);
    this.#askFlush();
  }

  /** The client has sent nothing since `ms`, and waits for no answer. */
  isIdleSince(ms: number): boolean {
    return this.#lastInputMs <= ms && this.#pipeline.inProgress + this.untakenBytes === 0;
  }

  /** Takes in bytes: those of the socket, which are lent, and those read before this object was made. */
  receive(chunk: Buffer, isLent = false): void {
    if (this.#phase >= PHASES.answering) return;
    this.#lastInputMs = this.#ports.clock.nowMs();
    this.#ports.onBytes(chunk.length, 0);
    if (isLent) this.#codec.lend(chunk);
    else this.#codec.push(chunk);
    // Checked before decoding as well, because a decoded request takes more memory than its bytes did.
    this.#refuseIfExhausted();
    this.#decode();
    this.#refuseIfExhausted();
    this.#codec.keep();
  }

  /** The turn of this connection has come again. */
  resumeDecoding(): void {
    this.#input = 'paused';
    this.#decodedInTurn = 0;
    this.#decode();
  }

  /** Starts requests that were waiting for the scheme. */
  drain(): void {
    this.#pipeline.drain();
  }

  /** Continues with reads that had to wait for budget. */
  goOn(): void {
    this.#pipeline.flow.retry();
    if (this.#input === 'paused') this.#decode();
  }

  /** The client has taken none of its replies since `ms`, and holds more than its share of memory. */
  hasStalledSince(ms: number): boolean {
    return this.#uptake.checkStalledSince(ms) && this.#memory.isAboveShare;
  }

  /** Writes the answers of this turn. */
  flush(): void {
    this.#isFlushAsked = false;
    if (this.#phase === PHASES.closed) return;
    const bytes = this.#output.byteLength;
    if (bytes > 0) this.#write(bytes);
    this.#account();
    if (bytes > 0 && this.#isLastAnswer()) {
      const awaitsAnswer = this.#phase === PHASES.last;
      this.#phase = PHASES.answering;
      if (awaitsAnswer && this.#connection.waitingBytes === 0) return this.destroy();
    }
    if (this.#phase >= PHASES.answering && this.#pipeline.inProgress === 0) this.#becomeLingering();
    else this.goOn();
  }

  /**
   * Ends the connection with its next answer.
   *
   * A client that waits for each answer has no request on the way at that moment. The socket is then closed
   * at once, right behind the answer, so that the client sees the end between two requests; a half-close
   * would take one more turn of the event loop. A client that pipelines may have sent its next request
   * already, so its connection is ended the usual way.
   */
  finishWithNextAnswer(): void {
    if (this.#phase !== PHASES.open) return;
    this.#phase = this.#pipeline.inProgress > 1 ? PHASES.lastOfPipeline : PHASES.last;
  }

  /** Ends the connection once everything that was asked on it is answered. */
  finish(): void {
    if (this.#phase < PHASES.answering) this.#phase = PHASES.answering;
    this.#askFlush();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  #write(bytes: number): void {
    const parts = this.#output.take();
    if (bytes < LARGE_BYTES_MIN) writeParts(this.#connection, parts);
    else writePartsAndTell(this.#connection, parts, LARGE_BYTES_MIN, this.#ports.onLargeSent);
    this.#ports.onBytes(0, bytes);
  }

  #decode(): void {
    if (this.#isDecoding || this.#input === 'yielded') return;
    this.#isDecoding = true;
    while (this.#phase < PHASES.answering) {
      if (this.#isFull()) {
        this.#pause();
        break;
      }
      if (this.#decodedInTurn >= REQUESTS_PER_TURN) {
        this.#yield();
        break;
      }
      const request = this.#codec.next();
      if (request === null) {
        this.#onAllDecoded();
        break;
      }
      this.#take(request);
    }
    this.#isDecoding = false;
    this.#account();
  }

  #take(request: Request): void {
    this.#decodedInTurn += Math.max(1, kindOf(request).valuesRead(request));
    if (request.kind === 'quit' || (request.kind === 'invalid' && request.fatal)) this.finish();
    this.#memory.addRequest(kindOf(request).ownBytes(request));
    this.#pipeline.submit(request);
    if (this.#phase === PHASES.last && this.#pipeline.inProgress > 1) this.#phase = PHASES.lastOfPipeline;
  }

  #onAllDecoded(): void {
    this.#decodedInTurn = 0;
    if (this.#phase === PHASES.halfClosed) return this.finish();
    if (this.#input === 'flowing') return;
    this.#input = 'flowing';
    this.#connection.resume();
  }

  /**
   * The connection has to end with an answer, and nothing is left to do behind the answer that was just
   * written.
   */
  #isLastAnswer(): boolean {
    const isLast = this.#phase === PHASES.last || this.#phase === PHASES.lastOfPipeline;
    return isLast && this.#pipeline.inProgress === 0 && this.#codec.bufferedBytes === 0;
  }

  #isFull(): boolean {
    const { inProgress, flow } = this.#pipeline;
    const waits = flow.isBlocked || flow.queuedReads > 0;
    return inProgress >= (waits ? WAITING_MAX : this.#ports.pipelineMax) || this.#memory.isFull;
  }

  /** See `ReadBudget`. A client that has left holds nothing, and its reads do not wait. */
  #fits(bytes: number, awaited: boolean): boolean {
    if (this.#phase === PHASES.closed || this.#memory.fits(bytes, awaited)) return true;
    this.#ports.onBlocked(this);
    return false;
  }

  #reserve(bytes: number): void {
    if (this.#phase !== PHASES.closed) this.#memory.addRead(bytes);
  }

  #onDrain(): void {
    this.#uptake.onDrain();
    this.#account();
    this.goOn();
    this.#ports.onBudgetFreed();
  }

  #account(): void {
    if (this.#phase !== PHASES.closed) this.#memory.account(this.#codec.bufferedBytes);
  }

  #refuseIfExhausted(): void {
    if (!this.#memory.isBudgetExhausted || this.#phase >= PHASES.answering) return;
    this.#account();
    if (!this.#memory.isAboveShare) return;
    this.#lastWords = this.#refusal;
    this.#ports.onRefused();
    this.finish();
  }

  #yield(): void {
    this.#pause();
    this.#input = 'yielded';
    this.#ports.onYield(this);
  }

  #pause(): void {
    if (this.#input !== 'flowing') return;
    this.#input = 'paused';
    this.#connection.pause();
  }

  #onReply(request: Request, reply: Reply): void {
    this.#ports.onReply(request, reply, this.#id);
    if (this.#phase === PHASES.closed) return;
    this.#codec.encode(request, reply, this.#output);
    this.#memory.addRequest(-kindOf(request).ownBytes(request));
    this.#askFlush();
  }

  #onPart(request: Request, hits: readonly Hit[]): void {
    this.#ports.onPart(request, hits, this.#id);
    if (this.#phase === PHASES.closed) return;
    this.#codec.encode(request, { kind: 'hits', hits, isPart: true }, this.#output);
    this.#askFlush();
  }

  #askFlush(): void {
    if (this.#isFlushAsked) return;
    this.#isFlushAsked = true;
    this.#ports.onOutput(this);
  }

  #becomeHalfClosed(): void {
    if (this.#phase < PHASES.halfClosed) this.#phase = PHASES.halfClosed;
    this.#decode();
  }

  /**
   * Ends this side and waits a moment for the client to close its own. Closing at once while the client is
   * still sending would reset the connection and lose replies on their way.
   */
  #becomeLingering(): void {
    if (this.#connection.isEnded) return;
    this.#phase = PHASES.lingering;
    this.#connection.end(this.#lastWords, () => {
      setTimeout(() => this.#connection.destroy(), LINGER_MS).unref();
    });
    this.#connection.resume();
    this.#ports.onEnd();
  }

  #becomeClosed(): void {
    const hasEnded = this.#phase === PHASES.lingering;
    this.#phase = PHASES.closed;
    if (!hasEnded) this.#ports.onEnd();
    this.#memory.release();
    this.#pipeline.leave();
    this.#ports.onClose(this);
    this.#ports.onBudgetFreed();
  }
}
