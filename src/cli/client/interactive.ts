import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Status } from '../../controller/status/status.ts';
import { renderStatus } from '../../controller/status/status-table.ts';
import type { ClientOptions } from '../command-line/client-flags.ts';
import { EXIT_OK, OperationError, UsageError } from '../failure.ts';
import { stateDirectory } from '../locations.ts';
import { formatAddress } from '../settings/address.ts';
import { statusScreen } from '../status/run-status.ts';
import { type CliSession, statusOf } from './cli-session.ts';
import { clientHelp, completeLine } from './client-help.ts';
import { isShowCluster } from './command-words.ts';
import { HISTORY_LINES_MAX, loadHistory, saveHistory } from './history.ts';
import { outputOf } from './reply-output.ts';
import { explain, printable } from './reply-words.ts';
import { parseTyped, type TypedCommand, type WireCommand } from './typed-command.ts';

type ValueFollows = Extract<TypedCommand, { kind: 'value_follows' }>;

/** The client at a terminal: a prompt, one command a line, answers in words where the protocol's are terse. */
export class InteractiveClient {
  readonly #session: CliSession;
  readonly #options: ClientOptions;
  readonly #terminal: Interface;
  readonly #historyFile = join(stateDirectory(), 'history');
  /** Lines are worked off one after the other, also when several were pasted at once. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  /** The command whose value is being typed. */
  #unfinished: { readonly command: ValueFollows; typed: Buffer | null } | null = null;

  constructor(session: CliSession, options: ClientOptions) {
    this.#session = session;
    this.#options = options;
    this.#terminal = createInterface({
      input: process.stdin,
      output: process.stdout,
      completer: completeLine,
      history: loadHistory(this.#historyFile),
      historySize: HISTORY_LINES_MAX,
      removeHistoryDuplicates: true,
    });
  }

  /**
   * Resolves when the user leaves.
   *
   * @param status of the controller, null when it is none of ours
   * @returns the exit code
   */
  async run(status: Status | null): Promise<number> {
    const left = new Promise<void>((resolve) => this.#terminal.once('close', resolve));
    this.#terminal.once('close', () => {
      this.#closed = true;
    });
    this.#terminal.on('history', (lines: string[]) => this.#onHistory(lines));
    this.#terminal.on('SIGINT', () => this.#onInterrupt());
    this.#terminal.on('line', (line) => {
      this.#work = this.#work.then(() => this.#onLine(line));
    });
    this.#greet(status);
    this.#prompt();
    await left;
    await this.#work;
    this.#session.close();
    return EXIT_OK;
  }

  /** A line above the prompt, which is drawn again with what has been typed so far. */
  say(message: string): void {
    process.stdout.write(`\r\x1b[K${message}\n`);
    this.#prompt();
  }

  #greet(status: Status | null): void {
    const where = this.#session.address === null ? 'nothing' : formatAddress(this.#session.address);
    const what =
      status === null
        ? 'a memcached'
        : `controller ${status.controller} of ${status.cluster}, ${status.level}`;
    this.#print(`connected to ${where}: ${what}. "help" lists the commands, "quit" leaves.`);
  }

  #prompt(): void {
    if (this.#closed) return;
    const address = this.#session.address;
    const where = address === null ? 'not connected' : formatAddress(address);
    const missing = this.#unfinished;
    const bytes = missing === null ? 0 : missing.command.valueBytes - (missing.typed?.length ?? 0);
    this.#terminal.setPrompt(missing === null ? `${where}> ` : `value, ${bytes} bytes> `);
    this.#terminal.prompt(true);
  }

  #print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  async #onLine(line: string): Promise<void> {
    try {
      if (this.#unfinished === null) await this.#onCommandLine(line);
      else await this.#onValueLine(line);
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof OperationError)) throw error;
      this.#unfinished = null;
      this.#print(error.message);
    }
    this.#prompt();
  }

  async #onCommandLine(line: string): Promise<void> {
    const words = line.trim().split(/ +/);
    if (words[0] === '') return;
    if (words[0] === 'help') return this.#print(clientHelp(words[1] ?? ''));
    if (isShowCluster(words)) return this.#print((await statusScreen(this.#session.candidates)).text);
    const typed =
      words[0] === 'exit' ? { kind: 'quit' as const } : parseTyped(asBytes(line).toString('latin1'));
    switch (typed.kind) {
      case 'quit':
        return this.#terminal.close();
      case 'value_follows':
        this.#unfinished = { command: typed, typed: null };
        return;
      case 'complete':
        return words.length === 1 && words[0] === 'show' ? this.#show() : this.#ask(typed.command);
    }
  }

  /** A value may have several lines: until its announced length is reached, a line end belongs to it. */
  async #onValueLine(line: string): Promise<void> {
    const { command, typed } = this.#unfinished!;
    const value = typed === null ? asBytes(line) : Buffer.concat([typed, asBytes(`\n${line}`)]);
    if (value.length > command.valueBytes) {
      throw new UsageError(
        'CLIENT_COMMAND',
        `that is ${value.length} bytes, but ${command.valueBytes} are announced; nothing was sent`,
      );
    }
    this.#unfinished = value.length < command.valueBytes ? { command, typed: value } : null;
    if (this.#unfinished === null) await this.#ask(command.complete(value));
  }

  async #ask(command: WireCommand): Promise<void> {
    const reply = await this.#session.run(command);
    if (reply === null) return;
    if (this.#options.output !== 'plain') {
      process.stdout.write(outputOf(reply, this.#options.output));
      return;
    }
    if (command.sentAs !== undefined) this.#print(`  (sent as: ${command.sentAs})`);
    for (const part of reply.parts) this.#print(printable(part));
    const words = explain(reply);
    if (words !== null) this.#print(`  (${words})`);
  }

  async #show(): Promise<void> {
    const json = parseTyped('show json') as Extract<TypedCommand, { kind: 'complete' }>;
    const reply = await this.#session.run(json.command);
    if (reply === null) return;
    const status = statusOf(reply);
    if (status === null) return this.#print('this is no controller of memchorus: it does not know "show"');
    this.#print(renderStatus(status));
  }

  /** The lines of a value are no commands, and are not kept. */
  #onHistory(lines: string[]): void {
    if (this.#unfinished !== null) lines.shift();
    else saveHistory(this.#historyFile, lines);
  }

  /** Ctrl-C drops what has been typed; where there is nothing to drop it leaves. */
  #onInterrupt(): void {
    const idle = this.#terminal.line === '' && this.#unfinished === null;
    this.#unfinished = null;
    process.stdout.write('^C\n');
    if (idle) {
      this.#terminal.close();
      return;
    }
    this.#terminal.write(null, { ctrl: true, name: 'u' });
    this.#prompt();
  }
}

function asBytes(line: string): Buffer {
  return Buffer.from(line, 'utf8');
}
