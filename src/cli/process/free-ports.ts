import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { systemCodeOf } from '../failure.ts';

/**
 * Ports of 127.0.0.1 that are free now and all different.
 *
 * They lie below the ports that the system gives to outgoing connections: until a process listens on such a port, the
 * system could give it to a connection of any program.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Map<number, Server>();
  try {
    while (found.size < count) {
      const port = randomPort();
      const server = await listenOn(port);
      if (server !== null) found.set(port, server);
    }
    return [...found.keys()];
  } finally {
    await Promise.all([...found.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  }
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
    server.once('error', (error) => {
      if (systemCodeOf(error) === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
