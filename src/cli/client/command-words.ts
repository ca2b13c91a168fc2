import { COMMANDS, type Command } from '../../protocol/commands.ts';

/** What the client knows about a command: enough to complete it, to explain it, and to find the end of its reply. */
export interface CommandWord {
  readonly usage: string;
  readonly help: string;
  /**
   * `line`: one line. `values`: `VALUE` blocks up to `END`. `lines`: lines up to `END`, `OK` or `RESET`.
   * `item`: one line, and a data block if it begins with `VA`. `close`: the connection ends.
   */
  readonly reply: 'line' | 'values' | 'lines' | 'item' | 'close';
  /** A data block follows the line. */
  readonly takesValue: boolean;
  /** Of a command with a data block: where its length stands among the words. */
  readonly bytesAt: number;
  /** A meta command: any number of flags may follow, and `q` among them may leave it without an answer. */
  readonly takesFlags: boolean;
  /** May change the store, so that a lost reply leaves the outcome unknown. */
  readonly writes: boolean;
}

/** `<command> <key> <flags> <exptime> <bytes>`, and `ms <key> <bytes> <flag>…`. */
const BYTES_AT = 4;
const META_BYTES_AT = 2;

const META = /^m[gsdane]$/;

const REPLIES: Readonly<Record<Command['makes'], CommandWord['reply']>> = {
  get: 'values',
  gat: 'values',
  read_item: 'item',
  noop: 'line',
  debug: 'line',
  storage: 'line',
  arithmetic: 'line',
  touch: 'line',
  delete: 'line',
  flush_all: 'line',
  version: 'line',
  verbosity: 'line',
  session: 'line',
  level: 'lines',
  who: 'line',
  admin: 'line',
  stats: 'lines',
  show: 'lines',
  keyspace: 'lines',
  member: 'lines',
  slowlog: 'lines',
  quit: 'close',
};

const WRITES: ReadonlySet<Command['makes']> = new Set([
  'gat',
  'read_item',
  'storage',
  'arithmetic',
  'touch',
  'delete',
  'flush_all',
  'keyspace',
  'member',
]);

export const COMMAND_WORDS: ReadonlyMap<string, CommandWord> = new Map(
  COMMANDS.map((command) => [command.name, wordOf(command)]),
);

function wordOf(command: Command): CommandWord {
  const takesFlags = META.test(command.name);
  return {
    usage: command.usage,
    help: command.help,
    reply: takesFlags ? 'item' : REPLIES[command.makes],
    takesValue: command.makes === 'storage',
    bytesAt: takesFlags ? META_BYTES_AT : BYTES_AT,
    takesFlags,
    writes: WRITES.has(command.makes),
  };
}

/** The commands that also have a short form, `set k hello`. */
export const SHORT_FORM_WORDS: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'append', 'prepend']);

/** Asked of every controller by the client: none of them could answer it alone. */
export function isShowCluster(words: readonly string[]): boolean {
  return words.length === 2 && words[0] === 'show' && words[1] === 'cluster';
}

/** Words of the client itself, which no controller hears, and how they are written. */
export const CLIENT_USAGES: ReadonlyMap<string, string> = new Map([
  ['help', 'help [<command>]'],
  ['exit', 'exit'],
  ['monitor', 'monitor'],
  ['hotkeys', 'hotkeys'],
  ['bigkeys', 'bigkeys'],
  ['scan', 'scan [<pattern>]'],
  ['stat', 'stat'],
  ['latency', 'latency'],
]);

export const CLIENT_WORDS: readonly string[] = [...CLIENT_USAGES.keys()];
