import { duration } from '../../controller/status/status-table.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { EXIT_OK, OperationError, UsageError } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { type ClusterProcesses, clusterProcessesOf, idOf, nameOfController } from './cluster-processes.ts';
import { stopProcess } from './processes.ts';
import { elsewhereInWords, type RunMember, runMembersOf } from './run-members.ts';
import { loadRunRecord, withRunLock } from './run-record.ts';
import { interruptible, RunUnderWay } from './run-under-way.ts';
import { waitMsOf } from './start.ts';
import { recordStartedByHand, startMissingStores } from './start-missing.ts';
import { GRACE_MS } from './stop.ts';
import { requireFreePorts } from './stores/stores.ts';

/**
 * Stops the named controllers and starts them again with the same command line, one after the other. Each is
 * ready before the next one is stopped, so the others serve throughout. Without names these are all controllers of
 * the cluster that this run directory has: those that vote, join or follow, and others that run.
 *
 * @returns the exit code
 */
export function restartControllers(line: CommandLine, directory: string): Promise<number> {
  return withRunLock(directory, async () => {
    const record = loadRunRecord(directory);
    if (record === null)
      throw new OperationError(
        'NOT_RUNNING',
        `nothing is running that was started from ${directory}: start it with ./startup.sh`,
      );
    const processes = await clusterProcessesOf(record);
    for (const id of line.ids) requireMember(processes, id);
    const run = new RunUnderWay(directory, record);
    await recordStartedByHand(run, processes);
    const isAll = line.ids.length === 0;
    await interruptible(async (signal) => {
      for (const id of isAll ? allIn(processes) : line.ids) {
        await restartOne(run, id, waitMsOf(line), signal);
        // The next one must not be stopped while another one is missing.
        if (isAll) await run.becomeReady(run.record.controllers, waitMsOf(line), signal);
      }
    });
    if (isAll) {
      const what = 'restart it where it runs, once all others are up';
      for (const words of elsewhereInWords(processes, what)) process.stdout.write(`${words}\n`);
    }
    return EXIT_OK;
  });
}

/** Those that do not run come first: as long as they are missing, none of the others can be missed. */
function allIn({ here, missing, controllers }: ClusterProcesses): readonly number[] {
  const running = new Set(controllers.map(idOf));
  const others = here.filter(({ id, part }) => part !== 'removed' && running.has(id));
  return [...missing, ...others.map(({ id }) => id)];
}

function requireMember({ here, elsewhere }: ClusterProcesses, id: number): void {
  const member = here.find((one) => one.id === id);
  if (member !== undefined && member.part !== 'removed') return;
  const other = elsewhere.find((one) => one.id === id);
  const listed = here.filter(({ part }) => part !== 'removed').map(named);
  throw new UsageError(
    'NO_SUCH_CONTROLLER',
    member !== undefined
      ? `controller ${id} was removed from the cluster, and is not started`
      : other !== undefined
        ? `controller ${named(other)} has no data here: restart it where it runs`
        : `there is no controller ${id}: the cluster has ${listed.join(', ')}`,
  );
}

function named({ id, address }: RunMember): string {
  return `${id} on ${formatAddress(address)}`;
}

async function restartOne(run: RunUnderWay, id: number, waitMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted)
    throw new OperationError('INTERRUPTED', `interrupted before ${nameOfController(id)} was stopped`);
  // Controllers may have come and gone while others were restarted.
  const members = await runMembersOf(run.record);
  const own = members.here.find((one) => one.id === id)!;
  if (own.part === 'removed') {
    process.stdout.write(`${nameOfController(id)} was removed from the cluster meanwhile\n`);
    return;
  }
  const running = run.record.controllers.find((member) => idOf(member) === id);
  const stopped = running === undefined ? 'was not running' : await stopInWords(running);
  const stores = await startMissingStores(run, [id], signal);
  await requireFreePorts([own.address]);
  const member = await run.startMember(own, members);
  const again = [...stores, member.name].join(', ');
  process.stdout.write(`${member.name} ${stopped}; started again: ${again} (pid ${member.pid}) ...\n`);
  process.stdout.write(`${await run.becomeReady([member], waitMs, signal)}\n`);
}

async function stopInWords(running: Parameters<typeof stopProcess>[0]): Promise<string> {
  const startedMs = performance.now();
  const outcome = await stopProcess(running, GRACE_MS);
  if (outcome === 'still there' || outcome === 'not allowed') {
    const why = outcome === 'not allowed' ? 'it belongs to another user' : 'it does not end';
    throw new OperationError('NOT_STOPPED', `the process ${running.pid} could not be stopped: ${why}`);
  }
  return `${outcome} after ${duration(performance.now() - startedMs)}`;
}
