import { isOrdered } from '../../consistency/policies.ts';
import type { Durability } from '../../journal/durability.ts';
import type { Level } from '../../placement/level.ts';

/** What a drill can do to controllers and stores. */
export const FAULT_NAMES = [
  'pause',
  'cut',
  'restart',
  'kill',
  'kill-all',
  'store-pause',
  'store-kill',
] as const;

export type FaultName = (typeof FAULT_NAMES)[number];

export function isFaultName(word: string): word is FaultName {
  return (FAULT_NAMES as readonly string[]).includes(word);
}

/** What decides which faults a cluster can take, and what they cost. */
export interface FaultFacts {
  readonly controllers: number;
  readonly durability: Durability;
  /** The levels of all its keyspaces: a fault concerns all of them. */
  readonly levels: readonly Level[];
  /** Why its memcacheds are out of reach from here; empty when they are not. */
  readonly storeObstacle: string;
  /** Why no links can be cut from here; empty when they can. */
  readonly cutObstacle: string;
}

export interface FaultRow {
  /** For people: what is done. */
  readonly does: string;
  /** What it costs, as a part of a sentence; null for nothing. */
  readonly costs: (facts: FaultFacts) => string | null;
  /** Why it cannot be done, or must not be; null when it can. */
  readonly obstacle: (facts: FaultFacts) => string | null;
  /** Whether it is done when no faults are asked for: it costs nothing, and needs no rights that users do not have. */
  readonly isDefault: (facts: FaultFacts) => boolean;
}

const nothing = (): null => null;
const never = (): boolean => false;
const storeObstacle = (facts: FaultFacts): string | null => facts.storeObstacle || null;

export const FAULTS: Readonly<Record<FaultName, FaultRow>> = {
  pause: {
    does: 'a controller stands still (SIGSTOP), and goes on',
    costs: nothing,
    obstacle: nothing,
    isDefault: () => true,
  },
  cut: {
    does: 'no packet passes between a controller and the others (nft), until the links are mended',
    costs: nothing,
    obstacle: ({ cutObstacle, controllers }) =>
      controllers === 1 ? 'a cluster of one controller has no links' : cutObstacle || null,
    isDefault: never,
  },
  restart: {
    does: 'a controller is stopped as by stop.sh, and started again',
    costs: ({ durability }) =>
      durability === 'none' ? 'what a controller has in memory; it gets everything from the others' : null,
    obstacle: (facts) => neededElsewhere(facts),
    isDefault: ({ durability }) => durability !== 'none',
  },
  kill: {
    does: 'a controller is killed (SIGKILL), and started again',
    costs: ({ durability, levels }) =>
      durability === 'sync' || levels.every(isOrdered)
        ? null
        : 'answered writes of causal and eventual keyspaces, which the killed controller had not passed on yet',
    obstacle: (facts) => journalNeeded(facts) ?? neededElsewhere(facts),
    isDefault: never,
  },
  'kill-all': {
    does: 'all controllers are killed at once, and started again',
    costs: ({ durability }) =>
      'service until they are back: nobody is served meanwhile' +
      (durability === 'sync' ? '' : '; and answered writes of the last moments, which are on no disk yet'),
    obstacle: ({ durability }) =>
      durability === 'none' ? 'durability is none: every answered write would be lost' : null,
    isDefault: never,
  },
  'store-pause': {
    does: 'a memcached stands still (SIGSTOP), and goes on',
    costs: nothing,
    obstacle: storeObstacle,
    isDefault: (facts) => facts.storeObstacle === '',
  },
  'store-kill': {
    does: 'a memcached is killed (SIGKILL), and started again',
    costs: () => 'the values in that memcached; its controller brings them back from its journal',
    obstacle: (facts) => storeObstacle(facts) ?? journalNeeded(facts),
    isDefault: never,
  },
};

/** A journal that is in memory alone ends with its process, and then only the others have what was in it. */
function neededElsewhere({ durability, controllers }: FaultFacts): string | null {
  if (durability !== 'none' || controllers > 2) return null;
  return 'durability is none, and with fewer than three controllers too few others have the data meanwhile';
}

function journalNeeded({ durability }: FaultFacts): string | null {
  if (durability !== 'none') return null;
  return 'durability is none: only the memcacheds have the values, and no disk could bring back what is killed';
}

/** The faults of a drill for which none were asked. */
export function defaultFaults(facts: FaultFacts): FaultName[] {
  return FAULT_NAMES.filter((name) => FAULTS[name].isDefault(facts) && FAULTS[name].obstacle(facts) === null);
}
