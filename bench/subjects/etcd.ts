import { join } from 'node:path';
import { freePorts } from '../../test_cases/support/free-port.ts';
import { becomesReady, Server, versionOf } from '../processes.ts';
import type { SubjectKind } from './subject.ts';

const NODES = 3;

export const ETCD: SubjectKind = {
  name: 'etcd',
  what: 'etcd, three nodes, on disk; puts by its JSON gateway over HTTP, spread over the nodes',
  dialect: 'etcd',
  obstacle() {
    return versionOf('etcd', ['--version']) === null ? 'etcd is not installed' : null;
  },
  async start(directory) {
    const ports = await freePorts(2 * NODES);
    const clients = ports.slice(0, NODES);
    const peers = ports.slice(NODES).map((port) => `http://127.0.0.1:${port}`);
    const members = peers.map((url, id) => `node-${id}=${url}`).join(',');
    const servers = clients.map((port, id) => {
      const client = `http://127.0.0.1:${port}`;
      const words = ['--name', `node-${id}`, '--data-dir', join(directory, `etcd-${id}`)];
      words.push('--listen-client-urls', client, '--advertise-client-urls', client);
      words.push('--listen-peer-urls', peers[id]!, '--initial-advertise-peer-urls', peers[id]!);
      words.push('--initial-cluster', members, '--logger', 'zap', '--log-level', 'error');
      return new Server(`etcd-${id}`, 'etcd', words, directory);
    });
    await becomesReady(servers, async () => (await Promise.all(clients.map(isHealthy))).every(Boolean));
    return {
      name: this.name,
      dialect: this.dialect,
      ports: clients,
      processes: servers.map(({ name, pid }) => ({ role: 'front', name, pid })),
      stop: async () => {
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
  },
};

async function isHealthy(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`);
  return ((await answer.json()) as { health?: string }).health === 'true';
}
