import type { NetworkAddress } from '../../base/transport.ts';
import type { EarlyTransport, LateAnswer } from '../../transport/early-transport.ts';
import { OperationError, systemCodeOf } from '../failure.ts';

/**
 * Listens there, before there is a controller.
 *
 * @param alsoAt a further host with the same port, where the system has it; null for none
 * @throws OperationError
 */
export async function openPort(
  transport: EarlyTransport,
  address: NetworkAddress,
  alsoAt: string | null,
  late?: LateAnswer,
): Promise<void> {
  try {
    const further = alsoAt === null ? null : { host: alsoAt, port: address.port };
    await transport.open(address, further, late);
  } catch (error) {
    if (systemCodeOf(error) !== 'EADDRINUSE') throw error;
    const { describeTakenPort } = await import('../process/port-owner.ts');
    throw new OperationError('PORT_TAKEN', `${await describeTakenPort(address)}; stop that first`, {
      cause: error,
    });
  }
}
