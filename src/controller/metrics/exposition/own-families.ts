import { shardsOf } from '../../status/shards-report.ts';
import type { ShardStatus } from '../../status/status.ts';
import { KEYSPACE_METRICS, type KeyspaceMetric } from '../keyspace-metrics.ts';
import { METRICS, type Metric, type MetricKind, type MetricUnit } from '../metrics.ts';
import { SHARD_METRICS, type ShardMetric } from '../shard-metrics.ts';
import { type Family, NO_LABELS, type Sample } from './family.ts';

/** The rows of the tables of metrics that memcached does not have, as Prometheus names them. */

const PREFIX = 'memchorus_';

type NumberKind = Exclude<MetricKind, 'label'>;

interface Exposed {
  readonly name: string;
  readonly metric: Metric;
  readonly type: NumberKind;
}

const EXPOSED: readonly Exposed[] = Object.entries<Metric>(METRICS).flatMap(([name, metric]) => {
  if (metric.kind === 'label' || !name.startsWith(PREFIX)) return [];
  return [{ name: metric.exposed?.name ?? exposedName(name, metric), metric, type: metric.kind }];
});

export const OWN_FAMILIES: readonly Family[] = [
  ...[...new Set(EXPOSED.map(({ name }) => name))].map(familyOf),
  {
    name: 'memchorus_keyspace_info',
    type: 'info',
    help: 'The keyspaces, with their prefixes, levels and schemes.',
    read: ({ parts }) =>
      parts.core.router.named.map((one) => ({
        labels: {
          keyspace: one.name,
          prefix: KEYSPACE_METRICS.prefix.read(parts, one) as string,
          level: KEYSPACE_METRICS.level.read(parts, one) as string,
          scheme: KEYSPACE_METRICS.scheme.read(parts, one) as string,
        },
        value: 1,
      })),
  },
  ...Object.entries<KeyspaceMetric>(KEYSPACE_METRICS).flatMap(keyspaceFamily),
  {
    name: 'memchorus_shard_info',
    type: 'info',
    help: 'The shards, with the ids of the controllers that have them.',
    read: ({ parts }) =>
      shardsOf(parts).map((shard) => ({
        labels: { ...labelsOf(shard), controllers: SHARD_METRICS.controllers.read(shard) },
        value: 1,
      })),
  },
  ...Object.entries<ShardMetric>(SHARD_METRICS).flatMap(shardFamily),
];

function familyOf(name: string): Family {
  const rows = EXPOSED.filter((row) => row.name === name);
  const { metric, type } = rows[0]!;
  return {
    name,
    type,
    help: metric.exposed?.help ?? metric.help,
    read: ({ parts }) =>
      rows.map(({ metric: { read, unit, exposed } }) => ({
        labels: exposed?.labels ?? NO_LABELS,
        value: toBaseUnit(read(parts), unit),
      })),
  };
}

/** Reads, writes and errors are counted only where there are several keyspaces. */
function keyspaceFamily([name, { kind, unit, help, read }]: readonly [string, KeyspaceMetric]): Family[] {
  if (kind === 'label') return [];
  const samples: Family['read'] = ({ parts }): readonly Sample[] => {
    if (kind === 'counter' && !parts.statistics.keyspaces.isCounting) return [];
    return parts.core.router.named.map((one) => ({
      labels: { keyspace: one.name },
      value: toBaseUnit(read(parts, one), unit),
    }));
  };
  const exposed = exposedName(`${PREFIX}keyspace_${name}`, { kind, unit });
  return [{ name: exposed, type: kind, help, read: samples } as Family];
}

/** A metric is left out for the shards of which this controller does not know it. */
function shardFamily([name, { kind, help, unit, read }]: readonly [string, ShardMetric]): Family[] {
  if (kind === 'label') return [];
  const samples: Family['read'] = ({ parts }): readonly Sample[] =>
    shardsOf(parts).flatMap((shard) => {
      const value = read(shard);
      return value === null ? [] : [{ labels: labelsOf(shard), value: toBaseUnit(value, unit) }];
    });
  return [
    {
      name: exposedName(`${PREFIX}shard_${name}`, { kind, unit }),
      type: kind,
      help,
      read: samples,
    } as Family,
  ];
}

function labelsOf({ keyspace, shard }: ShardStatus): Readonly<Record<string, string>> {
  return { keyspace, shard: String(shard) };
}

/** Prometheus wants base units, with the unit at the end of the name, and `_total` behind it for a counter. */
function exposedName(name: string, { kind, unit }: { readonly kind: MetricKind; readonly unit: MetricUnit }) {
  const inBaseUnit = unit === 'milliseconds' ? name.replace(/_ms$/, '_seconds') : name;
  return kind === 'counter' ? `${inBaseUnit}_total` : inBaseUnit;
}

function toBaseUnit(value: number | string, unit: MetricUnit): number {
  return unit === 'milliseconds' ? Number(value) / 1000 : Number(value);
}
