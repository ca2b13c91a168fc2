import type { Address, Settings } from '../../controller/settings.ts';
import { formatAddress } from '../settings/address.ts';
import { resolveConfiguration, settingsOf } from '../settings/configuration.ts';
import { ownSettings } from '../settings/setting-table.ts';
import type { ShardedNodeOptions } from './node-options.ts';

/** The settings of the controller that a node is. All nodes have all keys. */
export function nodeSettings({ address, view }: Pick<ShardedNodeOptions, 'address' | 'view'>): Settings {
  const own = ownSettings({
    cluster: 'sharded',
    peers: view.map(formatAddress).join(),
    consistency: 'causal',
    // All data are in the memory of the node.
    store: 'custom',
    store_bytes: STORE_BYTES,
    data_dir: '-',
    log_file: '-',
  });
  const isOwn = (one: Address) => one.host === address.host && one.port === address.port;
  return settingsOf(resolveConfiguration([own]), view.findIndex(isOwn), { host: null, port: null }, '.');
}

/** The most that may be set: a read of an evicted key would find nothing. */
const STORE_BYTES = '64g';
