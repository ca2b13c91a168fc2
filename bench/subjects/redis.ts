import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../../test_cases/support/free-port.ts';
import { becomesReady, Server, versionOf } from '../processes.ts';
import type { SubjectKind } from './subject.ts';

const REPLICAS = 2;

/** Options: nothing on disk, and no wait before a replica is filled. */
const OPTIONS = [
  '--bind',
  '127.0.0.1',
  '--save',
  '',
  '--appendonly',
  'no',
  '--repl-diskless-sync-delay',
  '0',
];

export const REDIS: SubjectKind = {
  name: 'redis-wait',
  what: 'Redis with two replicas, in memory; a write is SET and WAIT 2',
  dialect: 'redis',
  obstacle() {
    const missing = ['redis-server', 'redis-cli'].find((program) => versionOf(program, ['-v']) === null);
    return missing === undefined ? null : `${missing} is not installed`;
  },
  async start(directory) {
    const ports = await freePorts(1 + REPLICAS);
    const servers = ports.map((port, id) => {
      const home = join(directory, `redis-${id}`);
      mkdirSync(home);
      const role = id === 0 ? [] : ['--replicaof', '127.0.0.1', `${ports[0]}`];
      return new Server(`redis-${id}`, 'redis-server', ['--port', `${port}`, ...OPTIONS, ...role], home);
    });
    await becomesReady(servers, () => replicasAreOnline(ports[0]!));
    return {
      name: this.name,
      dialect: this.dialect,
      ports: [ports[0]!],
      processes: servers.map(({ name, pid }, id) => ({ role: id === 0 ? 'front' : 'store', name, pid })),
      stop: async () => {
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
  },
};

async function replicasAreOnline(port: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)('redis-cli', ['-p', `${port}`, 'info', 'replication']);
  return [...stdout.matchAll(/^slave\d+:.*state=online/gm)].length === REPLICAS;
}
