import type { Address } from '../../controller/settings.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { EXIT_FAILED, EXIT_OK, UsageError } from '../failure.ts';
import { type Configuration, selfOf } from '../settings/configuration.ts';
import { statusScreen } from '../status/run-status.ts';
import { runAndPrint, runBatch } from './batch.ts';
import { CliSession } from './cli-session.ts';
import { clientHelp } from './client-help.ts';
import { isShowCluster, SHORT_FORM_WORDS } from './command-words.ts';
import { InteractiveClient } from './interactive.ts';
import { quote } from './quoting.ts';
import { parseTyped, type WireCommand } from './typed-command.ts';

/** The client, in the form that suits: one command, commands from a pipe, or a prompt. @returns the exit code */
export async function runClient(line: CommandLine, configuration: Configuration): Promise<number> {
  const candidates = dialledFirst(line, configuration);
  if (line.command.length > 0) return runOneCommand(line.command, candidates, configuration.requestTimeoutMs);
  const atTerminal = process.stdin.isTTY === true;
  let interactive: InteractiveClient | null = null;
  const session = new CliSession(candidates, configuration.requestTimeoutMs, true, (message) => {
    if (interactive === null) process.stderr.write(`memchorus: ${message}\n`);
    else interactive.say(message);
  });
  await session.connect();
  const status = await session.learnPeers(configuration.peers);
  if (atTerminal) {
    interactive = new InteractiveClient(session);
    return interactive.run(status);
  }
  return runBatch(session, process.stdin);
}

/** Who names a controller gets that one or an error; who does not, the first peer that accepts. */
function dialledFirst(line: CommandLine, configuration: Configuration): readonly Address[] {
  const { id, host, port } = line.identity;
  if (id !== null) return [configuration.peers[selfOf(configuration.peers, line.identity)]!];
  if (host === null && port === null) return configuration.peers;
  const first = configuration.peers[0]!;
  return [{ host: host ?? '127.0.0.1', port: port ?? first.port }];
}

async function runOneCommand(
  words: readonly string[],
  candidates: readonly Address[],
  timeoutMs: number,
): Promise<number> {
  if (words[0] === 'help') {
    process.stdout.write(`${clientHelp(words[1] ?? '')}\n`);
    return EXIT_OK;
  }
  if (isShowCluster(words)) {
    const { text, exitCode } = await statusScreen(candidates);
    process.stdout.write(`${text}\n`);
    return exitCode;
  }
  const command = commandOf(words);
  if (command === null) return EXIT_OK;
  const session = new CliSession(candidates, timeoutMs, false, (message) =>
    process.stderr.write(`memchorus: ${message}\n`),
  );
  await session.connect();
  const answered = await runAndPrint(session, command);
  session.close();
  return answered ? EXIT_OK : EXIT_FAILED;
}

/**
 * The shell has already taken the words apart, so a value that is one word stays one, quotes and all.
 *
 * @returns null for `quit`
 */
function commandOf(words: readonly string[]): WireCommand | null {
  const last = words.at(-1)!;
  const asIs = words.length === 3 && SHORT_FORM_WORDS.has(words[0]!);
  const text = asIs ? [...words.slice(0, 2), quote(last)].join(' ') : words.join(' ');
  if (/[\r\n]/.test(text))
    throw new UsageError('CLIENT_COMMAND', 'a line end can only stand in a value: set k "$value"');
  const typed = parseTyped(Buffer.from(text, 'utf8').toString('latin1'));
  switch (typed.kind) {
    case 'quit':
      return null;
    case 'complete':
      return typed.command;
    case 'value_follows':
      throw new UsageError('CLIENT_COMMAND', 'the value is missing: write it behind the number of bytes');
  }
}
