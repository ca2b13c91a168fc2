import { counted } from '../../base/text-table.ts';
import { controllerAt } from '../client/controller-at.ts';
import { EXIT_FAILED, EXIT_OK } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { addedStoresOf, type ClusterProcesses, clusterProcessesOf, idOf } from './cluster-processes.ts';
import { type StopOutcome, stopProcess } from './processes.ts';
import { quoted } from './report.ts';
import { elsewhereInWords } from './run-members.ts';
import {
  type ClusterProcess,
  loadRunRecord,
  type RunRecord,
  retireRunRecord,
  saveRunRecord,
  withRunLock,
} from './run-record.ts';
import { findRunning } from './running-elsewhere.ts';
import { composeStop } from './stores/docker.ts';

/** How long a process may take to finish its work, in milliseconds. */
export const GRACE_MS = 10_000;

/**
 * Stops what `start` has started, and controllers of that cluster that were started by hand since.
 *
 * @returns the exit code
 */
export function stopCluster(directory: string): Promise<number> {
  return withRunLock(directory, async () => {
    const record = loadRunRecord(directory);
    if (record !== null) return (await stopRecorded(directory, record)) ? EXIT_OK : EXIT_FAILED;
    process.stdout.write(`nothing is running that was started from ${directory}\n`);
    for (const line of otherRunsInWords(directory)) process.stdout.write(`${line}\n`);
    return EXIT_OK;
  });
}

/** Running controllers of this installation that `stop` does not stop, and how to stop them. */
function otherRunsInWords(directory: string): string[] {
  return findRunning().map(({ runDirectory, pids }) => {
    const who = `${counted(pids.length, 'controller')} (pid ${pids.join(', ')})`;
    if (runDirectory === directory || loadRunRecord(runDirectory) === null)
      return `running, started by hand: ${who}; stop with: kill ${pids.join(' ')}`;
    return `running from ${runDirectory}: ${who}; stop with: MEMCHORUS_RUN_DIR=${quoted(runDirectory)} ./stop.sh`;
  });
}

/**
 * Stops all controllers at once, and then the stores: while a controller answers its last requests, it needs
 * its store. A memcached whose controller still runs is left running.
 *
 * @returns whether nothing is left; processes that are left stay on record
 */
export async function stopRecorded(directory: string, record: RunRecord): Promise<boolean> {
  const processes = await clusterProcessesOf(record);
  sayByHand(processes);
  const kept = { ...record, ...(await addedStoresOf(record, processes)) };
  const outcomes = await stopAll(processes.controllers);
  report('controller', processes.controllers, outcomes);
  for (const id of processes.missing) process.stdout.write(`controller-${id} was not running any more\n`);
  const left = processes.controllers.filter((_, index) => isLeft(outcomes[index]!));
  const inUse = await storesInUse(record, left);
  const memcacheds = record.memcacheds.filter((member) => !inUse.has(idOf(member)));
  const ends = await stopAll(memcacheds);
  report('memcached', memcacheds, ends);
  const containers =
    record.composeProject === null || inUse.size > 0 || (await stopContainers(record.composeProject));
  const gone = containers && inUse.size === 0 && left.length === 0 && !ends.some(isLeft);
  if (!gone) saveRunRecord(directory, { ...kept, controllers: left });
  else {
    saveRunRecord(directory, { ...kept, controllers: [], memcacheds: [] });
    retireRunRecord(directory);
  }
  for (const line of elsewhereInWords(processes, 'stop it where it runs')) process.stdout.write(`${line}\n`);
  return gone;
}

function sayByHand({ byHand }: ClusterProcesses): void {
  for (const { name, pid } of byHand)
    process.stdout.write(
      `${name} (pid ${pid}) was started by hand; it is this cluster's, by its data directory\n`,
    );
}

/**
 * The ids of stores that a controller still uses: one that could not be stopped, or one of another cluster.
 */
async function storesInUse(record: RunRecord, left: readonly ClusterProcess[]): Promise<Set<number>> {
  const inUse = new Set(left.map(idOf));
  for (const [id, address] of record.peers.entries()) {
    const found = await controllerAt(address);
    if (found === null) continue;
    inUse.add(id);
    const { pid, status } = found;
    const who = `controller ${status.controller} of cluster ${status.cluster}`;
    process.stdout.write(
      `${formatAddress(address)} is still served by ${who} (pid ${pid ?? 'unknown'}); its memcached is left to it\n`,
    );
  }
  return inUse;
}

function stopAll(members: readonly ClusterProcess[]): Promise<StopOutcome[]> {
  return Promise.all(members.map((member) => stopProcess(member, GRACE_MS)));
}

function isLeft(outcome: StopOutcome): boolean {
  return outcome === 'still there' || outcome === 'not allowed';
}

function report(kind: string, members: readonly ClusterProcess[], outcomes: readonly StopOutcome[]): void {
  const stopped = outcomes.filter((outcome) => outcome === 'stopped').length;
  if (stopped > 0) process.stdout.write(`stopped ${counted(stopped, kind)}\n`);
  members.forEach((member, index) => {
    const words = UNUSUAL[outcomes[index]!];
    if (words !== null) process.stdout.write(`${member.name} (pid ${member.pid}) ${words}\n`);
  });
}

const UNUSUAL: Readonly<Record<StopOutcome, string | null>> = {
  stopped: null,
  killed: `did not end within ${GRACE_MS / 1000} s and was killed`,
  'was gone': 'was not running any more',
  'still there': 'could not be killed; see ps, and run stop again',
  'not allowed': 'belongs to another user: stop it as that user, or as root',
};

async function stopContainers(project: string): Promise<boolean> {
  const failed = await composeStop(project);
  const words =
    failed === null ? 'stopped the memcached containers' : `the containers could not be stopped: ${failed}`;
  process.stdout.write(`${words}\n`);
  return failed === null;
}
