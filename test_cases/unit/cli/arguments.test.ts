import { describe, expect, it } from 'vitest';
import { helpText, parseArguments } from '../../../src/cli/command-line/arguments.ts';
import { documentedNotation, normaliseFlags } from '../../../src/cli/command-line/flag-notation.ts';

const parse = (text: string, environment: NodeJS.ProcessEnv = {}) =>
  parseArguments(text === '' ? [] : text.split(' '), environment);

describe('the notation of flags', () => {
  const takesValue = (flag: string) => ['p', 'port', 'cons', 'kvh', 'host'].includes(flag);

  it.each([
    ['-cons eventual', ['--cons', 'eventual']],
    ['-cons=eventual', ['--cons=eventual']],
    ['-cli -p 8000', ['--cli', '-p', '8000']],
    ['-h 10.0.0.1', ['--host', '10.0.0.1']],
    ['-h=10.0.0.1', ['--host=10.0.0.1']],
    ['-h', ['--help']],
    ['-h -p 8000', ['--help', '-p', '8000']],
    ['--kvh host', ['--kvh', 'host']],
  ])('%s', (typed, flags) => {
    expect(normaliseFlags(typed.split(' '), takesValue)).toEqual({ flags, rest: [] });
  });

  it('leaves the words of the client’s command as they are', () => {
    expect(normaliseFlags('-cli -p 8000 set k -h'.split(' '), takesValue)).toEqual({
      flags: ['--cli', '-p', '8000'],
      rest: ['set', 'k', '-h'],
    });
    expect(normaliseFlags(['-cli', '--', '-x'], takesValue).rest).toEqual(['-x']);
  });

  it('shows flags as the documents write them, in aligned columns', () => {
    const help = '  --store, --kv, --kvtype  type  [string]\n      --kvh                what';
    expect(documentedNotation(help)).toBe('  --store, -kv, --kvtype   type\n      -kvh                 what');
  });
});

describe('the command line', () => {
  notationTests();
  modeTests();
  errorTests();
});

function notationTests(): void {
  it.each(['backup dir -p 8000', 'backup -p 8000 dir'])('%s', (text) => {
    expect(parse(text)).toMatchObject({ mode: 'backup', path: 'dir', identity: { port: 8000 } });
  });

  it('refuses a second directory, and notes that none was given', () => {
    expect(() => parse('restore a -p 8000 b')).toThrow(/takes no further words/);
    expect(parse('restore -p 8000').path).toBeNull();
  });

  it('takes every flag of the original program', () => {
    const line = parse(
      '-c my.ini -i 10.0.0.1 -p 8001 -pr 3 -kv memcache -kvh 10.0.0.2 -kvp 11300 -cons eventual',
    );
    expect(line).toMatchObject({
      mode: 'controller',
      configPath: 'my.ini',
      identity: { id: null, host: '10.0.0.1', port: 8001 },
      store: { host: '10.0.0.2', port: 11300 },
    });
    expect(line.settings.get('consistency')).toEqual({ text: 'eventual', origin: '-cons' });
    expect(line.settings.get('store')).toEqual({ text: 'memcache', origin: '-kv' });
  });

  it('takes the long names of these flags too', () => {
    const line = parse(
      '--config my.ini --host h --port 1 --priority 3 --kvtype custom --kvhost a --kvport 2',
    );
    expect(line).toMatchObject({
      configPath: 'my.ini',
      identity: { host: 'h', port: 1 },
      store: { host: 'a', port: 2 },
    });
    expect(line.settings.get('store')?.text).toBe('custom');
  });
}

