import type { EarlyTransport, LateAnswer } from '../../transport/early-transport.ts';
import { OperationError, systemCodeOf } from '../failure.ts';

const HOST = '127.0.0.1';

/**
 * Listens on a port of 127.0.0.1, before there is a controller.
 *
 * @param alsoAt a further address; browsers and clients that are told `localhost` may take it for `::1`
 * @throws OperationError
 */
export async function openPort(
  transport: EarlyTransport,
  port: number,
  alsoAt: string | null,
  late?: LateAnswer,
): Promise<void> {
  try {
    const further = alsoAt === null ? null : { host: alsoAt, port };
    await transport.open({ host: HOST, port }, further, late);
  } catch (error) {
    if (systemCodeOf(error) !== 'EADDRINUSE') throw error;
    const { describeTakenPort } = await import('../process/port-owner.ts');
    const taken = await describeTakenPort({ host: HOST, port });
    throw new OperationError('PORT_TAKEN', `${taken}; stop that first`, { cause: error });
  }
}
