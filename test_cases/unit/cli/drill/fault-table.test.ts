import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../../src/cli/command-line/arguments.ts';
import { drillOptions } from '../../../../src/cli/drill/drill-options.ts';
import {
  defaultFaults,
  FAULT_NAMES,
  FAULTS,
  type FaultFacts,
} from '../../../../src/cli/drill/fault-table.ts';
import { UsageError } from '../../../../src/cli/failure.ts';

const FACTS: FaultFacts = {
  controllers: 3,
  durability: 'async',
  levels: ['sequential'],
  storeObstacle: '',
  cutObstacle: '',
};

const refused = (facts: Partial<FaultFacts>) =>
  FAULT_NAMES.filter((name) => FAULTS[name].obstacle({ ...FACTS, ...facts }) !== null);

describe('the faults of a drill', () => {
  it('cost nothing where none were asked for', () => {
    for (const durability of ['none', 'async', 'sync'] as const) {
      const facts = { ...FACTS, durability, levels: ['eventual', 'linearizability'] as const };
      for (const name of defaultFaults(facts)) expect(FAULTS[name].costs(facts), name).toBeNull();
    }
    expect(defaultFaults(FACTS)).toEqual(['pause', 'restart', 'store-pause']);
    expect(defaultFaults({ ...FACTS, durability: 'none' })).toEqual(['pause', 'store-pause']);
    expect(defaultFaults({ ...FACTS, storeObstacle: 'elsewhere' })).toEqual(['pause', 'restart']);
  });

  it('are refused where data would be lost for good', () => {
    expect(refused({})).toEqual([]);
    expect(refused({ durability: 'sync' })).toEqual([]);
    expect(refused({ durability: 'none' })).toEqual(['kill', 'kill-all', 'store-kill']);
    expect(refused({ durability: 'none', controllers: 2 })).toEqual([
      'restart',
      'kill',
      'kill-all',
      'store-kill',
    ]);
    expect(refused({ storeObstacle: 'in Docker' })).toEqual(['store-pause', 'store-kill']);
    expect(refused({ cutObstacle: 'no nft' })).toEqual(['cut']);
    expect(refused({ controllers: 1 })).toEqual(['cut']);
  });

  it('say what they cost: writes are lost by a kill where a controller answers alone, and its disk follows', () => {
    expect(FAULTS.kill.costs(FACTS)).toBeNull();
    expect(FAULTS.kill.costs({ ...FACTS, levels: ['sequential', 'causal'] })).toContain('answered writes');
    expect(FAULTS.kill.costs({ ...FACTS, levels: ['causal'], durability: 'sync' })).toBeNull();
    expect(FAULTS['kill-all'].costs(FACTS)).toContain('answered writes');
    expect(FAULTS['kill-all'].costs({ ...FACTS, durability: 'sync' })).not.toContain('answered writes');
  });
});

describe('the command line of a drill', () => {
  const options = (...words: string[]) => drillOptions(parseArguments(['drill', ...words], {}));

  it('asks for what costs nothing, for 20 seconds, unless it says otherwise', () => {
    expect(options()).toEqual({
      faults: null,
      forMs: 20_000,
      keyspace: null,
      clients: null,
      seed: null,
      page: null,
      json: false,
      undo: false,
    });
  });

  it('takes faults, a time, a keyspace, clients, a seed and a page', () => {
    const words = ['--faults', 'kill, store-kill,kill', '--seconds', '7.5', '--keyspace', 'sessions'];
    const given = options(
      ...words,
      '--clients=9',
      '--seed=12',
      '--page',
      'drill.html',
      '--json',
      '-p',
      '8001',
    );
    expect(given).toMatchObject({ faults: ['kill', 'store-kill'], forMs: 7_500, keyspace: 'sessions' });
    expect(given).toMatchObject({ clients: 9, seed: 12, page: 'drill.html', json: true });
    expect(options('--faults', 'none').faults).toEqual([]);
  });

  it.each([
    [['--faults', 'kil'], 'did you mean "kill"'],
    [['--faults', ''], 'there is no fault ""'],
    [['--seconds', '1'], 'a drill takes 3 or more'],
    [['--clients', '0'], 'from 1 to 100'],
    [['--seed', '-1'], 'from 0 to 999999'],
    [['--durability', 'sync'], 'not to drill'],
    [['now'], 'takes no further words'],
  ])('refuses %j', (words, reason) => {
    expect(() => options(...words)).toThrow(UsageError);
    expect(() => options(...words)).toThrow(reason);
  });

  it('belongs to the drill alone', () => {
    expect(() => parseArguments(['status', '--faults', 'kill'], {})).toThrow('--faults belongs to drill');
  });
});
