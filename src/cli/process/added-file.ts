import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalHost } from '../../base/address-text.ts';
import type { AddedController, Address } from '../../controller/settings.ts';
import { makeDirectory } from '../../journal/data-directory.ts';
import { NODE_DISK } from '../../journal/disk.ts';
import { replaceFile } from '../../journal/replace-file.ts';
import { type Configuration, configurationFlaw } from '../../placement/configuration.ts';
import { OperationError } from '../failure.ts';

/** A controller that was added to a cluster, and the id that it has there. */
export interface Joined {
  readonly id: number;
  readonly added: AddedController;
}

/** The file of the data directory in which a controller that was added finds its id, when it is started again. */
export function addedFileOf({ host, port }: Address, dataDir: string): string {
  return join(dataDir, `added-${host.replaceAll(/[^0-9A-Za-z.-]/g, '_')}-${port}.json`);
}

/** The controller of the configuration that listens at the address; null when none does. */
export function placeOf(address: Address, configuration: Configuration): Joined | null {
  const host = canonicalHost(address.host);
  const own = configuration.controllers.find(
    (one) => one.port === address.port && canonicalHost(one.host) === host,
  );
  return own === undefined ? null : { id: own.id, added: { address, configuration } };
}

/** @returns null when no controller was added at the address @throws OperationError when its file is damaged */
export async function rememberedAt(address: Address, dataDir: string): Promise<Joined | null> {
  const file = addedFileOf(address, dataDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const configuration = configurationIn(text);
  const joined = configuration === null ? null : placeOf(address, configuration);
  if (joined !== null) return joined;
  throw new OperationError('JOURNAL', `${file} is damaged: remove it, and the others are asked again`);
}

/** The directory of this controller is made after that: so what it has there is never without an id. */
export async function remember({ added }: Joined, dataDir: string): Promise<void> {
  await makeDirectory(NODE_DISK, dataDir);
  await replaceFile(NODE_DISK, addedFileOf(added.address, dataDir), JSON.stringify(added.configuration));
}

/** The controllers that were added and have their data in this directory, in the order of their ids. */
export async function addedIn(dataDir: string): Promise<readonly Joined[]> {
  const found: Joined[] = [];
  for (const name of await namesIn(dataDir)) {
    if (!/^added-.*\.json$/.test(name)) continue;
    const configuration = configurationIn(await readFile(join(dataDir, name), 'utf8'));
    const own = configuration?.controllers.find((one) => addedFileOf(one, dataDir) === join(dataDir, name));
    if (configuration == null || own === undefined) continue;
    const address = { host: own.host, port: own.port };
    found.push({ id: own.id, added: { address, configuration } });
  }
  return found.sort((a, b) => a.id - b.id);
}

function configurationIn(text: string): Configuration | null {
  try {
    const configuration = JSON.parse(text) as Configuration;
    return configurationFlaw(configuration) === null ? configuration : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

async function namesIn(dataDir: string): Promise<readonly string[]> {
  try {
    return await readdir(dataDir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
