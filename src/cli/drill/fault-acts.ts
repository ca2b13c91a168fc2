import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../base/seeded-random.ts';
import { duration } from '../../controller/status/status-table.ts';
import { isAlive, signalProcess, stopProcess, waitForEnd } from '../cluster/processes.ts';
import type { ClusterProcess } from '../cluster/run-record.ts';
import { GRACE_MS } from '../cluster/stop.ts';
import { OperationError } from '../failure.ts';
import type { FaultName } from './fault-table.ts';
import { cutLinks, mendLinks, tableOfCut } from './link-cut.ts';
import type { LocalCluster } from './local-cluster.ts';
import type { UndoLog } from './undo-record.ts';

/** Where a fault is done, and what it tells. */
export interface FaultStage {
  readonly cluster: LocalCluster;
  /** The controller, or the one whose store it is. */
  readonly id: number;
  readonly random: SeededRandom;
  readonly log: UndoLog;
  /** Aborted when the drill is interrupted: then the fault ends early. */
  readonly signal: AbortSignal;
  /** Told each step, in words. */
  readonly note: (text: string) => void;
  /** Told as soon as a killed controller is gone: it answers nothing from then on. */
  readonly onKill: (controller: number) => void;
}

/** How long something is away, in milliseconds: shorter than a lease, about as long as one, longer, much longer. */
const PAUSES_MS = [150, 500, 1_500, 3_000] as const;
const CUTS_MS = [500, 1_500, 3_000, 6_000] as const;
const ABSENCES_MS = [0, 500, 2_000] as const;

/** How long a killed process may take to disappear, in milliseconds. */
const KILL_TIMEOUT_MS = 5_000;

/** Does one fault. Resolves, also when it is interrupted, once all that is left of it can recover by itself. */
export const FAULT_ACTS: Readonly<Record<FaultName, (stage: FaultStage) => Promise<void>>> = {
  pause: (stage) => standStill(stage, stage.cluster.controller(stage.id)),
  'store-pause': (stage) => standStill(stage, stage.cluster.memcached(stage.id)),

  cut: async (stage) => {
    const { cluster, id, log, random, signal, note } = stage;
    const member = cluster.controller(id);
    const others = cluster.ids.filter((other) => other !== id).map((other) => cluster.controller(other));
    const forMs = random.pick(CUTS_MS) * random.between(0.75, 1.25);
    const table = tableOfCut(process.pid);
    log.keep({ cut: table });
    try {
      await cutLinks(table, [member, others], cluster.linkPorts, forMs);
      note(`${named(member)} is cut off from the others (nft table ${table})`);
      await sleep(forMs, null, { signal }).catch(ignore);
    } finally {
      await mendLinks(table);
      log.keep({ cut: null });
    }
    note(`the links of ${member.name} are mended`);
  },

  restart: async (stage) => {
    const member = stage.cluster.controller(stage.id);
    stage.log.keep({ hasEnded: true });
    stage.note(`${named(member)} is asked to end`);
    const startedMs = performance.now();
    const outcome = await stopProcess(member, GRACE_MS);
    if (isAlive(member)) throw new OperationError('NOT_STOPPED', `${named(member)} does not end`);
    stage.note(`${member.name} ${outcome} after ${duration(performance.now() - startedMs)}`);
    await startControllers(stage, [stage.id]);
  },

  kill: (stage) => kill(stage, [stage.id]),
  'kill-all': (stage) => kill(stage, stage.cluster.ids),

  'store-kill': async (stage) => {
    const member = stage.cluster.memcached(stage.id);
    stage.log.keep({ hasEnded: true });
    await endAtOnce(stage, member);
    await absence(stage);
    stage.note(`${named(await stage.cluster.startMemcached(stage.id))} is started again`);
    stage.log.keep({ hasEnded: false });
  },
};

async function standStill(stage: FaultStage, member: ClusterProcess): Promise<void> {
  const { log, random, signal, note } = stage;
  const forMs = random.pick(PAUSES_MS) * random.between(0.75, 1.25);
  log.keep({ paused: [...log.record.paused, member] });
  signalProcess(member, 'SIGSTOP');
  note(`${named(member)} stands still`);
  await sleep(forMs, null, { signal }).catch(ignore);
  signalProcess(member, 'SIGCONT');
  log.keep({ paused: log.record.paused.filter(({ pid }) => pid !== member.pid) });
  note(`${member.name} goes on`);
}

async function kill(stage: FaultStage, ids: readonly number[]): Promise<void> {
  stage.log.keep({ hasEnded: true });
  await Promise.all(ids.map((id) => endAtOnce(stage, stage.cluster.controller(id))));
  for (const id of ids) stage.onKill(id);
  await absence(stage);
  await startControllers(stage, ids);
}

async function endAtOnce({ note }: FaultStage, member: ClusterProcess): Promise<void> {
  signalProcess(member, 'SIGKILL');
  note(`${named(member)} is killed`);
  if (!(await waitForEnd(member, KILL_TIMEOUT_MS)) && isAlive(member))
    throw new OperationError('NOT_STOPPED', `${named(member)} does not end`);
}

async function absence({ random, signal }: FaultStage): Promise<void> {
  await sleep(random.pick(ABSENCES_MS), null, { signal }).catch(ignore);
}

async function startControllers(stage: FaultStage, ids: readonly number[]): Promise<void> {
  for (const id of ids) stage.note(`${named(await stage.cluster.startController(id))} is started again`);
  stage.log.keep({ hasEnded: false });
}

function named({ name, pid }: ClusterProcess): string {
  return `${name} (pid ${pid})`;
}

function ignore(): void {}
