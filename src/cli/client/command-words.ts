import { COMMANDS, type Command } from '../../protocol/commands.ts';

/**
 * What the client knows about a command: enough to complete it, to explain it and to find the end of its
 * reply.
 */
export interface CommandWord {
  readonly usage: string;
  readonly help: string;
  /**
   * `line`: one line. `values`: `VALUE` blocks up to `END`. `lines`: lines up to `END`, `OK` or `RESET`.
   * `item`: one line, and a data block if it begins with `VA`. `close`: the connection ends.
   */
  readonly reply: 'line' | 'values' | 'lines' | 'item' | 'close';
  /** A data block follows the command line. */
  readonly takesValue: boolean;
  /** For a command with a data block: the position of its length among the words. */
  readonly bytesAt: number;
  /**
   * A meta command: any number of flags may follow, and with `q` among them the command may not be answered.
   */
  readonly takesFlags: boolean;
  /** The command may change the store, so a lost reply leaves its outcome unknown. */
  readonly writes: boolean;
}

/** In `<command> <key> <flags> <exptime> <bytes>`, and in `ms <key> <bytes> <flag>…`. */
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
  who: 'line',
  admin: 'line',
  stats: 'lines',
  show: 'lines',
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

/** The client asks every controller, because none could answer alone. */
export function isShowCluster(words: readonly string[]): boolean {
  return words.length === 2 && words[0] === 'show' && words[1] === 'cluster';
}

/** Commands of the client itself, which are not sent to a controller. */
export const CLIENT_WORDS = ['help', 'exit'] as const;
