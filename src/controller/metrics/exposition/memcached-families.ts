import type { Family, FiguresByName, Sample } from './family.ts';
import { single } from './family.ts';

/**
 * The metrics of prometheus/memcached_exporter, under its names, types and labels, so that a dashboard that was made
 * for it shows a controller as it shows a memcached. As in `stats`, a figure comes from the controller, or from the
 * local memcached where only that knows it.
 */

type FigureGroup = 'general' | 'settings' | 'slabs';

function figure(
  type: 'counter' | 'gauge',
  name: string,
  from: FigureGroup,
  figureName: string,
  help: string,
): Family {
  return { name, type, help, read: (scrape) => single(numberOf(scrape[from], figureName)) };
}

const general = (type: 'counter' | 'gauge', name: string, figureName: string, help: string): Family =>
  figure(type, name, 'general', figureName, help);

const crawler = (name: string, figureName: string, help: string): Family =>
  figure('gauge', name, 'settings', figureName, help);

/** The commands whose hits and misses memcached counts. */
const COMMANDS_WITH_HITS = ['get', 'delete', 'incr', 'decr', 'cas', 'touch'] as const;

export const MEMCACHED_FAMILIES: readonly Family[] = [
  {
    name: 'memcached_up',
    type: 'gauge',
    help: 'The controller answers: always 1.',
    read: () => single(1),
  },
  {
    name: 'memcached_version',
    type: 'gauge',
    help: 'The memcached version whose protocol is spoken.',
    read: ({ general: figures }) => [{ labels: { version: figures.get('version') ?? '' }, value: 1 }],
  },
  {
    name: 'memcached_commands_total',
    type: 'counter',
    help: 'Commands of clients, by command and by what came of them.',
    read: ({ general: figures }) => commandsIn(figures),
  },
  general('counter', 'memcached_uptime_seconds', 'uptime', 'Seconds since this run began.'),
  general('gauge', 'memcached_time_seconds', 'time', 'Wall clock of this machine, in seconds since 1970.'),
  general(
    'counter',
    'memcached_process_user_cpu_seconds_total',
    'rusage_user',
    'CPU time of the controller in user mode.',
  ),
  general(
    'counter',
    'memcached_process_system_cpu_seconds_total',
    'rusage_system',
    'CPU time of the controller in the kernel.',
  ),
  general('gauge', 'memcached_current_bytes', 'bytes', 'Bytes that the entries take in the local memcached.'),
  general('gauge', 'memcached_limit_bytes', 'limit_maxbytes', 'Bytes that the local memcached may use.'),
  general('gauge', 'memcached_current_items', 'curr_items', 'Keys that have an entry.'),
  general('counter', 'memcached_items_total', 'total_items', 'Entries that clients have stored.'),
  general('counter', 'memcached_read_bytes_total', 'bytes_read', 'Bytes read from clients.'),
  general('counter', 'memcached_written_bytes_total', 'bytes_written', 'Bytes written to clients.'),
  general('gauge', 'memcached_current_connections', 'curr_connections', 'Client connections now.'),
  general('counter', 'memcached_connections_total', 'total_connections', 'Client connections accepted.'),
  general(
    'counter',
    'memcached_connections_rejected_total',
    'rejected_connections',
    'Client connections refused at the limit.',
  ),
  general(
    'counter',
    'memcached_connections_yielded_total',
    'conn_yields',
    'Times that a connection had to wait for the others to be served.',
  ),
  general(
    'counter',
    'memcached_connections_listener_disabled_total',
    'listen_disabled_num',
    'Times that accepting connections was suspended: never.',
  ),
  general('gauge', 'memcached_accepting_connections', 'accepting_conns', 'New connections are accepted.'),
  general(
    'counter',
    'memcached_items_evicted_total',
    'evictions',
    'Items that the local memcached evicted. Their values are found in the journal or at a peer.',
  ),
  general(
    'counter',
    'memcached_items_reclaimed_total',
    'reclaimed',
    'Times that the local memcached used the memory of an expired item.',
  ),
  general(
    'counter',
    'memcached_item_too_large_total',
    'store_too_large',
    'Storage commands with a value above the limit.',
  ),
  general(
    'counter',
    'memcached_item_no_memory_total',
    'store_no_memory',
    'Items that found no memory in the local memcached.',
  ),
  general(
    'counter',
    'memcached_direct_reclaims_total',
    'direct_reclaims',
    'Times that a thread of the local memcached had to reclaim or evict items itself.',
  ),
  general(
    'counter',
    'memcached_lru_crawler_starts_total',
    'lru_crawler_starts',
    'Times that the LRU crawler of the local memcached was started.',
  ),
  general(
    'counter',
    'memcached_lru_crawler_reclaimed_total',
    'crawler_reclaimed',
    'Items that the LRU crawler of the local memcached has freed.',
  ),
  general(
    'counter',
    'memcached_lru_crawler_items_checked_total',
    'crawler_items_checked',
    'Items that the LRU crawler of the local memcached has looked at.',
  ),
  general(
    'counter',
    'memcached_lru_crawler_moves_to_cold_total',
    'moves_to_cold',
    'Items that the local memcached has moved from its hot or warm list to the cold one.',
  ),
  general(
    'counter',
    'memcached_lru_crawler_moves_to_warm_total',
    'moves_to_warm',
    'Items that the local memcached has moved from its cold list to the warm one.',
  ),
  general(
    'counter',
    'memcached_lru_crawler_moves_within_lru_total',
    'moves_within_lru',
    'Items that the local memcached has moved within its hot or warm list.',
  ),
  figure(
    'gauge',
    'memcached_malloced_bytes',
    'slabs',
    'total_malloced',
    'Bytes that the local memcached has allocated to slab pages.',
  ),
  figure('gauge', 'memcached_max_connections', 'settings', 'maxconns', 'Most client connections at once.'),
  crawler(
    'memcached_lru_crawler_enabled',
    'lru_crawler',
    'Whether the LRU crawler of the local memcached runs.',
  ),
  crawler(
    'memcached_lru_crawler_sleep',
    'lru_crawler_sleep',
    'Microseconds that the LRU crawler of the local memcached sleeps between items.',
  ),
  crawler(
    'memcached_lru_crawler_to_crawl',
    'lru_crawler_tocrawl',
    'Most items per slab class that the LRU crawler of the local memcached looks at in one run.',
  ),
  crawler(
    'memcached_lru_crawler_maintainer_thread',
    'lru_maintainer_thread',
    'Whether the local memcached has a thread for its LRU lists.',
  ),
  crawler(
    'memcached_lru_crawler_hot_percent',
    'hot_lru_pct',
    'Percentage of slab memory for the hot list of the local memcached.',
  ),
  crawler(
    'memcached_lru_crawler_warm_percent',
    'warm_lru_pct',
    'Percentage of slab memory for the warm list of the local memcached.',
  ),
  crawler(
    'memcached_lru_crawler_hot_max_factor',
    'hot_max_factor',
    'The age of the hot list of the local memcached, as a factor of the age of the cold one.',
  ),
  crawler(
    'memcached_lru_crawler_warm_max_factor',
    'warm_max_factor',
    'The age of the warm list of the local memcached, as a factor of the age of the cold one.',
  ),
];

