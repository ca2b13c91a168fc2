import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test_cases/support/free-port.ts';
import { becomesReady, listens, Server, versionOf } from '../processes.ts';
import { memcachedObstacle, startMemcached } from './memcached.ts';
import type { SubjectKind } from './subject.ts';

const configuration = (port: number, store: number): string => `bench:
  listen: 127.0.0.1:${port}
  hash: fnv1a_64
  distribution: ketama
  preconnect: true
  backlog: 1024
  servers:
   - 127.0.0.1:${store}:1
`;

export const NUTCRACKER: SubjectKind = {
  name: 'nutcracker',
  what: 'nutcracker (twemproxy) in front of one memcached, no replication',
  dialect: 'memcached',
  obstacle() {
    return versionOf('nutcracker', ['-V']) === null ? 'nutcracker is not installed' : memcachedObstacle();
  },
  async start(directory) {
    const store = await startMemcached('nutcracker-store', directory);
    const [port, statsPort] = (await freePorts(2)) as [number, number];
    const file = join(directory, 'nutcracker.yml');
    writeFileSync(file, configuration(port, store.port));
    const words = ['-c', file, '-a', '127.0.0.1', '-s', `${statsPort}`];
    const server = new Server('nutcracker', 'nutcracker', words, directory);
    await becomesReady([server], () => listens(port));
    return {
      name: this.name,
      dialect: this.dialect,
      ports: [port],
      processes: [
        { role: 'front', name: 'nutcracker', pid: server.pid },
        { role: 'store', name: 'memcached', pid: store.server.pid },
      ],
      stop: async () => {
        await Promise.all([server.stop(), store.server.stop()]);
      },
    };
  },
};
