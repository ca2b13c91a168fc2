import type { Mutant } from '../../test_cases/sim/mutants/mutant.ts';
import { CodeCopy } from './code-copy.ts';
import { controlsOf, longestFirst } from './parts.ts';
import { playTest } from './play-test.ts';
import type { Results, Tried } from './results.ts';
import { type Finding, replayCommand, type Swarm, simulate } from './swarm.ts';

export interface TableRunPorts {
  /** The directory of the code as it is. */
  readonly root: string;
  readonly results: Results;
  /** The first seed. */
  readonly first: number;
  /** How many mutants are tried at the same time. */
  readonly lanes: number;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
}

/**
 * Tries mutants, each in a copy of the code, as many at a time as there are cores. Then it runs the code as it is on
 * every seed that was needed to catch a mutant, because a seed that fails without the mutant has not caught it.
 */
export class TableRun {
  readonly #ports: TableRunPorts;

  constructor(ports: TableRunPorts) {
    this.#ports = ports;
  }

  /** Writes what came of each mutant into the results. After an interruption, some mutants have no result. */
  async tryAll(mutants: readonly Mutant[]): Promise<void> {
    const { results, signal, print } = this.#ports;
    let done = 0;
    await this.#inCopies(longestFirst(mutants), async (mutant, copy) => {
      const tried = await copy
        .with(mutant, (root) => this.#try(root, mutant))
        .catch((error: Error): Tried => ({ outcome: 'broken', reason: error.message }));
      if (signal.aborted) return;
      results.note(mutant, tried);
      print(`[${++done}/${mutants.length}] ${describe(mutant, tried)}`);
    });
  }

  async #try(root: string, mutant: Mutant): Promise<Tried> {
    const { first, signal } = this.#ports;
    if ('test' in mutant) {
      const noticed = await playTest(root, mutant.test, signal);
      return noticed === null ? { outcome: 'survived' } : { outcome: 'rejected', noticed };
    }
    const finding = await simulate(root, mutant, first, signal);
    return finding === null ? { outcome: 'survived' } : { outcome: 'caught', finding };
  }

  /** Prints each failure of the code as it is, with its seed and command. @returns how many swarms failed */
  async control(mutants: readonly Mutant[]): Promise<number> {
    const { first, results, signal, print } = this.#ports;
    const unknown = controlsOf(mutants, results, first).filter((swarm) => !results.isSound(swarm));
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

  /** Each lane has a copy of the code of its own, and takes the next one when it is free. */
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

/** One line on a mutant. */
export function describe(mutant: Mutant, tried: Tried | undefined): string {
  const within = `${mutant.name} (${meansOf(mutant)})`;
  switch (tried?.outcome) {
    case 'caught':
      return `caught    ${within}: seed ${tried.finding.seed}, ${tried.finding.noticed.split(':', 1)[0]}`;
    case 'rejected':
      return `rejected  ${within}: ${tried.noticed}`;
    case 'survived':
      return `SURVIVED  ${within}`;
    case 'broken':
      return `BROKEN    ${within}: ${tried.reason}`;
    case undefined:
      return `left      ${within}`;
  }
}

/** What has to notice it. */
function meansOf(mutant: Mutant): string {
  if ('test' in mutant) return `${mutant.test.file}: ${mutant.test.name}`;
  const { level, durability = 'none', seeds } = mutant;
  return `${level}, ${durability}, ${seeds} seeds`;
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
