import type { Address } from '../../controller/settings.ts';

const LOOPBACK = '127.0.0.1';

/** `127.0.0.1:8000`; IPv6 in brackets: `[::1]:8000`. */
export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** `localhost` and 127.0.0.1 are one name here, so that either finds the controller among the peers. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return lower === 'localhost' ? LOOPBACK : lower;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && canonicalHost(a.host) === canonicalHost(b.host);
}

/** @returns null when the text is no `host:port` */
export function parseAddress(text: string): Address | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:,[\]]+)):(\d{1,5})$/.exec(text.trim());
  const port = match === null ? null : parsePort(match[3]!);
  if (match === null || port === null) return null;
  return { host: canonicalHost((match[1] ?? match[2])!), port };
}

/** @returns null when the text is no port from 1 to 65535 */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}

/** `count` addresses on loopback, the ports in a row. */
export function loopbackRange(basePort: number, count: number): Address[] {
  return Array.from({ length: count }, (_, index) => ({ host: LOOPBACK, port: basePort + index }));
}
