import type { ControllerParts } from '../controller-parts.ts';
import { shardsOf } from '../status/shards-report.ts';
import type { ShardStatus } from '../status/status.ts';
import type { MetricKind, MetricUnit } from './metrics.ts';
import type { Figures } from './stats-groups.ts';

/** A metric that each shard has. The name of its keyspace and its number are the labels. */
export interface ShardMetric {
  readonly kind: MetricKind;
  readonly unit: MetricUnit;
  /** One sentence for operators. */
  readonly help: string;
  /** Null where only the controllers that have the shard know it. */
  readonly read: (shard: ShardStatus) => number | string | null;
}

/** Every metric of a shard. `stats` shows them as `memchorus_shard:KEYSPACE:SHARD:METRIC`. */
export const SHARD_METRICS = {
  controllers: {
    kind: 'label',
    unit: 'none',
    help: 'The ids of the controllers that have its entries.',
    read: ({ controllers }) => controllers.join(','),
  },
  keys: {
    kind: 'gauge',
    unit: 'records',
    help: 'Keys that have an entry, where this controller has the shard.',
    read: ({ keys }) => keys,
  },
  ready: {
    kind: 'gauge',
    unit: 'flag',
    help: 'Requests for its keys are served, here or by a controller that has it.',
    read: ({ service }) => (service.ready ? 1 : 0),
  },
} as const satisfies Readonly<Record<string, ShardMetric>>;

/** The metrics of all shards as `stats` shows them; none where no keyspace has several. */
export function shardFigures(parts: ControllerParts): Figures {
  return shardsOf(parts).flatMap((one) =>
    Object.entries<ShardMetric>(SHARD_METRICS).flatMap(([name, { read }]): Figures => {
      const value = read(one);
      return value === null ? [] : [[`memchorus_shard:${one.keyspace}:${one.shard}:${name}`, `${value}`]];
    }),
  );
}
