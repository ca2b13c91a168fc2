import { setTimeout as sleep } from 'node:timers/promises';
import { DOES_NOT_VOTE } from '../../controller/roles.ts';
import type { Status } from '../../controller/status/status.ts';
import { statusAt } from '../client/controller-at.ts';
import { idOf } from './cluster-processes.ts';
import { isAlive } from './processes.ts';
import type { ClusterProcess } from './run-record.ts';

/** How long a cluster may take until every controller is ready and hears all others, in milliseconds. */
export const READY_TIMEOUT_MS = 30_000;

const POLL_MS = 50;

/** A controller for which the cluster is not ready, and the reason. */
export interface UnreadyProcess {
  readonly member: ClusterProcess;
  readonly reason: string;
}

/**
 * @param waitMs 0: does not wait
 * @returns null once the controllers are ready and hear each other; otherwise the first one that is not, when
 *   time is up or it has ended
 */
export async function waitForControllers(
  controllers: readonly ClusterProcess[],
  waitMs: number,
  signal: AbortSignal,
): Promise<UnreadyProcess | null> {
  const deadline = performance.now() + waitMs;
  const ids = controllers.map(idOf);
  for (;;) {
    const unready = await firstUnready(controllers, ids);
    if (unready === null) return null;
    if (signal.aborted) return { member: unready.member, reason: 'the start was interrupted' };
    if (!isAlive(unready.member)) return { member: unready.member, reason: 'it ended' };
    if (performance.now() >= deadline) return unready;
    await sleep(POLL_MS);
  }
}

async function firstUnready(
  controllers: readonly ClusterProcess[],
  ids: readonly number[],
): Promise<UnreadyProcess | null> {
  for (const member of controllers) {
    const reason = obstacleOf(await statusAt(member.address), ids);
    if (reason !== null) return { member, reason };
  }
  return null;
}

/**
 * A controller that does not vote is as ready as it gets.
 *
 * @returns why the controller with this status is not ready, or does not hear one of `ids`; null when all is well
 */
export function obstacleOf(status: Status | null, ids: readonly number[]): string | null {
  if (status === null) return 'it does not answer';
  const votes = status.peers.every(({ self, role }) => !self || role !== DOES_NOT_VOTE);
  if (!status.ready && votes) return status.reason || 'it is not ready';
  const down = status.peers.find((peer) => peer.up === false && ids.includes(peer.id));
  return down === undefined ? null : `it does not hear controller ${down.id}`;
}
