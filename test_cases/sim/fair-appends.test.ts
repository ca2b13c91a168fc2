import { expect, it } from 'vitest';
import { storageRequest } from '../../src/protocol/make-request.ts';
import { ask, set } from './ask.ts';
import { SimCluster } from './sim-cluster.ts';

/** Clients of all controllers append to one large value, and do not end. */

const APPENDERS = 6;

async function clusterWithAppends(): Promise<SimCluster> {
  const cluster = new SimCluster({ seed: 1, level: 'linearizability' });
  cluster.network.delays = { kind: 'uniform', minMs: 1, maxMs: 3 };
  await cluster.start();
  await ask(cluster, 0, set('k', 'x'.repeat(200_000)));
  const appendOn = (id: number): void => {
    const request = storageRequest('append', 'k', 0, 0, Buffer.from(','));
    cluster.nodes[id]!.connect().submit(request, () => appendOn(id));
  };
  for (let client = 0; client < APPENDERS; client++) {
    appendOn(client % 3);
    await cluster.run(0.3);
  }
  return cluster;
}

it('regression: a request whose value had grown waited for the room of its own attempt before', async () => {
  const cluster = await clusterWithAppends();
  for (let i = 0; i < 5; i++) {
    const touched = await ask(cluster, 1, { kind: 'touch', key: 'k', exptime: 100, noreply: false });
    expect(touched).toEqual({ kind: 'outcome', outcome: 'touched' });
  }
});
