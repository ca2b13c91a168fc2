import { Fifo } from '../../base/fifo.ts';
import type { MonotonicMs } from '../../base/number-kinds.ts';
import type { Connection } from '../../base/transport.ts';
import type { Coordinator } from '../../consistency/coordinator.ts';
import type { HttpClient } from '../../http/http-client.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';
import type { ConnectionFigures, ServedClient } from './client.ts';
import type { ClientPorts } from './client-connection.ts';
import { ConnectionMemory } from './connection-memory.ts';
import { HttpRequests } from './http-requests.ts';
import { ReplyUptake } from './reply-uptake.ts';

/** The part of `ClientPorts` that does not depend on the protocol. */
export type HttpConnectionPorts = Pick<
  ClientPorts,
  | 'budget'
  | 'clock'
  | 'onReply'
  | 'onBlocked'
  | 'onBudgetFreed'
  | 'onBytes'
  | 'onRefused'
  | 'onEnd'
  | 'onClose'
>;

type Go = (isAdmitted: boolean) => void;

/** What a request takes until it has been answered, besides its body and its reply, in bytes. */
const REQUEST_BYTES = 2_048;

/**
 * The numbers grow, because a connection only ever goes forward. `last`: the next answer is the last one. `finishing`:
 * nothing more is asked for, and the connection ends once what was asked for is answered. `ended`: it has had its last
 * answer.
 */
const PHASES = { open: 0, last: 1, finishing: 2, ended: 3, closed: 4 } as const;

type Phase = (typeof PHASES)[keyof typeof PHASES];

/**
 * The connection of one HTTP client. It knows no HTTP: `src/http/` reads requests from its stream and writes answers to
 * it. This object lets one request at a time begin, counts the memory that they take, and ends the connection in time.
 *
 * Requests that arrive while another is under way wait for their turn (RFC 9112, 9.3.2, asks for that unless all
 * methods are safe), and the connection is not read meanwhile.
 */
export class HttpConnection implements ServedClient, HttpClient {
  readonly #connection: Connection;
  readonly #id: number;
  readonly #coordinator: Coordinator;
  readonly #ports: HttpConnectionPorts;
  readonly #memory: ConnectionMemory;
  readonly #uptake: ReplyUptake;
  readonly #waiting = new Fifo<Go>();
  /** The values that the answer under way will have. */
  readonly #held = { byteLength: 0 };
  /** The body of the request under way. */
  #bodyBytes = 0;
  /** Those of the HTTP request under way. */
  #requests: HttpRequests | null = null;
  #isBusy = false;
  /** Brings an answer that goes on to its end; null while there is none. */
  #endAnswer: (() => void) | null = null;
  #phase: Phase = PHASES.open;
  #lastUseMs: MonotonicMs;
  /** As far as the statistics know. */
  #bytesRead = 0;
  #bytesWritten = 0;

  constructor(connection: Connection, id: number, coordinator: Coordinator, ports: HttpConnectionPorts) {
    this.#connection = connection;
    this.#id = id;
    this.#coordinator = coordinator;
    this.#ports = ports;
    this.#memory = new ConnectionMemory(ports.budget, NOTHING_WAITS, this.#held);
    this.#uptake = new ReplyUptake(connection, ports.clock);
    this.#lastUseMs = ports.clock.nowMs();
    connection.pause();
    connection.handle({
      onData: ignore,
      onDrain: () => this.#uptake.onDrain(),
      onEnd: ignore,
      onError: () => connection.destroy(),
      onClose: () => this.#becomeClosed(),
    });
  }

