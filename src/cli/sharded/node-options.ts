import { parseAddress, parsePort } from '../../base/address-text.ts';
import type { Address } from '../../controller/settings.ts';
import type { ListFormat } from '../../dialects/sharded/format.ts';
import { isLoopback } from '../../peer/loopback.ts';
import { CAUSAL_SHARDS_MAX } from '../../placement/shards.ts';
import { UsageError } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';

/** What a node of the sharded store is told, by its command line and its environment. */
export interface ShardedNodeOptions {
  /** Its own address, as others name it. */
  readonly address: Address;
  /** Where it listens. */
  readonly listensOn: Address;
  /** All nodes, in the order of their addresses as text, so that all nodes have the same order. */
  readonly view: readonly Address[];
  readonly shardCount: number;
  readonly listFormat: ListFormat;
  /** How long a request waits for writes that its metadata name, in milliseconds. */
  readonly causalWaitMs: number;
}

/** The variables that a node looks at; the last two win over the flags that say the same. */
export type ShardedEnvironment = Readonly<
  Partial<
    Record<
      | 'SOCKET_ADDRESS'
      | 'VIEW'
      | 'SHARD_COUNT'
      | 'HOST'
      | 'PORT'
      | 'MEMCHORUS_LIST_FORMAT'
      | 'MEMCHORUS_CAUSAL_WAIT',
      string
    >
  >
>;

export const NODE_HELP = `Usage: main.ts -dialect sharded [--list-format <format>] [--causal-wait <seconds>]

Runs one node of the sharded store, with keys and JSON values over HTTP, until Ctrl-C. Its data live in its memory.

  --list-format <format>   joined: lists are texts with commas, and numbers are texts; array: as in JSON [joined]
  --causal-wait <seconds>  how long a request waits for writes that its metadata name [5]

The environment says the rest:
  SOCKET_ADDRESS         the node's own address, host:port
  VIEW                   all nodes, this one included: host:port,host:port,…
  SHARD_COUNT            over how many shards the keys are spread: one for two nodes of VIEW at most
  HOST, PORT             listen there; without them at SOCKET_ADDRESS if that is a loopback one, else on all at its port
  MEMCHORUS_LIST_FORMAT  as --list-format
  MEMCHORUS_CAUSAL_WAIT  as --causal-wait

docs/sharded.md explains it.`;

const FLAGS = ['list-format', 'causal-wait'] as const;

type Flags = Readonly<Partial<Record<(typeof FLAGS)[number], string>>>;

const CAUSAL_WAIT_SECONDS_MAX = 50;

/** @throws UsageError */
export function nodeOptions(
  given: readonly string[],
  environment: ShardedEnvironment,
): ShardedNodeOptions | 'help' {
  if (given.includes('-h') || given.includes('--help')) return 'help';
  const flags = flagsIn(given);
  const address = addressOf(environment.SOCKET_ADDRESS ?? '', 'SOCKET_ADDRESS');
  const view = viewIn(environment.VIEW ?? '');
  if (!view.some((one) => formatAddress(one) === formatAddress(address)))
    throw new UsageError('COMMAND_LINE', `VIEW does not name this node, ${formatAddress(address)}`);
  const anywhere = isLoopback(address.host) ? address.host : '0.0.0.0';
  const { HOST, PORT } = environment;
  const port = PORT === undefined || PORT === '' ? address.port : parsePort(PORT);
  if (port === null) throw new UsageError('COMMAND_LINE', `PORT is "${PORT}", which is no port`);
  return {
    address,
    listensOn: { host: HOST === undefined || HOST === '' ? anywhere : HOST, port },
    view,
    shardCount: shardCountOf(environment.SHARD_COUNT ?? '', view.length),
    listFormat: listFormatOf(environment.MEMCHORUS_LIST_FORMAT ?? flags['list-format'] ?? 'joined'),
    causalWaitMs: causalWaitOf(environment.MEMCHORUS_CAUSAL_WAIT ?? flags['causal-wait'] ?? '5'),
  };
}

function shardCountOf(text: string, nodes: number): number {
  if (text.trim() === '')
    throw new UsageError(
      'COMMAND_LINE',
      'SHARD_COUNT is missing, and a node cannot be added to a shard later yet: say SHARD_COUNT=1',
    );
  const count = /^[1-9]\d{0,2}$/.test(text.trim()) ? Number(text) : 0;
  if (count === 0)
    throw new UsageError('COMMAND_LINE', `SHARD_COUNT is "${text}", which is no number of shards`);
  if (nodes < 2 * count && !(nodes === 1 && count === 1))
    throw new UsageError(
      'COMMAND_LINE',
      `SHARD_COUNT is ${count}, and VIEW has ${nodes} nodes: each shard needs at least two`,
    );
  if (count > CAUSAL_SHARDS_MAX)
    throw new UsageError(
      'COMMAND_LINE',
      `SHARD_COUNT is ${count}. Causal metadata go over ${CAUSAL_SHARDS_MAX} shards at most: choose fewer`,
    );
  return count;
}

/** @throws UsageError for a word that is no address, and for an address that is there twice */
function viewIn(text: string): readonly Address[] {
  const words = text.split(',').filter((word) => word.trim() !== '');
  const names = words.map((word) => formatAddress(addressOf(word, 'VIEW'))).sort();
  const twice = names.find((name, at) => names[at - 1] === name);
  if (twice !== undefined)
    throw new UsageError('COMMAND_LINE', `VIEW has ${twice} twice; name each node once`);
  return names.map((name) => parseAddress(name)!);
}

function listFormatOf(text: string): ListFormat {
  if (text === 'joined' || text === 'array') return text;
  throw new UsageError('COMMAND_LINE', `list_format is "${text}"; choose joined or array`);
}

function causalWaitOf(text: string): number {
  const seconds = /^\d{1,2}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds > 0 && seconds <= CAUSAL_WAIT_SECONDS_MAX) return seconds * 1_000;
  throw new UsageError(
    'COMMAND_LINE',
    `causal_wait is "${text}"; give seconds, up to ${CAUSAL_WAIT_SECONDS_MAX}`,
  );
}

function flagsIn(given: readonly string[]): Flags {
  const flags: Partial<Record<(typeof FLAGS)[number], string>> = {};
  for (let at = 0; at < given.length; at++) {
    const [, word, joined] = /^--([a-z-]+)(?:=(.*))?$/s.exec(given[at]!) ?? [];
    const name = FLAGS.find((one) => one === word);
    if (name === undefined)
      throw new UsageError('COMMAND_LINE', `unknown word "${given[at]}"; --help lists all options`);
    const value = joined ?? given[++at];
    if (value === undefined) throw new UsageError('COMMAND_LINE', `--${name} needs a value`);
    flags[name] = value;
  }
  return flags;
}

function addressOf(text: string, name: string): Address {
  const address = parseAddress(text);
  if (address !== null) return address;
  throw new UsageError('COMMAND_LINE', `${name} is "${text}", which is no host:port`);
}
