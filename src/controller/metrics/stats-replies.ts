import { REPLIES, type Reply, serverError } from '../../protocol/reply.ts';
import type { StatsGroup } from '../../store/driver.ts';
import { type OnAdminReply, passOn, storeError } from '../admin/store-administration.ts';
import { REQUESTS_PER_TURN } from '../clients/client-connection.ts';
import { BACKLOG } from '../clients/front-door.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { hotKeyFigures, largeKeyFigures } from '../keys/key-figures.ts';
import { ownAddress } from '../settings.ts';
import { keyspaceFigures } from './keyspace-metrics.ts';
import { METRIC_NAMES, type MetricName, metricText } from './metrics.ts';
import { PREFIX_DELIMITER } from './prefix-statistics.ts';
import { shardFigures } from './shard-metrics.ts';
import { type Figures, GROUPS, merge } from './stats-groups.ts';

/**
 * Answers `stats` and its groups: what this controller counts, and what only the local memcached can know.
 *
 * @param words those after `stats`; as in memcached, words beyond those of a group are ignored
 */
export function replyToStats(parts: ControllerParts, words: readonly string[], answer: OnAdminReply): void {
  switch (words[0]) {
    case undefined:
      return general(parts, answer);
    case 'settings':
      return settings(parts, answer);
    case 'reset':
      return reset(parts, answer);
    case 'items':
    case 'slabs':
    case 'sizes':
      return forward(parts, words[0], answer);
    case 'sizes_enable':
    case 'sizes_disable':
      return passOn(parts.store, ['stats', words[0]], answer);
    case 'conns':
      return answer({ kind: 'stats', stats: connections(parts) });
    case 'detail':
      return answer(detail(parts, words[1]));
    case 'hotkeys':
      return answer({ kind: 'stats', stats: hotKeyFigures(parts) });
    case 'bigkeys':
      return parts.largeKeys.whenLooked((report) =>
        answer({ kind: 'stats', stats: largeKeyFigures(report) }),
      );
    case 'extstore':
      return answer({ kind: 'stats', stats: [] });
    default:
      return answer(UNKNOWN);
  }
}

const UNKNOWN: Reply = { kind: 'line', line: 'ERROR' };
const RESET: Reply = { kind: 'line', line: 'RESET' };

/** Metrics that memcached does not have. */
const OWN_NAMES = METRIC_NAMES.filter((name) => name.startsWith('memchorus_'));
const GENERAL_NAMES = METRIC_NAMES.filter((name) => GROUPS.general.some((one) => one === name));

/** If the store is down, its figures are left out. */
function general(parts: ControllerParts, answer: OnAdminReply): void {
  parts.store.stats('', (_, store) => {
    const closesIdle = parts.settings.idleTimeoutMs > 0;
    const shown = closesIdle ? GENERAL_NAMES : GENERAL_NAMES.filter((name) => name !== 'idle_kicks');
    const stats = merge('general', figuresOf(shown, parts), store ?? []);
    const own = [...figuresOf(OWN_NAMES, parts), ...keyspaceFigures(parts), ...shardFigures(parts)];
    answer({ kind: 'stats', stats: [...stats, ...own] });
  });
}

/** The figures that this controller keeps under memcached's names. */
export function ownFigures(parts: ControllerParts): Figures {
  return figuresOf(GENERAL_NAMES, parts);
}

function figuresOf(names: readonly MetricName[], parts: ControllerParts): Figures {
  return names.map((name) => [name, metricText(name, parts)]);
}

function settings(parts: ControllerParts, answer: OnAdminReply): void {
  parts.store.stats('settings', (_, store) => {
    answer({ kind: 'stats', stats: merge('settings', ownSettings(parts), store ?? []) });
  });
}

/** The settings that this controller has under memcached's names. */
export function ownSettings({ settings, statistics }: ControllerParts): Figures {
  const { host, port } = ownAddress(settings);
  const own = {
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
    dump_enabled: 'yes',
    idle_timeout: Math.ceil(settings.idleTimeoutMs / 1000),
    ssl_enabled: 'no',
  };
  return Object.entries(own).map(([name, value]) => [name, `${value}`]);
}

function forward({ store }: ControllerParts, group: StatsGroup, answer: OnAdminReply): void {
  store.stats(group, (error, stats) => {
    if (stats !== null) answer({ kind: 'stats', stats });
    else answer(error === null ? serverError('STORE_FAILED', '') : storeError(error));
  });
}

function reset({ store, statistics }: ControllerParts, answer: OnAdminReply): void {
  store.stats('reset', () => {
    statistics.reset();
    answer(RESET);
  });
}

function detail({ statistics: { prefixes } }: ControllerParts, mode: string | undefined): Reply {
  if (mode === 'dump') return { kind: 'lines', lines: prefixes.dump() };
  if (mode !== 'on' && mode !== 'off') {
    return { kind: 'client_error', reason: 'usage: stats detail on|off|dump' };
  }
  prefixes.enabled = mode === 'on';
  return REPLIES.ok;
}

function connections({ clients, settings }: ControllerParts): Figures {
  const { host, port } = ownAddress(settings);
  return clients.figures.flatMap(
    ({ id, address, state, idleSeconds }): Figures => [
      [`${id}:addr`, `tcp:${address}`],
      [`${id}:listen_addr`, `tcp:${host}:${port}`],
      [`${id}:state`, state],
      [`${id}:secs_since_last_cmd`, `${idleSeconds}`],
    ],
  );
}
