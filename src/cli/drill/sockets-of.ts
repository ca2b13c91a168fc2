import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The ports of one TCP connection, as one of its ends sees them. */
export interface PortPair {
  readonly local: number;
  readonly remote: number;
}

/** The connections on this machine between one process and some others, as the one process sees them. Linux only. */
export function connectionsBetween(pid: number, others: readonly number[]): PortPair[] {
  const connections = establishedIn(pid);
  const theirs = new Set(others.flatMap((other) => connectionsOf(other, connections)).map(nameOf));
  return connectionsOf(pid, connections).filter(({ local, remote }) =>
    theirs.has(nameOf({ local: remote, remote: local })),
  );
}

interface Socket extends PortPair {
  readonly inode: string;
}

function nameOf({ local, remote }: PortPair): string {
  return `${local} ${remote}`;
}

function connectionsOf(pid: number, connections: readonly Socket[]): Socket[] {
  const own = inodesOf(pid);
  return connections.filter(({ inode }) => own.has(inode));
}

/** The inodes of the sockets that a process has open. */
function inodesOf(pid: number): Set<string> {
  const inodes = new Set<string>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    const found = /^socket:\[(\d+)\]$/.exec(targetOf(`/proc/${pid}/fd/${name}`));
    if (found !== null) inodes.add(found[1]!);
  }
  return inodes;
}

/** Empty when the file was closed meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

/** All established TCP connections in the network that the process sees. */
function establishedIn(pid: number): Socket[] {
  return ['tcp', 'tcp6'].flatMap((name) => connectionsIn(tableText(`/proc/${pid}/net/${name}`)));
}

/** A kernel without IPv6 has no `tcp6`. */
function tableText(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

const ESTABLISHED = '01';

/** @param text `/proc/net/tcp`, with a heading: see proc(5). Addresses and ports are in hexadecimal digits */
export function connectionsIn(text: string): Socket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', remote = '', state, , , , , , inode] = line.trim().split(/ +/);
      if (state !== ESTABLISHED || inode === undefined) return [];
      return [{ local: portOf(local), remote: portOf(remote), inode }];
    });
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16);
}
