import { WITHOUT_JOURNAL } from './groups.ts';
import { type Cell, type Figure, figureOf, findCell, type Results } from './results.ts';

/** A ratio of two figures of one run, and its target. */
export interface Goal {
  readonly what: string;
  readonly target: string;
  /** The ratio; null when it was not measured. */
  readonly ratio: number | null;
  readonly met: boolean | null;
  /** The figures behind the ratio, or why there is none. */
  readonly detail: string;
}

interface Side {
  readonly group: string;
  readonly scenario: string;
  readonly subject: string;
  readonly figure?: Figure;
}

const STRONG = 'memchorus linearizability';
const EVENTUAL = 'memchorus eventual';
const BETWEEN = { least: '≥', most: '≤' } as const;

const small = (scenario: string, subject: string, figure?: Figure): Side => ({
  group: 'small',
  scenario,
  subject,
  ...(figure !== undefined && { figure }),
});

/** Rows that compare two subjects under the same load. */
const COMPARISONS: readonly {
  readonly what: string;
  readonly mine: Side;
  readonly other: Side;
  readonly bound: keyof typeof BETWEEN;
  readonly target: number;
}[] = [
  {
    what: 'linearizable get / nutcracker get',
    mine: small('get', STRONG),
    other: small('get', 'nutcracker'),
    bound: 'least',
    target: 1,
  },
  {
    what: 'linearizable get, all keys hot (hot_bytes = 64m) / nutcracker get',
    mine: { group: 'hot', scenario: 'get', subject: `${STRONG} all hot` },
    other: { group: 'hot', scenario: 'get', subject: 'nutcracker' },
    bound: 'least',
    target: 1.3,
  },
  {
    what: 'linearizable set on three / Redis SET + WAIT 2',
    mine: small('set', STRONG),
    other: small('set', 'redis-wait'),
    bound: 'least',
    target: 1,
  },
  {
    what: 'mixed 90:10 linearizable / nutcracker mixed',
    mine: small('mixed', STRONG),
    other: small('mixed', 'nutcracker'),
    bound: 'least',
    target: 0.85,
  },
  {
    what: 'mixed 90:10 eventual / nutcracker mixed',
    mine: small('mixed', EVENTUAL),
    other: small('mixed', 'nutcracker'),
    bound: 'least',
    target: 1,
  },
  {
    what: 'set, 16 in flight / Redis SET + WAIT 2',
    mine: small('set-16', STRONG),
    other: small('set-16', 'redis-wait'),
    bound: 'least',
    target: 1.5,
  },
  {
    what: 'set, 1 connection, p50 / Redis SET + WAIT 2',
    mine: small('set-1', STRONG, 'p50Us'),
    other: small('set-1', 'redis-wait', 'p50Us'),
    bound: 'most',
    target: 1.5,
  },
  {
    what: 'set on disk (durability sync) / etcd put',
    mine: { group: 'durability', scenario: 'set', subject: `${STRONG} sync` },
    other: { group: 'durability', scenario: 'set', subject: 'etcd' },
    bound: 'least',
    target: 2,
  },
  ...['get', 'set', 'mixed'].map((scenario) => ({
    what: `p99 of ${scenario}, 50 connections / nutcracker`,
    mine: small(scenario, STRONG, 'p99Us'),
    other: small(scenario, 'nutcracker', 'p99Us'),
    bound: 'most' as const,
    target: 2,
  })),
  ...['large-100k', 'large-1m'].flatMap((group) =>
    ['get', 'set'].map((scenario) => ({
      what: `${scenario}, ${group === 'large-1m' ? '1 MB' : '100 kB'}, bytes per second / nutcracker`,
      mine: { group, scenario, subject: STRONG, figure: 'bytesPerSecond' as const },
      other: { group, scenario, subject: 'nutcracker', figure: 'bytesPerSecond' as const },
      bound: 'least' as const,
      target: 0.7,
    })),
  ),
  {
    what: 'set, 100 kB, without a journal, bytes per second / nutcracker',
    mine: {
      group: 'large-100k',
      scenario: 'set',
      subject: `${STRONG}${WITHOUT_JOURNAL}`,
      figure: 'bytesPerSecond' as const,
    },
    other: {
      group: 'large-100k',
      scenario: 'set',
      subject: 'nutcracker',
      figure: 'bytesPerSecond' as const,
    },
    bound: 'least',
    target: 0.25,
  },
];

const COST_MAX = 1.15;
const PER_CORE_LEAST = 1;
const IDLE_BYTES_MAX = 80e6;

