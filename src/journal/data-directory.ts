import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ControllerId } from '../base/number-kinds.ts';
import type { Disk } from './disk.ts';
import { DamageError, JournalError, journalErrorOf } from './journal-error.ts';
import { replaceFile } from './replace-file.ts';

/**
 * The owner of a journal. A journal of another owner is refused: its writes belong to another cluster, or are not
 * all that this controller had.
 */
export interface Owner {
  readonly cluster: string;
  readonly controller: ControllerId;
  /** The addresses of all controllers, in the order of the ids. */
  readonly peers: string;
  readonly consistency: JournalKind;
}

/**
 * The kind of level, or the scheme. The records of one kind say too little for the other. `broadcast` is that of the
 * ordered levels where the root group has no entries.
 */
export type JournalKind = 'ordered' | 'eventual' | 'causal' | 'chain' | 'broadcast';

export const JOURNAL_KINDS: readonly JournalKind[] = ['ordered', 'eventual', 'causal', 'chain', 'broadcast'];

export interface DirectoryIdentity extends Owner {
  /** The version of the layout of the files. */
  readonly format: number;
  /** A random number that every batch in the directory carries. In the file its name is `store`. */
  readonly directoryId: number;
}

/**
 * What this version writes, and the oldest that it reads. Format 2 has entries of the log that a reader of format 1
 * takes for damage: `attached`, `incomplete`, and writes that are differences.
 */
const FORMAT = 2;
const FORMAT_OLDEST = 1;

const IDENTITY_NAME = 'identity';
export const FLUSHED_NAME = 'flushed';

export function directoryOf(dataDir: string, controller: ControllerId): string {
  return join(dataDir, `controller-${controller}`);
}

/** Makes the directory unless it exists. @throws JournalError */
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
 * @returns null when the directory has no identity
 * @throws JournalError when it has another owner or format; DamageError when the file has changed since it was written
 */
export async function readIdentity(
  disk: Disk,
  directory: string,
  owner: Owner,
): Promise<DirectoryIdentity | null> {
  const identity = await readAnyIdentity(disk, directory);
  if (identity !== null) refuseOthers(identity, owner, directory);
  return identity;
}

/** Like `readIdentity`, for any owner. */
export async function readAnyIdentity(disk: Disk, directory: string): Promise<DirectoryIdentity | null> {
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

/** The last step in making a directory: one without an identity counts as empty. */
export async function writeIdentity(
  disk: Disk,
  directory: string,
  identity: DirectoryIdentity,
): Promise<void> {
  const { directoryId, ...others } = identity;
  const body = JSON.stringify({ ...others, store: directoryId });
  const text = `${body}\n${checksumOf(body)}`;
  await replaceFile(disk, join(directory, IDENTITY_NAME), text);
}

/**
 * Gives a directory of an older format the format of this version, before the first entry is written that the older one
 * does not have. Its files stay as they are, because all that they have means the same in both.
 *
 * @returns the identity from now on
 */
export async function raiseFormat(
  disk: Disk,
  directory: string,
  identity: DirectoryIdentity,
): Promise<DirectoryIdentity> {
  if (identity.format === FORMAT) return identity;
  const raised = { ...identity, format: FORMAT };
  await writeIdentity(disk, directory, raised);
  return raised;
}

export function newIdentity(owner: Owner, drawDirectoryId = drawAnyDirectoryId): DirectoryIdentity {
  const { cluster, controller, peers, consistency } = owner;
  return { format: FORMAT, cluster, controller, peers, consistency, directoryId: drawDirectoryId() };
}

/** The number only has to differ from others, so the 4 MB of memory that `node:crypto` takes are saved. */
function drawAnyDirectoryId(): number {
  return 1 + Math.floor(Math.random() * (DIRECTORY_ID_MAX - 1));
}

const DIRECTORY_ID_MAX = 2 ** 32;

function parseIdentity(text: string): DirectoryIdentity {
  const [body = '', checksum] = text.split('\n');
  if (checksum !== checksumOf(body)) throw new DamageError('the identity does not match its checksum');
  const { store, ...others } = JSON.parse(body) as Omit<DirectoryIdentity, 'directoryId'> & {
    readonly store: number;
  };
  return { ...others, directoryId: store };
}

function checksumOf(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}

function refuseFormat({ format }: DirectoryIdentity, directory: string): void {
  if (Number.isInteger(format) && format >= FORMAT_OLDEST && format <= FORMAT) return;
  const what = `${directory} has format ${format}, this version reads ${FORMAT_OLDEST} to ${FORMAT}`;
  throw new JournalError('WRONG_FORMAT', `${what}: start the version that wrote it, or set another data_dir`);
}

/** @throws JournalError when the file or directory at the path belongs to another owner */
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

/** The levels of each kind, by the names that users set. */
export const LEVELS_IN_WORDS: Readonly<Record<JournalKind, string>> = {
  ordered: 'linearizability or sequential',
  eventual: 'eventual',
  causal: 'causal',
  chain: 'linearizability or sequential with scheme chain',
  broadcast: 'linearizability or sequential',
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
