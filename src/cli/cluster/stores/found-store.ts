import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../../../controller/settings.ts';
import { readAnyIdentity } from '../../../journal/data-directory.ts';
import { NODE_DISK } from '../../../journal/disk.ts';
import { journalNameOf } from '../../../journal/open-journal.ts';
import { markKeyOf } from '../../../replication/restore/store-watch.ts';
import { createDriver } from '../../../store/create-driver.ts';
import type { KvDriver, StoreStats } from '../../../store/driver.ts';
import { LargeValues } from '../../../store/large-values.ts';
import { probePort } from '../../../store/probe-port.ts';
import { NODE_TRANSPORT } from '../../../transport/node-transport.ts';
import { OperationError } from '../../failure.ts';
import { describeTakenPort, isPortTaken } from '../../process/port-owner.ts';
import { formatAddress } from '../../settings/address.ts';
import { dataDirectoriesOf } from '../data-report.ts';

/** A memcached that ran before the start and that the cluster may use. */
export interface FoundStore {
  readonly version: string;
  /** Why the cluster may use it, human-readable. */
  readonly words: string;
}

/**
 * Looks for a memcached at a store's address. The cluster may use it if
 *
 * - it holds no items, or
 * - it holds the sentinel of a journal of this run directory, or
 * - it holds the sign that an earlier start of this cluster has left.
 *
 * @returns null when nothing listens on the address
 * @throws OperationError when anything else listens there; the text says what to do
 */
export async function findStore(address: Address, runDirectory: string): Promise<FoundStore | null> {
  if (!(await isPortTaken(address))) return null;
  const driver = await openMemcached(address);
  try {
    return await judge(driver, address, runDirectory);
  } finally {
    await driver.close();
  }
}

/** Leaves the sign by which the next start knows that this cluster was the first one to use the memcached. */
export async function signStore(address: Address, runDirectory: string): Promise<void> {
  const driver = await openMemcached(address);
  await new Promise<void>((resolve) => driver.set(SIGN_KEY, Buffer.from(runDirectory), () => resolve()));
  await driver.close();
}

/** @throws OperationError unless a memcached that controllers can use answers there */
export async function requireMemcached(address: Address): Promise<void> {
  const driver = await openMemcached(address);
  await driver.close();
}

async function judge(driver: KvDriver, address: Address, runDirectory: string): Promise<FoundStore> {
  const stats = new Map(await statsOf(driver));
  const version = stats.get('version') ?? 'of unknown version';
  const items = Number(stats.get('curr_items') ?? Number.NaN);
  if (items === 0) return { version, words: 'empty' };
  const sign = await valueAt(driver, SIGN_KEY);
  if (sign !== null && sign.toString() === runDirectory) return { version, words: "this cluster's" };
  for (const name of await journalNames(runDirectory)) {
    if ((await valueAt(driver, markKeyOf(name))) !== null) return { version, words: "this cluster's" };
  }
  const what = `the memcached on ${formatAddress(address)} has ${items} items that this cluster did not put there`;
  throw new OperationError(
    'STORE_NOT_USABLE',
    `${what}. Empty it (printf 'flush_all\\r\\n' | nc ${address.host} ${address.port}), or ${OTHER_PORTS}, or name ` +
      'the stores to use them as they are, and lose what is in them in time: --stores=HOST:PORT,…, one per controller',
  );
}

/** The names of the journals in all data directories of the cluster. */
async function journalNames(runDirectory: string): Promise<string[]> {
  const names: string[] = [];
  for (const dataDir of dataDirectoriesOf(runDirectory)) {
    for (const name of readdirSync(dataDir).filter((name) => /^controller-\d+$/.test(name))) {
      const identity = await readAnyIdentity(NODE_DISK, join(dataDir, name)).catch(() => null);
      if (identity !== null) names.push(journalNameOf(identity));
    }
  }
  return names;
}

/** @throws OperationError that says what answers there instead */
async function openMemcached(address: Address): Promise<KvDriver> {
  const { kind, words } = await probePort(NODE_TRANSPORT, address, ANSWER_TIMEOUT_MS);
  const where = formatAddress(address);
  if (kind === 'nobody')
    throw new OperationError(
      'STORE_NOT_USABLE',
      `no memcached answers on ${where}: start it, or correct stores`,
    );
  if (kind !== 'memcached') {
    const seems = kind === 'controller' ? '' : `; it seems to be ${words}`;
    throw new OperationError(
      'PORT_TAKEN',
      `${await describeTakenPort(address)}${seems}: stop that, or ${OTHER_PORTS}`,
    );
  }
  const driver = await openDriver(address);
  if (driver !== null) return driver;
  const why = 'but not in the binary protocol, which the controllers need (was it started with -B ascii?)';
  throw new OperationError(
    'STORE_NOT_USABLE',
    `${words} answers on ${where}, ${why}; start it otherwise, or ${OTHER_PORTS}`,
  );
}

/** @returns null when the store does not answer in the binary protocol */
async function openDriver(address: Address): Promise<KvDriver | null> {
  const settings = { storeAddress: address, storeTimeoutMs: ANSWER_TIMEOUT_MS, storeBytesMax: 0 };
  const resources = { transport: NODE_TRANSPORT, largeValues: new LargeValues(0) };
  const driver = await createDriver({ storeType: 'memcache', ...settings }, resources);
  const isUp = await new Promise<boolean>((resolve) => {
    driver.open(({ up }) => resolve(up));
  });
  if (isUp) return driver;
  await driver.close();
  return null;
}

function statsOf(driver: KvDriver): Promise<StoreStats> {
  return new Promise((resolve) => driver.stats!('', (_, stats) => resolve(stats ?? [])));
}

function valueAt(driver: KvDriver, key: string): Promise<Buffer | null> {
  return new Promise((resolve) => driver.get(key, (_, bytes) => resolve(bytes)));
}

/** The key of the sign; its value is the run directory. Clients of memcached rarely use such keys. */
const SIGN_KEY = '\0memchorus';

const ANSWER_TIMEOUT_MS = 1000;

const OTHER_PORTS = 'choose other ports with --store-base-port';
