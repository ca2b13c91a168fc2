import { connect, type Socket } from 'node:net';
import type { Address } from '../../controller/settings.ts';
import { placeOfCas } from '../../ordering/version.ts';
import { isNotDone } from '../client/reply-words.ts';
import { reasonOf } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';

/** How a request was answered. */
export type DrillReply =
  | {
      readonly kind: 'done';
      /** What was read; null for nothing, and for a write. */
      readonly value: string | null;
      readonly version: bigint | null;
      /** The session token that came with it; null where none was asked for. */
      readonly token: string | null;
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly mayHaveHappened: boolean };

/** There will be no answer on this connection any more. */
export class DrillConnectionLost extends Error {
  readonly code = 'DRILL_CONNECTION_LOST';

  constructor(message: string) {
    super(message);
    this.name = 'DrillConnectionLost';
  }
}

/** How long a controller may take to accept, in milliseconds. */
const DIAL_TIMEOUT_MS = 5_000;

/** After so long without an answer the client gives the connection up, in milliseconds. */
const ANSWER_WITHIN_MS = 30_000;

const LINE_END = '\r\n';

/** A longer line or value is none of ours, in bytes. */
const REPLY_BYTES_MAX = 65_536;

interface Waiting {
  readonly sentMs: number;
  readonly resolve: (reply: DrillReply) => void;
  readonly reject: (error: DrillConnectionLost) => void;
}

/** One connection of a client of the drill. Requests may be sent before the ones before them are answered. */
export class DrillConnection {
  readonly #socket: Socket;
  readonly #name: string;
  readonly #waiting: Waiting[] = [];
  readonly #watch: NodeJS.Timeout;
  #received = '';
  #lost: DrillConnectionLost | null = null;

  /** @throws DrillConnectionLost */
  static dial(address: Address): Promise<DrillConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: address.host, port: address.port, noDelay: true });
      const fail = (reason: string): void => {
        socket.destroy();
        reject(new DrillConnectionLost(reason));
      };
      socket.setTimeout(DIAL_TIMEOUT_MS, () => fail('no connection in time'));
      socket.once('error', (error) => fail(reasonOf(error)));
      socket.once('connect', () => {
        socket.removeAllListeners();
        socket.setTimeout(0);
        resolve(new DrillConnection(socket, formatAddress(address)));
      });
    });
  }

  private constructor(socket: Socket, name: string) {
    this.#socket = socket;
    this.#name = name;
    socket.setEncoding('latin1');
    socket.on('data', (text) => this.#onData(String(text)));
    socket.on('error', (error) => this.#lose(reasonOf(error)));
    socket.on('close', () => this.#lose('the connection was closed'));
    this.#watch = setInterval(() => this.#onWatch(), ANSWER_WITHIN_MS / 30);
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  /** How many requests have not been answered. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** @throws DrillConnectionLost */
  get(key: string, withToken: boolean): Promise<DrillReply> {
    return this.#ask(`mg ${key} v c${withToken ? ' y' : ''}`);
  }

  /** @throws DrillConnectionLost */
  set(key: string, value: string, withToken: boolean): Promise<DrillReply> {
    return this.#ask(`ms ${key} ${value.length} c${withToken ? ' y' : ''}${LINE_END}${value}`);
  }

  /** @throws DrillConnectionLost */
  delete(key: string): Promise<DrillReply> {
    return this.#ask(`md ${key}`);
  }

  /** Goes on with the session of a token. @throws DrillConnectionLost */
  resume(token: string): Promise<DrillReply> {
    return this.#ask(`session ${token}`);
  }

  close(): void {
    this.#lose('closed');
  }

  #ask(request: string): Promise<DrillReply> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ sentMs: performance.now(), resolve, reject });
      this.#socket.write(request + LINE_END);
    });
  }

  #onData(text: string): void {
    this.#received += text;
    for (;;) {
      const end = this.#received.indexOf(LINE_END);
      if (end === -1) break;
      const line = this.#received.slice(0, end);
      const valueBytes = Number(/^VA (\d+)/.exec(line)?.[1] ?? -1);
      const whole = end + LINE_END.length + (valueBytes < 0 ? 0 : valueBytes + LINE_END.length);
      if (whole > REPLY_BYTES_MAX) break;
      if (this.#received.length < whole) return;
      const start = end + LINE_END.length;
      const value = valueBytes < 0 ? null : this.#received.slice(start, start + valueBytes);
      this.#received = this.#received.slice(whole);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return this.#lose('it sent a reply that was not asked for');
      waiting.resolve(replyOf(line, value));
    }
    if (this.#received.length > REPLY_BYTES_MAX) this.#lose('it sent a reply that is too long');
  }

  #onWatch(): void {
    const oldest = this.#waiting[0];
    if (oldest !== undefined && performance.now() - oldest.sentMs > ANSWER_WITHIN_MS)
      this.#lose(`no answer within ${ANSWER_WITHIN_MS / 1000} s`);
  }

  #lose(reason: string): void {
    if (this.#lost !== null) return;
    clearInterval(this.#watch);
    this.#lost = new DrillConnectionLost(`${this.#name}: ${reason}`);
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(this.#lost);
  }
}

/** @param line `HD`, `VA` and `EN` with the flags that were asked for, `OK`, or an error */
function replyOf(line: string, value: string | null): DrillReply {
  const [word = '', ...flags] = line.split(' ');
  if (['HD', 'VA', 'EN', 'OK', 'NF'].includes(word)) {
    const version = flags.find((flag) => /^c\d{1,20}$/.test(flag));
    const token = flags.find((flag) => flag.startsWith('y'));
    return {
      kind: 'done',
      value,
      version: version === undefined ? null : placeOfCas(BigInt(version.slice(1))),
      token: token?.slice(1) ?? null,
    };
  }
  const reason = line.replace(/^(SERVER|CLIENT)_ERROR /, '');
  // What else is answered, nobody can know to have done nothing.
  return { kind: 'refused', reason, mayHaveHappened: !isNotDone(line) };
}