  get figures(): ConnectionFigures {
    const { waitingBytes } = this.#connection;
    const state = this.#isBusy ? 'conn_parse_cmd' : 'conn_read';
    return {
      id: this.#id,
      address: this.#clientName,
      state: waitingBytes > 0 ? 'conn_mwrite' : state,
      idleSeconds: Math.floor((this.#ports.clock.nowMs() - this.#lastUseMs) / 1000),
    };
  }

  get isLast(): boolean {
    return this.#phase !== PHASES.open && this.#waiting.length === 0;
  }

  begin(go: Go): void {
    if (this.#phase >= PHASES.finishing) return;
    this.#lastUseMs = this.#ports.clock.nowMs();
    this.#memory.addRequest(REQUEST_BYTES);
    this.#memory.account(0);
    if (!this.#isBusy) return this.#start(go);
    if (this.#isToBeRefused()) {
      this.#ports.onRefused();
      return this.destroy();
    }
    this.#waiting.push(go);
    this.#connection.pause();
  }

  hold(bytes: number): boolean {
    this.#bodyBytes += bytes;
    this.#memory.addRequest(bytes);
    this.#memory.account(0);
    if (!this.#isToBeRefused()) return true;
    this.#ports.onRefused();
    return false;
  }

  ask(
    requests: readonly Request[],
    withinMs: number | null,
    answer: (replies: readonly Reply[]) => void,
  ): void {
    if (this.#phase === PHASES.closed) return;
    const ports = {
      coordinator: this.#coordinator,
      budget: {
        fits: (bytes: number, awaited: boolean) => this.#fits(bytes, awaited),
        reserve: (bytes: number) => {
          if (this.#phase !== PHASES.closed) this.#memory.addRead(bytes);
        },
      },
      clientName: () => this.#clientName,
      waitedForClientSince: (ms: MonotonicMs) => this.#uptake.hadBacklogSince(ms),
      onReply: (request: Request, reply: Reply) => this.#onReply(request, reply),
    };
    this.#requests = new HttpRequests(requests, withinMs, ports, answer);
    this.#requests.begin();
  }

  end(): void {
    if (this.#phase === PHASES.closed) return;
    this.#isBusy = false;
    this.#endAnswer = null;
    this.#requests?.leave();
    this.#requests = null;
    this.#held.byteLength = 0;
    this.#memory.addRequest(-REQUEST_BYTES - this.#bodyBytes);
    this.#bodyBytes = 0;
    this.#memory.account(0);
    this.#ports.onBudgetFreed();
    this.#lastUseMs = this.#ports.clock.nowMs();
    this.#countBytes();
    const next = this.#waiting.shift();
    if (next !== undefined) this.#start(next);
    else if (this.#phase !== PHASES.open) this.#becomeEnded();
  }

  onEnding(end: () => void): void {
    if (this.#phase !== PHASES.open) return end();
    this.#endAnswer = end;
  }

  becomeLast(): void {
    if (this.#phase < PHASES.finishing) this.#phase = PHASES.finishing;
    this.#memory.addRequest(-REQUEST_BYTES * this.#waiting.length);
    this.#waiting.clear();
  }

  drain(): void {
    this.#requests?.drain();
  }

  goOn(): void {
    this.#requests?.goOn();
  }

  isIdleSince(ms: MonotonicMs): boolean {
    return this.#lastUseMs <= ms && !this.#isBusy && this.#connection.waitingBytes === 0;
  }

  hasStalledSince(ms: MonotonicMs): boolean {
    return this.#uptake.checkStalledSince(ms) && this.#memory.isAboveShare;
  }

  finishWithNextAnswer(): void {
    if (this.#phase !== PHASES.open) return;
    this.#phase = PHASES.last;
    this.#endAnswer?.();
  }

  finish(): void {
    this.finishWithNextAnswer();
    if (this.#phase < PHASES.finishing) this.#phase = PHASES.finishing;
    if (!this.#isBusy) this.#becomeEnded();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  get #clientName(): string {
    const { remoteAddress, remotePort } = this.#connection;
    return remoteAddress === undefined ? '' : `${remoteAddress}:${remotePort}`;
  }

  /** See `ReadBudget`. A client that has left holds nothing, and its reads do not wait. */
  #fits(bytes: number, awaited: boolean): boolean {
    if (this.#phase === PHASES.closed || this.#memory.fits(bytes, awaited)) return true;
    // The values of this answer stay until it leaves as a whole: waiting would not make room.
    if (this.#held.byteLength > 0) this.#requests?.giveUp();
    else this.#ports.onBlocked(this);
    return false;
  }

  /** The value of a reply counts from here on as held by the answer, and no longer as expected by a read. */
  #onReply(request: Request, reply: Reply): void {
    this.#ports.onReply(request, reply, this.#id);
    if (this.#phase === PHASES.closed) return;
    if (reply.kind === 'item') this.#held.byteLength += reply.item.value.length;
    this.#memory.account(0);
  }

  #start(go: Go): void {
    this.#isBusy = true;
    if (this.#waiting.length === 0) this.#connection.resume();
    const isAdmitted = !this.#isToBeRefused();
    if (!isAdmitted) this.#ports.onRefused();
    go(isAdmitted);
  }

  #isToBeRefused(): boolean {
    return this.#memory.isBudgetExhausted && this.#memory.isAboveShare;
  }

  #countBytes(): void {
    const { bytesRead, bytesWritten } = this.#connection;
    this.#ports.onBytes(bytesRead - this.#bytesRead, bytesWritten - this.#bytesWritten);
    this.#bytesRead = bytesRead;
    this.#bytesWritten = bytesWritten;
  }

  #becomeEnded(): void {
    if (this.#phase >= PHASES.ended) return;
    this.#phase = PHASES.ended;
    this.#connection.closeWhenSent();
    this.#ports.onEnd();
  }

  #becomeClosed(): void {
    if (this.#phase === PHASES.closed) return;
    const hasEnded = this.#phase === PHASES.ended;
    this.#phase = PHASES.closed;
    this.#waiting.clear();
    this.#countBytes();
    if (!hasEnded) this.#ports.onEnd();
    this.#memory.release();
    this.#requests?.leave();
    this.#requests = null;
    this.#ports.onClose(this);
    this.#ports.onBudgetFreed();
  }
}

/** What waits to be sent is part of the request under way, and counted there. */
const NOTHING_WAITS = { waitingBytes: 0 };

function ignore(): void {}
