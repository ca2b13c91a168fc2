import { connect, type Socket } from 'node:net';
import type { Address } from '../../controller/settings.ts';
import { reasonOf, systemCodeOf } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { ProtocolViolation, type ReplyParts, ReplyReader, type ReplyShape } from './text-reply-reader.ts';

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

/** One connection to a controller, one command at a time. Every wait has a deadline. */
export class ClientConnection {
  readonly address: Address;
  readonly #socket: Socket;
  #pending: { readonly reader: ReplyReader; settle(outcome: ReplyParts | ConnectionLost): void } | null =
    null;
  #lost: ConnectionLost | null = null;
  #onLost: (reason: ConnectionLost) => void = () => {};

  /** @throws ConnectionLost when nothing there accepts in time */
  static dial(address: Address): Promise<ClientConnection> {
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
        resolve(new ClientConnection(address, socket));
      });
    });
  }

  private constructor(address: Address, socket: Socket) {
    this.address = address;
    this.#socket = socket;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#becomeLost(reasonOf(error)));
    socket.on('close', () => this.#becomeLost('the connection was closed'));
  }

  get lost(): boolean {
    return this.#lost !== null;
  }

  /** Called once, when the connection is lost while nothing is asked. */
  onLostWhileIdle(listener: (reason: ConnectionLost) => void): void {
    this.#onLost = listener;
  }

  /** @throws ConnectionLost; whether the command took effect is then unknown */
  request(bytes: Buffer, shape: ReplyShape, timeoutMs: number): Promise<ReplyParts> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#becomeLost(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
      const settle = (outcome: ReplyParts | ConnectionLost): void => {
        clearTimeout(timer);
        this.#pending = null;
        if (outcome instanceof ConnectionLost) reject(outcome);
        else resolve(outcome);
      };
      this.#pending = { reader: new ReplyReader(shape), settle };
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#onLost = () => {};
    this.#socket.end('quit\r\n');
    this.#socket.destroySoon();
  }

  #onData(chunk: Buffer): void {
    if (this.#pending === null) {
      this.#becomeLost('it sent what nobody asked for');
      return;
    }
    try {
      const reply = this.#pending.reader.push(chunk);
      if (reply !== null) this.#pending.settle(reply);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#becomeLost(error.message);
    }
  }

  #becomeLost(reason: string): void {
    if (this.#lost !== null) return;
    this.#lost = new ConnectionLost(`${formatAddress(this.address)}: ${reason}`);
    this.#socket.destroy();
    if (this.#pending === null) this.#onLost(this.#lost);
    else this.#pending.settle(this.#lost);
  }
}

function connectFailure(error: Error): string {
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
