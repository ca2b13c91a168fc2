import type { Reply } from '../protocol/reply.ts';
import type { Request } from '../protocol/request.ts';

/** What is counted, under memcached's names. Every client operation counts once, wherever it is carried out. */
const COUNTERS = [
  'cmd_get',
  'cmd_set',
  'cmd_flush',
  'cmd_touch',
  'get_hits',
  'get_misses',
  'delete_misses',
  'delete_hits',
  'incr_misses',
  'incr_hits',
  'decr_misses',
  'decr_hits',
  'cas_misses',
  'cas_hits',
  'cas_badval',
  'touch_hits',
  'touch_misses',
  'bytes_read',
  'bytes_written',
  'total_connections',
  'rejected_connections',
] as const;

export type Counter = (typeof COUNTERS)[number];

/** Counts client operations from requests and their replies. */
export class Statistics {
  readonly #counts = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>;

  add(counter: Counter, count: number): void {
    this.#counts[counter] += count;
  }

  reset(): void {
    for (const name of COUNTERS) this.#counts[name] = 0;
  }

  entries(): [Counter, number][] {
    return COUNTERS.map((name) => [name, this.#counts[name]]);
  }

  count(request: Request, reply: Reply): void {
    if (reply.kind === 'server_error') return;
    switch (request.kind) {
      case 'get':
        return this.#countGet(request.keys.length, hits(reply));
      case 'gat':
        this.#counts.cmd_touch += request.keys.length;
        this.#counts.touch_hits += hits(reply);
        this.#counts.touch_misses += request.keys.length - hits(reply);
        return this.#countGet(request.keys.length, hits(reply));
      case 'store':
        this.#counts.cmd_set++;
        if (request.verb === 'cas') this.#countOutcome(reply, 'cas_hits', 'cas_misses');
        return;
      case 'arithmetic':
        return this.#countOutcome(reply, `${request.verb}_hits`, `${request.verb}_misses`);
      case 'touch':
        this.#counts.cmd_touch++;
        return this.#countOutcome(reply, 'touch_hits', 'touch_misses');
      case 'delete':
        return this.#countOutcome(reply, 'delete_hits', 'delete_misses');
      case 'flush_all':
        this.#counts.cmd_flush++;
        return;
      default:
        return;
    }
  }

  #countGet(keys: number, found: number): void {
    this.#counts.cmd_get += keys;
    this.#counts.get_hits += found;
    this.#counts.get_misses += keys - found;
  }

  #countOutcome(reply: Reply, hit: Counter, miss: Counter): void {
    if (reply.kind === 'outcome' && reply.outcome === 'not_found') this.#counts[miss]++;
    else if (reply.kind === 'outcome' && reply.outcome === 'exists') this.#counts.cas_badval++;
    else if (reply.kind !== 'client_error') this.#counts[hit]++;
  }
}

function hits(reply: Reply): number {
  return reply.kind === 'hits' ? reply.hits.length : 0;
}
