import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Mutant } from '../../test_cases/sim/mutants/mutant.ts';
import { type Finding, optionsOf, type Swarm } from './swarm.ts';

/** What came of a mutant. */
export type Tried =
  | { readonly outcome: 'caught'; readonly finding: Finding }
  /** The mutant's test has failed, as it should. */
  | { readonly outcome: 'rejected'; readonly noticed: string }
  | { readonly outcome: 'survived' }
  /** The simulator, or the test, did not run, or the edit was not possible. */
  | { readonly outcome: 'broken'; readonly reason: string };

interface Content {
  /** The hash of the code that the results belong to. */
  readonly code: string;
  readonly mutants: Record<string, Tried>;
  /** For each kind of swarm, how many seeds, from the first on, the code as it is has passed. */
  readonly sound: Record<string, number>;
}

/**
 * The results for this very code, in a file that is written after each result. So an interrupted run can go on, and
 * nothing is run twice.
 */
export class Results {
  readonly #path: string;
  readonly #first: number;
  readonly #code: string;
  #content: Content;

  /** @param first the first seed */
  constructor(path: string, code: string, first: number) {
    this.#path = path;
    this.#first = first;
    this.#code = code;
    this.#content = this.#read();
  }

  /** Undefined when the mutant, as it is now, has not been tried. */
  of(mutant: Mutant): Tried | undefined {
    return this.#content.mutants[this.#nameOf(mutant)];
  }

  note(mutant: Mutant, tried: Tried): void {
    this.#content = this.#read();
    this.#content.mutants[this.#nameOf(mutant)] = tried;
    this.#write();
  }

  isSound(swarm: Swarm): boolean {
    return (this.#content.sound[this.#swarmName(swarm)] ?? 0) >= swarm.seeds;
  }

  noteSound(swarm: Swarm): void {
    this.#content = this.#read();
    this.#content.sound[this.#swarmName(swarm)] = swarm.seeds;
    this.#write();
  }

  #nameOf(mutant: Mutant): string {
    return JSON.stringify([this.#first, mutant]);
  }

  #swarmName(swarm: Swarm): string {
    return [this.#first, ...optionsOf(swarm)].join(' ');
  }

  /** Other parts of the table may run at the same time, and write their results into the same file. */
  #read(): Content {
    const known = read(this.#path);
    return known?.code === this.#code ? known : { code: this.#code, mutants: {}, sound: {} };
  }

  #write(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(this.#content, null, 1)}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** Whether the mistake was noticed. */
export function isNoticed(tried: Tried | undefined): boolean {
  return tried?.outcome === 'caught' || tried?.outcome === 'rejected';
}

/** Null when there is no file, or when it cannot be read. */
function read(path: string): Content | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Content;
  } catch {
    return null;
  }
}
