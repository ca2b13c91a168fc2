import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../sim/random.ts';
import type { Command, Dialect, Rendering, Stream } from './stream.ts';
import { FOREIGN_TOKEN } from './stream.ts';
import { keyBytes } from './words.ts';

/**
 * How a conversation ended: every probe was answered, the server closed the connection, or the server stopped
 * answering.
 */
export type Ending = 'answered' | 'closed' | 'silent';

export interface Transcript {
  readonly output: Buffer;
  readonly ending: Ending;
  /** The number of probes in each batch until one was answered: the other server is sent the same bytes. */
  readonly probes: readonly number[];
}

/** A server may read a probe as part of a value: after this time without an answer, the next, longer probe is sent. */
const REFERENCE_PATIENCE_MS = [60, 60, 120, 240, 1_000] as const;
const FILLER_BYTES = [0, 64, 1_024, 32_768, 1_200_000] as const;
const SUBJECT_PATIENCE_MS = 12_000;
const CLOSE_WITHIN_MS = 12_000;
/** How long a server that should stay silent is watched, in milliseconds. */
const SILENCE_MS = 80;

const CUTS_MAX = 12;
const LONG_BATCH_BYTES = 200_000;

/**
 * Sends a stream to one server over a connection of its own, and collects the replies.
 *
 * A batch is sent in pieces, and a probe after it; the answer to the probe shows that everything before it was
 * answered. At the end the client closes its side, and all bytes until the server closes too belong to the output. The
 * result therefore does not depend on how long an answer takes, except when a value swallowed a probe.
 *
 * @param reference the transcript of the reference server for the same stream, so that this server is sent the same
 * bytes; null for the reference server itself
 */
export async function converse(
  port: number,
  dialect: Dialect,
  stream: Stream,
  prefix: string,
  reference: Transcript | null,
): Promise<Transcript> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const listener = new Listener(socket);
  const tokens = new Tokens(prefix);
  const cuts = stream.cutSeed === null ? null : new Random(stream.cutSeed);
  const probes: number[] = [];
  let ending: Ending = 'answered';
  for (const batch of batchesOf(dialect, stream.commands)) {
    const bytes = Buffer.from(batch.map((one) => one.render(tokens)).join(''), 'latin1');
    await sendInPieces(socket, bytes, cuts);
    const number = probes.length;
    const probe = (attempt: number): Probe => {
      const { request, answer } = dialect.probe(number * FILLER_BYTES.length + attempt, tokens);
      return { request: Buffer.concat([dialect.filler(FILLER_BYTES[attempt]!), request]), answer };
    };
    if (reference === null) {
      const sent = await findProbe(listener, probe);
      ending = sent.ending;
      probes.push(sent.count);
    } else {
      ending = await repeatProbes(listener, probe, reference, number);
      probes.push(reference.probes[number] ?? 1);
    }
    if (ending !== 'answered') break;
    dialect.readReplies(listener.output, (key, token) => tokens.learn(key, token));
  }
  if (ending === 'closed') socket.destroy();
  else await listener.close(CLOSE_WITHIN_MS);
  return { output: listener.output, ending, probes };
}

interface Probe {
  readonly request: Buffer;
  readonly answer: Buffer;
}

/** Sends probes, each after more filler than the last, until one is answered. */
async function findProbe(
  listener: Listener,
  probe: (attempt: number) => Probe,
): Promise<{ ending: Ending; count: number }> {
  let count = 0;
  for (const patienceMs of REFERENCE_PATIENCE_MS) {
    const { request, answer } = probe(count++);
    listener.send(request);
    const ending = await listener.hear(answer, patienceMs);
    if (ending !== 'silent') return { ending, count };
  }
  return { ending: 'silent', count };
}

