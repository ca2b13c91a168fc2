import { parseAddress } from '../../base/address-text.ts';
import { UsageError } from '../failure.ts';
import { logLevelOption, type MiniKvLogLevel, miniKvWords, wholeOption } from './words.ts';

export const CLIENT_MODES = ['test', 'fill', 'check-values', 'random-ops'] as const;

export type ClientMode = (typeof CLIENT_MODES)[number];

export interface MiniKvClientOptions {
  readonly mode: ClientMode;
  readonly server: { readonly host: string; readonly port: number };
  readonly keyOffset: number;
  readonly keyRange: number;
  readonly valuePrefix: string;
  /** Per cent. */
  readonly writeChance: number;
  readonly operations: number;
  readonly logLevel: MiniKvLogLevel;
}

export const CLIENT_HELP = `Usage: main.ts minikv-client <test|fill|check-values|random-ops> [options]

A client of MiniKV that makes one request after the other, on one connection.
  test          writes all keys, reads all keys, and tells whether the values are right
  fill          writes all keys
  check-values  reads all keys, and tells of the first value that is wrong
  random-ops    reads and writes keys at random; a write stores "foobar"

  --server-address <host:port>  the node [127.0.0.1:8080]
  --key-offset <number>         number of the first key: key <n> is "key<n>" [0]
  --key-range <number>          how many keys [1000]
  --value-prefix <text>         the value of key <n> is <text><n> [value]
  --write-chance <per cent>     random-ops: how many operations write [50]
  --num-ops <number>            random-ops: how many operations [1000]
  --loglevel <level>            warn, info, debug: debug tells each request on standard error [info]

Exit code 0: all went well, 1: a wrong value, or a request that failed.`;

const NAMES: readonly string[] = [
  'server-address',
  'key-offset',
  'key-range',
  'value-prefix',
  'write-chance',
  'num-ops',
  'loglevel',
];

/** A number that is out of its range. Its text is printed as it is. */
export class OutOfRange extends Error {}

/** @returns null when only the help is asked for @throws UsageError, OutOfRange */
export function clientOptions(given: readonly string[]): MiniKvClientOptions | null {
  const { words, options, showHelp } = miniKvWords(given, NAMES);
  if (showHelp) return null;
  const [word, ...others] = words;
  const mode = CLIENT_MODES.find((name) => name === word);
  if (mode === undefined) {
    const which = word === undefined ? 'which mode?' : `unknown mode "${word}":`;
    throw new UsageError('COMMAND_LINE', `${which} say ${CLIENT_MODES.join(', ')}; see --help`);
  }
  if (others.length > 0) throw new UsageError('COMMAND_LINE', `unknown word "${others[0]}"; see --help`);
  const keyOffset = wholeOption(options, 'key-offset', 0);
  if (keyOffset < 0) throw new OutOfRange('ERROR: Key offset cannot be negative');
  const keyRange = wholeOption(options, 'key-range', 1000);
  if (keyRange <= 0) throw new OutOfRange('ERROR: Key range must be a positive number');
  const writeChance = wholeOption(options, 'write-chance', 50);
  if (writeChance < 0 || writeChance > 100) throw new OutOfRange('ERROR: Write chance must be in [0;100]');
  const operations = wholeOption(options, 'num-ops', 1000);
  if (operations < 0) throw new OutOfRange('ERROR: Number of operations cannot be negative');
  return {
    mode,
    server: serverOf(options.get('server-address') ?? '127.0.0.1:8080'),
    keyOffset,
    keyRange,
    valuePrefix: options.get('value-prefix') ?? 'value',
    writeChance,
    operations,
    logLevel: logLevelOption(options),
  };
}

function serverOf(text: string): MiniKvClientOptions['server'] {
  const server = parseAddress(text);
  if (server !== null) return server;
  throw new UsageError('COMMAND_LINE', `--server-address is "${text}"; it should be <host>:<port>`);
}
