import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/failure.ts';
import {
  checkValues,
  fill,
  type LoadOptions,
  type MiniKvStore,
  randomOps,
  WrongValue,
} from '../../../src/cli/minikv/client-load.ts';
import { clientOptions, OutOfRange } from '../../../src/cli/minikv/client-options.ts';
import { nodeOptions } from '../../../src/cli/minikv/node-options.ts';

const wordsOf = (text: string) => text.split(' ').filter((word) => word !== '');

describe('the command line of a node', () => {
  it.each(['none', 'none --index 0', '--index=0 none', 'none --loglevel info', 'none --loglevel=info'])(
    'is understood: %s',
    (text) => {
      expect(nodeOptions(wordsOf(text))).toEqual({ kind: 'none', logLevel: 'info' });
    },
  );

  it.each([
    ['chain', 0, null],
    ['chain --index 0', 0, null],
    ['chain --index=3 -C2', 3, 2],
    ['--index 999 -C 0 chain', 999, 0],
    ['chain --index 1 --connect-to 0', 1, 0],
    ['chain --connect-to=7 --loglevel=info', 0, 7],
  ])('is understood: %s', (text, index, predecessor) => {
    expect(nodeOptions(wordsOf(text))).toEqual({ kind: 'chain', logLevel: 'info', index, predecessor });
  });

  it.each(['client', 'gossip', 'nonsense'])('knows no replication of the name %s', (type) => {
    expect(nodeOptions([type])).toEqual({ unknown: type });
  });

  it.each([
    '',
    'none --index 1',
    'none --index x',
    'none --index',
    'none -C3',
    'none -C 3',
    'none --connect-to=3',
    'none --loglevel error',
    'none --port 1',
    'none none',
    'chain --index -1',
    'chain --index 1000',
    'chain --index 2 -C 1,0',
    'chain --index 2 -C2',
    'chain -C',
    'chain -Cx',
    'chain -C 1000',
    'chain none',
  ])('is refused: %s', (text) => {
    expect(() => nodeOptions(wordsOf(text))).toThrow(UsageError);
  });

  it('shows its help', () => {
    expect(nodeOptions(['--help'])).toBe('help');
  });
});

describe('the command line of the client', () => {
  it('has defaults', () => {
    expect(clientOptions(['test'])).toEqual({
      mode: 'test',
      server: { host: '127.0.0.1', port: 8080 },
      keyOffset: 0,
      keyRange: 1000,
      valuePrefix: 'value',
      writeChance: 50,
      operations: 1000,
      logLevel: 'info',
    });
  });

  it('takes values behind a space and behind an equals sign', () => {
    const text =
      'random-ops --server-address=localhost:8083 --key-offset 5 --key-range=7 --value-prefix= --write-chance 100';
    expect(clientOptions(wordsOf(`${text} --num-ops=3 --loglevel debug`))).toEqual({
      mode: 'random-ops',
      server: { host: '127.0.0.1', port: 8083 },
      keyOffset: 5,
      keyRange: 7,
      valuePrefix: '',
      writeChance: 100,
      operations: 3,
      logLevel: 'debug',
    });
  });

  it.each([
    ['--key-offset -1', 'ERROR: Key offset cannot be negative'],
    ['--key-range 0', 'ERROR: Key range must be a positive number'],
    ['--key-range=-5', 'ERROR: Key range must be a positive number'],
    ['--write-chance 101', 'ERROR: Write chance must be in [0;100]'],
    ['--write-chance -1', 'ERROR: Write chance must be in [0;100]'],
  ])('%s: %s', (text, message) => {
    expect(() => clientOptions(wordsOf(`test ${text}`))).toThrow(new OutOfRange(message));
  });

  it.each(['', 'tset', 'test test', 'test --key-range 1.5', 'test --server-address 8080', 'test --x 1'])(
    'is refused: %s',
    (text) => {
      expect(() => clientOptions(wordsOf(text))).toThrow(UsageError);
    },
  );
});

describe('the loads of the client', () => {
  const OPTIONS: LoadOptions = {
    keyOffset: 3,
    keyRange: 4,
    valuePrefix: 'v',
    writeChance: 50,
    operations: 200,
  };

  class MapStore implements MiniKvStore {
    readonly values = new Map<string, unknown>();
    readonly read: string[] = [];

    async get(key: string): Promise<unknown> {
      this.read.push(key);
      return this.values.get(key) ?? null;
    }

    async put(key: string, value: string): Promise<void> {
      this.values.set(key, value);
    }
  }

  /** Numbers that are not random, and cover their range. */
  function steps(): () => number {
    let at = 0;
    return () => (at++ * 0.37) % 1;
  }

  it('fills the range in order, and finds all of it', async () => {
    const store = new MapStore();
    await fill(store, OPTIONS);
    expect([...store.values]).toEqual([3, 4, 5, 6].map((number) => [`key${number}`, `v${number}`]));
    await checkValues(store, OPTIONS);
    expect(store.read).toEqual(['key3', 'key4', 'key5', 'key6']);
  });

  it('names the first value that is wrong', async () => {
    const store = new MapStore();
    await fill(store, OPTIONS);
    store.values.set('key5', 'other');
    await expect(checkValues(store, OPTIONS)).rejects.toThrow(new WrongValue('key5', 'v5', 'other'));
    expect(new WrongValue('key5', 'v5', 'other').message).toBe(
      'Invalid value for key "key5". Expected "v5", but got "other".',
    );
    store.values.delete('key4');
    await expect(checkValues(store, OPTIONS)).rejects.toThrow(
      'Invalid value for key "key4". Expected "v4", but got "None".',
    );
  });

  it('finds its own writes right at random, within the range', async () => {
    const store = new MapStore();
    await fill(store, OPTIONS);
    await randomOps(store, OPTIONS, steps());
    expect(new Set(store.values.keys())).toEqual(new Set(['key3', 'key4', 'key5', 'key6']));
    expect([...store.values.values()]).toContain('foobar');
    expect(store.read.length).toBeGreaterThan(0);
  });

  it('finds a lost write of its own', async () => {
    const store = new MapStore();
    await fill(store, OPTIONS);
    store.put = async () => {};
    await expect(randomOps(store, OPTIONS, steps())).rejects.toThrow('Expected "foobar", but got "v');
  });

  it('only writes at a write chance of 100, and never at 0', async () => {
    const store = new MapStore();
    await randomOps(store, { ...OPTIONS, writeChance: 100 }, steps());
    expect(store.read).toEqual([]);
    await fill(store, OPTIONS);
    await randomOps(store, { ...OPTIONS, writeChance: 0 }, steps());
    expect([...store.values.values()]).not.toContain('foobar');
  });
});
