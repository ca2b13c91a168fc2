import { Fifo } from '../base/fifo.ts';
import type { ConnectionHandlers, Transport } from '../base/transport.ts';
import { StoreError } from './driver.ts';
import type { StoreAddress } from './store-connection.ts';

type OnAnswer = (error: StoreError | null, answer: string | null) => void;

/** Carries out administrative commands one after the other, so that they take one connection of memcached at a time. */
export class TextCommands {
  readonly #transport: Transport;
  readonly #address: StoreAddress;
  readonly #timeoutMs: number;
  readonly #waiting = new Fifo<{ readonly line: string; readonly done: OnAnswer }>();
  #busy = false;

  constructor(transport: Transport, address: StoreAddress, timeoutMs: number) {
    this.#transport = transport;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
  }

  ask(line: string, done: OnAnswer): void {
    if (this.#waiting.length >= WAITING_MAX) return void setImmediate(done, TOO_MANY, null);
    this.#waiting.push({ line, done });
    this.#askNext();
  }

  #askNext(): void {
    if (this.#busy) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#busy = true;
    askInText(this.#transport, this.#address, next.line, this.#timeoutMs, (error, answer) => {
      this.#busy = false;
      next.done(error, answer);
      this.#askNext();
    });
  }
}

/** Most commands that wait; further ones are refused. */
const WAITING_MAX = 256;

const TOO_MANY = new StoreError('STORE_TIMEOUT', 'too many administrative commands wait');

/**
 * Carries out one administrative command over a text connection of its own. No rule says whether memcached answers a
 * command at all (some commands accept `noreply`). Therefore a `version` follows, which is always answered: the bytes
 * before that answer are the answer of the command.
 */
function askInText(
  transport: Transport,
  address: StoreAddress,
  line: string,
  timeoutMs: number,
  done: OnAnswer,
): void {
  let received = '';
  const finish = (error: StoreError | null, answer: string | null): void => {
    clearTimeout(timeout);
    connection.handle(UNHEARD);
    connection.destroy();
    done(error, answer);
  };
  const fail = (reason: string): void => {
    finish(new StoreError('STORE_DOWN', `memcached ${address.host}:${address.port}: ${reason}`), null);
  };
  const connection = transport.connect(address, {
    onData: (chunk) => {
      received += chunk.toString('latin1');
      const markAt = received.search(MARK_ANSWER);
      if (markAt !== -1) finish(null, received.slice(0, markAt).trimEnd());
      else if (received.length > ANSWER_BYTES_MAX) fail('the answer is too long');
    },
    onEnd: () => fail('connection closed'),
    onError: (error) => fail(error.message),
    onClose: () => fail('connection closed'),
  });
  const timeout = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
  connection.write(Buffer.from(`${line}\r\n${MARK}`, 'latin1'));
}

const UNHEARD: ConnectionHandlers = { onData: ignore, onEnd: ignore, onError: ignore, onClose: ignore };

const MARK = 'version\r\n';
const MARK_ANSWER = /VERSION [^\n]*\n$/;

/** Longest answer that is accepted, in bytes: these commands answer with one line. */
const ANSWER_BYTES_MAX = 4_096;

function ignore(): void {}
