import { performance } from 'node:perf_hooks';
import { Fifo } from '../base/fifo.ts';
import type { MonotonicMs } from '../base/number-kinds.ts';
import type { Random } from '../base/random.ts';
import type { Transport } from '../base/transport.ts';
import { type KvDriver, type StatsGroup, StoreError, type StoreState, type StoreStats } from './driver.ts';
import { Fence } from './fence.ts';
import { refusalOfKey } from './key-check.ts';
import { probePort } from './probe-port.ts';
import type { Connect, StoreAddress, StoreConnection } from './store-connection.ts';
import { TextCommands } from './text-command.ts';
import { Watchdog } from './watchdog.ts';

export interface MemcachedDriverOptions {
  /** Makes the connections: memjs's, or the project's own. */
  readonly connect: Connect;
  /** For administrative commands, and to find out what answers at the address. */
  readonly transport: Transport;
  readonly address: StoreAddress;
  /**
   * A store that gives no answer at all for this long, while one is due, has failed, and all operations in flight
   * fail. An operation that waits while other answers come is not late: to break off a store that is merely busy
   * would make it busier. In milliseconds.
   */
  readonly timeoutMs: number;
  readonly random?: Random;
}

/**
 * memcached as a store, over one connection after the other.
 *
 *  1. One connection at a time carries operations, and memcached answers those in order. All operations, also those
 *     that are refused at once, go through one queue, and are answered from its front only.
 *  2. Any failure of the connection fails everything in flight and ends the connection. There is no retry: a write
 *     whose outcome is unknown must not be sent again behind later ones.
 *  3. The driver is up when the store has answered a request on the connection, and nothing that was sent over an
 *     earlier connection can take effect any more (`Fence`).
 */
export class MemcachedDriver implements KvDriver {
  readonly description: string;
  readonly #connectTo: Connect;
  readonly #transport: Transport;
  readonly #address: StoreAddress;
  readonly #timeoutMs: number;
  readonly #random: Random;
  readonly #watchdog: Watchdog;

  #onStateChange: (state: StoreState) => void = () => {};
  #state: StoreState = { up: false, reason: NOT_CONNECTED };
  /** The error of operations that come while the store is down; null when it is up. One object for all of them. */
  #downError: StoreError | null;
  #phase: 'idle' | 'connecting' | 'asking' | 'connected' | 'up' | 'waiting' | 'closed' = 'idle';

  #connection: StoreConnection | null = null;
  #connectingSinceMs = 0;
  #wasUp = false;
  #failedAttempts = 0;
  #retryTimer: NodeJS.Timeout | null = null;
  #fence: Fence | null = null;

  readonly #operations = new Fifo<StoreOperation>();
  readonly #commands: TextCommands;
  #writesInFlight = 0;
  /** Time of the watchdog. */
  #lastReplyMs = 0;
  #settling = false;
  #closing: Promise<void> | null = null;

