import { parseAddress, parsePort } from '../../base/address-text.ts';
import type { Address } from '../../controller/settings.ts';
import { UsageError } from '../failure.ts';

/** What a node of the store with view change is told, by its command line and its environment. */
export interface ViewChangeNodeOptions {
  /** Its own address, as others name it. */
  readonly address: Address;
  /** Where it listens. */
  readonly listensOn: Address;
  /**
   * `follower`: passes everything on. `main`: the main instance of `forward`. `node`: that, and a node of `shards` that
   * is its own view.
   */
  readonly role: { readonly kind: 'follower'; readonly main: Address } | { readonly kind: 'main' | 'node' };
}

/** The variables that a node looks at; each wins over the flag that says the same. */
export type NodeEnvironment = Readonly<
  Partial<Record<'ADDRESS' | 'VIEW' | 'REPL_FACTOR' | 'FORWARDING_ADDRESS', string>>
>;

export const NODE_HELP = `Usage: main.ts -dialect view-change [-i <ip>] [-p <port>]

Runs one node of the store with view change, with keys and JSON values over HTTP, until Ctrl-C. Its data live in memory.

  -i, --ip <ip>      listen on this address      [that of ADDRESS if it is a loopback one, else all]
  -p, --port <port>  listen on this port         [that of ADDRESS, else 13800]

The environment says the rest:
  ADDRESS             the node's own address, host:port
  FORWARDING_ADDRESS  the main instance, to which this node passes everything on; empty: this is the main instance

Without FORWARDING_ADDRESS the node has the paths of the main instance, and /kvs/keys/K, /kvs/key-count and
/kvs/view-change. docs/view-change.md explains it.`;

const PORT = 13_800;
const ANYWHERE = '0.0.0.0';

const NAMES: Readonly<Record<string, 'ip' | 'port' | 'view' | 'repl-factor'>> = {
  '-i': 'ip',
  '--ip': 'ip',
  '-p': 'port',
  '--port': 'port',
  '-v': 'view',
  '--view': 'view',
  '-r': 'repl-factor',
  '--repl-factor': 'repl-factor',
};

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
  refuseOthers(environment.VIEW ?? flags.get('view') ?? '', own);
  const factor = environment.REPL_FACTOR ?? flags.get('repl-factor') ?? '1';
  if (factor !== '1') throw new UsageError('COMMAND_LINE', `${ONE_NODE}: leave REPL_FACTOR out`);
  return { address: own, listensOn: { host: ip, port }, role: roleOf(environment.FORWARDING_ADDRESS) };
}

export function isLoopback(host: string): boolean {
  return host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

const ONE_NODE = 'a node has no others to share its keys with';

function refuseOthers(view: string, own: Address): void {
  const others = view.split(',').filter((word) => word.trim() !== '');
  const known = others.map((word) => addressOf(word, 'VIEW'));
  if (known.length > 1 || known.some(({ host, port }) => host !== own.host || port !== own.port))
    throw new UsageError('COMMAND_LINE', `${ONE_NODE}: leave VIEW out, or name this node alone`);
}

function roleOf(forwarding: string | undefined): ViewChangeNodeOptions['role'] {
  if (forwarding === undefined) return { kind: 'node' };
  if (forwarding.trim() === '') return { kind: 'main' };
  return { kind: 'follower', main: addressOf(forwarding, 'FORWARDING_ADDRESS') };
}

function flagsIn(given: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (let at = 0; at < given.length; at++) {
    const [, word, joined] = /^(--?[a-z-]+)(?:=(.*))?$/s.exec(given[at]!) ?? [];
    const name = word === undefined ? undefined : NAMES[word];
    if (name === undefined)
      throw new UsageError('COMMAND_LINE', `unknown word "${given[at]}"; --help lists all options`);
    const value = joined ?? given[++at];
    if (value === undefined) throw new UsageError('COMMAND_LINE', `${word} needs a value`);
    flags.set(name, value);
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
