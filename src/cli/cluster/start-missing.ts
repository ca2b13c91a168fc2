import { counted } from '../../base/text-table.ts';
import { probePort } from '../../store/probe-port.ts';
import { NODE_TRANSPORT } from '../../transport/node-transport.ts';
import { resolveConfiguration } from '../settings/configuration.ts';
import { addedStoresOf, type ClusterProcesses, idOf, nameOfController } from './cluster-processes.ts';
import { printCluster } from './report.ts';
import { recordedSettings } from './requested-settings.ts';
import { elsewhereInWords, type RunMembers } from './run-members.ts';
import type { ClusterProcess, RunRecord } from './run-record.ts';
import { interruptible, RunUnderWay } from './run-under-way.ts';
import { requireFreePorts, startMissing, storeItemBytesMax } from './stores/stores.ts';

/** Starts the processes of a cluster that do not run. Running ones are left alone, even if this fails. */
export async function startMissingControllers(
  directory: string,
  record: RunRecord,
  processes: ClusterProcesses,
  waitMs: number,
): Promise<void> {
  const run = new RunUnderWay(directory, record);
  await recordStartedByHand(run, processes);
  await interruptible(async (signal) => {
    const stores = await startMissingStores(run, [...record.peers.keys()], signal);
    const missing = processes.here.filter(({ id }) => processes.missing.includes(id));
    await requireFreePorts(missing.map(({ address }) => address));
    for (const member of missing) await run.startMember(member, processes);
    const started = [...stores, ...processes.missing.map(nameOfController)];
    if (started.length === 0) process.stdout.write(`the cluster is running already (${record.level})\n`);
    else process.stdout.write(`started again: ${started.join(', ')} ...\n`);
    const ready = await run.becomeReady(run.record.controllers, waitMs, signal);
    if (started.length > 0) process.stdout.write(`${ready}\n`);
  });
  await printCluster(run.record);
  sayOthers(processes, run.record.controllers);
}

/** Tells which controllers of the cluster were not started, and why. */
export function sayOthers(members: RunMembers, running: readonly ClusterProcess[]): void {
  for (const { id, part } of members.here)
    if (part === 'resting' && !running.some((one) => idOf(one) === id))
      process.stdout.write(
        `${nameOfController(id)} votes no more, and need not run; to start it: main.ts restart ${id}\n`,
      );
  for (const line of elsewhereInWords(members, 'start it where it is')) process.stdout.write(`${line}\n`);
}

/** Adds controllers that were started by hand to the record. */
export async function recordStartedByHand(run: RunUnderWay, processes: ClusterProcesses): Promise<void> {
  const { controllers, byHand } = processes;
  if (byHand.length > 0)
    process.stdout.write(
      `${counted(byHand.length, 'controller')} started by hand: ${byHand.map(named).join(', ')}, taken into the record\n`,
    );
  run.keep({ controllers, ...(await addedStoresOf(run.record, processes)) });
}

function named({ name, pid }: ClusterProcess): string {
  return `${name} (pid ${pid})`;
}

/** Starts the stores on whose address nothing listens. @returns their names */
export async function startMissingStores(
  run: RunUnderWay,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<string[]> {
  const { plan, composeProject } = run.record;
  if (plan.kind === 'embedded' || plan.kind === 'configured') return [];
  const silent: number[] = [];
  // The memcached of a controller that was added later is not one of the plan.
  for (const id of ids.filter((one) => one < plan.stores.length)) {
    if ((await probePort(NODE_TRANSPORT, plan.stores[id]!, STORE_TIMEOUT_MS)).kind === 'nobody')
      silent.push(id);
  }
  if (silent.length === 0) return [];
  const { itemBytesMax } = resolveConfiguration([recordedSettings(run.record)]);
  await startMissing(
    {
      plan,
      itemBytesMax: storeItemBytesMax(itemBytesMax),
      directory: run.directory,
      composeProject,
      signal,
      onStarted: run.keepMemcached,
    },
    plan,
    silent,
  );
  run.keep({ plan: { ...plan, found: plan.found.filter((id) => !silent.includes(id)) } });
  return silent.map((id) => `memcached-${id}`);
}

const STORE_TIMEOUT_MS = 1000;
