import { describe, expect, it } from 'vitest';
import { bySlab } from '../../../../src/controller/metrics/exposition/exposition.ts';
import type { Family, Scrape } from '../../../../src/controller/metrics/exposition/family.ts';
import { MEMCACHED_FAMILIES } from '../../../../src/controller/metrics/exposition/memcached-families.ts';
import { SLAB_FAMILIES } from '../../../../src/controller/metrics/exposition/slab-families.ts';

/**
 * The names and types of memcached_exporter (commit 17e002c), but for those of extstore and of memcached's
 * proxy, which no controller has.
 */
const GAUGES = `
  up time_seconds version current_connections max_connections current_bytes limit_bytes current_items
  lru_crawler_enabled lru_crawler_sleep lru_crawler_to_crawl lru_crawler_maintainer_thread
  lru_crawler_hot_percent lru_crawler_warm_percent lru_crawler_hot_max_factor
  lru_crawler_warm_max_factor malloced_bytes slab_current_items slab_items_age_seconds slab_hot_items
  slab_warm_items slab_cold_items slab_temporary_items slab_hot_age_seconds slab_warm_age_seconds
  slab_chunk_size_bytes slab_chunks_per_page slab_current_pages slab_current_chunks slab_chunks_used
  slab_chunks_free slab_chunks_free_end slab_mem_requested_bytes accepting_connections
`;
const COUNTERS = `
  uptime_seconds process_user_cpu_seconds_total process_system_cpu_seconds_total read_bytes_total
  written_bytes_total connections_total connections_rejected_total connections_yielded_total
  connections_listener_disabled_total commands_total items_total items_evicted_total
  items_reclaimed_total item_too_large_total item_no_memory_total direct_reclaims_total
  lru_crawler_starts_total lru_crawler_reclaimed_total lru_crawler_items_checked_total
  lru_crawler_moves_to_cold_total lru_crawler_moves_to_warm_total lru_crawler_moves_within_lru_total
  slab_items_crawler_reclaimed_total slab_items_evicted_total slab_items_evicted_nonzero_total
  slab_items_evicted_time_seconds slab_items_evicted_unfetched_total
  slab_items_expired_unfetched_total slab_items_outofmemory_total slab_items_reclaimed_total
  slab_items_tailrepairs_total slab_items_moves_to_cold slab_items_moves_to_warm
  slab_items_moves_within_lru slab_lru_hits_total slab_commands_total
`;

const FAMILIES = [...MEMCACHED_FAMILIES, ...SLAB_FAMILIES];
const namesOf = (text: string) =>
  text
    .trim()
    .split(/\s+/)
    .map((name) => `memcached_${name}`);

it('names and types are those of memcached_exporter, and all of them are there', () => {
  const ofType = (type: Family['type']) =>
    FAMILIES.filter((one) => one.type === type).map(({ name }) => name);
  expect(ofType('gauge').sort()).toEqual(namesOf(GAUGES).sort());
  expect(ofType('counter').sort()).toEqual(namesOf(COUNTERS).sort());
});

/** What a memcached 1.6.18 said. */
const SLABS = [
  ['1:chunk_size', '96'],
  ['1:used_chunks', '2'],
  ['1:cmd_set', '9'],
  ['1:get_hits', '865'],
  ['1:cas_hits', '3'],
  ['1:cas_badval', '1'],
  ['active_slabs', '1'],
  ['total_malloced', '1048576'],
] as const;
const ITEMS = [
  ['items:1:number', '2'],
  ['items:1:hits_to_temp', '4'],
  ['items:12:number', '7'],
] as const;

const SCRAPE = {
  general: new Map([
    ['version', '1.6.18'],
    ['cmd_set', '10'],
    ['cas_hits', '3'],
    ['cas_misses', '2'],
    ['cas_badval', '1'],
    ['get_hits', '5'],
    ['rusage_user', '1.250000'],
  ]),
  settings: new Map([['lru_crawler', 'yes']]),
  ...bySlab(SLABS, ITEMS),
} as unknown as Scrape;

function valuesOf(name: string): Record<string, number> {
  const family = FAMILIES.find((one) => one.name === name)!;
  if (family.type === 'histogram') throw new Error(`${name} is a histogram`);
  const known = family.read(SCRAPE).filter(({ value }) => !Number.isNaN(value));
  return Object.fromEntries(known.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

describe('the figures', () => {
  it('of commands take those with a token out of the other storage commands', () => {
    expect(valuesOf('memcached_commands_total')).toEqual({
      'get hit': 5,
      'cas hit': 3,
      'cas miss': 2,
      'cas badval': 1,
      'set hit': 4,
    });
  });

  it('that are words or times are numbers, and those that are not known are left out', () => {
    expect(valuesOf('memcached_lru_crawler_enabled')).toEqual({ '': 1 });
    expect(valuesOf('memcached_process_user_cpu_seconds_total')).toEqual({ '': 1.25 });
    expect(valuesOf('memcached_version')).toEqual({ '1.6.18': 1 });
    expect(valuesOf('memcached_current_bytes')).toEqual({});
  });

  it('of slab classes have the class as a label', () => {
    expect(valuesOf('memcached_malloced_bytes')).toEqual({ '': 1_048_576 });
    expect(valuesOf('memcached_slab_current_items')).toEqual({ '1': 2, '12': 7 });
    expect(valuesOf('memcached_slab_lru_hits_total')).toEqual({ '1 temporary': 4 });
    expect(valuesOf('memcached_slab_commands_total')).toEqual({
      '1 get hit': 865,
      '1 cas hit': 3,
      '1 cas badval': 1,
      '1 set hit': 5,
    });
  });
});
