import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../controller/settings.ts';
import type { Status } from '../../controller/status.ts';
import { ClientConnection, ConnectionLost } from '../client/client-connection.ts';
import { statusOf } from '../client/client-session.ts';
import { isAlive } from './processes.ts';
import type { Member } from './run-record.ts';

/** How long a cluster may take until every controller is ready and hears all others, in milliseconds. */
export const READY_TIMEOUT_MS = 10_000;

const POLL_MS = 50;

/** How long a controller may take to say how it is, in milliseconds. */
const STATUS_TIMEOUT_MS = 1000;

/** A controller that keeps the cluster from being ready, and why. */
export interface Laggard {
  readonly member: Member;
  readonly reason: string;
}

/** @returns null once the cluster is ready, else who is not, when time is up or one has ended */
export async function waitForCluster(
  controllers: readonly Member[],
  signal: AbortSignal,
): Promise<Laggard | null> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const laggard = await firstLaggard(controllers);
    if (laggard === null) return null;
    if (signal.aborted) return { member: laggard.member, reason: 'the start was interrupted' };
    if (!isAlive(laggard.member)) return { member: laggard.member, reason: 'it ended' };
    if (performance.now() > deadline) return laggard;
    await sleep(POLL_MS);
  }
}

async function firstLaggard(controllers: readonly Member[]): Promise<Laggard | null> {
  for (const member of controllers) {
    const reason = obstacleOf(await statusAt(member.address));
    if (reason !== null) return { member, reason };
  }
  return null;
}

function obstacleOf(status: Status | null): string | null {
  if (status === null) return 'it does not answer';
  if (!status.ready) return status.reason || 'it is not ready';
  const down = status.peers.find((peer) => !peer.up);
  return down === undefined ? null : `it does not hear controller ${down.id}`;
}

/** @returns null when no controller answers there in time */
export async function statusAt(address: Address): Promise<Status | null> {
  try {
    const connection = await ClientConnection.dial(address);
    try {
      return statusOf(await connection.request(Buffer.from('show json\r\n'), 'lines', STATUS_TIMEOUT_MS));
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof ConnectionLost) return null;
    throw error;
  }
}
