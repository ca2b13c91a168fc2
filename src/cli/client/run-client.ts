import type { Address } from '../../controller/settings.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import type { ClientOptions, ClientView } from '../command-line/client-flags.ts';
import { EXIT_OK } from '../failure.ts';
import { type ResolvedSettings, selfOf } from '../settings/configuration.ts';
import { runBatch } from './batch.ts';
import { CliSession } from './cli-session.ts';
import { InteractiveClient } from './interactive.ts';
import { runOneCommand, writeOut } from './one-command.ts';
import { VIEW_RUNS } from './views/views.ts';

/** The client, in the form that suits: one command, a view, commands from a pipe, or a prompt. @returns the exit code */
export async function runClient(line: CommandLine, configuration: ResolvedSettings): Promise<number> {
  const candidates = dialledFirst(line, configuration);
  const { requestTimeoutMs } = configuration;
  const { view } = line.client;
  if (view !== null)
    return untilInterrupted((signal) => runView(view, candidates, requestTimeoutMs, line.client, signal));
  if (line.command.length > 0)
    return untilInterrupted((signal) =>
      runOneCommand(line.command, candidates, requestTimeoutMs, line.client, signal),
    );
  const atTerminal = process.stdin.isTTY === true;
  let interactive: InteractiveClient | null = null;
  const session = new CliSession(candidates, requestTimeoutMs, true, (message) => {
    if (interactive === null) process.stderr.write(`memchorus: ${message}\n`);
    else interactive.say(message);
  });
  await session.connect();
  const status = await session.learnPeers(configuration.peers);
  if (atTerminal) {
    interactive = new InteractiveClient(session, line.client);
    return interactive.run(status);
  }
  return runBatch(session, process.stdin, line.client.output);
}

/** Who names a controller gets that one or an error; who does not, the first peer that accepts. */
function dialledFirst(line: CommandLine, configuration: ResolvedSettings): readonly Address[] {
  const { id, host, port } = line.identity;
  if (id !== null) return [configuration.peers[selfOf(configuration.peers, line.identity)]!];
  if (host === null && port === null) return configuration.peers;
  const first = configuration.peers[0]!;
  return [{ host: host ?? '127.0.0.1', port: port ?? first.port }];
}

async function runView(
  view: ClientView,
  candidates: readonly Address[],
  timeoutMs: number,
  options: ClientOptions,
  signal: AbortSignal,
): Promise<number> {
  const notice = (message: string): void => void process.stderr.write(`memchorus: ${message}\n`);
  const session = new CliSession(candidates, timeoutMs, false, notice);
  await session.connect();
  try {
    await VIEW_RUNS[view]({
      session,
      options,
      write: writeOut,
      notice,
      isTerminal: process.stdout.isTTY === true,
      signal,
    });
  } finally {
    session.close();
  }
  return EXIT_OK;
}

/** Ctrl-C ends what runs, which then says what it has found. The second one ends the program. */
async function untilInterrupted(run: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  process.once('SIGINT', onInterrupt);
  try {
    return await run(stop.signal);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
