import type { Durability } from '../../../src/journal/durability.ts';
import type { Level } from '../../../src/placement/level.ts';
import type { OrderedScheme } from '../../../src/placement/placed-level.ts';

/**
 * What a mutant does to the code under its anchor. In a text, `$` stands for the code that the text replaces.
 *
 * - `drop` removes the statement.
 * - `statement` replaces the statement: `'log(); $'` puts another one in front of it.
 * - `test` replaces the condition of an `if`.
 * - `value` replaces the expression that is returned, assigned, given to a property, or simply stands there.
 * - `callee` replaces the function that the statement calls, and leaves its arguments.
 */
export type Edit =
  | 'drop'
  | { readonly statement: string }
  | { readonly test: string }
  | { readonly value: string }
  | { readonly callee: string };

/** A mistake that could be made in the engines. */
interface Mistake {
  /** The comment `// mutant: <anchor>` in `src/` stands above the code that is changed. */
  readonly anchor: string;
  /** What the wrong controller does, in words. */
  readonly name: string;
  readonly edit: Edit;
}

/** A mistake that the simulator has to find in a swarm of seeds. */
export interface SwarmMutant extends Mistake {
  readonly level: Level;
  /** How ordered keyspaces are replicated; `broadcast` where it is not given. */
  readonly scheme?: OrderedScheme;
  /** The mistake shows with keyspaces of all levels in one cluster: `--mixed`. */
  readonly isMixed?: true;
  /** `none` where it is not given. */
  readonly durability?: Durability;
  /**
   * The faults that bring the mistake out, as `npm run sim -- --faults` takes them; the swarm's where none are given.
   */
  readonly faults?: string;
  /** As `--horizon`. */
  readonly horizonMs?: number;
  /** Clients ask for other levels while they read and write. */
  readonly switches?: true | 'all';
  /** Controllers come to vote and stop voting; `joins`: also controllers with new ids. */
  readonly members?: true | 'joins';
  /** The mistake must be found within so many seeds, from the first on. */
  readonly seeds: number;
}

/** A mistake that shows too rarely in a swarm. One test of `test_cases/sim/` plays what brings it out, and has to fail. */
export interface TestedMutant extends Mistake {
  readonly test: {
    /** A path in `test_cases/sim/`. */
    readonly file: string;
    /** The whole name of the test, with the names of the blocks around it. */
    readonly name: string;
  };
}

export type Mutant = SwarmMutant | TestedMutant;
