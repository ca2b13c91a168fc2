import { type Hit, type Reply, SERVER_ERROR_LINES } from '../../protocol/reply.ts';
import type {
  ArithmeticRequest,
  DeleteRequest,
  InvalidRequest,
  ReadItemRequest,
  Request,
  StoreRequest,
} from '../../protocol/request.ts';
import { PrefixStatistics } from './prefix-statistics.ts';

/** What is counted, under memcached's names. Every client operation counts once, wherever it is carried out. */
const COUNTERS = [
  'cmd_get',
  'cmd_set',
  'cmd_flush',
  'cmd_touch',
  'cmd_meta',
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
  'store_too_large',
  'auth_cmds',
  'auth_errors',
  'idle_kicks',
  'bytes_read',
  'bytes_written',
  'total_connections',
  'rejected_connections',
  'conn_yields',
  'total_items',
  'memchorus_errors',
  'memchorus_clients_refused',
  'memchorus_clients_stalled',
] as const;

export type Counter = (typeof COUNTERS)[number];

/**
 * Counts client operations from requests and their replies, each as memcached 1.6.18 counts it, its
 * oddities included: what only `me` adds to cmd_meta, and what a `gat` does not add to cmd_get. A request that
 * the cluster could not carry out is no get and no set, but one of memchorus_errors.
 */
export class Statistics {
  readonly prefixes = new PrefixStatistics();
  readonly #counts = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>;

  get counts(): Readonly<Record<Counter, number>> {
    return this.#counts;
  }

  add(counter: Counter, count: number): void {
    this.#counts[counter] += count;
  }

  reset(): void {
    for (const name of COUNTERS) this.#counts[name] = 0;
    this.prefixes.clear();
  }

  /** Hits that go out ahead of the rest of their reply. */
  countPart(hits: readonly Hit[]): void {
    if (this.prefixes.enabled) this.prefixes.countHits(hits);
  }

  count(request: Request, reply: Reply): void {
    if (request.kind === 'invalid') return this.#countInvalid(request);
    if (reply.kind === 'server_error') {
      this.#counts.memchorus_errors++;
      return;
    }
    if (this.prefixes.enabled) this.prefixes.count(request, reply);
    switch (request.kind) {
      case 'get':
        return this.#countGet(request.keys.length, hits(reply));
      case 'gat':
        return this.#countTouch(request.keys.length, hits(reply));
      case 'read_item':
        return this.#countItem(request, reply);
      case 'store':
        return this.#countStore(request, reply);
      case 'arithmetic':
        return this.#countArithmetic(request, reply);
      case 'touch':
        return this.#countTouch(1, outcomeOf(reply) === 'touched' ? 1 : 0);
      case 'delete':
        return this.#countDelete(request, reply);
      case 'flush_all':
        this.#counts.cmd_flush++;
        return;
      case 'debug':
        this.#counts.cmd_meta++;
        return;
      default:
        return;
    }
  }

  /**
   * memcached has counted a `set` by the time that its value turns out to be broken, and does not count one of
   * the binary protocol that is too large.
   */
  #countInvalid({ line }: InvalidRequest): void {
    if (line === 'CLIENT_ERROR bad data chunk') this.#counts.cmd_set++;
    else if (line === SERVER_ERROR_LINES.VALUE_TOO_LARGE) this.#counts.store_too_large++;
  }

  #countGet(keys: number, found: number): void {
    this.#counts.cmd_get += keys;
    this.#counts.get_hits += found;
    this.#counts.get_misses += keys - found;
  }

  #countTouch(keys: number, found: number): void {
    this.#counts.cmd_touch += keys;
    this.#counts.touch_hits += found;
    this.#counts.touch_misses += keys - found;
  }

  /** A hit with a new expiry counts as a touch, a miss always as a get. */
  #countItem({ touch }: ReadItemRequest, reply: Reply): void {
    if (reply.kind !== 'item') return this.#countGet(1, 0);
    const made = reply.item.ttlBefore === null;
    if (made) this.#counts.total_items++;
    if (touch === null || made) this.#countGet(1, 1);
    else this.#countTouch(1, 1);
  }

  #countStore({ verb, compare }: StoreRequest, reply: Reply): void {
    this.#counts.cmd_set++;
    const outcome = outcomeOf(reply);
    if (outcome === 'stored') this.#counts.total_items++;
    if (compare === null || verb === 'append' || verb === 'prepend') return;
    if (outcome === 'stored') this.#counts.cas_hits++;
    else if (outcome === 'exists') this.#counts.cas_badval++;
    else if (outcome === 'not_found') this.#counts.cas_misses++;
  }

  /** An entry that had to be made is neither hit nor miss. */
  #countArithmetic({ verb }: ArithmeticRequest, reply: Reply): void {
    if (reply.kind === 'number' && reply.ttlBefore === null) this.#counts.total_items++;
    else if (reply.kind === 'number') this.#counts[`${verb}_hits`]++;
    else if (outcomeOf(reply) === 'not_found') this.#counts[`${verb}_misses`]++;
  }

  #countDelete({ invalidate, unasked, wire }: DeleteRequest, reply: Reply): void {
    if (unasked) return;
    const outcome = outcomeOf(reply);
    // The wrong token is a miss for the meta protocol, and nothing for the binary one.
    if (outcome === 'exists' && wire !== undefined && 'opcode' in wire) return;
    if (outcome !== 'deleted') this.#counts.delete_misses++;
    else if (!invalidate) this.#counts.delete_hits++;
  }
}

function hits(reply: Reply): number {
  return reply.kind === 'hits' ? reply.hits.length + (reply.hitsBefore ?? 0) : 0;
}

function outcomeOf(reply: Reply): string {
  return reply.kind === 'outcome' ? reply.outcome : '';
}
