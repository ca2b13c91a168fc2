import { expect } from 'vitest';
import type { Reply } from '../../src/protocol/reply.ts';
import { ask, read, set } from './ask.ts';
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

/** What the reply says. */
export function textOf(reply: Reply | null): string {
  if (reply?.kind === 'lines') return reply.lines.join('\n');
  return reply !== null && 'reason' in reply ? reply.reason : '';
}

export const KEYS = Array.from({ length: 30 }, (_, i) => `key:${i}`);

/** Sets thirty keys, each at one of these controllers. */
export async function fill(cluster: SimCluster, value: string, nodes: readonly number[]): Promise<void> {
  for (const [i, key] of KEYS.entries())
    expect(await ask(cluster, nodes[i % nodes.length]!, set(key, value))).toMatchObject({
      outcome: 'stored',
    });
  await cluster.run(500);
}

/** Each of these controllers has the value for all of them. */
export async function expectAt(cluster: SimCluster, value: string, nodes: readonly number[]): Promise<void> {
  for (const node of nodes) for (const key of KEYS) expect(await read(cluster, node, key)).toBe(value);
}
