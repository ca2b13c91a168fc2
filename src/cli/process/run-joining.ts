import { LOOPBACK } from '../../base/address-text.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { UsageError } from '../failure.ts';
import { formatAddress, sameAddress } from '../settings/address.ts';
import { readSecret, requireSecretFor } from '../settings/cluster-secret.ts';
import { dataDirOf, type ResolvedSettings, settingsOf } from '../settings/configuration.ts';
import { joinedAt } from './joined.ts';
import { runController } from './run-controller.ts';

/**
 * Runs a controller that is not in `peers`: one that was added to the cluster by `member add`, or is about to be.
 *
 * @returns the exit code
 */
export async function runJoining(
  line: CommandLine,
  configuration: ResolvedSettings,
  runDirectory: string,
): Promise<number> {
  const { id, host, port } = line.identity;
  if (id !== null || port === null)
    throw new UsageError(
      'COMMAND_LINE',
      'a controller that joins gets its id from the others: give its address with -i and -p, and no --id',
    );
  const address = { host: host ?? LOOPBACK, port };
  const { peers } = configuration;
  const secret = readSecret(configuration, process.env, runDirectory);
  requireSecretFor([...peers, address], secret);
  const dataDir = dataDirOf(configuration.dataDir, runDirectory);
  const tell = (text: string) => void process.stdout.write(`${text}\n`);
  const joined = await joinedAt(address, line.join, dataDir, tell);
  // One that was removed by force may be followed by another one at its address, which has another id.
  if (joined.id < peers.length && peers.some((peer) => sameAddress(peer, address)))
    throw new UsageError(
      'COMMAND_LINE',
      `${formatAddress(address)} is one of peers: start it without --join`,
    );
  const settings = settingsOf(configuration, joined.id, line.store, runDirectory);
  return runController({ ...settings, added: joined.added }, secret);
}
