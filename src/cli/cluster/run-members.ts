import type { Address } from '../../controller/settings.ts';
import { agreedOnDisk, newestOf } from '../../journal/agreed-on-disk.ts';
import { NODE_DISK } from '../../journal/disk.ts';
import { type Configuration, configurationOf, newerConfiguration } from '../../placement/configuration.ts';
import { addedIn } from '../process/added-file.ts';
import { newestAt } from '../process/joined.ts';
import { formatAddress } from '../settings/address.ts';
import type { RunRecord } from './run-record.ts';
import { isLocalAddress } from './topology.ts';

/** A controller of a cluster that was started from a run directory. */
export interface RunMember {
  readonly id: number;
  readonly address: Address;
  /** It is not in `peers`. */
  readonly isAdded: boolean;
  /**
   * `current`: it votes, takes the state over in order to vote, or follows. `resting`: it is one of `peers` and votes
   * no more, but may do so again. `removed`: it is not in the cluster any more.
   */
  readonly part: 'current' | 'resting' | 'removed';
}

/** The controllers of a cluster, as its members have agreed on them. */
export interface RunMembers {
  /** The newest one that is known here. */
  readonly configuration: Configuration;
  /** Those that belong to this run directory: all of `peers`, and those that were added and have their data here. */
  readonly here: readonly RunMember[];
  /** Current ones that do not. */
  readonly elsewhere: readonly RunMember[];
}

/**
 * Finds out which controllers the cluster has now. Running controllers tell it, and so do the records of views in the
 * data directory; the newest configuration counts.
 */
export async function runMembersOf(
  record: Pick<RunRecord, 'cluster' | 'peers' | 'dataDir'>,
): Promise<RunMembers> {
  const { cluster, peers, dataDir } = record;
  const founded = configurationOf(peers);
  const owner = { cluster, peers: peers.map(({ host, port }) => `${host}:${port}`).join(',') };
  const nothing = { installed: null, accepted: null };
  const onDisk = dataDir === '' ? nothing : await agreedOnDisk(NODE_DISK, dataDir, owner);
  const added = dataDir === '' ? [] : await addedIn(dataDir);
  const known = [
    ...peers,
    ...(onDisk.installed?.controllers ?? []),
    ...added.map((one) => one.added.address),
  ];
  const answered = await newestAt(distinct(known));
  // What a controller was told when it was added is that of a view that was installed.
  const told = added.map((one) => one.added.configuration);
  const newest = newestOf([answered, onDisk.installed, ...told]) ?? founded;
  // A change that may hold, for all that this directory knows, needs the voters on both sides of it.
  const { accepted } = onDisk;
  const isNewer = accepted !== null && newerConfiguration(newest, accepted) !== newest;
  const both = isNewer ? [newest, accepted] : [newest];
  const partOf = (id: number): RunMember['part'] => {
    if (both.some((one) => isCurrent(one, id))) return 'current';
    return both.some(({ controllers }) => controllers.some((one) => one.id === id)) ? 'resting' : 'removed';
  };
  const member = (id: number, address: Address): RunMember => {
    const { host, port } = address;
    return { id, address: { host, port }, isAdded: id >= peers.length, part: partOf(id) };
  };
  const all = newest.controllers.map((one) => member(one.id, one));
  const isHere = ({ id, address, isAdded }: RunMember) =>
    !isAdded || (dataDir === '' ? isLocalAddress(address) : added.some((one) => one.id === id));
  const ids = new Set(newest.controllers.map(({ id }) => id));
  const gone = [
    ...peers.map((address, id) => ({ id, address })),
    ...added.map((one) => ({ id: one.id, address: one.added.address })),
  ].filter(({ id }) => !ids.has(id));
  return {
    configuration: newest,
    here: [...all.filter(isHere), ...gone.map(({ id, address }) => member(id, address))].sort(
      (a, b) => a.id - b.id,
    ),
    elsewhere: all.filter((one) => !isHere(one) && one.part === 'current'),
  };
}

function isCurrent({ controllers, before }: Configuration, id: number): boolean {
  if (before?.includes(id)) return true;
  return controllers.some((one) => one.id === id && one.phase !== 'leaving');
}

function distinct(addresses: readonly Address[]): readonly Address[] {
  return [...new Map(addresses.map((address) => [formatAddress(address), address])).values()];
}

/** What to do about those that this run directory does not have; empty where there are none. */
export function elsewhereInWords({ elsewhere }: RunMembers, what: string): readonly string[] {
  return elsewhere.map(
    ({ id, address }) => `controller ${id} (${formatAddress(address)}) has no data here: ${what}`,
  );
}
