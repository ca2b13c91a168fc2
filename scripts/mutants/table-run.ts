import type { Mutant } from '../../test_cases/sim/mutants/mutant.ts';
import { CodeCopy } from './code-copy.ts';
import type { Results, Tried } from './results.ts';
import { type Finding, optionsOf, replayCommand, type Swarm, simulate } from './swarm.ts';

export interface TableRunPorts {
  /** Of the code as it is. */
  readonly root: string;
  readonly results: Results;
  /** Where the seeds begin. */
  readonly first: number;
  /** Mutants that are tried at the same time. */
  readonly lanes: number;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/** Seeds with a disk take so much longer. */
const DISK_FACTOR = 5;

/** How long a mutant may take, in no unit. */
function costOf({ seeds, durability = 'none' }: Swarm): number {
  return seeds * (durability === 'none' ? 1 : DISK_FACTOR);
}

/** Those of one part of the table: parts take about as long as each other. @param part from 1 */
export function partOf(mutants: readonly Mutant[], part: number, parts: number): Mutant[] {
  return longestFirst(mutants).filter((_, index) => index % parts === part - 1);
}

function longestFirst<T extends Swarm>(swarms: readonly T[]): T[] {
  return swarms.toSorted((a, b) => costOf(b) - costOf(a));
}

/**
 * Tries mutants, each in a copy of the code, as many at a time as there are cores; and the code as it is on every seed
 * that was needed to catch one, since a seed that fails without the mutant has not caught it.
 */
export class TableRun {
  readonly #ports: TableRunPorts;

  constructor(ports: TableRunPorts) {
    this.#ports = ports;
  }

  /** What is known of each is in the results afterwards, but for those that an interruption left. */
  async tryAll(mutants: readonly Mutant[]): Promise<void> {
    const { first, results, signal, print } = this.#ports;
    let done = 0;
    await this.#inCopies(longestFirst(mutants), async (mutant, copy) => {
      const tried = await copy
        .with(mutant, (root) => simulate(root, mutant, first, signal))
        .then(triedWith, (error: Error): Tried => ({ outcome: 'broken', reason: error.message }));
      if (signal.aborted) return;
      results.note(mutant, tried);
      print(`[${++done}/${mutants.length}] ${describe(mutant, tried)}`);
    });
  }

  /** @returns how many swarms show something in the code as it is, which is printed with its seed and command */
  async control(mutants: readonly Mutant[]): Promise<number> {
    const { first, results, signal, print } = this.#ports;
    const unknown = this.#controlsOf(mutants).filter((swarm) => !results.isSound(swarm));
    let unsound = 0;
    await this.#inCopies(longestFirst(unknown), async (swarm, copy) => {
      const finding = await simulate(copy.root, swarm, first, signal).catch(unlessAborted(signal));
      if (signal.aborted) return;
      if (finding === null) return results.noteSound(swarm);
      unsound++;
      print(describeUnsound(swarm, finding));
    });
    return unsound;
  }

  /** Of each sort of seeds, those up to the last that was needed. */
  #controlsOf(mutants: readonly Mutant[]): Swarm[] {
    const swarms = new Map<string, Swarm>();
    for (const mutant of mutants) {
      const tried = this.#ports.results.of(mutant);
      if (tried?.outcome !== 'caught') continue;
      const name = optionsOf(mutant).join(' ');
      const seeds = tried.finding.seed - this.#ports.first + 1;
      if (seeds > (swarms.get(name)?.seeds ?? 0)) swarms.set(name, { ...mutant, seeds });
    }
    return [...swarms.values()];
  }

  /** So many at a time as there are lanes, each lane in a copy of the code of its own. */
  async #inCopies<T>(all: readonly T[], run: (one: T, copy: CodeCopy) => Promise<void>): Promise<void> {
    const { root, lanes, signal } = this.#ports;
    const todo = [...all];
    const lane = async (): Promise<void> => {
      const copy = new CodeCopy(root);
      try {
        for (let one = todo.shift(); one !== undefined && !signal.aborted; one = todo.shift())
          await run(one, copy);
      } finally {
        copy.remove();
      }
    };
    await Promise.all(Array.from({ length: Math.min(lanes, all.length) }, lane));
  }
}

function triedWith(finding: Finding | null): Tried {
  return finding === null ? { outcome: 'survived' } : { outcome: 'caught', finding };
}

/** One line. */
export function describe(mutant: Mutant, tried: Tried | undefined): string {
  const { name, level, durability = 'none', seeds } = mutant;
  const within = `${name} (${level}, ${durability}, ${seeds} seeds)`;
  switch (tried?.outcome) {
    case 'caught':
      return `caught    ${within}: seed ${tried.finding.seed}, ${tried.finding.noticed.split(':', 1)[0]}`;
    case 'survived':
      return `SURVIVED  ${within}`;
    case 'broken':
      return `BROKEN    ${within}: ${tried.reason}`;
    case undefined:
      return `left      ${within}`;
  }
}

function describeUnsound(swarm: Swarm, { seed, noticed }: Finding): string {
  return `the code as it is fails, seed ${seed}: ${noticed}\n  ${replayCommand(swarm, seed)}`;
}

function unlessAborted(signal: AbortSignal): (error: unknown) => null {
  return (error) => {
    if (signal.aborted) return null;
    throw error;
  };
}
