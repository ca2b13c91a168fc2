import { once } from 'node:events';
import type { Address } from '../../controller/settings.ts';
import type { ClientOptions } from '../command-line/client-flags.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, UsageError } from '../failure.ts';
import { statusScreen } from '../status/run-status.ts';
import { CliSession } from './cli-session.ts';
import { clientHelp, isHelpTopic } from './client-help.ts';
import { COMMAND_WORDS, isShowCluster, SHORT_FORM_WORDS } from './command-words.ts';
import { linesOf } from './line-stream.ts';
import { isBinaryKey } from './meta-form.ts';
import { quote } from './quoting.ts';
import { exitCodeOf, outputOf } from './reply-output.ts';
import { misunderstanding } from './reply-words.ts';
import { parseTyped, type WireCommand } from './typed-command.ts';
import { pause } from './views/view.ts';

/** A value from standard input that is larger is certainly a mistake, in bytes. */
const INPUT_BYTES_MAX = 1024 * 1024 * 1024;

/** Runs the command of the command line, once or again and again. @returns the exit code, of the last run */
export async function runOneCommand(
  words: readonly string[],
  candidates: readonly Address[],
  timeoutMs: number,
  options: ClientOptions,
  signal: AbortSignal,
): Promise<number> {
  if (words[0] === 'help') {
    const topic = words[1] ?? '';
    await writeOut(Buffer.from(`${clientHelp(topic)}\n`));
    return isHelpTopic(topic) ? EXIT_OK : EXIT_USAGE;
  }
  const command = isShowCluster(words)
    ? null
    : commandOf(words, options.isLastFromInput ? await allInput() : null);
  if (command === 'quit') return EXIT_OK;
  const session = new CliSession(candidates, timeoutMs, false, (message) =>
    process.stderr.write(`memchorus: ${message}\n`),
  );
  const run = (): Promise<number> =>
    command === null ? showCluster(candidates) : runOnce(session, command, options, signal);
  try {
    let exitCode = EXIT_OK;
    for (let times = 0; times < options.repeat && !signal.aborted; times++) {
      if (times > 0 && !(await pause(options.intervalMs ?? 0, signal))) break;
      exitCode = await run();
    }
    return exitCode;
  } finally {
    session.close();
  }
}

async function showCluster(candidates: readonly Address[]): Promise<number> {
  const { text, exitCode } = await statusScreen(candidates);
  await writeOut(Buffer.from(`${text}\n`));
  return exitCode;
}

async function runOnce(
  session: CliSession,
  command: WireCommand,
  { output }: ClientOptions,
  signal: AbortSignal,
): Promise<number> {
  await session.connect();
  if (command.isEndless) return passOnLines(session, command, signal);
  const reply = await session.run(command);
  if (reply === null) return EXIT_FAILED;
  await writeOut(outputOf(reply, output));
  const misunderstood = misunderstanding(command.title.split(' ', 1)[0]!, reply);
  if (misunderstood !== null) process.stderr.write(`memchorus: ${misunderstood}\n`);
  return exitCodeOf(reply);
}

/** `watch`: lines until the user stops it, or the controller. */
async function passOnLines(session: CliSession, command: WireCommand, signal: AbortSignal): Promise<number> {
  const { address } = session;
  if (address === null) return EXIT_FAILED;
  let last = '';
  for await (const line of linesOf(address, command.bytes.toString('latin1').trimEnd(), signal)) {
    last = line;
    await writeOut(Buffer.from(`${line}\n`, 'latin1'));
    if (/^(ERROR|CLIENT_ERROR|SERVER_ERROR|WATCHER_)/.test(line)) return EXIT_FAILED;
  }
  return signal.aborted || last !== '' ? EXIT_OK : EXIT_FAILED;
}

/** Resolves once more may be written. */
export async function writeOut(bytes: Buffer | string): Promise<void> {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
}

async function allInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > INPUT_BYTES_MAX) throw new UsageError('CLIENT_COMMAND', 'standard input has more than 1 GiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * The shell has already taken the words apart, so a word stays one, quotes and all.
 *
 * @param input the last argument, if that comes from standard input
 */
function commandOf(words: readonly string[], input: Buffer | null): WireCommand | 'quit' {
  const latin1 = words.map((word) => Buffer.from(word, 'utf8').toString('latin1'));
  const typed = parseTyped(lineOf(latin1, input));
  switch (typed.kind) {
    case 'quit':
      return 'quit';
    case 'complete':
      return typed.command;
    case 'value_follows':
      if (input !== null) return typed.complete(input);
      throw new UsageError(
        'CLIENT_COMMAND',
        'the value is missing: write it behind the number of bytes, or give it by -x on standard input',
      );
  }
}

/** The line that means the same when it is typed. */
function lineOf(words: readonly string[], input: Buffer | null): string {
  const [word = ''] = words;
  const row = COMMAND_WORDS.get(word);
  if (input !== null && row?.takesValue) return valueLine(words, row.takesFlags, input.length);
  const all = input === null ? words : [...words, input.toString('latin1').replace(/\r?\n$/, '')];
  const isClassicWrite = row?.takesValue === true && !row.takesFlags;
  const isShortForm = isClassicWrite && all.length === 3 && SHORT_FORM_WORDS.has(word);
  return all
    .map((one, at) => {
      if (at === 0 || (isClassicWrite && at >= 2 && !isShortForm)) return plainWord(one);
      return asOneWord(one, isShortForm && at === 2);
    })
    .join(' ');
}

/** `-x set k`, `-x set k <flags> <exptime>` and `-x ms k <flag> …`: the number of bytes is known. */
function valueLine(words: readonly string[], takesFlags: boolean, bytes: number): string {
  const [word = '', key = '', ...rest] = words;
  if (key === '') throw new UsageError('CLIENT_COMMAND', `which key? -x ${word} <key>`);
  const typedKey = asOneWord(key, false);
  if (takesFlags) return [word, typedKey, `${bytes}`, ...rest].join(' ');
  const [flags = '0', exptime = '0', ...token] = rest;
  return [word, typedKey, flags, exptime, `${bytes}`, ...token].join(' ');
}

/** A word that typing would take apart, or take for something in quotes, is put in quotes. */
function asOneWord(word: string, isValue: boolean): string {
  const isSafe = !isValue && word !== '' && !isBinaryKey(word) && !/^["']/.test(word);
  return isSafe ? word : quote(word);
}

function plainWord(word: string): string {
  if (!/[\r\n]/.test(word)) return word;
  throw new UsageError('CLIENT_COMMAND', 'a line end can only stand in a key or in a value: set k "$value"');
}
