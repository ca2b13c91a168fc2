import { REPLIES, type Reply, serverError } from '../../protocol/reply.ts';
import type { StatsGroup } from '../../store/driver.ts';
import { dumpRefusal } from '../admin/refusals.ts';
import { type Answer, passOn, type StoreAdministration, storeError } from '../admin/store-administration.ts';
import type { ConnectionFigures } from '../clients/client-connection.ts';
import { REQUESTS_PER_TURN } from '../clients/client-connection.ts';
import { BACKLOG } from '../clients/front-door.ts';
import { MEMCACHED_VERSION, VERSION } from '../product.ts';
import type { Settings } from '../settings.ts';
import type { Status } from '../status/status.ts';
import { PREFIX_DELIMITER } from './prefix-statistics.ts';
import type { Statistics } from './statistics.ts';
import { type Figures, merge } from './stats-groups.ts';

export interface StatsPorts {
  readonly settings: Settings;
  readonly statistics: Statistics;
  readonly status: () => Status;
  readonly store: StoreAdministration;
  readonly clients: () => number;
  /** Connections that have said nothing yet. */
  readonly silent: () => number;
  readonly connections: () => readonly ConnectionFigures[];
  /** The controller's own figures, under names of their own. */
  readonly figures: () => Readonly<Record<string, number | string>>;
}

/** `stats` and its groups: what this controller counts, and what only the local memcached can know. */
export class StatsReplies {
  readonly #ports: StatsPorts;

  constructor(ports: StatsPorts) {
    this.#ports = ports;
  }

