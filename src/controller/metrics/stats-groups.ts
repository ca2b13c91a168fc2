import type { StoreStats } from '../../store/driver.ts';

/**
 * The figures that `stats` and `stats settings` show, in the order of memcached 1.6.18. A figure comes from
 * this controller, or from the local memcached where only memcached knows it. A figure that neither can know
 * is left out (libevent, buffers and response objects of memcached's threads, get_expired, get_flushed).
 */
export type Figures = readonly (readonly [name: string, value: string])[];

const GENERAL = [
  ...['pid', 'uptime', 'time', 'version', 'pointer_size', 'rusage_user', 'rusage_system', 'max_connections'],
  ...['curr_connections', 'total_connections', 'rejected_connections', 'connection_structures', 'cmd_get'],
  ...['cmd_set', 'cmd_flush'],
  ...['cmd_touch', 'cmd_meta', 'get_hits', 'get_misses', 'delete_misses', 'delete_hits', 'incr_misses'],
  ...['incr_hits', 'decr_misses', 'decr_hits', 'cas_misses', 'cas_hits', 'cas_badval', 'touch_hits'],
  ...['touch_misses', 'store_too_large', 'auth_cmds', 'auth_errors', 'idle_kicks', 'bytes_read'],
  ...['bytes_written', 'limit_maxbytes', 'accepting_conns', 'listen_disabled_num'],
  ...['time_in_listen_disabled_us', 'threads', 'conn_yields', 'hash_power_level', 'hash_bytes'],
  ...['hash_is_expanding', 'slab_reassign_rescues', 'slab_reassign_chunk_rescues'],
  ...['slab_reassign_evictions_nomem', 'slab_reassign_inline_reclaim', 'slab_reassign_busy_items'],
  ...['slab_reassign_busy_deletes', 'slab_reassign_running', 'slabs_moved', 'lru_crawler_running'],
  ...['lru_crawler_starts', 'lru_maintainer_juggles', 'malloc_fails', 'bytes', 'curr_items', 'total_items'],
  ...['slab_global_page_pool', 'expired_unfetched', 'evicted_unfetched', 'evicted_active', 'evictions'],
  ...['reclaimed', 'crawler_reclaimed', 'crawler_items_checked', 'lrutail_reflocked', 'moves_to_cold'],
  ...['moves_to_warm', 'moves_within_lru', 'direct_reclaims', 'lru_bumps_dropped'],
] as const;

const SETTINGS = [
  ...['maxbytes', 'maxconns', 'tcpport', 'udpport', 'inter', 'verbosity', 'evictions', 'domain_socket'],
  ...['shutdown_command', 'growth_factor', 'chunk_size', 'num_threads', 'stat_key_prefix', 'detail_enabled'],
  ...['reqs_per_event', 'cas_enabled', 'tcp_backlog', 'binding_protocol', 'auth_enabled_sasl'],
  ...['auth_enabled_ascii', 'item_size_max', 'maxconns_fast', 'hashpower_init', 'slab_reassign'],
  ...['slab_automove', 'slab_automove_ratio', 'slab_automove_window', 'slab_chunk_max', 'lru_crawler'],
  ...['lru_crawler_sleep', 'lru_crawler_tocrawl', 'flush_enabled', 'dump_enabled', 'hash_algorithm'],
  ...['lru_maintainer_thread', 'lru_segmented', 'hot_lru_pct', 'warm_lru_pct', 'hot_max_factor'],
  ...['warm_max_factor', 'temp_lru', 'temporary_ttl', 'idle_timeout', 'track_sizes', 'ssl_enabled'],
] as const;

export const GROUPS = { general: GENERAL, settings: SETTINGS } as const;

/** @param own takes precedence over what the store says; names in neither list are left out */
export function merge(group: keyof typeof GROUPS, own: Figures, store: StoreStats): Figures {
  const values = new Map([...store, ...own]);
  return GROUPS[group].flatMap((name): Figures => {
    const value = values.get(name);
    return value === undefined ? [] : [[name, value]];
  });
}
