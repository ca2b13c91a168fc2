import { freePort } from '../../test_cases/support/free-port.ts';
import { becomesReady, listens, Server, versionOf } from '../processes.ts';
import type { SubjectKind } from './subject.ts';

/** Options of every memcached in a run: enough memory to evict nothing, and room for values of 1 MB. */
const OPTIONS = ['-U', '0', '-l', '127.0.0.1', '-m', '2048', '-I', '2m', '-c', '4096'];

export function memcachedObstacle(): string | null {
  return versionOf('memcached', ['-V']) === null ? 'memcached is not installed' : null;
}

export async function startMemcached(
  name: string,
  directory: string,
): Promise<{ server: Server; port: number }> {
  const port = await freePort();
  const asRoot = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const server = new Server(name, 'memcached', [...OPTIONS, '-p', `${port}`, ...asRoot], directory);
  await becomesReady([server], () => listens(port));
  return { server, port };
}

export const MEMCACHED: SubjectKind = {
  name: 'memcached',
  what: 'one memcached, no replication',
  dialect: 'memcached',
  obstacle: memcachedObstacle,
  async start(directory) {
    const { server, port } = await startMemcached('memcached', directory);
    return {
      name: this.name,
      dialect: this.dialect,
      ports: [port],
      processes: [{ role: 'front', name: 'memcached', pid: server.pid }],
      stop: () => server.stop(),
    };
  },
};
