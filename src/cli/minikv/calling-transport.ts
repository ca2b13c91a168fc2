import type { Transport } from '../../base/transport.ts';
import { NODE_TRANSPORT } from '../../transport/node-transport.ts';

/**
 * The address that nodes of a chain call each other from; null where the system has none beside 127.0.0.1.
 *
 * The ports of nodes are among those that Linux gives to outgoing connections. A call from 127.0.0.1 to a port on
 * which no node listens yet could get that very port, and so reach itself; and it would keep the port from its node for
 * as long as the system remembers the connection, a minute. A call from another address does neither.
 */
export const CALLING_HOST = process.platform === 'linux' ? '127.0.0.2' : null;

/** TCP that calls from there. */
export const CALLING_TRANSPORT: Transport =
  CALLING_HOST === null
    ? NODE_TRANSPORT
    : {
        listen: (address, backlog, onConnection) => NODE_TRANSPORT.listen(address, backlog, onConnection),
        connect: (to, handlers, options) =>
          NODE_TRANSPORT.connect(to, handlers, { ...options, from: CALLING_HOST }),
      };
