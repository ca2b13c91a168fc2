import type { LoadResult } from './loader/loader.ts';
import type { Resident } from './processes.ts';
import type { SwitchFigures } from './switches.ts';

/** One measurement of a subject under a load. */
export interface Round extends LoadResult {
  /** CPU seconds of each process over the whole load, the warm-up included. */
  readonly cpu: readonly {
    readonly role: 'front' | 'store';
    readonly name: string;
    readonly seconds: number;
  }[];
  /**
   * The share of the CPU time of the machine that neither the subject nor the load generator used, from 0 to
   * 1.
   */
  readonly foreignCpu: number;
}

export interface Cell {
  readonly group: string;
  readonly scenario: string;
  readonly title: string;
  readonly subject: string;
  readonly rounds: readonly Round[];
}

/** Memory of the largest front process of a subject. */
export interface Memory {
  readonly subject: string;
  readonly keys: number;
  /** Before any write. */
  readonly idle: Resident;
  /** With all its keys, after the measurements. */
  readonly loaded: Resident;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly fileSystem: string;
  /** The load of the machine when the run began: averages over 1, 5 and 15 minutes. */
  readonly loadAverage: readonly number[];
  /** Each program, and what it prints about itself. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface Results {
  readonly format: 1;
  readonly date: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly options: { readonly rounds: number; readonly seconds: number };
  readonly subjects: Readonly<Record<string, string>>;
  readonly skipped: readonly { readonly what: string; readonly why: string }[];
  readonly failures: readonly string[];
  readonly cells: readonly Cell[];
  readonly memory: readonly Memory[];
  /** Each change between two levels; empty where they were not measured. */
  readonly switches?: readonly SwitchFigures[];
}

/** A figure over all rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

/** The figures of a round, by name. */
export const FIGURES = {
  perSecond: (round: Round) => round.operations / round.seconds,
  bytesPerSecond: (round: Round) => round.valueBytes / round.seconds,
  p50Us: (round: Round) => round.p50Us,
  p99Us: (round: Round) => round.p99Us,
  p999Us: (round: Round) => round.p999Us,
  /** CPU of the processes that serve clients, in microseconds per operation. */
  frontCpuUs: (round: Round) => (1e6 * cpuOf(round, 'front')) / round.total,
  /** CPU of all processes of the subject, in microseconds per operation. */
  cpuUs: (round: Round) => (1e6 * (cpuOf(round, 'front') + cpuOf(round, 'store'))) / round.total,
  foreignCpu: (round: Round) => round.foreignCpu,
  loaderCpuUs: (round: Round) => (1e6 * round.cpuSeconds) / round.total,
} as const;

export type Figure = keyof typeof FIGURES;

export function figureOf(cell: Cell, figure: Figure): Spread {
  return spreadOf(cell.rounds.map(FIGURES[figure]));
}

function cpuOf(round: Round, role: 'front' | 'store'): number {
  return round.cpu.reduce((sum, one) => sum + (one.role === role ? one.seconds : 0), 0);
}

export function findCell(
  cells: readonly Cell[],
  group: string,
  scenario: string,
  subject: string,
): Cell | null {
  return (
    cells.find((one) => one.group === group && one.scenario === scenario && one.subject === subject) ?? null
  );
}
