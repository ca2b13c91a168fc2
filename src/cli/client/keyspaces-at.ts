import type { Address } from '../../controller/settings.ts';
import type { LevelsStatus } from '../../controller/status/status.ts';
import { CliConnection, ConnectionLost } from './cli-connection.ts';

/** The names of the keyspaces, asked on a connection of its own; none without an answer in time. */
export async function keyspacesAt(address: Address, timeoutMs: number): Promise<readonly string[]> {
  try {
    const connection = await CliConnection.dial(address);
    try {
      const reply = await connection.request(Buffer.from('keyspace json\r\n'), 'lines', timeoutMs);
      if (reply.failed) return [];
      const { keyspaces } = JSON.parse(String(reply.parts[0])) as LevelsStatus;
      return keyspaces.map(({ name }) => name);
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof ConnectionLost || error instanceof SyntaxError) return [];
    throw error;
  }
}