export function goalsOf(results: Pick<Results, 'cells' | 'memory'>): Goal[] {
  return [
    ...COMPARISONS.map(({ what, mine, other, bound, target }) => {
      const [upper, lower] = [medianOf(results.cells, mine), medianOf(results.cells, other)];
      return judge(what, bound, target, upper, lower);
    }),
    ...costGoals(results.cells),
    ...sizeGoals(results.cells),
    ...memoryGoals(results),
  ];
}

function medianOf(
  cells: readonly Cell[],
  { group, scenario, subject, figure = 'perSecond' }: Side,
): number | null {
  const cell = findCell(cells, group, scenario, subject);
  return cell === null ? null : figureOf(cell, figure).median;
}

function judge(
  what: string,
  bound: keyof typeof BETWEEN,
  target: number,
  upper: number | null,
  lower: number | null,
): Goal {
  const words = `${BETWEEN[bound]} ${target}`;
  if (upper === null || lower === null || lower === 0) {
    return { what, target: words, ratio: null, met: null, detail: 'not measured' };
  }
  const ratio = upper / lower;
  const met = bound === 'least' ? ratio >= target : ratio <= target;
  return { what, target: words, ratio, met, detail: `${brief(upper)} / ${brief(lower)}` };
}

/**
 * The cells of a scenario, sorted by the number in the name of the subject (` 10000 keys`, ` x5`), the
 * smallest first.
 */
function bySize(cells: readonly Cell[], group: string, scenario: string, pattern: RegExp): [number, Cell][] {
  return cells
    .filter((cell) => cell.group === group && cell.scenario === scenario)
    .flatMap((cell): [number, Cell][] => {
      const size = pattern.exec(cell.subject)?.[1];
      return size === undefined ? [] : [[Number(size), cell]];
    })
    .sort(([a], [b]) => a - b);
}

/** The CPU time of controllers per operation, at the most keys and at the fewest. */
function costGoals(cells: readonly Cell[]): Goal[] {
  return ['get', 'set'].map((scenario) => {
    const sizes = bySize(cells, 'keys', scenario, / (\d+) keys$/);
    const [fewest, most] = [sizes[0], sizes.at(-1)];
    const range = fewest === undefined ? '' : `, ${most![0]} keys / ${fewest[0]}`;
    const cost = (one: [number, Cell] | undefined) => (one ? figureOf(one[1], 'cpuUs').median : null);
    const what = `CPU per ${scenario}${range}, µs`;
    return judge(what, 'most', COST_MAX, cost(sizes.length > 1 ? most : undefined), cost(fewest));
  });
}

/**
 * Compares clusters of several sizes with three controllers: reads per second of CPU, all processes counted;
 * and writes per second times the number of controllers. Where writes fall as 1/N, the product is constant.
 */
function sizeGoals(cells: readonly Cell[]): Goal[] {
  const reads = bySize(cells, 'controllers', 'get', / x(\d+)$/);
  const writes = bySize(cells, 'controllers', 'set', / x(\d+)$/);
  const perCore = (cell: Cell) => 1e6 / figureOf(cell, 'cpuUs').median;
  const rate = (cell: Cell) => figureOf(cell, 'perSecond').median;
  const goals = (sizes: [number, Cell][], what: string, value: (size: number, cell: Cell) => number) =>
    sizes.slice(1).map(([size, cell]) => {
      const [least, smallest] = sizes[0]!;
      const title = `${what}, ${size} controllers / ${least}`;
      return judge(title, 'least', PER_CORE_LEAST, value(size, cell), value(least, smallest));
    });
  return [
    ...goals(reads, 'gets per second of CPU', (_, cell) => perCore(cell)),
    ...goals(writes, 'sets per second × controllers', (size, cell) => size * rate(cell)),
  ];
}

function memoryGoals({ memory }: Pick<Results, 'memory'>): Goal[] {
  const idle = memory.map((one) => one.idle.bytes);
  const [largest] = [...memory].sort((a, b) => b.keys - a.keys);
  const what = 'resident memory of an idle controller / 80 MB';
  const stated = {
    what: 'resident bytes per key outside memcached',
    target: 'stated',
    ratio: null,
    met: null,
  };
  if (largest === undefined) {
    return [judge(what, 'most', 1, null, IDLE_BYTES_MAX), { ...stated, detail: 'not measured' }];
  }
  const perKey = Math.round((largest.loaded.bytes - largest.idle.bytes) / largest.keys);
  const detail = `${perKey} with ${largest.keys} keys, garbage that is not collected yet included`;
  return [judge(what, 'most', 1, Math.max(...idle), IDLE_BYTES_MAX), { ...stated, detail }];
}

/** Three digits and a suffix. */
export function brief(value: number): string {
  const steps = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const;
  const step = steps.find(([size]) => Math.abs(value) >= size);
  return step === undefined
    ? String(Number(value.toPrecision(3)))
    : `${Number((value / step[0]).toPrecision(3))}${step[1]}`;
}
