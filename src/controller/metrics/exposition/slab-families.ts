import type { Family, FiguresByName, Labels, Sample } from './family.ts';
import { numberOf } from './memcached-families.ts';

/** The metrics of prometheus/memcached_exporter that each slab class of the local memcached has. */

interface SlabFigure {
  readonly figureName: string;
  /** Beside that of the slab class. */
  readonly labels?: Labels;
}

function family(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  figures: readonly SlabFigure[],
): Family {
  return {
    name: `memcached_slab_${name}`,
    type,
    help,
    read: ({ bySlab }) =>
      [...bySlab].flatMap(([slab, known]) =>
        figures.map(({ figureName, labels }) => ({
          labels: { slab, ...labels },
          value: numberOf(known, figureName),
        })),
      ),
  };
}

function gauge(name: string, figureName: string, help: string): Family {
  return family('gauge', name, help, [{ figureName }]);
}

function counter(name: string, figureName: string, help: string): Family {
  return family('counter', name, help, [{ figureName }]);
}

const COMMANDS_WITH_HITS = ['get', 'delete', 'incr', 'decr', 'cas', 'touch'];
const LISTS = ['hot', 'warm', 'cold'].map(
  (lru): SlabFigure => ({ figureName: `hits_to_${lru}`, labels: { lru } }),
);

export const SLAB_FAMILIES: readonly Family[] = [
  {
    name: 'memcached_slab_commands_total',
    type: 'counter',
    help: 'Commands that the local memcached has carried out in this slab class.',
    read: ({ bySlab }) => [...bySlab].flatMap(([slab, figures]) => commandsIn(slab, figures)),
  },
  family('counter', 'lru_hits_total', 'Reads that found their item in this list.', [
    ...LISTS,
    { figureName: 'hits_to_temp', labels: { lru: 'temporary' } },
  ]),
  gauge('current_items', 'number', 'Items in this slab class.'),
  gauge('items_age_seconds', 'age', 'Age of the oldest item in this slab class.'),
  gauge('hot_items', 'number_hot', 'Items in the hot list.'),
  gauge('warm_items', 'number_warm', 'Items in the warm list.'),
  gauge('cold_items', 'number_cold', 'Items in the cold list.'),
  gauge('temporary_items', 'number_temp', 'Items in the temporary list.'),
  gauge('hot_age_seconds', 'age_hot', 'Age of the oldest item in the hot list.'),
  gauge('warm_age_seconds', 'age_warm', 'Age of the oldest item in the warm list.'),
  counter('items_evicted_total', 'evicted', 'Items that were evicted before they expired.'),
  counter(
    'items_evicted_nonzero_total',
    'evicted_nonzero',
    'Evicted items that had an expiry time: controllers give the items none.',
  ),
  counter(
    'items_evicted_time_seconds',
    'evicted_time',
    'Seconds since the last access of the item that was evicted last.',
  ),
  counter('items_evicted_unfetched_total', 'evicted_unfetched', 'Evicted items that were never read.'),
  counter('items_expired_unfetched_total', 'expired_unfetched', 'Expired items that were never read.'),
  counter('items_outofmemory_total', 'outofmemory', 'Items that found no memory in this slab class.'),
  counter('items_reclaimed_total', 'reclaimed', 'Times that the memory of an expired item was used.'),
  counter('items_crawler_reclaimed_total', 'crawler_reclaimed', 'Items that the LRU crawler has freed.'),
  counter('items_tailrepairs_total', 'tailrepairs', 'Times that this slab class repaired its list.'),
  counter('items_moves_to_cold', 'moves_to_cold', 'Items moved from the hot or warm list to the cold one.'),
  counter('items_moves_to_warm', 'moves_to_warm', 'Items moved from the cold list to the warm one.'),
  counter('items_moves_within_lru', 'moves_within_lru', 'Items moved within the hot or warm list.'),
  gauge('chunk_size_bytes', 'chunk_size', 'Bytes of one chunk of this slab class.'),
  gauge('chunks_per_page', 'chunks_per_page', 'Chunks in one page of this slab class.'),
  gauge('current_pages', 'total_pages', 'Pages of this slab class.'),
  gauge('current_chunks', 'total_chunks', 'Chunks of this slab class.'),
  gauge('chunks_used', 'used_chunks', 'Chunks that hold an item.'),
  gauge('chunks_free', 'free_chunks', 'Chunks that hold no item.'),
  gauge('chunks_free_end', 'free_chunks_end', 'Free chunks at the end of the last page.'),
  gauge('mem_requested_bytes', 'mem_requested', 'Bytes that the items of this slab class take.'),
];

/** The exporter takes the storage commands with a token out of `cmd_set`, but for those that found no item. */
function commandsIn(slab: string, figures: FiguresByName): readonly Sample[] {
  const sample = (command: string, status: string, value: number): Sample => ({
    labels: { slab, command, status },
    value,
  });
  const tokens = numberOf(figures, 'cas_hits') + numberOf(figures, 'cas_badval');
  return [
    ...COMMANDS_WITH_HITS.map((command) => sample(command, 'hit', numberOf(figures, `${command}_hits`))),
    sample('cas', 'badval', numberOf(figures, 'cas_badval')),
    sample('set', 'hit', numberOf(figures, 'cmd_set') - tokens),
  ];
}
