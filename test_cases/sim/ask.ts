import { storageRequest } from '../../src/protocol/make-request.ts';
import type { Reply } from '../../src/protocol/reply.ts';
import type { Request } from '../../src/protocol/request.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Asks one controller, and waits for its reply. */
export async function ask(cluster: SimCluster, node: number, request: Request): Promise<Reply> {
  let answer: Reply | null = null;
  cluster.nodes[node]!.connect().submit(request, (reply) => {
    answer = reply;
  });
  for (let waited = 0; answer === null && waited < 5_000; waited += 10) await cluster.run(10);
  if (answer === null) throw new Error('never answered');
  return answer;
}

export const set = (key: string, value: string): Request =>
  storageRequest('set', key, 0, 0, Buffer.from(value));

/** The value that a controller answers for a key; null for a miss. */
export async function read(cluster: SimCluster, node: number, key: string): Promise<string | null> {
  const reply = await ask(cluster, node, { kind: 'get', keys: [key], withCas: false });
  if (reply.kind !== 'hits') throw new Error(`not read: ${JSON.stringify(reply)}`);
  return reply.hits[0]?.value.toString() ?? null;
}
