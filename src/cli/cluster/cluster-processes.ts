import { parseAddress } from '../../base/address-text.ts';
import type { Address } from '../../controller/settings.ts';
import { directoryOf } from '../../journal/data-directory.ts';
import { lockHolderOf } from '../../journal/directory-lock.ts';
import { controllerAt, statusAt } from '../client/controller-at.ts';
import { birthOf, isAlive, type ProcessRecord } from './processes.ts';
import { type RunMember, type RunMembers, runMembersOf } from './run-members.ts';
import type { ClusterProcess, RunRecord } from './run-record.ts';

/** The processes of a recorded cluster that run now, whichever way they were started. */
export interface ClusterProcesses extends RunMembers {
  readonly controllers: readonly ClusterProcess[];
  /** The ids of current controllers of this run directory that do not run. */
  readonly missing: readonly number[];
  /** The processes in `controllers` that were started by hand since the record was written. */
  readonly byHand: readonly ClusterProcess[];
  /** The memcacheds of the record that run. */
  readonly memcacheds: readonly ClusterProcess[];
  readonly deadMemcacheds: readonly ClusterProcess[];
}

/**
 * Finds the processes of the cluster. A process is controller `id` of the cluster in one of three cases:
 *
 * 1. it is the recorded process;
 * 2. it holds the lock of the controller's data directory, which only one process can hold;
 * 3. the cluster has no data directory, and the process answers on the controller's address as that
 *    controller.
 */
export async function clusterProcessesOf(record: RunRecord): Promise<ClusterProcesses> {
  const controllers: ClusterProcess[] = [];
  const byHand: ClusterProcess[] = [];
  const missing: number[] = [];
  const members = await runMembersOf(record);
  for (const member of members.here) {
    const { id, address, part } = member;
    const recorded = record.controllers.find(({ name }) => name === nameOfController(id));
    if (recorded !== undefined && isAlive(recorded)) {
      controllers.push(recorded);
      continue;
    }
    const found = await startedByHand(record, member);
    if (found !== null) {
      const process = { ...found, name: nameOfController(id), address, logs: recorded?.logs ?? [] };
      controllers.push(process);
      byHand.push(process);
    } else if (part === 'current') missing.push(id);
  }
  return {
    ...members,
    controllers,
    missing,
    byHand,
    memcacheds: record.memcacheds.filter(isAlive),
    deadMemcacheds: record.memcacheds.filter((member) => !isAlive(member)),
  };
}

/** Notes where the stores of added controllers are, as these say, so that they can be started again. */
export async function addedStoresOf(
  record: RunRecord,
  { here, controllers }: ClusterProcesses,
): Promise<Pick<RunRecord, 'addedStores'>> {
  const stores: Record<number, Address> = { ...record.addedStores };
  for (const { id, address, isAdded } of here) {
    if (!isAdded || !controllers.some((one) => idOf(one) === id)) continue;
    const store = parseAddress((await statusAt(address))?.store.address ?? '');
    if (store !== null) stores[id] = store;
  }
  return Object.keys(stores).length === 0 ? {} : { addedStores: stores };
}

export function nameOfController(id: number): string {
  return `controller-${id}`;
}

/** The id that the name of a controller or a memcached contains. */
export function idOf({ name }: Pick<ClusterProcess, 'name'>): number {
  return Number(name.split('-')[1]);
}

async function startedByHand(
  { cluster, dataDir }: RunRecord,
  { id, address }: RunMember,
): Promise<ProcessRecord | null> {
  if (dataDir !== '') return processOf(lockHolderOf(directoryOf(dataDir, id)));
  const found = await controllerAt(address);
  if (found === null || found.status.cluster !== cluster || found.status.controller !== id) return null;
  return processOf(found.pid);
}

function processOf(pid: number | null): ProcessRecord | null {
  const birth = pid === null ? null : birthOf(pid);
  return pid === null || birth === null ? null : { pid, birth };
}
