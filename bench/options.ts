import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reasonOf, UsageError } from '../src/cli/failure.ts';
import { isLevel, LEVELS, type Level } from '../src/placement/level.ts';

export const GROUP_NAMES = [
  'small',
  'http',
  'hot',
  'durability',
  'keys',
  'controllers',
  'large',
  'counters',
  'switches',
  'schemes',
  'shards',
] as const;

export type GroupName = (typeof GROUP_NAMES)[number];

export interface Options {
  readonly rounds: number;
  /** Length of each measurement, without its warm-up. */
  readonly seconds: number;
  /** Length of the load that warms each subject up before it is measured. */
  readonly warmUpSeconds: number;
  readonly only: readonly GroupName[];
  readonly levels: readonly Level[];
  /** The numbers of keys at which the cost per operation is measured. */
  readonly keyCounts: readonly number[];
  readonly controllerCounts: readonly number[];
  /** The number of keys whose level is changed. */
  readonly switchKeys: number;
  /** Requests per second of the latency measurement. */
  readonly rate: number;
  /** The directory where the servers store their files. */
  readonly directory: string;
  /** The file for the results; null: named by date. */
  readonly json: string | null;
  readonly page: string;
}

export type Wish =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'compare'; readonly before: string; readonly after: string }
  | { readonly kind: 'help' };

export const HELP = `npm run bench -- [options]
  --rounds N         rounds, of which the median counts [3; quick: 1]
  --seconds S        of each measurement [1; quick: 0.4]
  --warm-up S        each subject's first load, before it is measured [8; quick: 1]
  --only NAMES       of ${GROUP_NAMES.join(', ')}
  --levels LEVELS    of ${LEVELS.join(', ')} [linearizability,eventual]
  --keys-max N       numbers of keys go up to here, by tens [1000000; quick: 100000]
  --controllers N,…  sizes of cluster [3,5,7; quick: 3,5]
  --rate N           requests per second for latency at a fixed rate [4000]
  --directory DIR    where servers keep what they write: its disk counts [the system's temporary one]
  --quick            a glance: about a minute
  --json FILE        results [bench/results/DATE.json]
  --page FILE        page with charts [bench/report.html]
  --compare A B      compares two files of results and measures nothing
`;

const KEYS_LEAST = 10_000;
const KEYS_MOST = 5_000_000;
const SWITCH_KEYS = 100_000;
const SWITCH_KEYS_QUICK = 10_000;

/** @throws UsageError */
export function parseOptions(words: readonly string[]): Wish {
  const { values, positionals } = parse(words);
  if (values.help) return { kind: 'help' };
  if (values.compare) {
    const [before, after] = positionals;
    if (positionals.length !== 2)
      throw new UsageError('COMMAND_LINE', '--compare takes two files of results');
    return { kind: 'compare', before: before!, after: after! };
  }
  if (positionals.length > 0)
    throw new UsageError('COMMAND_LINE', `"${positionals[0]}" is not understood; see --help`);
  const quick = values.quick ?? false;
  const keysMax = number(
    'keys-max',
    values['keys-max'] ?? (quick ? '100000' : '1000000'),
    KEYS_LEAST,
    KEYS_MOST,
  );
  const options: Options = {
    rounds: number('rounds', values.rounds ?? (quick ? '1' : '3'), 1, 100),
    seconds: number('seconds', values.seconds ?? (quick ? '0.4' : '1'), 0.05, 3600),
    warmUpSeconds: number('warm-up', values['warm-up'] ?? (quick ? '1' : '8'), 0.05, 3600),
    only: list('only', values.only ?? GROUP_NAMES.join(','), GROUP_NAMES),
    levels: list('levels', values.levels ?? 'linearizability,eventual', LEVELS).filter(isLevel),
    keyCounts: keyCountsTo(keysMax),
    controllerCounts: (values.controllers ?? (quick ? '3,5' : '3,5,7'))
      .split(',')
      .map((word) => number('controllers', word, 1, 31)),
    switchKeys: quick ? SWITCH_KEYS_QUICK : SWITCH_KEYS,
    rate: number('rate', values.rate ?? '4000', 1, 1e6),
    directory: values.directory ?? tmpdir(),
    json: values.json ?? null,
    page: values.page ?? join(import.meta.dirname, 'report.html'),
  };
  return { kind: 'run', options };
}

/** 10 thousand, 100 thousand and so on, and the largest number itself. */
export function keyCountsTo(most: number): number[] {
  const counts = [];
  for (let keys = KEYS_LEAST; keys < most; keys *= 10) counts.push(keys);
  return [...counts, most];
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const;
  const toggle = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        rounds: text,
        seconds: text,
        'warm-up': text,
        only: text,
        levels: text,
        'keys-max': text,
        controllers: text,
        rate: text,
        directory: text,
        json: text,
        page: text,
        quick: toggle,
        compare: toggle,
        help: toggle,
      },
    });
  } catch (error) {
    throw new UsageError('COMMAND_LINE', reasonOf(error), { cause: error });
  }
}

function number(name: string, word: string, least: number, most: number): number {
  const value = Number(word);
  if (value >= least && value <= most) return value;
  throw new UsageError(
    'COMMAND_LINE',
    `--${name} is "${word}": it has to be a number from ${least} to ${most}`,
  );
}

function list<T extends string>(name: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((word) => {
    const found = known.find((one) => one === word);
    if (found === undefined)
      throw new UsageError('COMMAND_LINE', `--${name}: "${word}" is none of ${known.join(', ')}`);
    return found;
  });
}
