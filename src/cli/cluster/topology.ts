import { networkInterfaces } from 'node:os';
import type { Address } from '../../controller/settings.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { UsageError } from '../failure.ts';
import { formatAddress, loopbackRange } from '../settings/address.ts';
import { STORE_PORT_BASE } from '../settings/configuration.ts';
import type { RawSetting, SettingKey } from '../settings/setting-table.ts';

const CONTROLLERS_DEFAULT = 3;
const PORT_BASE = 8000;
const PORT_MAX = 65_535;

/**
 * Translates `-n` and `--base-port` into `peers`, as a layer of settings above all others. The layer is empty
 * when neither is given; then the peers are the configured ones.
 *
 * @throws UsageError
 */
export function topologyLayer(line: CommandLine): ReadonlyMap<SettingKey, RawSetting> {
  if (line.controllers === null && line.basePort === null) return new Map();
  if (line.settings.has('peers'))
    throw new UsageError('SETTING', 'give either --peers, or -n and --base-port');
  const peers = portRange(line.basePort ?? PORT_BASE, line.controllers ?? CONTROLLERS_DEFAULT);
  return new Map([['peers', { text: peers.map(formatAddress).join(','), origin: '-n' }]]);
}

/** The addresses of the memcacheds that `start` starts. @throws UsageError */
export function plannedStores(line: CommandLine, count: number): readonly Address[] {
  return portRange(line.storeBasePort ?? STORE_PORT_BASE, count);
}

function portRange(base: number, count: number): Address[] {
  if (base + count - 1 <= PORT_MAX) return loopbackRange(base, count);
  throw new UsageError(
    'SETTING',
    `${count} ports from ${base} on go beyond ${PORT_MAX}; choose a lower base`,
  );
}

/** `start` can only start controllers on this machine. @throws UsageError when a peer is elsewhere */
export function requireLocal(peers: readonly Address[]): void {
  const foreign = peers.find((peer) => !isLocalAddress(peer));
  if (foreign === undefined) return;
  const how = 'start that controller there: main.ts -i <host> -p <port>';
  throw new UsageError(
    'SETTING',
    `start runs all peers here, but ${formatAddress(foreign)} is no address of this machine; ${how}`,
  );
}

/** The host is one of this machine. */
export function isLocalAddress({ host }: Address): boolean {
  const own = Object.values(networkInterfaces()).flatMap(
    (entries) => entries?.map((entry) => entry.address) ?? [],
  );
  return own.includes(host) || host.startsWith('127.');
}
