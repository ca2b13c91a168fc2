import type { Connection } from '../base/transport.ts';

/** Both ends of the connection are on this machine, so that no other machine sees its bytes. */
export function isOnLoopback({ localAddress, remoteAddress }: Connection): boolean {
  return isLoopback(localAddress ?? '') && isLoopback(remoteAddress ?? '');
}

/** Names other than localhost are not looked up, since their addresses may change. */
export function isLoopback(host: string): boolean {
  const address = host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host;
  return /^127(\.\d{1,3}){3}$/.test(address) || address === '::1' || address === 'localhost';
}

/** The address of the other end, human-readable. */
export function addressOf({ remoteAddress, remotePort }: Connection): string {
  return remoteAddress === undefined ? 'a connection that is gone' : `${remoteAddress}:${remotePort}`;
}
