import { counted } from '../../base/text-table.ts';
import type { Address } from '../../controller/settings.ts';
import { isAlive, stopProcess } from '../cluster/processes.ts';
import { composeRemove, composeUp, dockerProblem } from '../cluster/stores/docker.ts';
import {
  memcachedVersion,
  startMemcached,
  waitForAnswer,
  waitForMemcached,
} from '../cluster/stores/memcached-program.ts';
import { storeItemBytesMax } from '../cluster/stores/stores.ts';
import { OperationError } from '../failure.ts';

/** The memcacheds of a cluster that lives no longer than this process. */
export interface OwnStores {
  /** For people: what they are. */
  readonly words: string;
  /** Leaves nothing of them. */
  close(): Promise<void>;
}

/** The largest item of a client, in bytes: far above what is stored here. */
const ITEM_BYTES_MAX = 1024 * 1024;

/** How long a memcached may take to end by itself, in milliseconds. */
const STOP_MS = 3_000;

/**
 * Starts a memcached on each address: as programs, which is quick, else in Docker.
 *
 * @param directory for their output
 * @throws OperationError when there is neither
 */
export async function startOwnStores(
  addresses: readonly Address[],
  directory: string,
  signal: AbortSignal,
): Promise<OwnStores> {
  const version = await memcachedVersion();
  if (version !== null) return startPrograms(addresses, directory, version);
  const obstacle = await dockerProblem(addresses.length);
  if (obstacle === null) return startContainers(addresses, signal);
  throw new OperationError(
    'STORE_NOT_STARTED',
    `this runs on ${counted(addresses.length, 'memcached')} of its own, but there is no memcached program, and ` +
      `${obstacle}: install memcached (apt install memcached, brew install memcached), or start Docker`,
  );
}

async function startPrograms(
  addresses: readonly Address[],
  directory: string,
  version: string,
): Promise<OwnStores> {
  const itemBytesMax = storeItemBytesMax(ITEM_BYTES_MAX);
  const started = await Promise.allSettled(
    addresses.map((address, id) => startMemcached(id, address, itemBytesMax, directory)),
  );
  const members = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  // If this process ends without having come to its end, by an error that nobody expected.
  const onExit = (): void => {
    for (const member of members) if (isAlive(member)) process.kill(member.pid);
  };
  process.once('exit', onExit);
  const close = async (): Promise<void> => {
    process.off('exit', onExit);
    await Promise.all(members.map((member) => stopProcess(member, STOP_MS)));
  };
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    await Promise.all(members.map(waitForMemcached));
  } catch (error) {
    await close();
    throw error;
  }
  return { words: `memcached ${version}`, close };
}

async function startContainers(addresses: readonly Address[], signal: AbortSignal): Promise<OwnStores> {
  const project = `memchorus-levels-${addresses[0]!.port}`;
  const close = async (): Promise<void> => {
    const failed = await composeRemove(project);
    if (failed === null) return;
    throw new OperationError('NOT_STOPPED', `the containers could not be removed; run: ${failed}`);
  };
  try {
    await composeUp(project, addresses, [...addresses.keys()], storeItemBytesMax(ITEM_BYTES_MAX), signal);
    await Promise.all(addresses.map(waitForAnswer));
  } catch (error) {
    await close();
    throw error;
  }
  return { words: 'memcached in Docker', close };
}
