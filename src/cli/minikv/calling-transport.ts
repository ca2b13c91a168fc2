import type { Transport } from '../../base/transport.ts';
import { CALLING_HOST } from '../../dialects/minikv/chain-ports.ts';
import { NODE_TRANSPORT } from '../../transport/node-transport.ts';

/** TCP that calls from `CALLING_HOST`. */
export const CALLING_TRANSPORT: Transport =
  CALLING_HOST === null ? NODE_TRANSPORT : callingFrom(CALLING_HOST);

function callingFrom(from: string): Transport {
  return {
    listen: (address, backlog, onConnection) => NODE_TRANSPORT.listen(address, backlog, onConnection),
    connect: (to, handlers, options) => NODE_TRANSPORT.connect(to, handlers, { ...options, from }),
  };
}
