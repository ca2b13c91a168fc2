import { existsSync } from 'node:fs';
import type { ControllerId } from '../../base/number-kinds.ts';
import type { Address, Settings } from '../../controller/settings.ts';
import { directoryOf } from '../../journal/data-directory.ts';
import { lockHolderOf } from '../../journal/directory-lock.ts';
import { type Configuration, configurationEpoch, sameConfiguration } from '../../placement/configuration.ts';
import { elsewhereInWords, type RunMember, runMembersOf } from '../cluster/run-members.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { EXIT_OK, OperationError, UsageError } from '../failure.ts';
import { remember } from '../process/added-file.ts';
import { formatAddress, sameAddress } from '../settings/address.ts';
import { dataDirOf, type ResolvedSettings, selfOf, settingsOf } from '../settings/configuration.ts';
import { backupDirectory, runBackup, runRestore } from './backup-command.ts';
import {
  atOtherPlaces,
  type CopiedMembers,
  copiedMembers,
  readCopiedMembers,
  restoreViews,
  rootOf,
  writeCopiedMembers,
} from './copied-members.ts';

/**
 * `backup` and `restore`: of all controllers of a cluster that have their data here, unless the command line names one.
 * Where controllers came and went while the cluster ran, a backup tells which there were, and a restored cluster has
 * the same ones, with the same ids, and gives no id a second time.
 */
interface Copying {
  readonly line: CommandLine;
  readonly configuration: ResolvedSettings;
  readonly runDirectory: string;
}

/** @returns the exit code */
export async function backUpCluster(copying: Copying): Promise<number> {
  const { line } = copying;
  const place = placeOf(copying);
  const before = place.dataDir === '' ? null : await runMembersOf(place);
  if (before === null || configurationEpoch(before.configuration) === 0)
    return runBackup(asConfigured(copying), line.path);
  const settings = (one: RunMember) => settingsIn(copying, before.configuration, one.id, one.address);
  const chosen = before.here.filter((one) => isToCopy(one, before.configuration, place.dataDir));
  const named = isOne(line) ? [namedOf(before.here, copying)] : null;
  const all = (named ?? chosen).map(settings);
  await runBackup(all, line.path, async (target) => {
    const after = await runMembersOf(place);
    if (!sameConfiguration(before.configuration, after.configuration))
      throw new OperationError(
        'MEMBERS_CHANGED',
        'the controllers of the cluster have changed meanwhile: make the backup again',
      );
    const copies = all.map(({ self }) => self);
    writeCopiedMembers(target, await copiedMembers(all[0]!, after.configuration, copies));
  });
  if (named !== null) return EXIT_OK;
  for (const { id } of before.here.filter((one) => one.part === 'resting' && !chosen.includes(one)))
    say(`controller ${id} votes no more and does not run: it is not in the backup`);
  for (const words of elsewhereInWords(before, 'make a backup where they are')) say(words);
  return EXIT_OK;
}

/** @returns the exit code */
export async function restoreCluster(copying: Copying): Promise<number> {
  const { line } = copying;
  const { dataDir } = placeOf(copying);
  const copied = line.path === null ? null : readCopiedMembers(backupDirectory(line.path));
  if (copied === null || dataDir === '') {
    if (line.added.size > 0)
      throw new UsageError('COMMAND_LINE', '--added: no controller in this backup was added to its cluster');
    return runRestore(asConfigured(copying), line.path);
  }
  const members = moved(copied, copying);
  const root = rootOf(members);
  const there = root.controllers
    .filter(({ id }) => copied.copies.includes(id))
    .map(({ id, host, port }) => ({ id, address: { host, port } }));
  const chosen = isOne(line) ? [namedOf(there, copying)] : there;
  const all = chosen.map(({ id, address }) => settingsIn(copying, root, id, address));
  await runRestore(all, line.path);
  for (const settings of all) {
    const { self, added } = settings;
    await restoreViews(settings, members);
    if (added !== undefined) await remember({ id: self, added }, dataDir);
  }
  const isOriginal = (one: Configuration['controllers'][number]) =>
    one.id < copying.configuration.peers.length && one.phase === undefined;
  if (!root.controllers.every(isOriginal))
    say(`the cluster has the controllers of the backup: ${listed(root)}`);
  return EXIT_OK;
}

/**
 * The controller that the command line names, and those that have data: null where they are the ones of the
 * configuration file. All of them have to be stopped.
 */
