import { createInterface } from 'node:readline/promises';
import type { CliSession } from '../client/cli-session.ts';
import { EXIT_FAILED, EXIT_OK, OperationError } from '../failure.ts';
import { ask, print, tell, textOf } from './admin-session.ts';

/**
 * Drops controllers that are gone for good where no majority is left: tells what may be lost, and asks.
 *
 * @param command such as `member remove 1 2 force`
 * @param isSure it is not asked
 * @returns the exit code
 */
export async function runForced(session: CliSession, command: string, isSure: boolean): Promise<number> {
  const told = await ask(session, command, false);
  if (told.failed) throw new OperationError('NOT_CHANGED', textOf(told));
  // The last line says how a client of the protocol goes on.
  process.stderr.write(`${textOf(told).split('\n').slice(0, -1).join('\n')}\n`);
  if (!isSure && !(await isConfirmed())) {
    tell('nothing was done');
    return EXIT_FAILED;
  }
  const done = await ask(session, `${command} confirmed`, true);
  if (done.failed) throw new OperationError('NOT_CHANGED', textOf(done));
  print(textOf(done));
  return EXIT_OK;
}

async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    tell('nobody is there to be asked: --yes says that it is meant');
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question('Drop them for good? Type yes: ')).trim() === 'yes';
  } finally {
    terminal.close();
  }
}
