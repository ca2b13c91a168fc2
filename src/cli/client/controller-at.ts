import type { Address } from '../../controller/settings.ts';
import type { Status } from '../../controller/status/status.ts';
import { OperationError } from '../failure.ts';
import { CliConnection, ConnectionLost } from './cli-connection.ts';
import { statusOf } from './cli-session.ts';

/** A controller, as it says itself. */
export interface ControllerFound {
  readonly status: Status;
  /** Null: it does not say. */
  readonly pid: number | null;
}

/** How long a controller may take to say how it is, in milliseconds. */
const ANSWER_TIMEOUT_MS = 1000;

/** @returns null when no controller answers there in time */
export async function controllerAt(address: Address): Promise<ControllerFound | null> {
  try {
    const connection = await CliConnection.dial(address);
    try {
      const shown = await connection.request(Buffer.from('show json\r\n'), 'lines', ANSWER_TIMEOUT_MS);
      const status = statusOf(shown);
      if (status === null) return null;
      const stats = await connection.request(Buffer.from('stats\r\n'), 'lines', ANSWER_TIMEOUT_MS);
      return { status, pid: pidIn(stats.parts) };
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof ConnectionLost || error instanceof OperationError) return null;
    throw error;
  }
}

function pidIn(lines: readonly Buffer[]): number | null {
  for (const line of lines) {
    const pid = /^STAT pid (\d+)$/.exec(line.toString('latin1'))?.[1];
    if (pid !== undefined) return Number(pid);
  }
  return null;
}

/** @returns null when no controller answers there in time */
export async function statusAt(address: Address): Promise<Status | null> {
  return (await controllerAt(address))?.status ?? null;
}
