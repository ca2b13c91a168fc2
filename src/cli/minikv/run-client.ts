import { EXIT_FAILED, EXIT_OK } from '../failure.ts';
import { checkValues, fill, randomOps, WrongValue } from './client-load.ts';
import { CLIENT_HELP, clientOptions, type MiniKvClientOptions, OutOfRange } from './client-options.ts';
import { MiniKvConnection } from './minikv-connection.ts';

/** Does what the command line of the client says. @returns the exit code @throws UsageError, OperationError */
export async function runMiniKvClient(words: readonly string[]): Promise<number> {
  try {
    const options = clientOptions(words);
    if (options === null) print(CLIENT_HELP);
    else await runMode(options);
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof WrongValue || error instanceof OutOfRange)) throw error;
    print(error.message);
    return EXIT_FAILED;
  }
}

async function runMode(options: MiniKvClientOptions): Promise<void> {
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const connection = new MiniKvConnection(options.server, options.logLevel === 'debug' ? tell : () => {});
  try {
    switch (options.mode) {
      case 'fill':
        return await fill(connection, options);
      case 'check-values':
        return await checkValues(connection, options);
      case 'random-ops':
        return await randomOps(connection, options, Math.random);
      case 'test':
        print('Running test');
        await fill(connection, options);
        await checkValues(connection, options);
        return print('Test successful!');
    }
  } finally {
    connection.close();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
