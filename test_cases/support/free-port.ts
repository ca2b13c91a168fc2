import type { Server } from 'node:net';
import { freePorts } from '../../src/cli/process/free-ports.ts';

export { freePorts };

/**
 * A port of 127.0.0.1 that is free now. It lies below the ports that the system gives to outgoing connections, so
 * that a test may kill a process and start it again on the same port.
 */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}
