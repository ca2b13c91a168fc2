import type { Address, Settings } from '../../controller/settings.ts';
import { runsOf } from '../../dialects/view-change/runs.ts';
import { formatAddress } from '../settings/address.ts';
import { resolveConfiguration, settingsOf } from '../settings/configuration.ts';
import { ownSettings } from '../settings/setting-table.ts';

/**
 * The settings of the controller that a node is. Shards of several nodes are causal.
 *
 * @param nodes all nodes, in the order of the view
 * @param factor how many nodes have each key: a divisor of their number
 * @param cluster the cluster of controllers, of which each view has one of its own
 */
export function nodeSettings(
  address: Address,
  nodes: readonly Address[] = [address],
  factor = 1,
  cluster = 'view-change',
): Settings {
  const own = ownSettings({
    cluster,
    peers: nodes.map(formatAddress).join(','),
    consistency: factor === 1 ? 'linearizability' : 'causal',
    shards: String(nodes.length / factor),
    // All data are in the memory of the node.
    store: 'custom',
    store_bytes: STORE_BYTES,
    data_dir: '-',
    log_file: '-',
  });
  const self = nodes.findIndex(({ host, port }) => host === address.host && port === address.port);
  const members = runsOf([...nodes.keys()], factor);
  const resolved = resolveConfiguration([own]);
  const sharded = resolved.sharded.map((one) => ({ ...one, replicas: factor, members }));
  return settingsOf({ ...resolved, sharded }, self, { host: null, port: null }, '.');
}

/** The most that may be set: a read of an evicted key would find nothing. */
const STORE_BYTES = '64g';
