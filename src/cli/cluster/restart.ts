import { duration } from '../../controller/status/status-table.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { EXIT_OK, OperationError, UsageError } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { clusterProcessesOf, idOf, nameOfController } from './cluster-processes.ts';
import { stopProcess } from './processes.ts';
import { loadRunRecord, type RunRecord, withRunLock } from './run-record.ts';
import { interruptible, RunUnderWay } from './run-under-way.ts';
import { waitMsOf } from './start.ts';
import { recordStartedByHand, startMissingStores } from './start-missing.ts';
import { GRACE_MS } from './stop.ts';
import { requireFreePorts } from './stores/stores.ts';

/**
 * Stops the named controllers and starts them again with the same command line, one after the other. Each is
 * ready before the next one is stopped, so the others serve throughout.
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
    for (const id of line.ids) requireMember(record, id);
    const run = new RunUnderWay(directory, record);
    recordStartedByHand(run, await clusterProcessesOf(record));
    await interruptible(async (signal) => {
      for (const id of line.ids) await restartOne(run, id, waitMsOf(line), signal);
    });
    return EXIT_OK;
  });
}

function requireMember({ peers }: RunRecord, id: number): void {
  if (id < peers.length) return;
  const listed = peers.map((peer, id) => `${id} on ${formatAddress(peer)}`).join(', ');
  throw new UsageError('NO_SUCH_CONTROLLER', `there is no controller ${id}: the cluster has ${listed}`);
}

async function restartOne(run: RunUnderWay, id: number, waitMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted)
    throw new OperationError('INTERRUPTED', `interrupted before ${nameOfController(id)} was stopped`);
  const running = run.record.controllers.find((member) => idOf(member) === id);
  const stopped = running === undefined ? 'was not running' : await stopInWords(running);
  const stores = await startMissingStores(run, [id], signal);
  await requireFreePorts([run.record.peers[id]!]);
  const member = await run.startController(id);
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
