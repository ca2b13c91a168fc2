import type { Reply } from '../../src/protocol/reply.ts';
import type { SimCluster } from './sim-cluster.ts';

/** Asks a controller to drop these, as `member remove … force confirmed` does. */
export async function force(
  cluster: SimCluster,
  node: number,
  lost: readonly number[],
  isConfirmed = true,
): Promise<Reply | null> {
  let reply: Reply | null = null;
  const forced = { lost: lost.map(String), isConfirmed };
  cluster.nodes[node]!.connect().submit(
    { kind: 'member', change: { come: null, go: null, forced }, format: 'table' },
    (answer) => {
      reply = answer;
    },
  );
  await cluster.run(3_000);
  return reply as Reply | null;
}

/** The same, and does not wait for what becomes of it. */
export function submit(cluster: SimCluster, node: number, lost: readonly number[]): void {
  const forced = { lost: lost.map(String), isConfirmed: true };
  const change = { come: null, go: null, forced };
  cluster.nodes[node]!.connect().submit({ kind: 'member', change, format: 'table' }, () => {});
}