export async function oneOffline(
  copying: Copying,
): Promise<{ readonly settings: Settings; readonly ids: readonly ControllerId[] | null }> {
  const place = placeOf(copying);
  const members = place.dataDir === '' || !isOne(copying.line) ? null : await runMembersOf(place);
  if (members === null || configurationEpoch(members.configuration) === 0) {
    const self = selfOf(copying.configuration.peers, copying.line.identity);
    const { configuration, line, runDirectory } = copying;
    return { settings: settingsOf(configuration, self, line.store, runDirectory), ids: null };
  }
  const { id, address } = namedOf(members.here, copying);
  const isThere = (one: ControllerId) => existsSync(directoryOf(place.dataDir, one));
  const ids = members.configuration.controllers
    .filter((one) => one.phase === undefined || one.phase === 'following' || isThere(one.id))
    .map((one) => one.id);
  return { settings: settingsIn(copying, members.configuration, id, address), ids };
}

/** Those that serve. One that votes no more may have writes of its own; one that does not run is behind, besides. */
function isToCopy({ id, part }: RunMember, { controllers }: Configuration, dataDir: string): boolean {
  if (part === 'removed') return false;
  const phase = controllers.find((one) => one.id === id)?.phase;
  if (phase === 'joining') return false;
  return phase !== 'leaving' || lockHolderOf(directoryOf(dataDir, id)) !== null;
}

/** The controllers of the backup, where they are from now on. */
function moved(copied: CopiedMembers, { line, configuration }: Copying): CopiedMembers {
  const { peers } = configuration;
  const root = rootOf(copied);
  const isMoved = root.controllers.some(({ id, ...at }) => id < peers.length && !sameAddress(at, peers[id]!));
  const isLost = (id: ControllerId) => id >= peers.length && !line.added.has(id);
  const lost = root.controllers.filter(({ id, phase }) => phase !== 'leaving' && isLost(id));
  if (isMoved && lost.length > 0)
    throw new UsageError(
      'COMMAND_LINE',
      `the addresses of peers are others than in the backup: say with --added where the controllers are that were ` +
        `added, such as --added ${lost.map(({ id, host, port }) => `${id}=${formatAddress({ host, port })}`).join(',')}`,
    );
  const unknown = [...line.added.keys()].find((id) => !root.controllers.some((one) => one.id === id));
  if (unknown !== undefined)
    throw new UsageError(
      'COMMAND_LINE',
      `--added: there is no controller ${unknown} in the backup: ${listed(root)}`,
    );
  return atOtherPlaces(copied, (id, before) => peers[id] ?? line.added.get(id) ?? before);
}

function settingsIn(
  { line, configuration, runDirectory }: Copying,
  agreed: Configuration,
  id: ControllerId,
  address: Address,
): Settings {
  const settings = settingsOf(configuration, id, line.store, runDirectory);
  return id < configuration.peers.length
    ? settings
    : { ...settings, added: { address, configuration: agreed } };
}

/** Those of the configuration file. */
function asConfigured({ line, configuration, runDirectory }: Copying): readonly Settings[] {
  const { peers } = configuration;
  const ids = isOne(line) ? [selfOf(peers, line.identity)] : [...peers.keys()];
  return ids.map((self) => settingsOf(configuration, self, line.store, runDirectory));
}

function placeOf({ configuration, runDirectory }: Copying) {
  const { cluster, peers, dataDir } = configuration;
  return { cluster, peers, dataDir: dataDirOf(dataDir, runDirectory) };
}

function isOne({ identity }: CommandLine): boolean {
  return identity.id !== null || identity.port !== null;
}

/** The controller that the command line names. @throws UsageError when there is none */
function namedOf<One extends { readonly id: ControllerId; readonly address: Address }>(
  all: readonly One[],
  { line, configuration }: Copying,
): One {
  const { id, host, port } = line.identity;
  const isNamed = (one: One) =>
    id === null ? sameAddress(one.address, { host: host ?? '127.0.0.1', port: port! }) : one.id === id;
  const found = all.find(isNamed);
  if (found !== undefined) return found;
  const self = selfOf(configuration.peers, line.identity);
  throw new UsageError('NO_SUCH_CONTROLLER', `there are no data of controller ${self}`);
}

function listed({ controllers }: Configuration): string {
  return controllers
    .map(({ id, host, port, phase }) => `${id} (${formatAddress({ host, port })}${inAWord(phase)})`)
    .join(', ');
}

function inAWord(phase: string | undefined): string {
  return phase === undefined ? '' : phase === 'leaving' ? ', votes no more' : `, ${phase}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
