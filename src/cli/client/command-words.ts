import { COMMANDS, type Command } from '../../protocol/commands.ts';

/** What the client knows about a command: enough to complete it, to explain it, and to find the end of its reply. */
export interface CommandWord {
  readonly usage: string;
  readonly help: string;
  /**
   * `line`: one line. `values`: `VALUE` blocks up to `END`. `lines`: lines up to `END`, `OK` or `RESET`.
   * `close`: the connection ends.
   */
  readonly reply: 'line' | 'values' | 'lines' | 'close';
  /** A data block follows the line, and its length stands among the words as `BYTES_AT`. */
  readonly takesValue: boolean;
  /** May change the store, so that a lost reply leaves the outcome unknown. */
  readonly writes: boolean;
}

/** `<command> <key> <flags> <exptime> <bytes>`. */
export const BYTES_AT = 4;

const REPLIES: Readonly<Record<Command['makes'], CommandWord['reply']>> = {
  get: 'values',
  gat: 'values',
  read_item: 'line',
  noop: 'line',
  debug: 'line',
  store: 'line',
  arithmetic: 'line',
  touch: 'line',
  delete: 'line',
  flush_all: 'line',
  version: 'line',
  verbosity: 'line',
  who: 'line',
  stats: 'lines',
  show: 'lines',
  quit: 'close',
};

const WRITES: ReadonlySet<Command['makes']> = new Set([
  'gat',
  'read_item',
  'store',
  'arithmetic',
  'touch',
  'delete',
  'flush_all',
]);

export const COMMAND_WORDS: ReadonlyMap<string, CommandWord> = new Map(
  COMMANDS.map((command) => [command.name, wordOf(command)]),
);

function wordOf(command: Command): CommandWord {
  return {
    usage: command.usage,
    help: command.help,
    reply: REPLIES[command.makes],
    takesValue: command.makes === 'store',
    writes: WRITES.has(command.makes),
  };
}

/** The commands that also have a short form, `set k hello`. */
export const SHORT_FORM_WORDS: ReadonlySet<string> = new Set(['set', 'add', 'replace', 'append', 'prepend']);

/** Words of the client itself, which no controller hears. */
export const CLIENT_WORDS = ['help', 'exit'] as const;
