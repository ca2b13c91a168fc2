import type { Settings } from '../../controller/settings.ts';
import { resolveConfiguration, settingsOf } from '../settings/configuration.ts';
import { ownSettings } from '../settings/setting-table.ts';
import type { MiniKvLogLevel } from './words.ts';

export interface NodePlace {
  readonly httpPort: number;
  /** Where the controller itself listens, with memcached's protocol. */
  readonly port: number;
  readonly logLevel: MiniKvLogLevel;
}

/** The settings of the controller that a node of MiniKV is. */
export function nodeSettings({ httpPort, port, logLevel }: NodePlace): Settings {
  const own = ownSettings({
    cluster: 'minikv',
    peers: `127.0.0.1:${port}`,
    http_port: String(httpPort),
    consistency: 'linearizability',
    // All data are in the memory of the node.
    store: 'custom',
    store_bytes: STORE_BYTES,
    data_dir: '-',
    log_file: '-',
    log_level: logLevel,
  });
  const configuration = resolveConfiguration([own]);
  return settingsOf(configuration, 0, { host: null, port: null }, '.');
}

/**
 * The most that may be set. The embedded store evicts when it is full, and a read of an evicted key finds nothing; a
 * node of MiniKV has to run out of memory, and end, before that.
 */
const STORE_BYTES = '64g';
