import type { Address, Settings } from '../../controller/settings.ts';
import { dealtShards } from '../../dialects/sharded/dealt-shards.ts';
import { formatAddress } from '../settings/address.ts';
import { resolveConfiguration, settingsOf } from '../settings/configuration.ts';
import { ownSettings } from '../settings/setting-table.ts';
import type { ShardedNodeOptions } from './node-options.ts';

/** The settings of the controller that a node is. */
export function nodeSettings({
  address,
  view,
  shardCount,
}: Pick<ShardedNodeOptions, 'address' | 'view' | 'shardCount'>): Settings {
  const own = ownSettings({
    cluster: 'sharded',
    peers: view.map(formatAddress).join(),
    consistency: 'causal',
    shards: String(shardCount),
    // All data are in the memory of the node.
    store: 'custom',
    store_bytes: STORE_BYTES,
    data_dir: '-',
    log_file: '-',
  });
  const isOwn = (one: Address) => one.host === address.host && one.port === address.port;
  const members = dealtShards([...view.keys()], shardCount);
  const resolved = resolveConfiguration([own]);
  const sharded = resolved.sharded.map((one) => ({ ...one, members }));
  return settingsOf({ ...resolved, sharded }, view.findIndex(isOwn), { host: null, port: null }, '.');
}

/** The most that may be set: a read of an evicted key would find nothing. */
const STORE_BYTES = '64g';