/** Sends as many probes as the reference server was sent, and waits for the answer to the last one. */
async function repeatProbes(
  listener: Listener,
  probe: (attempt: number) => Probe,
  reference: Transcript,
  batch: number,
): Promise<Ending> {
  const count = reference.probes[batch] ?? 1;
  for (let attempt = 0; attempt < count; attempt++) listener.send(probe(attempt).request);
  const isSilent = reference.ending === 'silent' && batch === reference.probes.length - 1;
  return listener.hear(probe(count - 1).answer, isSilent ? SILENCE_MS : SUBJECT_PATIENCE_MS);
}

function batchesOf(dialect: Dialect, commands: readonly Command[]): Command[][] {
  const batches: Command[][] = [[]];
  let hasRead = false;
  const cut = (): void => {
    if (batches.at(-1)!.length > 0) batches.push([]);
    hasRead = false;
  };
  for (const one of commands) {
    const bytes = one.render(ANY_RENDERING);
    if (one.pauseBefore || (hasRead && dialect.isCount(bytes))) cut();
    batches.at(-1)!.push(one);
    hasRead ||= dialect.isRead(bytes);
    if (one.pauseAfter) cut();
  }
  return batches.filter((batch) => batch.length > 0);
}

const ANY_RENDERING: Rendering = { key: (name) => name, token: () => FOREIGN_TOKEN };

async function sendInPieces(socket: Socket, bytes: Buffer, cuts: Random | null): Promise<void> {
  const count = cuts === null || bytes.length > LONG_BATCH_BYTES ? 0 : cuts.below(CUTS_MAX);
  // The places are fractions of the whole: tokens of another length on the other server move them only a little.
  const places = Array.from({ length: count }, () => Math.floor(cuts!.next() * bytes.length));
  let start = 0;
  for (const end of [...places.toSorted((a, b) => a - b), bytes.length]) {
    if (end === start || socket.destroyed || socket.writableEnded) continue;
    socket.write(bytes.subarray(start, end));
    start = end;
    if (cuts?.chance(0.3)) await sleep(cuts.below(3));
  }
}

/** Keys of one conversation, and the tokens that its server has shown for them. */
class Tokens implements Rendering {
  readonly key: Rendering['key'];
  readonly token: Rendering['token'];
  readonly #seen = new Map<string, { readonly oldest: bigint; newest: bigint }>();

  constructor(prefix: string) {
    this.key = (name) => keyBytes(prefix, name);
    this.token = (name, which) => this.#seen.get(this.key(name))?.[which] ?? FOREIGN_TOKEN;
  }

  /** @param keyOrName a key, or `#` and the name of a key where replies do not contain the key */
  learn(keyOrName: string, token: bigint): void {
    const key = keyOrName.startsWith('#') ? this.key(keyOrName.slice(1)) : keyOrName;
    const seen = this.#seen.get(key);
    if (seen === undefined) this.#seen.set(key, { oldest: token, newest: token });
    else seen.newest = token;
  }
}

/** Collects the output of a server on one connection, and notes whether it has closed. */
class Listener {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #closed = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    // A server that closes before it has read everything resets the connection, which counts as a close.
    socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#closed = true;
        this.#wake();
      });
    }
  }

  get output(): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  send(bytes: Buffer): void {
    if (!this.#closed && this.#socket.writable) this.#socket.write(bytes);
  }

  /** Waits until the output ends with these bytes, the server closes, or the time is over. */
  async hear(ending: Buffer, withinMs: number): Promise<Ending> {
    const until = performance.now() + withinMs;
    for (;;) {
      if (this.#endsWith(ending)) return 'answered';
      if (this.#closed) return 'closed';
      const left = until - performance.now();
      if (left <= 0) return 'silent';
      await this.#change(left);
    }
  }

  /** Closes this side, and waits until the server has closed too. */
  async close(withinMs: number): Promise<void> {
    this.#socket.end();
    const until = performance.now() + withinMs;
    while (!this.#closed && performance.now() < until) await this.#change(until - performance.now());
    this.#socket.destroy();
  }

  #endsWith(ending: Buffer): boolean {
    const last = this.#chunks.at(-1);
    if (last === undefined) return false;
    const from = last.length >= ending.length ? last : this.output;
    return from.length >= ending.length && from.subarray(-ending.length).equals(ending);
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
