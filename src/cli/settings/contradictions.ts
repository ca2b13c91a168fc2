import { isOrdered } from '../../consistency/policies.ts';
import type { SharedSettings } from '../../controller/settings.ts';
import { keyspacesOf } from '../../placement/placement.ts';
import { UsageError } from '../failure.ts';
import type { SettingKey } from './setting-table.ts';

/** Settings that can't hold together: the first has to be larger than the others come to. */
interface Rule {
  readonly key: SettingKey;
  /** What it has to be larger than, or as large as. */
  readonly bound: readonly SettingKey[];
  /** The bound as it is written for people, in terms of settings. */
  readonly formula: string;
  /** False: it may be as large. */
  readonly isStrict: boolean;
  readonly value: (settings: SharedSettings) => number;
  readonly boundValue: (settings: SharedSettings) => number;
  readonly concerns: (settings: SharedSettings) => boolean;
  /** What would happen otherwise. */
  readonly why: string;
}

const always = (): boolean => true;
const hasViews = (settings: SharedSettings): boolean =>
  keyspacesOf(settings).some(({ level }) => isOrdered(level));
const hasMemcached = ({ storeType }: SharedSettings): boolean => storeType !== 'custom';
const suspectMs = ({ heartbeatMs, threshold }: SharedSettings): number => heartbeatMs * threshold;

const RULES: readonly Rule[] = [
  {
    key: 'lease_time',
    bound: ['heartbeat_time'],
    formula: 'heartbeat_time',
    isStrict: true,
    value: ({ leaseMs }) => leaseMs,
    boundValue: ({ heartbeatMs }) => heartbeatMs,
    concerns: hasViews,
    why: 'a lease is renewed with every heartbeat, and would run out in between',
  },
  {
    key: 'request_timeout',
    bound: ['heartbeat_time', 'threshold', 'lease_time'],
    formula: 'heartbeat_time * threshold + lease_time',
    isStrict: true,
    value: ({ requestTimeoutMs }) => requestTimeoutMs,
    boundValue: (settings) => suspectMs(settings) + settings.leaseMs,
    concerns: hasViews,
    why:
      'the others take that long to go on without a controller that has failed, ' +
      'and every request would fail meanwhile',
  },
  {
    key: 'request_timeout',
    bound: ['store_timeout'],
    formula: 'store_timeout',
    isStrict: true,
    value: ({ requestTimeoutMs }) => requestTimeoutMs,
    boundValue: ({ storeTimeoutMs }) => storeTimeoutMs,
    concerns: hasMemcached,
    why: 'requests would run out of time before a store that hangs is noticed',
  },
  {
    key: 'tombstone_horizon',
    bound: ['heartbeat_time', 'threshold'],
    formula: 'heartbeat_time * threshold',
    isStrict: true,
    value: ({ tombstoneHorizonMs }) => tombstoneHorizonMs,
    boundValue: suspectMs,
    concerns: always,
    why: 'a controller would have to start anew before it is even missed',
  },
  {
    key: 'queue_bytes_max',
    bound: ['item_size_max'],
    formula: 'item_size_max',
    isStrict: false,
    value: ({ queueBytesMax }) => queueBytesMax,
    boundValue: ({ itemBytesMax }) => itemBytesMax,
    concerns: hasViews,
    why: 'one item would fill it',
  },
  {
    key: 'client_bytes_max',
    bound: ['item_size_max'],
    formula: 'item_size_max',
    isStrict: false,
    value: ({ clientBytesMax }) => clientBytesMax,
    boundValue: ({ itemBytesMax }) => itemBytesMax,
    concerns: always,
    why: 'one item would fill it',
  },
  {
    key: 'store_bytes',
    bound: ['item_size_max'],
    formula: 'item_size_max',
    isStrict: false,
    value: ({ storeBytesMax }) => storeBytesMax,
    boundValue: ({ itemBytesMax }) => itemBytesMax,
    concerns: (settings) => !hasMemcached(settings),
    why: 'an item of that size would not fit into the store',
  },
];

/**
 * @param saidWhere a setting, its value, and where it comes from, for people: `lease_time is 0.05 (in config.ini)`
 * @throws UsageError
 */
export function refuseContradictions(settings: SharedSettings, saidWhere: (key: SettingKey) => string): void {
  for (const rule of RULES) {
    if (!rule.concerns(settings)) continue;
    const value = rule.value(settings);
    const bound = rule.boundValue(settings);
    if (rule.isStrict ? value > bound : value >= bound) continue;
    const others = rule.bound.map(saidWhere).join(', ');
    const relation = rule.isStrict ? 'more than' : 'at least';
    throw new UsageError(
      'SETTING',
      `${saidWhere(rule.key)}, but has to be ${relation} ${rule.formula} (${others}): ${rule.why}`,
    );
  }
}