function modeTests(): void {
  it('distinguishes the modes', () => {
    expect(parse('-p 8000').mode).toBe('controller');
    expect(parse('start -n 5 --base-port 9000')).toMatchObject({
      mode: 'start',
      controllers: 5,
      basePort: 9000,
    });
    expect(parse('stop').mode).toBe('stop');
    expect(parse('-cli -p 8000 get -1 007')).toMatchObject({ mode: 'client', command: ['get', '-1', '007'] });
  });

  it('takes whom a controller asks that joins', () => {
    expect(parse('-p 8003 --join 127.0.0.1:8000,[::1]:8001').join).toEqual([
      { host: '127.0.0.1', port: 8000 },
      { host: '::1', port: 8001 },
    ]);
    expect(() => parse('-p 8003 --join 8000')).toThrow('--join has "8000": give host:port,host:port,…');
  });

  it('takes what `levels` is to show, and for how long it measures', () => {
    expect(parse('levels')).toMatchObject({ mode: 'levels', level: null, measuredMs: null, json: false });
    expect(parse('levels --level eventual --seconds 0.5 --json')).toMatchObject({
      level: 'eventual',
      measuredMs: 500,
      json: true,
    });
  });

  it.each([
    ['level', []],
    ['level default sequential', ['default', 'sequential']],
    ['level default --cancel', ['default', 'cancel']],
    ['member', []],
    ['member list', []],
    ['member replace 2 10.0.0.4:8000', ['replace', '2', '10.0.0.4:8000']],
    ['level default sequential --scheme chain', ['default', 'sequential/chain']],
    ['keyspace', []],
    ['keyspace list --json', []],
    ['keyspace add carts cart: causal', ['add', 'carts', 'cart:', 'causal']],
    ['keyspace add carts cart: sequential --scheme chain', ['add', 'carts', 'cart:', 'sequential/chain']],
    ['keyspace remove carts --wait 5', ['remove', 'carts']],
    ['keyspace prefix carts c:', ['prefix', 'carts', 'c:']],
    ['keyspace -p 8001 carts eventual', ['carts', 'eventual']],
    ['keyspace carts --cancel', ['carts', 'cancel']],
    ['keyspace carts pause', ['carts', 'pause']],
    ['keyspace carts resume', ['carts', 'resume']],
    ['member add 127.0.0.1:8003 --zone b', ['add', '127.0.0.1:8003', 'zone', 'b']],
    ['member remove 1 2 --force', ['remove', '1', '2', 'force']],
    ['keyspace carts shards 4', ['carts', 'shards', '4']],
    ['keyspace carts shards 4x2', ['carts', 'shards', '4x2']],
  ])('takes what is changed by `%s`', (typed, change) => {
    expect(parse(typed).change).toEqual(change);
  });

  it('lets the last of two equal flags win', () => {
    expect(parse('-p 8000 -p 8001').identity.port).toBe(8001);
  });

  it('takes the id from the environment when no flag names a controller', () => {
    expect(parse('', { MEMCHORUS_ID: '2' }).identity.id).toBe(2);
    expect(parse('-p 8000', { MEMCHORUS_ID: '2' }).identity.id).toBeNull();
    expect(parse('--id 1', { MEMCHORUS_ID: '2' }).identity.id).toBe(1);
  });
}

function errorTests(): void {
  it.each([
    ['--treshold 3', 'unknown flag "treshold" (did you mean "--threshold"?)'],
    ['-kvz 3', 'unknown flag "kvz"'],
    ['-p', '-p needs a value'],
    ['-p 99999', '--port is "99999": give a port from 1 to 65535'],
    ['--id x', '--id is "x": give a whole number'],
    ['strat', 'unknown word "strat" (did you mean "start"?)'],
    ['-p 8000 -n 3', '-n belongs to start, not to controller'],
    ['stop now', 'stop takes no further words'],
    [
      'levels --level evntual',
      '--level is "evntual": there is no such level (did you mean "eventual"?); choose',
    ],
    ['levels --seconds -1', '--seconds is "-1": give seconds from 0 to 600'],
    ['levels --seconds 601', '--seconds is "601": give seconds from 0 to 600'],
    ['levels -cons eventual', 'not to levels; see --help'],
    ['levels now', 'levels takes no further words'],
    ['-p 8000 --level eventual', '--level belongs to levels, not to controller'],
    ['start -n 0', '-n is "0"'],
    ['level default', 'which keyspace, and which level? Such as: main.ts level default sequential'],
    ['level remove carts', 'which keyspace, and which level?'],
    ['member remove', 'which controllers? Say list, add <controller>'],
    ['member remove 1 --zone b', '--zone goes with add'],
    ['member add 1 --force', '--force goes with remove'],
    ['member remove --force', '--force goes with remove'],
    ['member replace 1', 'which controllers? Say list, add <controller>'],
    ['restore b --added 127.0.0.1:8003', '--added has "127.0.0.1:8003": give 3=host:port'],
    ['backup b --added 3=127.0.0.1:8003', '--added belongs to restore'],
    ['level --cancel', 'which keyspace? Such as: main.ts level default --cancel'],
    ['keyspace add carts', 'Say add <name> <prefix> <level>, remove <name>'],
    ['keyspace remove', 'Say add <name> <prefix> <level>, remove <name>'],
    ['keyspace remove carts --cancel', 'which keyspace? Such as: main.ts keyspace default --cancel'],
    ['keyspace prefix carts ü', 'without spaces in a prefix'],
    ['keyspace remove carts --scheme chain', '--scheme stands beside a level'],
  ])('%s', (typed, message) => {
    expect(() => parse(typed)).toThrow(message);
  });

  it('prints help that names every documented flag', async () => {
    const help = await helpText('controller');
    for (const flag of [
      '-i, --host',
      '-p, --port',
      '-kvh',
      '-kvp',
      '-kv',
      '-cons',
      '-cli',
      '-pr',
      '-c, --config',
    ]) {
      expect(help).toContain(flag);
    }
    expect(help).not.toMatch(/--(kvh|kvp|cons|cli|pr|kv)\b/);
    expect(await helpText('start')).toContain('--store-base-port');
  });
}