  /** @param words those after `stats`; as in memcached, more of them than a group has are ignored */
  reply(words: readonly string[], answer: Answer): void {
    switch (words[0]) {
      case undefined:
        return this.#merged('general', '', () => this.#general(), answer);
      case 'settings':
        return this.#merged('settings', 'settings', () => this.#settings(), answer);
      case 'reset':
        return this.#reset(answer);
      case 'items':
      case 'slabs':
      case 'sizes':
        return this.#forward(words[0], answer);
      case 'sizes_enable':
      case 'sizes_disable':
        return passOn(this.#ports.store, ['stats', words[0]], answer);
      case 'conns':
        return answer({ kind: 'stats', stats: this.#conns() });
      case 'detail':
        return answer(this.#detail(words[1]));
      case 'extstore':
        return answer({ kind: 'stats', stats: [] });
      case 'cachedump':
        return answer(dumpRefusal(words));
      default:
        return answer(UNKNOWN);
    }
  }

  /** A store that is down leaves its figures out. */
  #merged(group: 'general' | 'settings', asked: StatsGroup, own: () => Figures, answer: Answer): void {
    this.#ports.store.stats(asked, (_, store) => {
      const stats = merge(group, own(), store ?? []);
      const ownStats = group === 'general' ? this.#memchorus() : [];
      answer({ kind: 'stats', stats: [...stats, ...ownStats] });
    });
  }

  #forward(group: StatsGroup, answer: Answer): void {
    this.#ports.store.stats(group, (error, stats) => {
      if (stats !== null) answer({ kind: 'stats', stats });
      else answer(error === null ? serverError('STORE_FAILED', '') : storeError(error));
    });
  }

  #reset(answer: Answer): void {
    this.#ports.store.stats('reset', () => {
      this.#ports.statistics.reset();
      answer(RESET);
    });
  }

  #detail(mode: string | undefined): Reply {
    const { prefixes } = this.#ports.statistics;
    if (mode === 'dump') return { kind: 'lines', lines: prefixes.dump() };
    if (mode !== 'on' && mode !== 'off') {
      return { kind: 'client_error', reason: 'usage: stats detail on|off|dump' };
    }
    prefixes.enabled = mode === 'on';
    return REPLIES.ok;
  }

  #general(): Figures {
    const { statistics, clients, silent, settings } = this.#ports;
    const status = this.#ports.status();
    const cpu = process.resourceUsage();
    const { idle_kicks, ...counts } = statistics.counts;
    return texts({
      ...counts,
      ...(settings.idleTimeoutMs > 0 && { idle_kicks }),
      pid: process.pid,
      uptime: Math.floor(status.uptimeSeconds),
      time: Math.floor(Date.now() / 1000),
      version: MEMCACHED_VERSION,
      pointer_size: 64,
      rusage_user: (cpu.userCPUTime / 1e6).toFixed(6),
      rusage_system: (cpu.systemCPUTime / 1e6).toFixed(6),
      max_connections: settings.connectionsMax,
      curr_connections: clients(),
      connection_structures: clients() + silent(),
      accepting_conns: 1,
      listen_disabled_num: 0,
      time_in_listen_disabled_us: 0,
      threads: 1,
      curr_items: status.keys,
    });
  }

  #memchorus(): Figures {
    const { statistics, store, figures } = this.#ports;
    const { level, ready, requests, keys, store: storeStatus, peers } = this.#ports.status();
    const { counts } = statistics;
    return texts({
      memchorus_version: VERSION,
      memchorus_level: level,
      memchorus_ready: ready ? 1 : 0,
      memchorus_requests_pending: requests.pending,
      memchorus_requests_completed: requests.completed,
      memchorus_keys: keys,
      memchorus_errors: counts.memchorus_errors,
      memchorus_clients_refused: counts.memchorus_clients_refused,
      memchorus_clients_stalled: counts.memchorus_clients_stalled,
      memchorus_peers: peers.length,
      memchorus_peers_up: peers.filter(({ up }) => up).length,
      memchorus_store_up: storeStatus.up ? 1 : 0,
      memchorus_store_gets: store.counters.gets,
      memchorus_store_sets: store.counters.sets,
      memchorus_store_deletes: store.counters.deletes,
      memchorus_store_errors: store.counters.errors,
      memchorus_store_reconnects: store.counters.reconnects,
      memchorus_store_foreign_values: store.counters.foreignValues,
      ...figures(),
    });
  }

  #settings(): Figures {
    const { settings, statistics } = this.#ports;
    const { host, port } = settings.peers[settings.self]!;
    return texts({
      maxconns: settings.connectionsMax,
      tcpport: port,
      udpport: 0,
      inter: host,
      verbosity: 0,
      domain_socket: 'NULL',
      shutdown_command: settings.shutdownCommand ? 'yes' : 'no',
      num_threads: 1,
      stat_key_prefix: PREFIX_DELIMITER,
      detail_enabled: statistics.prefixes.enabled ? 'yes' : 'no',
      reqs_per_event: REQUESTS_PER_TURN,
      cas_enabled: 'yes',
      tcp_backlog: BACKLOG,
      binding_protocol: 'auto-negotiate',
      auth_enabled_sasl: 'no',
      auth_enabled_ascii: 'no',
      item_size_max: settings.itemBytesMax,
      maxconns_fast: 'yes',
      flush_enabled: 'yes',
      dump_enabled: 'no',
      idle_timeout: Math.ceil(settings.idleTimeoutMs / 1000),
      ssl_enabled: 'no',
    });
  }

  #conns(): Figures {
    const { host, port } = this.#ports.settings.peers[this.#ports.settings.self]!;
    return this.#ports.connections().flatMap(
      ({ id, address, state, idleSeconds }): Figures => [
        [`${id}:addr`, `tcp:${address}`],
        [`${id}:listen_addr`, `tcp:${host}:${port}`],
        [`${id}:state`, state],
        [`${id}:secs_since_last_cmd`, `${idleSeconds}`],
      ],
    );
  }
}

const UNKNOWN: Reply = { kind: 'line', line: 'ERROR' };
const RESET: Reply = { kind: 'line', line: 'RESET' };

function texts(figures: Readonly<Record<string, number | string>>): Figures {
  return Object.entries(figures).map(([name, value]) => [name, `${value}`]);
}
