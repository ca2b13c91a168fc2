import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../controller/settings.ts';
import type { MembersStatus } from '../../controller/status/status.ts';
import { newestOf } from '../../journal/agreed-on-disk.ts';
import { directoryOf } from '../../journal/data-directory.ts';
import { type Configuration, configurationFlaw } from '../../placement/configuration.ts';
import { CliConnection, ConnectionLost } from '../client/cli-connection.ts';
import { OperationError } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { addedFileOf, type Joined, placeOf, remember, rememberedAt } from './added-file.ts';

/** How often the others are asked whether this controller was added, in milliseconds. */
const ASK_EVERY_MS = 500;

/** How long one of them may take to answer, in milliseconds. */
const ANSWER_WITHIN_MS = 2_000;

/** What is waited for is said again after so many milliseconds. */
const TOLD_EVERY_MS = 10_000;

/**
 * Finds out which controller listens at this address: by the data directory of an earlier run, else from the
 * controllers of the cluster, for as long as they do not have it among them.
 *
 * @param others controllers of the cluster
 * @param dataDir empty for none: then the others are asked at each start
 * @param tell says what is waited for
 * @throws JournalError, OperationError when the data directory can't be used
 */
export async function joinedAt(
  address: Address,
  others: readonly Address[],
  dataDir: string,
  tell: (text: string) => void,
): Promise<Joined> {
  const remembered = dataDir === '' ? null : await rememberedAt(address, dataDir);
  if (remembered !== null) {
    await refuseDropped(remembered, others, dataDir);
    return remembered;
  }
  let tellAtMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const known = await newestAt(others);
    const joined = known === null ? null : placeOf(address, known);
    if (joined !== null) {
      if (dataDir !== '') await remember(joined, dataDir);
      return joined;
    }
    if (performance.now() >= tellAtMs) {
      const own = formatAddress(address);
      const asked = others.map(formatAddress).join(', ');
      tell(
        `waits until ${own} is a controller of the cluster, as ${asked} know it: main.ts member add ${own}`,
      );
      tellAtMs = performance.now() + TOLD_EVERY_MS;
    }
    await sleep(ASK_EVERY_MS);
  }
}

/** A controller that was removed for good would be refused by all others, and never know why. */
async function refuseDropped(
  { id, added }: Joined,
  others: readonly Address[],
  dataDir: string,
): Promise<void> {
  const { address, configuration } = added;
  const peers = configuration.controllers.filter((one) => one.id !== id);
  const newest = await newestAt([...others, ...peers]);
  const epoch = configuration.epoch ?? 0;
  if (newest === null || newest.epoch! <= epoch || newest.controllers.some((one) => one.id === id)) return;
  const own = formatAddress(address);
  const file = addedFileOf(address, dataDir);
  throw new OperationError(
    'DROPPED',
    `controller ${id} (${own}) was removed from the cluster for good: to add a controller here again, remove ${file} ` +
      `and ${directoryOf(dataDir, id)}, start it, and run main.ts member add ${own}`,
  );
}

/** What the newest of these controllers says; null when none of them has agreed on a configuration, or answers. */
export async function newestAt(addresses: readonly Address[]): Promise<Configuration | null> {
  return newestOf(await Promise.all(addresses.map(agreedAt)));
}

/** The configuration of the view that the controller serves in; null when there is none, or no answer. */
async function agreedAt(address: Address): Promise<Configuration | null> {
  try {
    const connection = await CliConnection.dial(address);
    try {
      const reply = await connection.request(Buffer.from('member json\r\n'), 'lines', ANSWER_WITHIN_MS);
      if (reply.failed) return null;
      const { agreed } = JSON.parse(reply.parts[0]!.toString('utf8')) as MembersStatus;
      return agreed == null || configurationFlaw(agreed) !== null ? null : agreed;
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof ConnectionLost || error instanceof SyntaxError) return null;
    throw error;
  }
}
