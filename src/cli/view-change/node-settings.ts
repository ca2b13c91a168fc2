import type { Address, Settings } from '../../controller/settings.ts';
import { formatAddress } from '../settings/address.ts';
import { resolveConfiguration, settingsOf } from '../settings/configuration.ts';
import { ownSettings } from '../settings/setting-table.ts';

/** The settings of the controller that a node is. @param view all nodes; each has the keys of one shard */
export function nodeSettings(address: Address, view: readonly Address[] = [address]): Settings {
  const own = ownSettings({
    cluster: 'view-change',
    peers: view.map(formatAddress).join(','),
    consistency: 'linearizability',
    shards: String(view.length),
    replicas: '1',
    // All data are in the memory of the node.
    store: 'custom',
    store_bytes: STORE_BYTES,
    data_dir: '-',
    log_file: '-',
  });
  const self = view.findIndex(({ host, port }) => host === address.host && port === address.port);
  return settingsOf(resolveConfiguration([own]), self, { host: null, port: null }, '.');
}

/** The most that may be set: a read of an evicted key would find nothing. */
const STORE_BYTES = '64g';
