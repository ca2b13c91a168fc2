import { kindOf } from '../../consistency/request-kinds.ts';
import { OPERATION_COUNTERS } from '../../protocol/operation-counts.ts';
import type { Hit, Reply } from '../../protocol/reply.ts';
import type { Request } from '../../protocol/request.ts';
import type { ControllerRouter } from '../groups.ts';
import type { HotKeys } from '../keys/hot-keys.ts';
import { KeyspaceRequests } from './keyspace-counts.ts';
import { PrefixStatistics } from './prefix-statistics.ts';

/**
 * The counters, under memcached's names. A client operation is counted by the controller that received it,
 * and only there.
 */
const COUNTERS = [
  ...OPERATION_COUNTERS,
  'auth_cmds',
  'auth_errors',
  'idle_kicks',
  'bytes_read',
  'bytes_written',
  'total_connections',
  'rejected_connections',
  'conn_yields',
  'memchorus_errors',
  'memchorus_clients_refused',
  'memchorus_clients_stalled',
] as const;

export type Counter = (typeof COUNTERS)[number];

/**
 * Counts client operations from requests and their replies, each as memcached does. A request that the
 * cluster could not carry out counts neither as a get nor as a set, but as one of memchorus_errors.
 */
export class Statistics {
  readonly prefixes = new PrefixStatistics();
  readonly keyspaces: KeyspaceRequests;
  readonly hotKeys: HotKeys;
  readonly #counts = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<Counter, number>;

  constructor(router: ControllerRouter, hotKeys: HotKeys) {
    this.keyspaces = new KeyspaceRequests(router);
    this.hotKeys = hotKeys;
  }

  get counts(): Readonly<Record<Counter, number>> {
    return this.#counts;
  }

  add(counter: Counter, count: number): void {
    this.#counts[counter] += count;
  }

  reset(): void {
    for (const name of COUNTERS) this.#counts[name] = 0;
    this.prefixes.clear();
    this.keyspaces.reset();
    this.hotKeys.reset();
  }

  /** Counts hits that are sent ahead of the rest of their reply. */
  countPart(hits: readonly Hit[]): void {
    if (this.prefixes.enabled) this.prefixes.countHits(hits);
  }

  count(request: Request, reply: Reply): void {
    this.hotKeys.count(request);
    this.keyspaces.count(request, reply);
    if (reply.kind === 'server_error') {
      this.#counts.memchorus_errors++;
      return;
    }
    const kind = kindOf(request);
    if (this.prefixes.enabled) kind.countPrefixes(request, reply, this.prefixes);
    kind.count(request, reply, this.#counts);
  }
}
