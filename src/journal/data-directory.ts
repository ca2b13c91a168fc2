import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ControllerId } from '../base/number-kinds.ts';
import type { Disk } from './disk.ts';
import { DamageError, JournalError, journalErrorOf } from './journal-error.ts';
import { replaceFile } from './replace-file.ts';

/** Whose journal it is. One of another owner is refused: its writes are not ours, or not all that we had. */
export interface Owner {
  readonly cluster: string;
  readonly controller: ControllerId;
  /** Every controller's address, in the order of the ids. */
  readonly peers: string;
  /** What is recorded of a write at a level of one kind says too little for the other. */
  readonly consistency: 'ordered' | 'eventual';
}

export interface Identity extends Owner {
  /** Of the files' layout. */
  readonly format: number;
  /** A random number that every batch in the directory carries. */
  readonly store: number;
}

const FORMAT = 1;
const IDENTITY_NAME = 'identity';
export const MARK_NAME = 'flushed';

export function directoryOf(dataDir: string, controller: ControllerId): string {
  return join(dataDir, `controller-${controller}`);
}

/** Makes the directory unless it is there. @throws JournalError */
export async function makeDirectory(disk: Disk, path: string): Promise<void> {
  try {
    await disk.makeDirectory(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new JournalError('IO', `${path} can't be made: the directory above it is not there`, error);
    if (code !== 'EEXIST') throw journalErrorOf(error, path);
  }
  try {
    await disk.list(path);
  } catch (error) {
    throw journalErrorOf(error, path);
  }
}

/**
 * Null when there is none.
 *
 * @throws JournalError when it is of another owner or format; DamageError when it is not as it was written
 */
export async function readIdentity(disk: Disk, directory: string, owner: Owner): Promise<Identity | null> {
  const identity = await readAnyIdentity(disk, directory);
  if (identity !== null) refuseOthers(identity, owner, directory);
  return identity;
}

/** As `readIdentity`, whoever the owner is. */
export async function readAnyIdentity(disk: Disk, directory: string): Promise<Identity | null> {
  let text: string;
  try {
    text = (await disk.readAll(join(directory, IDENTITY_NAME))).toString('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const identity = parseIdentity(text);
  refuseFormat(identity, directory);
  return identity;
}

/** The last step in making a directory: from here on it is one. */
export async function writeIdentity(disk: Disk, directory: string, identity: Identity): Promise<void> {
  const body = JSON.stringify(identity);
  const text = `${body}\n${checksumOf(body)}`;
  await replaceFile(disk, join(directory, IDENTITY_NAME), text);
}

export function newIdentity(owner: Owner, drawStore = drawAnyStore): Identity {
  const { cluster, controller, peers, consistency } = owner;
  return { format: FORMAT, cluster, controller, peers, consistency, store: drawStore() };
}

/** Only ever to differ: for that `node:crypto`, 4 MB of memory, need not be loaded. */
function drawAnyStore(): number {
  return 1 + Math.floor(Math.random() * (STORE_MAX - 1));
}

const STORE_MAX = 2 ** 32;

function parseIdentity(text: string): Identity {
  const [body = '', checksum] = text.split('\n');
  if (checksum !== checksumOf(body)) throw new DamageError('the identity does not match its checksum');
  return JSON.parse(body) as Identity;
}

function checksumOf(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}

function refuseFormat({ format }: Identity, directory: string): void {
  if (format === FORMAT) return;
  const what = `${directory} has format ${format}, this version reads ${FORMAT}`;
  throw new JournalError('WRONG_FORMAT', `${what}: start the version that wrote it, or set another data_dir`);
}

/** @throws JournalError when what lies at the path is another owner's */
export function refuseOthers(found: Owner, owner: Owner, path: string): void {
  const wrong = (['cluster', 'controller', 'peers', 'consistency'] as const).find(
    (name) => found[name] !== owner[name],
  );
  if (wrong === undefined) return;
  const what = `${path} belongs to ${wrong} ${inWords(found, wrong)}, not ${inWords(owner, wrong)}`;
  throw new JournalError('OTHER_OWNER', `${what}: set that again, or another data_dir`);
}

function inWords(owner: Owner, name: keyof Owner): string {
  return name === 'consistency' ? LEVELS_IN_WORDS[owner.consistency] : `${owner[name]}`;
}

/** The levels of each kind, as users set them. */
const LEVELS_IN_WORDS: Readonly<Record<Owner['consistency'], string>> = {
  ordered: 'linearizability or sequential',
  eventual: 'eventual',
};

/** Renames a damaged directory; it is never deleted. @returns its new path */
export async function setAside(disk: Disk, directory: string, at: Date): Promise<string> {
  const stamp = at.toISOString().replaceAll(':', '-').replace(/\.\d+/, '');
  const names = await disk.list(join(directory, '..'));
  const base = `${directory}.damaged-${stamp}`;
  let path = base;
  for (let i = 2; names.some((name) => path.endsWith(`/${name}`)); i++) path = `${base}-${i}`;
  await disk.rename(directory, path);
  await disk.syncDirectory(join(directory, '..'));
  return path;
}
