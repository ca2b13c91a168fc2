import { connect, type Socket } from 'node:net';
import type { Address } from '../../controller/settings.ts';
import { reasonOf, systemCodeOf } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { ProtocolViolation, type ReplyParts, type ReplyShape, TextReplyReader } from './text-reply-reader.ts';

/** How long a controller may take to accept a connection, in milliseconds. */
const DIAL_TIMEOUT_MS = 2000;

/** The connection cannot be used any more. */
export class ConnectionLost extends Error {
  readonly code = 'CONNECTION_LOST';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConnectionLost';
  }
}

type State =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'asking';
      readonly reader: TextReplyReader;
      settle(outcome: ReplyParts | ConnectionLost): void;
    }
  | { readonly phase: 'lost'; readonly reason: ConnectionLost };

const IDLE: State = { phase: 'idle' };

/** Called once, when a connection is lost while nothing is asked. */
export type OnLostWhileIdle = (connection: CliConnection, reason: ConnectionLost) => void;

/** One connection to a controller, one command at a time. Every wait has a deadline. */
export class CliConnection {
  readonly address: Address;
  readonly #socket: Socket;
  readonly #onLostWhileIdle: OnLostWhileIdle;
  #state: State = IDLE;

  /** @throws ConnectionLost when nothing there accepts in time */
  static dial(address: Address, onLostWhileIdle: OnLostWhileIdle = ignore): Promise<CliConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: address.host, port: address.port, noDelay: true });
      const fail = (reason: string, cause?: Error): void => {
        socket.destroy();
        reject(new ConnectionLost(`${formatAddress(address)}: ${reason}`, { cause }));
      };
      socket.setTimeout(DIAL_TIMEOUT_MS, () => fail('does not accept connections in time'));
      socket.once('error', (error) => fail(connectFailure(error), error));
      socket.once('connect', () => {
        socket.setTimeout(0);
        socket.removeAllListeners();
        resolve(new CliConnection(address, socket, onLostWhileIdle));
      });
    });
  }

  private constructor(address: Address, socket: Socket, onLostWhileIdle: OnLostWhileIdle) {
    this.address = address;
    this.#socket = socket;
    this.#onLostWhileIdle = onLostWhileIdle;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#becomeLost(reasonOf(error)));
    socket.on('close', () => this.#becomeLost('the connection was closed'));
  }

  /** @throws ConnectionLost; whether the command took effect is then unknown */
  request(bytes: Buffer, shape: ReplyShape, timeoutMs: number): Promise<ReplyParts> {
    if (this.#state.phase === 'lost') return Promise.reject(this.#state.reason);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#becomeLost(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
      const settle = (outcome: ReplyParts | ConnectionLost): void => {
        clearTimeout(timer);
        if (outcome instanceof ConnectionLost) reject(outcome);
        else resolve(outcome);
      };
      this.#state = { phase: 'asking', reader: new TextReplyReader(shape), settle };
      this.#socket.write(bytes);
    });
  }

  /** Ends the connection. A command that is being asked is answered with `ConnectionLost`. */
  close(): void {
    if (this.#state.phase === 'idle')
      this.#state = { phase: 'lost', reason: new ConnectionLost(`${formatAddress(this.address)}: closed`) };
    this.#socket.end('quit\r\n');
    this.#socket.destroySoon();
  }

  #onData(chunk: Buffer): void {
    const state = this.#state;
    if (state.phase !== 'asking') return this.#becomeLost('it sent a reply that was not asked for');
    try {
      const reply = state.reader.push(chunk);
      if (reply === null) return;
      this.#state = IDLE;
      state.settle(reply);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#becomeLost(error.message);
    }
  }

  #becomeLost(text: string): void {
    const state = this.#state;
    if (state.phase === 'lost') return;
    const reason = new ConnectionLost(`${formatAddress(this.address)}: ${text}`);
    this.#state = { phase: 'lost', reason };
    this.#socket.destroy();
    if (state.phase === 'asking') state.settle(reason);
    else this.#onLostWhileIdle(this, reason);
  }
}

function ignore(): void {}

/** Why a connection could not be made, in words. */
export function connectFailure(error: Error): string {
  switch (systemCodeOf(error)) {
    case 'ECONNREFUSED':
      return 'nothing listens there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no such host';
    default:
      return reasonOf(error);
  }
}
