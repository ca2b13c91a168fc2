import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Status } from '../../controller/status/status.ts';
import { renderStatus } from '../../controller/status/status-table.ts';
import { CLIENT_VIEWS, type ClientOptions, type ClientView } from '../command-line/client-flags.ts';
import { EXIT_MISS, EXIT_OK, OperationError, UsageError } from '../failure.ts';
import { stateDirectory } from '../locations.ts';
import { formatAddress } from '../settings/address.ts';
import { statusScreen } from '../status/run-status.ts';
import { type CliSession, statusOf } from './cli-session.ts';
import { clientHelp } from './client-help.ts';
import { type Colours, coloursFor } from './colours.ts';
import { CLIENT_WORDS, isShowCluster } from './command-words.ts';
import { type Completions, completionsOf, keysThatBegin } from './completion.ts';
import { HintLine } from './hint-line.ts';
import { HISTORY_LINES_MAX, loadHistory, saveHistory } from './history.ts';
import { keyspacesAt } from './keyspaces-at.ts';
import { keysOf, linesOf } from './line-stream.ts';
import { writeOut } from './one-command.ts';
import { exitCodeOf, outputOf } from './reply-output.ts';
import { explain, printable } from './reply-words.ts';
import type { ReplyParts } from './text-reply-reader.ts';
import { parseTyped, type TypedCommand, type WireCommand } from './typed-command.ts';
import { addressOf } from './views/view.ts';
import { VIEW_RUNS } from './views/views.ts';

type ValueFollows = Extract<TypedCommand, { kind: 'value_follows' }>;

/** How `node:readline` is told of completions. */
type Completed = (error: null, completions: Completions) => void;

/** How long Tab waits for keys, in milliseconds. */
const COMPLETION_MS = 500;

/** The client at a terminal: a prompt, one command a line, answers in words where the protocol's are terse. */
export class InteractiveClient {
  readonly #session: CliSession;
  readonly #options: ClientOptions;
  readonly #terminal: Interface;
  readonly #historyFile = join(stateDirectory(), 'history');
  /** Lines are worked off one after the other, also when several were pasted at once. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  /** Ends the view that runs; null while none does. */
  #stop: AbortController | null = null;
  readonly #colours: Colours = coloursFor(process.stdout.isTTY === true, process.env);
  readonly #hints: HintLine;
  /** The command whose value is being typed. */
  #unfinished: { readonly command: ValueFollows; typed: Buffer | null } | null = null;

  constructor(session: CliSession, options: ClientOptions) {
    this.#session = session;
    this.#options = options;
    this.#terminal = createInterface({
      input: process.stdin,
      output: process.stdout,
      completer: (line: string, done: Completed) => void this.#complete(line, done),
      history: loadHistory(this.#historyFile),
      historySize: HISTORY_LINES_MAX,
      removeHistoryDuplicates: true,
    });
    this.#hints = new HintLine(this.#terminal, process.stdout, this.#colours);
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
    this.#showHints();
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

  /** A line above the prompt, which is drawn again with what has been typed so far, unless a view runs. */
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
    if (this.#closed || this.#stop !== null) return;
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
    const view = viewOf(words);
    if (view !== null) return this.#runView(view, { ...this.#options, pattern: words[1] ?? null });
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
    if (command.isEndless) return this.#passOn(command);
    const reply = await this.#session.run(command);
    if (reply === null) return;
    if (this.#options.output !== 'plain') {
      process.stdout.write(outputOf(reply, this.#options.output));
      return;
    }
    if (command.sentAs !== undefined) this.#print(`  (sent as: ${command.sentAs})`);
    for (const part of reply.parts) this.#print(this.#painted(printable(part), reply));
    const word = command.title.split(' ', 1)[0]!;
    const words = explain(word, reply);
    if (words !== null) this.#print(this.#colours.grey(`  (${words})`));
  }

  /** Errors in red, misses in yellow; a value is shown as it is. */
  #painted(text: string, reply: ReplyParts): string {
    if (reply.failed) return this.#colours.red(text);
    return exitCodeOf(reply) === EXIT_MISS ? this.#colours.yellow(text) : text;
  }

  /** `watch`: lines until Ctrl-C, on a connection of its own. */
  async #passOn(command: WireCommand): Promise<void> {
    await this.#untilStopped(async (signal) => {
      const line = command.bytes.toString('latin1').trimEnd();
      for await (const answer of linesOf(addressOf(this.#session), line, signal)) this.#print(answer);
    });
  }

  async #runView(view: ClientView, options: ClientOptions): Promise<void> {
    const session = this.#session;
    const notice = (text: string): void => this.#print(this.#colours.grey(`  (${text})`));
    await this.#untilStopped((signal) =>
      VIEW_RUNS[view]({ session, options, write: writeOut, notice, isTerminal: true, signal }),
    );
  }

  /** Ctrl-C ends it, and not the client. */
  async #untilStopped(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    try {
      await run(stop.signal);
    } finally {
      this.#stop = null;
    }
  }

  #showHints(): void {
    process.stdin.prependListener('keypress', () => this.#hints.erase());
    process.stdin.on('keypress', () => {
      if (this.#stop === null && this.#unfinished === null && !this.#closed) this.#hints.draw();
    });
  }

  /**
   * Keys and keyspaces come from the controller, on a connection of its own. Without an answer in time there are none.
   */
  async #complete(line: string, done: Completed): Promise<void> {
    const findKeys = async (typed: string): Promise<readonly string[]> => {
      const { address } = this.#session;
      if (address === null) return [];
      return keysThatBegin(typed, keysOf(address, AbortSignal.timeout(COMPLETION_MS)));
    };
    const findKeyspaces = async (): Promise<readonly string[]> => {
      const { address } = this.#session;
      return address === null ? [] : keyspacesAt(address, COMPLETION_MS);
    };
    try {
      done(null, await completionsOf(line, findKeys, findKeyspaces));
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      done(null, [[], line]);
    }
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
    if (this.#stop !== null) return this.#stop.abort();
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

/** The view that a line asks for; null for none. */
function viewOf([word = '', ...rest]: readonly string[]): ClientView | null {
  const view = CLIENT_VIEWS.find((one) => one === word && CLIENT_WORDS.includes(one)) ?? null;
  return rest.length > (view === 'scan' ? 1 : 0) ? null : view;
}

function asBytes(line: string): Buffer {
  return Buffer.from(line, 'utf8');
}
