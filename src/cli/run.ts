import { type DialectVariables, dialectOfEnvironment } from './dialect-choice.ts';
import { EXIT_FAILED, EXIT_USAGE, OperationError, systemCodeOf, UsageError } from './failure.ts';

/** Does what the command line says. @returns the exit code */
export async function run(words: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedOutput);
  try {
    return await dispatch(words);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof OperationError)) throw error;
    process.stderr.write(`memchorus: ${error.message}\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
}

/**
 * `… | head` is no failure, nor a terminal that was closed: what is under way is finished, and nobody reads the
 * rest.
 */
function ignoreClosedOutput(error: Error): void {
  if (!['EPIPE', 'EIO'].includes(systemCodeOf(error) ?? '')) throw error;
}

/**
 * Loads the program that the first words name. Nothing is loaded before that, since a node of MiniKV has to listen
 * within a few tenths of a second.
 */
async function dispatch(words: readonly string[]): Promise<number> {
  const [first, second, ...others] = words;
  if (first === 'minikv-client') {
    const { runMiniKvClient } = await import('./minikv/run-client.ts');
    return runMiniKvClient(words.slice(1));
  }
  if (first === '-dialect' || first === '--dialect') {
    return runDialect(second ?? '', others);
  }
  if (words.length === 0) {
    const dialect = dialectOfEnvironment(process.env as DialectVariables);
    if (dialect !== null) return runDialect(dialect, []);
  }
  const { runCommand } = await import('./run-command.ts');
  return runCommand(words);
}

/** @throws UsageError for a dialect that there is not */
async function runDialect(name: string, words: readonly string[]): Promise<number> {
  switch (name) {
    case 'minikv': {
      const { runMiniKvNode } = await import('./minikv/run-node.ts');
      return runMiniKvNode(words);
    }
    case 'view-change': {
      const { runViewChangeNode } = await import('./view-change/run-node.ts');
      return runViewChangeNode(words);
    }
    case 'sharded': {
      const { runShardedNode } = await import('./sharded/run-node.ts');
      return runShardedNode(words);
    }
    default:
      throw new UsageError(
        'COMMAND_LINE',
        `there is no dialect "${name}"; say minikv, sharded or view-change`,
      );
  }
}
