import type { StatsGroup, StoreStats } from '../../../store/driver.ts';
import type { ControllerParts } from '../../controller-parts.ts';
import { merge } from '../stats-groups.ts';
import { ownFigures, ownSettings } from '../stats-replies.ts';
import { CLUSTER_FAMILIES } from './cluster-families.ts';
import { DURATION_FAMILIES } from './duration-families.ts';
import type { Family, FiguresByName, Scrape } from './family.ts';
import { MEMCACHED_FAMILIES } from './memcached-families.ts';
import { OWN_FAMILIES } from './own-families.ts';
import { PROCESS_FAMILIES } from './process-families.ts';
import { SLAB_FAMILIES } from './slab-families.ts';
import { type ExpositionFormat, writeExposition } from './write-exposition.ts';

/** Every metric that Prometheus can be told of, in the order in which it is told. */
export const FAMILIES: readonly Family[] = [
  ...CLUSTER_FAMILIES,
  ...OWN_FAMILIES,
  ...DURATION_FAMILIES,
  ...MEMCACHED_FAMILIES,
  ...SLAB_FAMILIES,
  ...PROCESS_FAMILIES,
];

/**
 * All metrics of this controller. What only the local memcached knows is asked of it, and left out if it does not
 * answer.
 */
export async function exposeMetrics(parts: ControllerParts, format: ExpositionFormat): Promise<string> {
  return writeExposition(FAMILIES, await scrape(parts), format);
}

async function scrape(parts: ControllerParts): Promise<Scrape> {
  const groups = ['', 'settings', 'slabs', 'items'] as const;
  const [general, settings, slabs, items] = await Promise.all(groups.map((group) => statsOf(parts, group)));
  return {
    parts,
    general: new Map(merge('general', ownFigures(parts), general!)),
    settings: new Map(merge('settings', ownSettings(parts), settings!)),
    ...bySlab(slabs!, items!),
  };
}

function statsOf({ store }: ControllerParts, group: StatsGroup): Promise<StoreStats> {
  return new Promise((resolve) => {
    store.stats(group, (_, stats) => resolve(stats ?? []));
  });
}

/** `1:chunk_size` of `stats slabs` and `items:1:number` of `stats items` name a slab class. */
const OF_SLAB = /^(?:items:)?(\d+):(\w+)$/;

/** Also used by the tests, which have the words of a memcached. */
export function bySlab(slabs: StoreStats, items: StoreStats): Pick<Scrape, 'slabs' | 'bySlab'> {
  const general = new Map<string, string>();
  const classes = new Map<string, Map<string, string>>();
  for (const [name, value] of [...slabs, ...items]) {
    const [, slab, figureName] = OF_SLAB.exec(name) ?? [];
    if (slab === undefined || figureName === undefined) {
      general.set(name, value);
      continue;
    }
    const figures = classes.get(slab) ?? new Map<string, string>();
    classes.set(slab, figures.set(figureName, value));
  }
  return { slabs: general satisfies FiguresByName, bySlab: classes };
}
