import type { ClientOptions } from '../command-line/client-flags.ts';
import { EXIT_FAILED, EXIT_OK, reasonOf, UsageError } from '../failure.ts';
import { statusScreen } from '../status/run-status.ts';
import type { CliSession } from './cli-session.ts';
import { clientHelp } from './client-help.ts';
import { isShowCluster } from './command-words.ts';
import { writeOut } from './one-command.ts';
import { outputOf } from './reply-output.ts';
import { parseTyped, type WireCommand } from './typed-command.ts';

/** Longest command line read from a pipe, in bytes: a get of thousands of keys. */
const LINE_BYTES_MAX = 1024 * 1024;

/**
 * Commands from a pipe, replies to a pipe. Values are taken byte for byte, so that any may go through. A
 * command that fails is counted, and the next one is run.
 *
 * @returns the exit code
 */
export async function runBatch(
  session: CliSession,
  input: AsyncIterable<Buffer>,
  output: ClientOptions['output'],
): Promise<number> {
  const source = new ByteSource(input);
  let failed = false;
  for (let line = await source.line(); line !== null; line = await source.line()) {
    if (line.trim() === '') continue;
    try {
      if (isShowCluster(line.trim().split(/ +/))) {
        process.stdout.write(`${(await statusScreen(session.candidates)).text}\n`);
        continue;
      }
      const command = await nextCommand(line, source);
      if (command === null) break;
      if (!(await runAndPrint(session, command, output))) failed = true;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      process.stderr.write(`memchorus: ${line.trim().slice(0, 60)}: ${error.message}\n`);
      failed = true;
    }
  }
  session.close();
  return failed ? EXIT_FAILED : EXIT_OK;
}

/** @returns null for `quit` */
async function nextCommand(line: string, source: ByteSource): Promise<WireCommand | null> {
  const word = line.trim();
  if (word === 'exit') return null;
  if (word === 'help') throw new UsageError('CLIENT_COMMAND', `commands are:\n${clientHelp('')}`);
  const typed = parseTyped(line);
  switch (typed.kind) {
    case 'quit':
      return null;
    case 'complete':
      return typed.command;
    case 'value_follows':
      return typed.complete(await source.block(typed.valueBytes));
  }
}

/** @returns true when it was answered, and not with an error */
async function runAndPrint(
  session: CliSession,
  command: WireCommand,
  output: ClientOptions['output'],
): Promise<boolean> {
  if (command.isEndless)
    throw new UsageError('CLIENT_COMMAND', 'watch has no end: run it alone, as main.ts -cli watch');
  const reply = await session.run(command);
  if (reply === null) return false;
  await writeOut(outputOf(reply, output));
  return !reply.failed;
}

/** Lines, and blocks of known length, from chunks of any size. */
class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffered: Buffer = Buffer.alloc(0);

  constructor(input: AsyncIterable<Buffer>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  /** Latin-1, without its line end; null at the end of the input. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#buffered.indexOf(10);
      if (end >= 0)
        return this.#take(end + 1)
          .toString('latin1')
          .replace(/\r?\n$/, '');
      if (this.#buffered.length > LINE_BYTES_MAX)
        throw new UsageError('CLIENT_COMMAND', 'a line is too long');
      if (await this.#more()) continue;
      return this.#buffered.length === 0 ? null : this.#take(this.#buffered.length).toString('latin1');
    }
  }

  /** Exactly this many bytes, and the line end behind them. @throws UsageError */
  async block(bytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let missing = bytes;
    while (missing > 0) {
      if (this.#buffered.length === 0 && !(await this.#more())) {
        throw new UsageError('CLIENT_COMMAND', `the value ends ${missing} bytes early`);
      }
      const piece = this.#take(Math.min(missing, this.#buffered.length));
      pieces.push(piece);
      missing -= piece.length;
    }
    if (((await this.line()) ?? '') !== '')
      throw new UsageError('CLIENT_COMMAND', `the value is longer than ${bytes} bytes`);
    return Buffer.concat(pieces);
  }

  #take(bytes: number): Buffer {
    const taken = this.#buffered.subarray(0, bytes);
    this.#buffered = this.#buffered.subarray(bytes);
    return taken;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next().catch((error: unknown) => {
      throw new UsageError('CLIENT_COMMAND', `cannot read the commands: ${reasonOf(error)}`);
    });
    if (done === true) return false;
    this.#buffered = this.#buffered.length === 0 ? value : Buffer.concat([this.#buffered, value]);
    return true;
  }
}
