import type { Mutant } from './mutant.ts';

/** Mistakes in how controllers agree on another level while they serve. */
export const PLACEMENT_MUTANTS: readonly Mutant[] = [
  {
    anchor: 'forgets-placement',
    name: 'forms a view without the placement of the view before it',
    edit: { value: 'placementAfter(null, members, chosen.configuration)' },
    level: 'sequential',
    switches: true,
    seeds: 300,
  },
  {
    anchor: 'old-placement',
    name: 'continues the placement of the oldest accepted view instead of the newest',
    edit: { value: '(a: Promised, b: Promised) => !($)(a, b)' },
    level: 'sequential',
    switches: true,
    seeds: 300,
  },
  {
    anchor: 'weak-until-installed',
    name: 'goes by the weaker level until the view with the stricter one is installed here',
    edit: { value: 'now.level' },
    level: 'sequential',
    faults: 'slow-link=3,cut=1,one-way-cut=1',
    switches: true,
    seeds: 2000,
  },
  {
    anchor: 'counts-all-aware',
    name: 'says that all controllers go by a level that some have not heard of',
    edit: { value: '[]' },
    level: 'sequential',
    faults: 'isolation=2,cut=2,one-way-cut=2',
    switches: true,
    seeds: 300,
  },
  {
    anchor: 'forgets-those-that-leave',
    name: 'does not say that a controller that stops voting may still go by the level before',
    edit: { value: 'controllers.filter(isVoting).map(({ id }) => id)' },
    test: {
      file: 'found-faults.test.ts',
      name: 'a controller that stops voting counts among those that may go by the level before (seed 2010000718)',
    },
  },
];