  constructor(options: MemcachedDriverOptions) {
    this.#connectTo = options.connect;
    this.#transport = options.transport;
    this.#address = options.address;
    this.#timeoutMs = options.timeoutMs;
    this.#commands = new TextCommands(options.transport, options.address, options.timeoutMs);
    this.#random = options.random ?? Math.random;
    const tickMs = Math.max(TICK_MS_MIN, options.timeoutMs / TICKS_PER_TIMEOUT);
    this.#watchdog = new Watchdog(
      tickMs,
      () => performance.now(),
      () => this.#onTick(),
    );
    this.description = `memcached ${options.address.host}:${options.address.port}`;
    this.#downError = new StoreError('STORE_DOWN', `${this.description}: ${NOT_CONNECTED}`);
  }

  open(onStateChange: (state: StoreState) => void): void {
    this.#onStateChange = onStateChange;
    this.#connect();
  }

  get(key: string, done: (error: StoreError | null, bytes: Buffer | null) => void): void {
    if (this.#admit(refusalOfKey(key), false, done)) this.#connection!.get(key);
  }

  set(key: string, bytes: Buffer, done: (error: StoreError | null) => void): void {
    if (this.#admit(refusalOfKey(key), true, done)) this.#connection!.set(key, bytes);
  }

  setParts(key: string, header: Buffer, value: Buffer, done: (error: StoreError | null) => void): void {
    if (this.#admit(refusalOfKey(key), true, done)) this.#connection!.setParts(key, header, value);
  }

  append(key: string, bytes: Buffer, done: (error: StoreError | null, found: boolean) => void): void {
    const answer = (error: StoreError | null, found: Buffer | null): void => done(error, found !== null);
    if (this.#admit(refusalOfKey(key), true, answer)) this.#connection!.append(key, bytes);
  }

  delete(key: string, done: (error: StoreError | null) => void): void {
    if (this.#admit(refusalOfKey(key), true, done)) this.#connection!.delete(key);
  }

  stats(group: StatsGroup, done: (error: StoreError | null, stats: StoreStats | null) => void): void {
    let found: StoreStats | null = null;
    const answer = (error: StoreError | null): void => done(error, error === null ? found : null);
    if (!this.#admit(null, false, answer)) return;
    this.#connection!.stats(group, (stats) => {
      found = stats;
    });
  }

  /** The binary protocol has no administrative commands, so each takes a text connection. */
  command(line: string, done: (error: StoreError | null, answer: string | null) => void): void {
    const failure = this.#downError;
    if (failure !== null) setImmediate(done, failure, null);
    else this.#commands.ask(line, done);
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const connection = this.#connection;
      if (connection !== null) this.#lose(connection, 'STORE_DOWN', 'closed');
      else this.#becomeDown('closed');
      this.#phase = 'closed';
      this.#watchdog.stop();
      if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
      if (this.#fence === null) resolve();
      else this.#fence.whenFree(this.#timeoutMs, resolve);
    });
    return this.#closing;
  }

  /**
   * @param refusal why the operation itself can't be carried out; null when it can
   * @returns false when the operation was refused; its answer waits in the queue
   */
  #admit(refusal: StoreError | null, isWrite: boolean, done: StoreOperation['done']): boolean {
    const failure = this.#downError ?? refusal;
    this.#operations.push({ isWrite, done, sinceMs: this.#watchdog.ms, failure });
    if (failure !== null) {
      this.#settleSoon();
      return false;
    }
    if (isWrite) this.#writesInFlight++;
    this.#watchdog.start();
    return true;
  }

  /**
   * Answers the oldest operation in flight. The callbacks of refused operations before it may have closed the driver.
   */
  #onReply(refusal: StoreError | null, bytes: Buffer | null): void {
    this.#settle();
    const operation = this.#operations.first();
    if (operation === undefined || operation.failure !== null) return;
    this.#operations.shift();
    this.#lastReplyMs = this.#watchdog.ms;
    if (operation.isWrite) this.#writesInFlight--;
    operation.done(refusal, bytes);
    this.#settle();
  }

  /** Answers the failed operations at the front of the queue. */
  #settle(): void {
    for (let left = this.#operations.length; left > 0; left--) {
      const operation = this.#operations.first();
      if (operation === undefined || operation.failure === null) return;
      this.#operations.shift();
      operation.done(operation.failure, null);
    }
    // Operations that are refused meanwhile are answered in a later turn, so that a caller that retries at
    // once can't spin.
    if (this.#operations.first()?.failure) this.#settleSoon();
  }

  #settleSoon(): void {
    if (this.#settling) return;
    this.#settling = true;
    setImmediate(() => {
      this.#settling = false;
      this.#settle();
    });
  }

  #connect(): void {
    const connection = this.#connectTo(this.#address, {
      onReply: (refusal, bytes) => this.#onReply(refusal, bytes),
      onLost: (reason) => this.#lose(connection, 'STORE_DOWN', reason),
    });
    this.#connection = connection;
    this.#phase = 'connecting';
    this.#connectingSinceMs = this.#watchdog.ms;
    this.#watchdog.start();
    connection.open((itemBytesMax) => this.#onConnected(connection, itemBytesMax));
  }

  #onConnected(connection: StoreConnection, itemBytesMax: number | null): void {
    if (this.#phase !== 'connecting') return;
    this.#phase = 'connected';
    const becomeUp = (): void => {
      if (this.#connection === connection && this.#phase === 'connected') this.#becomeUp(itemBytesMax);
    };
    if (this.#fence === null) becomeUp();
    else this.#fence.whenFree(FENCE_MS_MAX, becomeUp);
  }

  #becomeUp(itemBytesMax: number | null): void {
    this.#phase = 'up';
    this.#wasUp = true;
    this.#fence = null;
    this.#failedAttempts = 0;
    this.#downError = null;
    this.#state = { up: true, itemBytesMax };
    this.#onStateChange(this.#state);
  }

  #becomeDown(reason: string): void {
    const known = !this.#state.up && this.#state.reason === reason;
    if (known) return;
    this.#state = { up: false, reason };
    this.#downError = new StoreError('STORE_DOWN', `${this.description}: ${reason}`);
    this.#onStateChange(this.#state);
  }

  #lose(connection: StoreConnection, code: StoreError['code'], reason: string): void {
    if (this.#connection !== connection) return;
    const abandoned = connection.abandon();
    if (this.#writesInFlight > 0 && !abandoned.isDestroyed) this.#fence = new Fence(abandoned);
    else abandoned.destroy();
    this.#connection = null;
    this.#retryLater();
    this.#becomeDown(reason);
    this.#failInFlight(new StoreError(code, `${this.description}: ${reason}`));
  }

  #failInFlight(failure: StoreError): void {
    this.#writesInFlight = 0;
    for (const operation of this.#operations.filter(({ failure }) => failure === null)) {
      operation.failure = failure;
    }
    this.#settle();
  }

  /** Half of the wait is random, so that controllers that lost the same host do not reconnect at the same moment. */
  #retryLater(): void {
    this.#phase = 'waiting';
    const fullMs = Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** this.#failedAttempts);
    this.#failedAttempts++;
    this.#retryTimer = setTimeout(() => this.#connect(), (fullMs * (1 + this.#random())) / 2);
  }

  #onTick(): void {
    const sinceMs = this.#waitingSinceMs();
    if (sinceMs === null) return this.#watchdog.stop();
    const lateMs = sinceMs + this.#timeoutMs + this.#watchdog.tickMs;
    if (this.#connection !== null && this.#watchdog.ms >= lateMs) {
      const reason = `no answer within ${this.#timeoutMs} ms`;
      if (this.#phase === 'connecting' && !this.#wasUp) void this.#becomeUnknown(this.#connection, reason);
      else this.#lose(this.#connection, 'STORE_TIMEOUT', reason);
    }
  }

  /** A store that has never answered in the binary protocol is probed, so that the error can say what it is. */
  async #becomeUnknown(connection: StoreConnection, reason: string): Promise<void> {
    this.#phase = 'asking';
    const { kind, words } = await probePort(this.#transport, this.#address, this.#timeoutMs);
    const isText = kind === 'memcached' ? ' that does not speak the binary protocol (-B ascii?)' : '';
    const seems = kind === 'nobody' || kind === 'silent' ? '' : `: it seems to be ${words}${isText}`;
    this.#lose(connection, 'STORE_TIMEOUT', `${reason}${seems}`);
  }

  /** Since when the store has owed the next answer; null when it owes none. */
  #waitingSinceMs(): number | null {
    if (this.#phase === 'connecting') return this.#connectingSinceMs;
    const oldest = this.#operations.first();
    return oldest === undefined ? null : Math.max(oldest.sinceMs, this.#lastReplyMs);
  }
}

/** An operation, from its call to its answer. */
interface StoreOperation {
  readonly isWrite: boolean;
  readonly done: (error: StoreError | null, bytes: Buffer | null) => void;
  /** Time of the watchdog. */
  readonly sinceMs: MonotonicMs;
  /** The error that it is answered with; null while it is in flight. */
  failure: StoreError | null;
}

const NOT_CONNECTED = 'not connected yet';

/**
 * The first and the longest wait before the driver connects again, in milliseconds. Each wait is twice the one
 * before.
 */
const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 1000;

/** An operation fails between `timeoutMs` and two ticks later. */
const TICKS_PER_TIMEOUT = 16;
const TICK_MS_MIN = 5;

/** How long a store that answers again has to close the earlier connection, in milliseconds. */
const FENCE_MS_MAX = 5000;
