import type { Address, Settings } from '../../controller/settings.ts';
import type { ChainIdentity } from '../../dialects/minikv/chain-places.ts';
import { CLIENT_HOST, httpPortOf, NODE_HOST, nodePortOf } from '../../dialects/minikv/chain-ports.ts';
import { resolveConfiguration, settingsOf } from '../settings/configuration.ts';
import { ownSettings } from '../settings/setting-table.ts';
import type { OwnPlace } from './joining.ts';
import type { MiniKvLogLevel } from './words.ts';

export interface NodePlace {
  readonly httpPort: number;
  /** Where the controller itself listens, with memcached's protocol. */
  readonly port: number;
  readonly logLevel: MiniKvLogLevel;
}

/** The settings of the controller that a node without replication is. */
export function nodeSettings({ httpPort, port, logLevel }: NodePlace): Settings {
  const own = { cluster: 'minikv', peers: `${CLIENT_HOST}:${port}`, http_port: String(httpPort) };
  return memorySettings({ ...own, log_level: logLevel });
}

/** The settings of the controller that the first node of a chain is. */
export function founderSettings(own: ChainIdentity, logLevel: MiniKvLogLevel): Settings {
  return {
    ...memorySettings({ ...chainOf(own), log_level: logLevel }),
    httpAt: httpOf(own.founder),
    dropsFounders: true,
  };
}

/** The settings of the controller that a node of a chain is which joins the others. */
export function joiningSettings(index: number, place: OwnPlace, logLevel: MiniKvLogLevel): Settings {
  const { id, configuration } = place;
  return {
    ...memorySettings({ ...chainOf(place), log_level: logLevel }),
    self: id,
    added: { address: { host: NODE_HOST, port: nodePortOf(index) }, configuration },
    httpAt: httpOf(index),
    dropsFounders: true,
  };
}

function httpOf(index: number): Address {
  return { host: CLIENT_HOST, port: httpPortOf(index) };
}

function chainOf({ cluster, founder }: ChainIdentity): Readonly<Record<string, string>> {
  return { cluster, peers: `${NODE_HOST}:${nodePortOf(founder)}`, scheme: 'chain' };
}

/** All data are in the memory of the node. */
function memorySettings(given: Readonly<Record<string, string>>): Settings {
  const own = ownSettings({
    ...given,
    consistency: 'linearizability',
    store: 'custom',
    store_bytes: STORE_BYTES,
    data_dir: '-',
    log_file: '-',
  });
  return settingsOf(resolveConfiguration([own]), 0, { host: null, port: null }, '.');
}

/**
 * The most that may be set. The embedded store evicts when it is full, and a read of an evicted key finds nothing; a
 * node of MiniKV has to run out of memory, and end, before that.
 */
const STORE_BYTES = '64g';