/** memcached counts the storage commands with a token in `cmd_set` as well, and the exporter takes them out again. */
function commandsIn(figures: FiguresByName): readonly Sample[] {
  const withHits = COMMANDS_WITH_HITS.flatMap((command) => [
    sample(figures, `${command}_hits`, command, 'hit'),
    sample(figures, `${command}_misses`, command, 'miss'),
  ]);
  const tokens = ['cas_misses', 'cas_hits', 'cas_badval'].map((name) => numberOf(figures, name));
  const sets = numberOf(figures, 'cmd_set') - tokens.reduce((sum, one) => sum + one, 0);
  return [
    ...withHits,
    sample(figures, 'cas_badval', 'cas', 'badval'),
    sample(figures, 'cmd_flush', 'flush', 'hit'),
    { labels: { command: 'set', status: 'hit' }, value: sets },
  ];
}

function sample(figures: FiguresByName, name: string, command: string, status: string): Sample {
  return { labels: { command, status }, value: numberOf(figures, name) };
}

/** `yes` and `no` are 1 and 0. Not a number where there is no such figure, or it is no number. */
export function numberOf(figures: FiguresByName, name: string): number {
  const text = figures.get(name);
  if (text === 'yes') return 1;
  if (text === 'no') return 0;
  return text === undefined || text === '' ? Number.NaN : Number(text);
}
