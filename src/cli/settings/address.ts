import { canonicalHost, LOOPBACK } from '../../base/address-text.ts';
import type { Address } from '../../controller/settings.ts';

/** `127.0.0.1:8000`; IPv6 in brackets: `[::1]:8000`. */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && canonicalHost(a.host) === canonicalHost(b.host);
}

/** `count` addresses on loopback, the ports in a row. */
export function loopbackRange(basePort: number, count: number): Address[] {
  return Array.from({ length: count }, (_, index) => ({ host: LOOPBACK, port: basePort + index }));
}
