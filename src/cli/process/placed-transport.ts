import { isIP } from 'node:net';
import type { NetworkAddress, Transport } from '../../base/transport.ts';
import { isLoopback } from '../../peer/loopback.ts';
import { NODE_TRANSPORT } from '../../transport/node-transport.ts';

export interface Place {
  /** The address by which others know the process. */
  readonly address: NetworkAddress;
  /** Where it listens. */
  readonly listensOn: NetworkAddress;
}

/**
 * TCP for a process that may listen elsewhere than at the address by which it is known. A process whose address is a
 * loopback one calls others from there, so that a filter between two addresses of one machine cuts their connections.
 */
export function placedTransport({ address, listensOn }: Place): Transport {
  const { host } = address;
  const own = isLoopback(host) && isIP(host) !== 0 ? { from: host } : {};
  return {
    listen: (_, backlog, onConnection) => NODE_TRANSPORT.listen(listensOn, backlog, onConnection),
    connect: (to, handlers, options) => {
      const from = isLoopback(to.host) ? own : {};
      return NODE_TRANSPORT.connect(to, handlers, { ...options, ...from });
    },
  };
}
