import type { MeshPorts } from './mesh-ports.ts';
import type { Hello } from './messages.ts';
import { NONCE_BYTES } from './secret-proof.ts';

type HelloPorts = Pick<MeshPorts, 'node' | 'incarnation' | 'identity' | 'secret' | 'randomBytes'>;

/** The hello of this controller. @param onNetwork the connection leaves this machine, as far as this end can tell */
export function helloOf(ports: HelloPorts, onNetwork: boolean): Hello {
  const { node, incarnation, identity, secret } = ports;
  const { cluster, placement, peers } = identity();
  const nonce = ports.randomBytes(NONCE_BYTES);
  const hasSecret = secret !== null;
  return { type: 'hello', node, incarnation, cluster, placement, peers, nonce, hasSecret, onNetwork };
}

/**
 * The largest frame of a handshake, in bytes. The list of peers is in the hello, and up to twice in the reason of a
 * refusal.
 */
export function handshakeBytesMax({ identity }: HelloPorts): number {
  return HANDSHAKE_BYTES + 2 * identity().peers.length;
}

/** The same without the lists of peers. */
const HANDSHAKE_BYTES = 4_096;
