import type { Address } from '../../controller/settings.ts';
import { loadRunRecord } from '../cluster/run-record.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { sameAddress } from '../settings/address.ts';
import type { ResolvedSettings } from '../settings/configuration.ts';

/**
 * The controllers to ask. If the command line names one that is not known here, only that one is asked: its
 * answer names its peers.
 */
export function addressesOf(
  line: CommandLine,
  configuration: ResolvedSettings,
  runDirectory: string,
): readonly Address[] {
  const known = knownAddresses(line, configuration, runDirectory);
  const { id, host, port } = line.identity;
  if (id !== null || (host === null && port === null)) return known;
  const named = { host: host ?? '127.0.0.1', port: port ?? known[0]!.port };
  return known.some((address) => sameAddress(address, named)) ? known : [named];
}

/**
 * The peers of a configuration that was named; otherwise the controllers that `start` has started here;
 * otherwise the peers of the default configuration.
 */
function knownAddresses(
  line: CommandLine,
  configuration: ResolvedSettings,
  runDirectory: string,
): readonly Address[] {
  const isConfigured =
    line.configPath !== null ||
    line.settings.has('peers') ||
    Boolean(process.env.MEMCHORUS_CONFIG || process.env.MEMCHORUS_PEERS);
  const started = isConfigured ? [] : (loadRunRecord(runDirectory)?.controllers ?? []);
  return started.length > 0 ? started.map(({ address }) => address) : configuration.peers;
}
