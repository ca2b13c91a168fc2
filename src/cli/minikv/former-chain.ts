import { readFile } from 'node:fs/promises';
import { NODE_INDEX_MAX, nodePortOf } from '../../dialects/minikv/chain-ports.ts';
import { askNode } from './chain-question.ts';

/**
 * Looks for a chain that goes on without the node with this index: one that takes writes, and has that node among its
 * controllers. Linux tells which ports are listened on; elsewhere no such chain is found.
 *
 * @returns the index of a node of it; null where there is none
 */
export async function formerChainOf(index: number): Promise<number | null> {
  const others = (await nodesListening()).filter((other) => other !== index);
  const answers = await Promise.all(
    others.map(async (other) => {
      const answer = await askNode(other, `home?index=${index}`);
      return answer.kind === 'done' ? other : null;
    }),
  );
  return answers.find((other) => other !== null) ?? null;
}

async function nodesListening(): Promise<readonly number[]> {
  try {
    return listeningIn(await readFile('/proc/net/tcp', 'latin1'));
  } catch {
    return [];
  }
}

/** The indices of the nodes whose ports are listened on at `NODE_HOST`. @param table as `/proc/net/tcp` has it */
export function listeningIn(table: string): readonly number[] {
  const found: number[] = [];
  for (const [, port] of table.matchAll(/^\s*\d+: 0200007F:([0-9A-F]{4}) 00000000:0000 0A /gm)) {
    const index = Number.parseInt(port!, 16) - nodePortOf(0);
    if (index >= 0 && index <= NODE_INDEX_MAX) found.push(index);
  }
  return found;
}
