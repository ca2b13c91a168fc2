import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/**
 * Ports of 127.0.0.1 that are free now and all different.
 *
 * They lie below the ports that the system gives to outgoing connections. A test that kills a process and starts it
 * again on the same port needs that: while the process is down, the system could give its port to any connection of
 * any program, and the process could not listen there again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  try {
    while (servers.length < count) {
      const server = await listenOn(randomPort());
      if (server !== null) servers.push(server);
    }
    return servers.map(portOf);
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}

/** Above the ports that well-known services use, memcached's 11211 and the defaults of this project among them. */
const PORT_MIN = 12_000;

/** The first port that the system gives to outgoing connections. */
const PORT_END = firstEphemeralPort();

function firstEphemeralPort(): number {
  const USUAL = 32_768;
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
    return first > PORT_MIN + 1_000 ? first : USUAL;
  } catch {
    return USUAL;
  }
}

function randomPort(): number {
  return PORT_MIN + Math.floor(Math.random() * (PORT_END - PORT_MIN));
}

/** @returns null when the port is taken */
function listenOn(port: number): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
