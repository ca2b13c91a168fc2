import { type GivenFlags, numberOf } from './flag-values.ts';

/** What the command line says of a drill, as far as no other command says the like. */
export interface DrillFlags {
  /** A list of faults with commas; null: those that cost nothing. */
  readonly faults: string | null;
  /** Null: the default keyspace. */
  readonly keyspace: string | null;
  readonly clients: number | null;
  readonly seed: number | null;
  /** The file of the page; null: in the run directory. */
  readonly page: string | null;
  readonly undo: boolean;
}

const CLIENTS_MAX = 100;

/** Seeds are below this. */
export const DRILL_SEEDS = 1_000_000;

/** @throws UsageError */
export function drillFlags(given: GivenFlags): DrillFlags {
  return {
    faults: given.get('faults') ?? null,
    keyspace: given.get('keyspaces') ?? null,
    clients: numberOf(given, 'clients', 1, CLIENTS_MAX),
    seed: numberOf(given, 'seed', 0, DRILL_SEEDS - 1),
    page: given.get('page') ?? null,
    undo: given.has('undo'),
  };
}

export const DRILL_SYNOPSIS = `Usage: main.ts drill [--faults <list>] [--seconds <n>] [--keyspace <name>] ...
       main.ts drill --undo

Asks a running cluster whether it keeps its level here: clients read and write keys of their own while
faults are done to controllers and memcacheds that startup.sh has started on this machine; then the
checkers of the level judge what the clients saw. By default it does only what costs nothing.

  pause        a controller stands still, and goes on
  cut          no packet passes between a controller and the others; needs root and the program nft
  restart      a controller is stopped as by stop.sh, and started again
  kill         a controller is killed; without durability = sync that may cost writes at causal and eventual
  kill-all     all controllers are killed at once: nobody is served meanwhile; without
               durability = sync that may cost the last writes
  store-pause  a memcached stands still, and goes on
  store-kill   a memcached is killed and started again: its controller fills it again from its journal
  none         no faults; this also works with a cluster on other machines

What it does is undone, also after Ctrl-C or when it is killed itself; after a power cut, --undo does it.
Exit code 0: the level was kept, 1: it was broken, 2: the drill could not be run to its end, 3: undecided.`;
