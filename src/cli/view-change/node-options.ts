import { parseAddress, parsePort } from '../../base/address-text.ts';
import type { Address } from '../../controller/settings.ts';
import { isLoopback } from '../../peer/loopback.ts';
import { CAUSAL_SHARDS_MAX } from '../../placement/shards.ts';
import { UsageError } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';

/** What a node of the store with view change is told, by its command line and its environment. */
export interface ViewChangeNodeOptions {
  /** Its own address, as others name it. */
  readonly address: Address;
  /** Where it listens. */
  readonly listensOn: Address;
  readonly role: NodeRole;
}

/**
 * `follower`: passes everything on. `main`: the main instance of `forward`. `node`: that, and a node of `shards` that
 * is its own view. `shards`, `replicas`: a node of a view, in which `factor` nodes have each key.
 */
export type NodeRole =
  | { readonly kind: 'follower'; readonly main: Address }
  | { readonly kind: 'main' | 'node' }
  | { readonly kind: 'shards' | 'replicas'; readonly view: readonly Address[]; readonly factor: number };

/** The variables that a node looks at; each wins over the flag that says the same. */
export type NodeEnvironment = Readonly<
  Partial<
    Record<'ADDRESS' | 'VIEW' | 'REPL_FACTOR' | 'FORWARDING_ADDRESS' | 'MEMCHORUS_KVS_GENERATION', string>
  >
>;

export const NODE_HELP = `Usage: main.ts -dialect view-change [-i <ip>] [-p <port>] [-v <addresses>]

Runs one node of the store with view change, with keys and JSON values over HTTP, until Ctrl-C. Its data live in memory.

  -i, --ip <ip>           listen on this address      [that of ADDRESS if it is a loopback one, else all]
  -p, --port <port>       listen on this port         [that of ADDRESS, else 13800]
  -v, --view <addresses>  all nodes: host:port,host:port,… The same for each node
  -r, --repl-factor <n>   how many nodes have each key: it divides the number of nodes
  --kvs-generation <g>    forward, shards, replicas, or auto: what the rest asks for [auto]

The environment says the rest, and wins over flags:
  ADDRESS                   the node's own address, host:port
  VIEW                      as --view
  REPL_FACTOR               as --repl-factor
  FORWARDING_ADDRESS        the main instance, to which this node passes everything on; empty: this is the main instance
  MEMCHORUS_KVS_GENERATION  as --kvs-generation

With a view the keys are spread over its nodes. With a factor each key is on so many nodes, and answers have causal
contexts. Without a view, and without FORWARDING_ADDRESS, the node has all keys, and the paths of the main instance
beside /kvs/keys/K, /kvs/key-count and /kvs/view-change. See docs/view-change.md.`;

const PORT = 13_800;
const ANYWHERE = '0.0.0.0';

const NAMES = {
  '-i': 'ip',
  '--ip': 'ip',
  '-p': 'port',
  '--port': 'port',
  '-v': 'view',
  '--view': 'view',
  '-r': 'repl-factor',
  '--repl-factor': 'repl-factor',
  '--kvs-generation': 'generation',
} as const;

type FlagName = (typeof NAMES)[keyof typeof NAMES];

const GENERATIONS = ['auto', 'forward', 'shards', 'replicas'] as const;

type Generation = (typeof GENERATIONS)[number];

/** @throws UsageError */
export function nodeOptions(
  given: readonly string[],
  environment: NodeEnvironment,
): ViewChangeNodeOptions | 'help' {
  if (given.includes('-h') || given.includes('--help')) return 'help';
  const flags = flagsIn(given);
  const told = environment.ADDRESS ?? '';
  const address = told === '' ? null : addressOf(told, 'ADDRESS');
  const ip = flags.get('ip') ?? (address !== null && isLoopback(address.host) ? address.host : ANYWHERE);
  const port = flags.has('port') ? portOf(flags.get('port')!) : (address?.port ?? PORT);
  const own = address ?? { host: ip === ANYWHERE ? '127.0.0.1' : ip, port };
  return { address: own, listensOn: { host: ip, port }, role: roleOf(flags, environment, own) };
}

