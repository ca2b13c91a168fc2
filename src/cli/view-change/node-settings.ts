import type { Address, Settings } from '../../controller/settings.ts';
import { formatAddress } from '../settings/address.ts';
import { resolveConfiguration, settingsOf } from '../settings/configuration.ts';
import { ownSettings } from '../settings/setting-table.ts';

/** The settings of the controller that a node is. */
export function nodeSettings(address: Address): Settings {
  const own = ownSettings({
    cluster: 'view-change',
    peers: formatAddress(address),
    consistency: 'linearizability',
    // All data are in the memory of the node.
    store: 'custom',
    store_bytes: STORE_BYTES,
    data_dir: '-',
    log_file: '-',
  });
  return settingsOf(resolveConfiguration([own]), 0, { host: null, port: null }, '.');
}

/** The most that may be set: a read of an evicted key would find nothing. */
const STORE_BYTES = '64g';
