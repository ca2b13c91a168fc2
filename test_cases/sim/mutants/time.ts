import type { Mutant } from './mutant.ts';

/** Mistakes with cluster time, which decides when entries expire and flushes happen. */
export const TIME_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'own-wall-clock',
    name: 'goes by its own wall clock instead of cluster time',
    edit: { statement: 'if (this.#agreed) return this.#ports.clock.wallMs(); $' },
    level: 'linearizability',
    seeds: 300,
  },
  {
    anchor: 'latest-clock-wins',
    name: 'takes the latest clock for the right one',
    edit: { value: '{ from: sorted.at(-1)!, to: sorted.at(-1)! }' },
    level: 'sequential',
    durability: 'async',
    faults: 'kill-all=1,clock-leap-ahead=3',
    seeds: 1000,
  },
  {
    anchor: 'time-jumps',
    name: 'lets cluster time jump to the time that it is steered to',
    edit: { value: 'this.#baseMs + sinceMs + this.#correctionMs' },
    level: 'sequential',
    faults: 'clock-step=3',
    seeds: 300,
  },
  {
    anchor: 'time-too-early',
    name: 'tells its peers a cluster time before one is agreed',
    edit: { value: 'this.nowMs()' },
    level: 'sequential',
    faults: 'kill=2,clock-leap-ahead=3',
    seeds: 300,
  },
  {
    anchor: 'begins-with-own-time',
    name: 'begins with a time of its own though its peers have one',
    edit: { test: 'false' },
    level: 'linearizability',
    faults: 'kill=4,clock-step=8,pause=2',
    seeds: 1000,
  },
  {
    anchor: 'flushes-too-early',
    name: 'carries out a flush before its time',
    edit: { test: 'armed === null || agreedMs === null' },
    level: 'eventual',
    seeds: 300,
  },
];
