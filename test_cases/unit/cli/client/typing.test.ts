import { describe, expect, it } from 'vitest';
import { clientHelp } from '../../../../src/cli/client/client-help.ts';
import { coloursFor } from '../../../../src/cli/client/colours.ts';
import {
  COMMAND_ANSWERS,
  COMMAND_ARGUMENTS,
  COMMAND_EXAMPLES,
  COMMAND_FLAGS,
} from '../../../../src/cli/client/command-notes.ts';
import { CLIENT_WORDS, COMMAND_WORDS } from '../../../../src/cli/client/command-words.ts';
import { completionsOf, keysThatBegin } from '../../../../src/cli/client/completion.ts';
import { HintLine } from '../../../../src/cli/client/hint-line.ts';
import { hintFor } from '../../../../src/cli/client/hints.ts';
import { parseTyped } from '../../../../src/cli/client/typed-command.ts';

describe('a hint', () => {
  it.each([
    ['', ''],
    ['se', ''],
    ['set', ' <key> <value>'],
    ['set ', '<key> <value>'],
    ['set k', ' <value>'],
    ['set k ', '<value>'],
    ['set k 0 0 ', '<bytes> [noreply]'],
    ['set k hello', ''],
    ['get', ' <key> [<key> …]'],
    ['get a b c', ' [<key> …]'],
    ['incr k', ' <number> [noreply]'],
    ['cas k 0 0', ' <bytes> <token> [noreply]'],
    ['help', ' [<command>]'],
    ['scan ', '[<pattern>]'],
    ['gte ', ' (did you mean "get"?)'],
    ['zzzzzz ', ''],
    ['mg k v t', '  t: return the seconds until it expires, -1 for never'],
    ['mg k T', '  T<seconds>: give it a new expiry time'],
    ['ms k 5 M', '  M<mode>: E: add, R: replace, A: append, P: prepend, S: set'],
    ['get "a b', ''],
    [
      'keyspace ',
      'json | add <name> <prefix> <level> | remove <keyspace> | prefix <keyspace> <prefix> | <keyspace> <level> | <keyspace> shards <number> | <keyspace> move <shard> <controllers> | <keyspace> rebalance without <controller> | <keyspace> cancel | <keyspace> pause | <keyspace> resume',
    ],
    ['keyspace add ', '<name> <prefix> <level>'],
    ['keyspace add carts c', ' <level>'],
    ['keyspace add carts c: causal', ''],
    [
      'keyspace carts ',
      '<level> | shards <number> | move <shard> <controllers> | rebalance without <controller> | cancel | pause | resume',
    ],
    ['keyspace prefix', ' <keyspace> <prefix>'],
    ['keyspace remove carts ', ''],
  ])('behind "%s"', (line, hint) => {
    expect(hintFor(line)).toBe(hint);
  });

  const grey = coloursFor(true, { TERM: 'xterm' });

  function drawn(line: string, cursor: number, columns: number, colours = grey): string {
    let written = '';
    const output = {
      columns,
      write: (text: string) => {
        written += text;
      },
    };
    const typed = { line, cursor, getCursorPos: () => ({ rows: 0, cols: cursor + 2 }) };
    const hints = new HintLine(typed, output, colours);
    hints.draw();
    hints.erase();
    return written;
  }

  it('is drawn in grey behind the cursor, which stays, and is erased again', () => {
    expect(drawn('set k ', 6, 80)).toBe('\x1b[K\x1b[90m<value>\x1b[39m\x1b[7D\x1b[K');
  });

  it('is cut where the line ends, and is not there in the middle of a line, or without colours', () => {
    expect(drawn('set k ', 6, 13)).toBe('\x1b[K\x1b[90m<val\x1b[39m\x1b[4D\x1b[K');
    expect(drawn('set k ', 6, 9)).toBe('');
    expect(drawn('set k ', 2, 80)).toBe('');
    expect(drawn('set k ', 6, 80, coloursFor(true, { NO_COLOR: '1' }))).toBe('');
  });
});

describe('colours', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %s with %j: %s', (isTerminal, environment, areOn) => {
    const colours = coloursFor(isTerminal, environment);
    expect(colours.areOn).toBe(areOn);
    expect(colours.red('x')).toBe(areOn ? '\x1b[31mx\x1b[39m' : 'x');
  });
});

describe('completion', () => {
  const keys = ['user:1', 'user:2', 'two words', 'other'];
  async function* all() {
    yield* keys;
  }
  const complete = (line: string) =>
    completionsOf(
      line,
      (typed) => keysThatBegin(typed, all()),
      () => Promise.resolve(['default', 'carts']),
    );

  it.each([
    ['sho', ['show '], 'sho'],
    ['mon', ['monitor '], 'mon'],
    ['help flu', ['flush_all'], 'flu'],
    ['stats ho', ['hotkeys '], 'ho'],
    ['level seq', ['sequential '], 'seq'],
    ['watch fetchers mu', ['mutations '], 'mu'],
    ['lru_crawler metadump a', ['all '], 'a'],
    ['get us', ['user:1 ', 'user:2 '], 'us'],
    ['get user:1 ot', ['other '], 'ot'],
    ['get "two w', ['"two words" '], '"two w'],
    ['set ', ['"two words" ', 'other ', 'user:1 ', 'user:2 '], ''],
    ['gat 60 o', ['other '], 'o'],
    ['gat o', [], 'o'],
    ['set user:1 us', [], 'us'],
    ['incr k us', [], 'us'],
    ['help get us', [], 'us'],
    ['keyspace re', ['remove '], 're'],
    ['keyspace ', ['json ', 'add ', 'remove ', 'prefix ', 'default ', 'carts '], ''],
    ['keyspace remove c', ['carts '], 'c'],
    ['keyspace add carts ', [], ''],
    ['keyspace add carts cart: ev', ['eventual '], 'ev'],
    ['keyspace carts ca', ['cancel ', 'causal '], 'ca'],
    ['keyspace carts seq', ['sequential ', 'sequential/chain '], 'seq'],
  ])('of "%s"', async (line, matches, completed) => {
    expect(await complete(line)).toEqual([matches, completed]);
  });

  it('looks at a bounded number of keys, and offers a bounded number', async () => {
    let looked = 0;
    async function* endless() {
      for (;;) yield `key ${looked++}`.replace(' ', '');
    }
    expect(await keysThatBegin('', endless())).toHaveLength(50);
    looked = 0;
    expect(await keysThatBegin('none', endless())).toEqual([]);
    expect(looked).toBe(50_000);
  });
});

describe('help', () => {
  it('explains each flag of a meta command, with answers and examples', () => {
    const help = clientHelp('mg');
    for (const text of ['mg <key>', 'Flags', 'R<seconds>', 'Answers', 'EN', 'Examples', 'mg user:1 v'])
      expect(help).toContain(text);
  });

  it('knows the words of the client itself, and says what may have been meant', () => {
    for (const word of CLIENT_WORDS) expect(clientHelp(word)).toContain(word);
    expect(clientHelp('monitr')).toContain('did you mean "monitor"?');
  });

  it('has notes for existing commands alone, whose examples can be sent', () => {
    const tables = [COMMAND_FLAGS, COMMAND_ARGUMENTS, COMMAND_ANSWERS, COMMAND_EXAMPLES];
    const noted = tables.flatMap((table) => Object.keys(table));
    expect(noted.filter((word) => !COMMAND_WORDS.has(word))).toEqual([]);
    for (const example of Object.values(COMMAND_EXAMPLES).flat())
      expect(() => parseTyped(example)).not.toThrow();
  });
});
