import { describe, expect, it } from 'vitest';
import { globMatcher } from '../../../../src/cli/client/views/glob.ts';
import { Times } from '../../../../src/cli/client/views/latency.ts';
import { shown } from '../../../../src/cli/client/views/monitor.ts';
import { rowOf } from '../../../../src/cli/client/views/stat.ts';
import { parseArguments } from '../../../../src/cli/command-line/arguments.ts';
import { NO_OPTIONS } from '../../../../src/cli/command-line/client-flags.ts';

describe('a pattern for keys', () => {
  it.each([
    ['*', ['', 'a', 'a\nb'], []],
    ['user:*', ['user:', 'user:1'], ['user', 'auser:1']],
    ['a?c', ['abc', 'a.c'], ['ac', 'abbc']],
    ['[a-c]1', ['a1', 'c1'], ['d1', '-1']],
    ['[^a-c]1', ['d1'], ['a1']],
    ['[!a]', ['b'], ['a']],
    ['[z-a]x', [], ['zx', 'ax', '-x']],
    ['a.b+(c)', ['a.b+(c)'], ['aXb+(c)', 'a.bb(c)']],
    ['\\*', ['*'], ['a']],
    ['[', ['['], ['a']],
    ['[]]', [']'], ['a']],
    ['[\\]', [], ['a']],
  ])('%s', (pattern, fitting, others) => {
    const fits = globMatcher(pattern);
    expect(fitting.filter((key) => !fits(key))).toEqual([]);
    expect(others.filter((key) => fits(key))).toEqual([]);
  });
});

describe('the views', () => {
  it('--stat shows rates since the line before, and none in the first', () => {
    const figures = (gets: number, hits: number, sets: number) =>
      new Map([
        ['curr_items', '5'],
        ['curr_connections', '2'],
        ['cmd_get', `${gets}`],
        ['get_hits', `${hits}`],
        ['get_misses', `${gets - hits}`],
        ['cmd_set', `${sets}`],
      ]);
    const before = { figures: figures(100, 50, 10), atMs: 1000 };
    const now = { figures: figures(300, 200, 30), atMs: 3000 };
    expect(rowOf(before, null)).toEqual(['5', '-', '2', '-', '-', '-', '-', '-', '-']);
    expect(rowOf(now, before)).toEqual(['5', '-', '2', '100', '10', '75%', '0', '-', '-']);
  });

  it('--latency shows the least, the mean and the most', () => {
    const times = new Times();
    for (const ms of [1, 2, 6]) times.add(ms);
    expect(times.text()).toBe('min 1.00 ms, avg 3.00 ms, max 6.00 ms, 3 round trips');
    expect(new Times().text()).toBe('no round trip yet');
  });

  it.each([
    [
      'ts=1.5 gid=1 type=item_get key=a%20b status=found clsid=1 cfd=7 size=3',
      'client 7  get "a b"  found, 3 bytes',
    ],
    ['ts=1.5 gid=1 type=item_get key=a status=not_found clsid=0 cfd=7 size=0', 'client 7  get a  not found'],
    [
      'ts=1.5 gid=2 type=item_store key=a status=stored cmd=set ttl=60 clsid=1 cfd=7 size=2',
      'client 7  set a  stored, 2 bytes, for 60 s',
    ],
    ['ts=1.5 gid=3 type=deleted key=%1B cmd=md clsid=0 size=0', 'md "\\x1b"  deleted'],
    ['ts=1.5 gid=4 type=flush_all delay=5 cfd=7', 'client 7  flush_all 5'],
  ])('monitor says in words: %s', (line, words) => {
    const plain = (id: number | null) => shown(line, id, 'plain').slice('00:00:00.000  '.length);
    expect([plain(null), plain(2)]).toEqual([words, `controller 2  ${words}`]);
  });

  it('monitor says how much it has not shown', () => {
    const words = '(12 requests were not shown: this terminal was too slow)';
    expect(shown('skipped=12', null, 'plain')).toBe(words);
    expect(shown('skipped=12', 1, 'plain')).toBe(`controller 1  ${words}`);
  });

  it('monitor names the controller in JSON, and behind a line of watch', () => {
    const line = 'gid=4 type=flush_all delay=5 cfd=7';
    expect(JSON.parse(shown(line, 0, 'json'))).toEqual({
      controller: 0,
      gid: '4',
      type: 'flush_all',
      delay: '5',
      cfd: '7',
    });
    expect(shown(line, 0, 'raw')).toBe(`${line} controller=0`);
    expect(shown(line, null, 'raw')).toBe(line);
  });
});

describe('the flags of the client', () => {
  const client = (...words: string[]) => parseArguments(['-cli', ...words], {}).client;

  it('say how a command is run', () => {
    expect(client('get', 'k')).toEqual(NO_OPTIONS);
    expect(client('--raw', '-x', '-r', '3', '--interval', '0.5', 'set', 'k')).toEqual({
      ...NO_OPTIONS,
      output: 'raw',
      isLastFromInput: true,
      repeat: 3,
      intervalMs: 500,
    });
    expect(client('-r', '-1', 'get', 'k').repeat).toBe(Number.POSITIVE_INFINITY);
    expect(client('--scan', '--pattern', 'a*')).toEqual({ ...NO_OPTIONS, view: 'scan', pattern: 'a*' });
  });

  it('take -i for the interval beside -r, and for the host elsewhere', () => {
    const { client: options, identity } = parseArguments(['-cli', '-r', '2', '-i', '0.1', 'get', 'k'], {});
    expect([options.intervalMs, identity.host]).toEqual([100, null]);
    expect(parseArguments(['-cli', '-r', '2', '-i', 'host', 'get', 'k'], {}).identity.host).toBe('host');
    expect(parseArguments(['-cli', '-i', '10', 'get', 'k'], {}).identity.host).toBe('10');
  });

  it.each([
    [['--stat', '--scan'], 'exclude each other'],
    [['--raw', '--json', 'get', 'k'], 'exclude each other'],
    [['--stat', 'get', 'k'], 'takes no command'],
    [['--pattern', 'x', 'get', 'k'], 'belongs to --scan'],
    [['-x'], 'needs a command'],
    [['-r', 'x', 'get', 'k'], 'give how often'],
    [['--interval', '-5', 'get', 'k'], 'interval'],
  ])('%j is refused', (words, message) => {
    expect(() => client(...words)).toThrow(message);
  });
});
