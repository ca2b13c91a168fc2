import { duration } from '../../controller/status/status-table.ts';
import { OperationError } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { idOf } from './cluster-processes.ts';
import { type AddedToStart, startController } from './controllers.ts';
import { type UnreadyProcess, waitForControllers } from './readiness.ts';
import { tailOf } from './report.ts';
import type { RunMember, RunMembers } from './run-members.ts';
import { type ClusterProcess, type RunRecord, saveRunRecord } from './run-record.ts';

/**
 * A cluster that is being started, or whose missing parts are. Its record is on disk before the next step
 * begins.
 */
export class RunUnderWay {
  readonly directory: string;
  #record: RunRecord;

  constructor(directory: string, record: RunRecord) {
    this.directory = directory;
    this.#record = record;
  }

  get record(): RunRecord {
    return this.#record;
  }

  keep(change: Partial<RunRecord>): void {
    this.#record = { ...this.#record, ...change };
    saveRunRecord(this.directory, this.#record);
  }

  readonly keepMemcached = (member: ClusterProcess): void => {
    this.keep({ memcacheds: withMember(this.#record.memcacheds, member) });
  };

  /**
   * @param added null for a controller of `peers`
   * @throws OperationError
   */
  async startController(id: number, added: AddedToStart | null = null): Promise<ClusterProcess> {
    const member = await startController(this.#record, id, this.directory, added);
    this.keep({ controllers: withMember(this.#record.controllers, member) });
    return member;
  }

  /** Starts a controller of the cluster, also one that was added. @throws OperationError */
  startMember({ id, address, isAdded }: RunMember, { here, elsewhere }: RunMembers): Promise<ClusterProcess> {
    const others = [...here, ...elsewhere].filter((one) => one.id !== id && one.part === 'current');
    return this.startController(id, isAdded ? { address, others: others.map((one) => one.address) } : null);
  }

  /**
   * Waits until these controllers are ready.
   *
   * @param waitMs 0: does not wait
   * @returns how long it took, human-readable
   * @throws OperationError that names the controller that is not ready; the end of its log goes to stderr
   */
  async becomeReady(
    members: readonly ClusterProcess[],
    waitMs: number,
    signal: AbortSignal,
  ): Promise<string> {
    if (waitMs === 0) return 'not waiting until all is ready';
    const startedMs = performance.now();
    const unready = await waitForControllers(members, waitMs, signal);
    if (unready !== null) throw notReady(unready);
    return `ready after ${duration(performance.now() - startedMs)}`;
  }
}

function notReady({ member, reason }: UnreadyProcess): OperationError {
  const where = `${member.name} on ${formatAddress(member.address)}`;
  process.stderr.write(`${where} is not ready: ${reason}. The end of its log:\n${tailOf(member.logs)}\n`);
  return new OperationError('NOT_READY', `the cluster did not become ready: ${where}: ${reason}`);
}

/** Replaces the process of the same name, or adds it, in the order of the ids. */
function withMember(members: readonly ClusterProcess[], member: ClusterProcess): ClusterProcess[] {
  const others = members.filter(({ name }) => name !== member.name);
  return [...others, member].sort((a, b) => idOf(a) - idOf(b));
}

/** Runs an action. SIGINT and SIGTERM abort the signal that it gets, instead of ending this process. */
export async function interruptible<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await action(interrupted.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
