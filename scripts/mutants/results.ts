import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Mutant } from '../../test_cases/sim/mutants/mutant.ts';
import { type Finding, optionsOf, type Swarm } from './swarm.ts';

/** What came of a mutant. */
export type Tried =
  | { readonly outcome: 'caught'; readonly finding: Finding }
  | { readonly outcome: 'survived' }
  /** The simulator did not even run, or the mistake's text was not found. */
  | { readonly outcome: 'broken'; readonly reason: string };

interface Content {
  /** The code that all of this is about. */
  readonly code: string;
  readonly mutants: Record<string, Tried>;
  /** By swarm: from the first seed on, so many showed nothing in the code as it is. */
  readonly sound: Record<string, number>;
}

/**
 * What is known of this very code, in a file, so that an interrupted run can go on and nothing is run twice. It is
 * written after each result.
 */
export class Results {
  readonly #path: string;
  readonly #first: number;
  readonly #content: Content;

  /** @param first where the seeds begin */
  constructor(path: string, code: string, first: number) {
    this.#path = path;
    this.#first = first;
    const known = read(path);
    this.#content = known?.code === code ? known : { code, mutants: {}, sound: {} };
  }

  /** Undefined when it has not been tried, as it is now. */
  of(mutant: Mutant): Tried | undefined {
    return this.#content.mutants[this.#nameOf(mutant)];
  }

  note(mutant: Mutant, tried: Tried): void {
    this.#content.mutants[this.#nameOf(mutant)] = tried;
    this.#write();
  }

  isSound(swarm: Swarm): boolean {
    return (this.#content.sound[this.#swarmName(swarm)] ?? 0) >= swarm.seeds;
  }

  noteSound(swarm: Swarm): void {
    this.#content.sound[this.#swarmName(swarm)] = swarm.seeds;
    this.#write();
  }

  #nameOf(mutant: Mutant): string {
    return JSON.stringify([this.#first, mutant]);
  }

  #swarmName(swarm: Swarm): string {
    return [this.#first, ...optionsOf(swarm)].join(' ');
  }

  #write(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(this.#content, null, 1)}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** One that is not there, or can't be read, is none. */
function read(path: string): Content | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Content;
  } catch {
    return null;
  }
}
