import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/cli/command-line/arguments.ts';
import { resolveConfiguration } from '../../../src/cli/settings/configuration.ts';
import { environmentLayer } from '../../../src/cli/settings/environment.ts';
import { parseSettings } from '../../../src/cli/settings/settings-file.ts';
import { KEYSPACES_MAX } from '../../../src/placement/keyspace-rules.ts';

const SESSIONS = { name: 'sessions', prefix: 'session:', level: 'causal' };
const COUNTERS = { name: 'counters', prefix: 'count=', level: 'linearizability' };
const FILE = `[common]
consistency = eventual
[keyspace sessions]
prefix = session:
consistency = causal
[keyspace counters]
prefix = count=
consistency = linearizability
`;

const fromFile = (text: string) => resolveConfiguration([parseSettings(text, 'c.ini')]).keyspaces;
const fromFlags = (...words: string[]) =>
  resolveConfiguration([parseArguments(words, {}).settings]).keyspaces;

describe('keyspaces come', () => {
  it('from the sections of a file', () => {
    expect(fromFile(FILE)).toEqual([SESSIONS, COUNTERS]);
    expect(fromFile('[common]\n')).toEqual([]);
  });

  it('from flags, one for each or one for all', () => {
    const [first, second] = ['sessions=session::causal', 'counters=count=:linearizability'];
    expect(fromFlags('--keyspace', first, '-p', '8000', `--keyspace=${second}`)).toEqual([
      SESSIONS,
      COUNTERS,
    ]);
    expect(fromFlags('--keyspaces', `${first} ${second}`)).toEqual([SESSIONS, COUNTERS]);
    expect(() => fromFlags('--keyspace')).toThrow('--keyspace needs a value');
  });

  it('from the environment; flags replace those of a file', () => {
    const environment = environmentLayer({ MEMCHORUS_KEYSPACES: 'sessions=session::causal' });
    const file = parseSettings(FILE, 'c.ini');
    expect(resolveConfiguration([environment, file]).keyspaces).toEqual([SESSIONS]);
  });
});

describe('keyspaces are refused', () => {
  it.each([
    ['sessions', '"sessions" is no keyspace; write NAME=PREFIX:LEVEL'],
    ['=a:causal', 'is no keyspace'],
    ['a=b:causal a=c:causal', 'two keyspaces have the name a'],
    ['a=p:causal b=p:eventual', 'a and b have the same prefix p'],
    ['a=:causal', 'keyspace a: the prefix is empty'],
    ['a=ä:causal', 'keyspace a: give visible ASCII characters, and no spaces'],
    [`a=${'p'.repeat(65)}:causal`, 'the prefix has 65 characters; give 64 at most'],
    ['default=p:causal', 'default is the keyspace of all other keys'],
    ['a=p:causal/4x1 b=q:causal/4x1', 'the keyspaces at causal have 8 shards in all'],
    ['1a=p:causal', '"1a" cannot be the name of a keyspace'],
    ['a=p:evantual', 'keyspace a: "evantual": there is no such level (did you mean "eventual"?)'],
    [
      Array.from({ length: KEYSPACES_MAX + 1 }, (_, i) => `k${i}=p${i}:causal`).join(' '),
      'there are 33 keyspaces; a cluster has 32 at most',
    ],
  ])('%s', (text, message) => {
    expect(() => fromFlags('--keyspaces', text)).toThrow(message);
  });

  it.each([
    ['[keyspace a]\nprefix = a:', 'c.ini: [keyspace a] has no level'],
    ['[keyspace a]\nconsistency = causal', 'c.ini: [keyspace a] has no prefix'],
    ['[keyspace a]\nprefix = a:\nconsistancy = causal', 'unknown key "consistancy" in [keyspace a]'],
    ['[keyspace a]\nprefix = a b\nconsistency = causal', 'c.ini: keyspace a: give visible ASCII characters'],
    [
      '[keyspace a]\nprefix = a:\nconsistency = causal\n[keyspace a]\nprefix = b:',
      '"prefix" stands there twice',
    ],
    ['[keyspaces]\nprefix = a:', 'unknown section [keyspaces]'],
    ['[keyspace]\nprefix = a:', 'unknown section [keyspace]'],
    ['[common]\nkeyspaces = a=b:causal', 'c.ini: write a section [keyspace NAME] for each keyspace'],
  ])('in a file: %j', (text, message) => {
    expect(() => fromFile(text)).toThrow(message);
  });
});