function roleOf(flags: ReadonlyMap<FlagName, string>, environment: NodeEnvironment, own: Address): NodeRole {
  const view = viewIn(environment.VIEW ?? flags.get('view') ?? '');
  const factor = environment.REPL_FACTOR ?? flags.get('repl-factor');
  const forwarding = environment.FORWARDING_ADDRESS;
  switch (generationOf(flags, environment)) {
    case 'forward':
      return forwardRole(forwarding ?? '');
    case 'replicas':
      return replicasRole(view, factor ?? '1', own);
    case 'shards':
      return shardsRole(view.length === 0 ? [own] : view);
    case 'auto':
      if (forwarding !== undefined) return forwardRole(forwarding);
      if (factor !== undefined) return replicasRole(view, factor, own);
      return view.length === 0 ? { kind: 'node' } : shardsRole(view);
  }
}

function forwardRole(forwarding: string): NodeRole {
  if (forwarding.trim() === '') return { kind: 'main' };
  return { kind: 'follower', main: addressOf(forwarding, 'FORWARDING_ADDRESS') };
}

function shardsRole(view: readonly Address[]): NodeRole {
  return { kind: 'shards', view, factor: 1 };
}

/** @throws UsageError for a factor that cannot be had */
function replicasRole(given: readonly Address[], factorText: string, own: Address): NodeRole {
  const view = given.length === 0 ? [own] : given;
  const factor = /^[1-9]\d{0,2}$/.test(factorText.trim()) ? Number(factorText) : 0;
  if (factor === 0 || view.length % factor !== 0)
    throw new UsageError(
      'COMMAND_LINE',
      `REPL_FACTOR is "${factorText}"; it has to divide the number of nodes in VIEW, which is ${view.length}`,
    );
  const shards = view.length / factor;
  if (factor > 1 && shards > CAUSAL_SHARDS_MAX)
    throw new UsageError(
      'COMMAND_LINE',
      `REPL_FACTOR ${factor} makes ${shards} shards of ${factor} nodes each. Causal contexts go over ` +
        `${CAUSAL_SHARDS_MAX} shards at most: choose a larger factor, or 1`,
    );
  return { kind: 'replicas', view, factor };
}

/** @throws UsageError for a word that is no address, and for an address that is there twice */
function viewIn(text: string): readonly Address[] {
  const words = text.split(',').filter((word) => word.trim() !== '');
  const view = words.map((word) => addressOf(word, 'VIEW'));
  const twice = view.find((one, at) => view.findIndex((other) => isSame(one, other)) !== at);
  if (twice !== undefined)
    throw new UsageError('COMMAND_LINE', `VIEW has ${formatAddress(twice)} twice; name each node once`);
  return view;
}

function isSame(one: Address, other: Address): boolean {
  return one.host === other.host && one.port === other.port;
}

function generationOf(flags: ReadonlyMap<FlagName, string>, environment: NodeEnvironment): Generation {
  const word = environment.MEMCHORUS_KVS_GENERATION ?? flags.get('generation') ?? 'auto';
  const generation = GENERATIONS.find((name) => name === word);
  if (generation !== undefined) return generation;
  throw new UsageError(
    'COMMAND_LINE',
    `kvs_generation is "${word}"; choose one of ${GENERATIONS.join(', ')}`,
  );
}

function flagsIn(given: readonly string[]): ReadonlyMap<FlagName, string> {
  const flags = new Map<FlagName, string>();
  for (let at = 0; at < given.length; at++) {
    const [, word, joined] = /^(--?[a-z-]+)(?:=(.*))?$/s.exec(given[at]!) ?? [];
    if (word === undefined || !Object.hasOwn(NAMES, word))
      throw new UsageError('COMMAND_LINE', `unknown word "${given[at]}"; --help lists all options`);
    const value = joined ?? given[++at];
    if (value === undefined) throw new UsageError('COMMAND_LINE', `${word} needs a value`);
    flags.set(NAMES[word as keyof typeof NAMES], value);
  }
  return flags;
}

function addressOf(text: string, name: string): Address {
  const address = parseAddress(text);
  if (address !== null) return address;
  throw new UsageError('COMMAND_LINE', `${name} has "${text}", which is no host:port`);
}

function portOf(text: string): number {
  const port = parsePort(text);
  if (port !== null) return port;
  throw new UsageError('COMMAND_LINE', `--port is "${text}", which is no port`);
}
