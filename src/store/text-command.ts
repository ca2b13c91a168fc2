import { connect } from 'node:net';
import { Fifo } from '../base/fifo.ts';
import { StoreError } from './driver.ts';
import type { StoreAddress } from './store-connection.ts';

type OnAnswer = (error: StoreError | null, answer: string | null) => void;

/** Administrative commands, one after the other: however many clients ask, memcached has one connection more. */
export class TextCommands {
  readonly #address: StoreAddress;
  readonly #timeoutMs: number;
  readonly #waiting = new Fifo<{ readonly line: string; readonly done: OnAnswer }>();
  #busy = false;

  constructor(address: StoreAddress, timeoutMs: number) {
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
    askInText(this.#address, next.line, this.#timeoutMs, (error, answer) => {
      this.#busy = false;
      next.done(error, answer);
      this.#askNext();
    });
  }
}

/** Commands that wait; further ones are refused. */
const WAITING_MAX = 256;

const TOO_MANY = new StoreError('STORE_TIMEOUT', 'too many administrative commands wait');

/**
 * One administrative command over a text connection of its own, which ends with it. memcached tells by no rule
 * whether a command answers at all (`noreply` is heeded by some): so a request follows that always answers, and
 * what comes before its answer is the command's.
 */
function askInText(address: StoreAddress, line: string, timeoutMs: number, done: OnAnswer): void {
  const socket = connect({ host: address.host, port: address.port });
  let received = '';
  const finish = (error: StoreError | null, answer: string | null): void => {
    socket.removeAllListeners();
    socket.on('error', ignore);
    socket.destroy();
    done(error, answer);
  };
  const fail = (reason: string): void => {
    finish(new StoreError('STORE_DOWN', `memcached ${address.host}:${address.port}: ${reason}`), null);
  };
  socket.setTimeout(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`));
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('connection closed'));
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    const markAt = received.search(MARK_ANSWER);
    if (markAt !== -1) finish(null, received.slice(0, markAt).trimEnd());
    else if (received.length > ANSWER_BYTES_MAX) fail('the answer is too long');
  });
  socket.write(Buffer.from(`${line}\r\n${MARK}`, 'latin1'));
}

const MARK = 'version\r\n';
const MARK_ANSWER = /VERSION [^\n]*\n$/;

/** Longest answer that is taken, in bytes: these commands answer with one line. */
const ANSWER_BYTES_MAX = 4_096;

function ignore(): void {}
