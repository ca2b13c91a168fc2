import { UsageError } from '../failure.ts';
import { logLevelOption, type MiniKvLogLevel, miniKvWords, wholeOption } from './words.ts';

/** What a node of MiniKV is told. */
export interface NodeOptions {
  readonly logLevel: MiniKvLogLevel;
}

export const NODE_HELP = `Usage: main.ts -dialect minikv none [--index 0] [--loglevel <level>]

Runs one node of MiniKV, a store of keys and JSON values, until Ctrl-C. Its data live in its memory.
  GET  http://127.0.0.1:8080/                 all entries, as a page
  GET  http://127.0.0.1:8080/get?key=K        {"value": ...}, null for a key that is not there
  POST http://127.0.0.1:8080/put?key=K        with the body {"value": ...}; any value that is JSON

  none                a single node
  --index <number>    has to be 0, the default
  --loglevel <level>  warn, info or debug: what is logged to standard error [info]

docs/minikv.md explains it, and main.ts minikv-client is a client.`;

/** @returns null when only the help is asked for; the name of a replication that there is not @throws UsageError */
export function nodeOptions(given: readonly string[]): NodeOptions | 'help' | { readonly unknown: string } {
  const { words, options, showHelp } = miniKvWords(given, NAMES, { C: 'connect-to' });
  if (showHelp) return 'help';
  const [type, ...others] = words;
  if (type === undefined)
    throw new UsageError('COMMAND_LINE', 'which replication? Say: main.ts -dialect minikv none');
  if (type !== 'none') return { unknown: type };
  if (others.length > 0) throw new UsageError('COMMAND_LINE', `unknown word "${others[0]}"; see --help`);
  if (wholeOption(options, 'index', 0) !== 0)
    throw new UsageError('COMMAND_LINE', 'a node without replication is alone: its --index has to be 0');
  if (options.has('connect-to'))
    throw new UsageError(
      'COMMAND_LINE',
      'a node without replication follows no other: leave out --connect-to',
    );
  return { logLevel: logLevelOption(options) };
}

const NAMES: readonly string[] = ['index', 'loglevel', 'connect-to'];
