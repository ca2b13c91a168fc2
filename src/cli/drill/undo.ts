import { setTimeout as sleep } from 'node:timers/promises';
import { counted } from '../../base/text-table.ts';
import type { Address } from '../../controller/settings.ts';
import { clusterProcessesOf } from '../cluster/cluster-processes.ts';
import { isAlive, signalProcess, waitForEnd } from '../cluster/processes.ts';
import { READY_TIMEOUT_MS } from '../cluster/readiness.ts';
import { loadRunRecord, withRunLock } from '../cluster/run-record.ts';
import { startMissingControllers } from '../cluster/start-missing.ts';
import { OperationError, reasonOf } from '../failure.ts';
import { DrillConnection } from './drill-connection.ts';
import { keyOf } from './drill-keys.ts';
import { mendLinks } from './link-cut.ts';
import { loadUndoRecord, UndoLog, type UndoRecord } from './undo-record.ts';

/** How long a drill that is just ending may take to be gone, in milliseconds. */
const DRILL_ENDS_WITHIN_MS = 2_000;

/**
 * Undoes what a drill has left that could not do so itself: what it has paused goes on, what it has cut is linked, what
 * it has ended runs again, and its keys are gone.
 *
 * @returns false when there was nothing to undo
 * @throws OperationError when something is left, or the drill still runs
 */
export async function undoDrill(directory: string): Promise<boolean> {
  const record = loadUndoRecord(directory);
  if (record === null) return false;
  if (!(await waitForEnd(record.drill, DRILL_ENDS_WITHIN_MS)))
    throw new OperationError(
      'STILL_RUNNING',
      `the drill still runs (pid ${record.drill.pid}): end it with Ctrl-C or kill, and it undoes what it did`,
    );
  const log = new UndoLog(directory, record);
  continuePaused(log);
  await mendCut(log);
  if (record.hasEnded) await withRunLock(directory, () => startAgain(directory, log));
  await removeKeys(record);
  log.remove();
  return true;
}

/** Lets go on what stands still. */
function continuePaused(log: UndoLog): void {
  for (const member of log.record.paused) {
    if (!isAlive(member)) continue;
    signalProcess(member, 'SIGCONT');
    process.stdout.write(`the process ${member.pid} goes on\n`);
  }
  log.keep({ paused: [] });
}

async function mendCut(log: UndoLog): Promise<void> {
  const { cut } = log.record;
  if (cut === null) return;
  await mendLinks(cut);
  process.stdout.write('the links between the controllers are cut no more\n');
  log.keep({ cut: null });
}

async function startAgain(directory: string, log: UndoLog): Promise<void> {
  const run = loadRunRecord(directory);
  if (run !== null)
    await startMissingControllers(directory, run, await clusterProcessesOf(run), READY_TIMEOUT_MS);
  log.keep({ hasEnded: false });
}

/** How long the cluster may take until it takes writes again, in milliseconds. */
const REMOVED_WITHIN_MS = 20_000;
const RETRY_MS = 250;

/** Removes the keys of a drill, at the first controller that does. @throws OperationError */
export async function removeKeys({ addresses, keys }: Pick<UndoRecord, 'addresses' | 'keys'>): Promise<void> {
  if (keys.count === 0) return;
  const deadline = performance.now() + REMOVED_WITHIN_MS;
  for (;;) {
    const reasons: string[] = [];
    for (const address of addresses) {
      const reason = await removeKeysAt(address, keys);
      if (reason === null) return;
      reasons.push(reason);
    }
    if (performance.now() > deadline)
      throw new OperationError(
        'REQUEST_FAILED',
        `${counted(keys.count, 'key')} of the drill, from ${keyOf(keys.prefix, 0)} on, could not be removed: ` +
          `${reasons.join('; ')}; run main.ts drill --undo when the cluster is ready`,
      );
    await sleep(RETRY_MS);
  }
}

/** @returns why it did not work; null when it did */
async function removeKeysAt(address: Address, { prefix, count }: UndoRecord['keys']): Promise<string | null> {
  try {
    const connection = await DrillConnection.dial(address);
    try {
      const all = Array.from({ length: count }, (_, number) => connection.delete(keyOf(prefix, number)));
      const refused = (await Promise.all(all)).find((reply) => reply.kind === 'refused');
      return refused?.kind === 'refused' ? refused.reason : null;
    } finally {
      connection.close();
    }
  } catch (error) {
    return reasonOf(error);
  }
}
