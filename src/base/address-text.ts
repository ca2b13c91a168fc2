/** A host and a port. */
interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export const LOOPBACK = '127.0.0.1';

/** `localhost` and 127.0.0.1 are one name here, so that either finds the controller among the peers. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return lower === 'localhost' ? LOOPBACK : lower;
}

/** @returns null when the text is no `host:port` */
export function parseAddress(text: string): HostAndPort | null {
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
