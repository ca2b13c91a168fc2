import { NODE_INDEX_MAX } from '../../dialects/minikv/chain-ports.ts';
import { UsageError } from '../failure.ts';
import { logLevelOption, type MiniKvLogLevel, miniKvWords, wholeOption } from './words.ts';

/** What a node of MiniKV is told. */
export type NodeOptions =
  | { readonly kind: 'none'; readonly logLevel: MiniKvLogLevel }
  | ({ readonly kind: 'chain' } & ChainOptions);

export interface ChainOptions {
  readonly logLevel: MiniKvLogLevel;
  readonly index: number;
  /** The index of the node that it follows; null for the head. */
  readonly predecessor: number | null;
}

export const NODE_HELP = `Usage: main.ts -dialect minikv none [--index 0] [--loglevel <level>]
       main.ts -dialect minikv chain [--index <number>] [-C <number>] [--loglevel <level>]

Runs one node of MiniKV, a store of keys and JSON values, until Ctrl-C. Its data live in its memory.
  GET  http://127.0.0.1:8080/                 all entries, as a page
  GET  http://127.0.0.1:8080/get?key=K        {"value": ...}, null for a key that is not there
  POST http://127.0.0.1:8080/put?key=K        with the body {"value": ...}; any value that is JSON

  none                a single node; its --index has to be 0
  chain               a node of a chain, where every node has all entries. Any node takes reads and writes
  --index <number>    0 to ${NODE_INDEX_MAX}: HTTP is on port 8080 + index, other nodes call port 50000 + index [0]
  -C, --connect-to <number>
                      the index of the node that this one follows; without it, the node is the head
  --loglevel <level>  warn, info or debug: what is logged to standard error [info]

docs/minikv.md explains it, and main.ts minikv-client is a client.`;

/** @returns null when only the help is asked for; the name of a replication that there is not @throws UsageError */
export function nodeOptions(given: readonly string[]): NodeOptions | 'help' | { readonly unknown: string } {
  const { words, options, showHelp } = miniKvWords(given, NAMES, { C: 'connect-to' });
  if (showHelp) return 'help';
  const [type, ...others] = words;
  if (type === undefined)
    throw new UsageError('COMMAND_LINE', 'which replication? Say: main.ts -dialect minikv none, or chain');
  if (type !== 'none' && type !== 'chain') return { unknown: type };
  if (others.length > 0) throw new UsageError('COMMAND_LINE', `unknown word "${others[0]}"; see --help`);
  const logLevel = logLevelOption(options);
  const index = wholeOption(options, 'index', 0);
  const listed = options.get('connect-to');
  if (type === 'none') {
    refuseForSingle(index, listed);
    return { kind: 'none', logLevel };
  }
  const predecessor = listed === undefined ? null : predecessorIn(listed);
  refuseOutOfRange(index, '--index');
  if (predecessor === index)
    throw new UsageError(
      'COMMAND_LINE',
      `node ${index} cannot follow itself: --connect-to names another one`,
    );
  return { kind: 'chain', logLevel, index, predecessor };
}

function refuseForSingle(index: number, listed: string | undefined): void {
  if (index !== 0)
    throw new UsageError('COMMAND_LINE', 'a node without replication is alone: its --index has to be 0');
  if (listed !== undefined)
    throw new UsageError(
      'COMMAND_LINE',
      'a node without replication follows no other: leave out --connect-to',
    );
}

/** The option is a list in the dialect, since other kinds of replication may have several neighbours. */
function predecessorIn(listed: string): number {
  const [first, ...others] = listed.split(',');
  if (others.length > 0)
    throw new UsageError('COMMAND_LINE', `--connect-to is "${listed}"; a node of a chain follows one other`);
  const predecessor = wholeOption(new Map([['connect-to', first!]]), 'connect-to', 0);
  refuseOutOfRange(predecessor, '--connect-to');
  return predecessor;
}

function refuseOutOfRange(index: number, name: string): void {
  if (index < 0 || index > NODE_INDEX_MAX)
    throw new UsageError('COMMAND_LINE', `${name} is ${index}; it has to be 0 to ${NODE_INDEX_MAX}`);
}

const NAMES: readonly string[] = ['index', 'loglevel', 'connect-to'];
