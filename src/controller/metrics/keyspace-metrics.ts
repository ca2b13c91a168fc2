import type { ControllerParts } from '../controller-parts.ts';
import { type OneKeyspace, readTroubleIn, writeTroubleIn } from '../status/keyspace-service.ts';
import { largestLagIn } from './group-figures.ts';
import type { MetricKind, MetricUnit } from './metrics.ts';
import type { Figures } from './stats-groups.ts';

/** A metric that each keyspace has. The name of the keyspace is its label. */
export interface KeyspaceMetric {
  readonly kind: MetricKind;
  readonly unit: MetricUnit;
  /** One sentence for operators. */
  readonly help: string;
  readonly read: (parts: ControllerParts, keyspace: OneKeyspace) => number | string;
}

/**
 * Every metric of a keyspace. `stats` shows them where there are several keyspaces, as
 * `memchorus_keyspace:NAME:METRIC`.
 */
export const KEYSPACE_METRICS = {
  prefix: text('The beginning of its keys.', (_, { prefix }) => prefix),
  level: text('Its consistency level.', (_, { policy }) => policy.level),
  scheme: text('How its writes are replicated.', (_, { policy }) => policy.scheme),
  keys: gauge('records', 'Keys that have an entry.', ({ keyspaceKeys }, keyspace) =>
    keyspaceKeys.of(keyspace),
  ),
  reads: counter(
    'Reads that clients asked for.',
    ({ statistics }, one) => statistics.keyspaces.of(one).reads,
  ),
  writes: counter(
    'Writes that clients asked for.',
    ({ statistics }, one) => statistics.keyspaces.of(one).writes,
  ),
  errors: counter(
    'Of both, those that were answered with a server error.',
    ({ statistics }, one) => statistics.keyspaces.of(one).errors,
  ),
  behind_writes: gauge(
    'operations',
    'Writes of its group missing here that a peer is known to have: of the peer that has most.',
    (parts, one) => largestLagIn(parts, one).writes,
  ),
  behind_ms: gauge(
    'milliseconds',
    'Time since this controller had all that a peer had told of its group: of the slowest peer.',
    (parts, one) => Math.round(largestLagIn(parts, one).ms),
  ),
  reads_ready: gauge('flag', 'Its reads are served.', (_, one) => (readTroubleIn(one) === '' ? 1 : 0)),
  writes_ready: gauge('flag', 'Its writes are served.', (_, one) => (writeTroubleIn(one) === '' ? 1 : 0)),
} as const satisfies Readonly<Record<string, KeyspaceMetric>>;

/** The metrics of all keyspaces as `stats` shows them; none where there is only one keyspace. */
export function keyspaceFigures(parts: ControllerParts): Figures {
  const { named } = parts.core.router;
  if (named.length === 1) return [];
  return named.flatMap((keyspace) =>
    Object.entries(KEYSPACE_METRICS).map(
      ([name, { read }]) =>
        [`memchorus_keyspace:${keyspace.name}:${name}`, `${read(parts, keyspace)}`] as const,
    ),
  );
}

type Read<T> = (parts: ControllerParts, keyspace: OneKeyspace) => T;

function text(help: string, read: Read<string>): KeyspaceMetric {
  return { kind: 'label', unit: 'none', help, read };
}

function gauge(unit: MetricUnit, help: string, read: Read<number>): KeyspaceMetric {
  return { kind: 'gauge', unit, help, read };
}

function counter(help: string, read: Read<number>): KeyspaceMetric {
  return { kind: 'counter', unit: 'operations', help, read };
}
