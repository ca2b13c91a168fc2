import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControllerId, GroupNumber } from '../../base/number-kinds.ts';
import { viewsKindOf } from '../../controller/journal-kinds.ts';
import { type Address, ownerOf, type Settings } from '../../controller/settings.ts';
import { viewsOnDisk } from '../../journal/agreed-on-disk.ts';
import type { JournalKind } from '../../journal/data-directory.ts';
import { NODE_DISK } from '../../journal/disk.ts';
import { GroupDirectories } from '../../journal/group-directories.ts';
import { ViewFile } from '../../journal/view-file.ts';
import type { Ballot } from '../../membership/ballot.ts';
import { ROOT_GROUP } from '../../membership/peer-bus.ts';
import type { ViewRecord } from '../../membership/view-record.ts';
import {
  type Configuration,
  configurationEpoch,
  newerConfiguration,
  votersOf,
} from '../../placement/configuration.ts';
import { SCHEMES } from '../../replication/schemes.ts';
import { OperationError } from '../failure.ts';

/**
 * The controllers of a cluster that were changed while it ran, as a backup has them. A backup of a cluster with the
 * controllers of its configuration file has no such file.
 *
 * A record of views is not copied as it is. The records of several controllers would be of different moments, and what
 * one of them had promised since would be forgotten. In their place each restored controller gets a record of one
 * view, the same for all: all that vote accepted it, and none of them ran since. So they go on as a cluster does whose
 * machines have all lost power: all of them have to be back, and the one that has applied most is the source.
 */
export interface CopiedMembers {
  readonly format: 1;
  readonly groups: readonly CopiedGroup[];
  /** The controllers whose journals are in the backup. */
  readonly copies: readonly ControllerId[];
}

/** A group with views of its own and the voters of the cluster. */
interface CopiedGroup {
  readonly group: GroupNumber;
  /** No change is under way in it. */
  readonly configuration: Configuration;
}

const FILE = 'controllers.json';

/** Reads from the records of views what a backup has to say of the controllers. */
export async function copiedMembers(
  settings: Settings,
  root: Configuration,
  copies: readonly ControllerId[],
): Promise<CopiedMembers> {
  const { dataDir } = settings;
  const groups: CopiedGroup[] = [];
  for (const group of [ROOT_GROUP, ...furtherGroups().keys()]) {
    const records = await viewsOnDisk(NODE_DISK, dataDir, ownerOf(settings, 'ordered'), group);
    const installed = records.flatMap(({ installedConfiguration }) => installedConfiguration ?? []);
    // The controllers themselves may have told of a newer one of the root group.
    const all = group === ROOT_GROUP ? [...installed, root] : installed;
    if (all.length === 0) continue;
    groups.push({ group, configuration: atRest(all.reduce(newerConfiguration)) });
  }
  return { format: 1, groups, copies };
}

export function writeCopiedMembers(backup: string, members: CopiedMembers): void {
  writeFileSync(join(backup, FILE), `${JSON.stringify(members, null, 2)}\n`, { flush: true });
}

/** @returns null when the controllers were those of the configuration file @throws OperationError */
export function readCopiedMembers(backup: string): CopiedMembers | null {
  const file = join(backup, FILE);
  if (!existsSync(file)) return null;
  let members: CopiedMembers;
  try {
    members = JSON.parse(readFileSync(file, 'utf8')) as CopiedMembers;
  } catch (error) {
    throw new OperationError('JOURNAL', `${file} is damaged: use another backup`, { cause: error });
  }
  if (members.format === 1 && rootOf(members) !== undefined) return members;
  throw new OperationError('JOURNAL', `${file} was written by another version: restore it with that one`);
}

/** The configuration of the root group: the controllers of the cluster. */
export function rootOf({ groups }: CopiedMembers): Configuration {
  return groups.find(({ group }) => group === ROOT_GROUP)!.configuration;
}

/** @param addressOf where a controller is from now on */
export function atOtherPlaces(
  members: CopiedMembers,
  addressOf: (id: ControllerId, before: Address) => Address,
): CopiedMembers {
  const moved = (configuration: Configuration): Configuration => {
    const { controllers, forced } = configuration;
    const at = <One extends Address & { readonly id: ControllerId }>(one: One) => {
      const { host, port } = addressOf(one.id, one);
      return { ...one, host, port };
    };
    const others = forced === undefined ? {} : { forced: { ...forced, removed: forced.removed.map(at) } };
    return { ...configuration, controllers: controllers.map(at), ...others };
  };
  return {
    ...members,
    groups: members.groups.map((one) => ({ ...one, configuration: moved(one.configuration) })),
  };
}

/** Gives a restored controller its records of views. @throws JournalError, OperationError */
export async function restoreViews(settings: Settings, { groups }: CopiedMembers): Promise<void> {
  const { dataDir, self } = settings;
  const directories = new GroupDirectories(NODE_DISK, dataDir, self);
  for (const { group, configuration } of groups) {
    const isRoot = group === ROOT_GROUP;
    const kind = isRoot ? viewsKindOf(settings) : furtherGroups().get(group)!;
    const directory = isRoot ? await directories.viewsOf(kind) : dataDir;
    await NODE_DISK.makePath(directory);
    let failure = '';
    const onError = (message: string) => {
      failure = message;
    };
    const file = await ViewFile.open(NODE_DISK, directory, ownerOf(settings, kind), onError, group);
    file.save(recordOf(configuration), () => {});
    await file.close();
    if (failure !== '') throw new OperationError('JOURNAL', failure);
  }
}

function recordOf(configuration: Configuration): ViewRecord {
  // The same at controllers that are restored from backups of several machines, unless their controllers changed
  // between these: then those with the newest count.
  const ballot: Ballot = { counter: configurationEpoch(configuration), node: 0 };
  return {
    promised: ballot,
    accepted: ballot,
    members: votersOf(configuration).map((node) => ({ node, incarnation: RESTORED })),
    sync: false,
    journal: null,
    placement: null,
    installed: null,
    configuration,
    installedConfiguration: configuration,
  };
}

/** No run of a controller that has ended goes on, so any number will do. */
const RESTORED = 1;

/** The groups with views beside the root group that have the voters of the cluster, and the kinds of their records. */
function furtherGroups(): ReadonlyMap<GroupNumber, JournalKind> {
  const further = Object.values(SCHEMES).filter(({ isOrdered, group }) => isOrdered && group !== ROOT_GROUP);
  return new Map(further.map(({ group, journal }) => [group, journal]));
}

/** The configuration holds, so the voters before its change count no more. */
function atRest({ before: _, forced, ...rest }: Configuration): Configuration {
  return forced === undefined ? rest : { ...rest, forced: { marks: forced.marks, removed: forced.removed } };
}
