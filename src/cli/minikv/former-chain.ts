import { readFile } from 'node:fs/promises';
import type { ChainHome } from '../../dialects/minikv/chain-places.ts';
import { NODE_INDEX_MAX, nodePortOf } from '../../dialects/minikv/chain-ports.ts';
import { configurationFlaw, haveMajority } from '../../placement/configuration.ts';
import { askNode, type ChainAnswer } from './chain-question.ts';

/** What is left of the chain that a node was in before it was started again. */
export type FormerChain =
  /** It goes on without that node. */
  | { readonly kind: 'goes-on'; readonly node: number }
  /** It may go on soon. */
  | { readonly kind: 'may-go-on'; readonly reason: string }
  /** It never will. */
  | { readonly kind: 'ended' };

/**
 * Looks for a chain that has the node with this index among its controllers. Linux tells which ports are listened on;
 * elsewhere no such chain is found.
 */
export async function formerChainOf(index: number): Promise<FormerChain> {
  const others = (await nodesListening()).filter((other) => other !== index);
  return formerChainIn(
    await Promise.all(
      others.map(async (node) => ({ node, answer: await askNode(node, `home?index=${index}`) })),
    ),
  );
}

/**
 * A chain whose head was killed takes no writes until its other members have left the head out. They can, and will,
 * while they are a majority. So the head waits for them, and not for a smaller rest, which can take nobody in. A node
 * that does not answer may be one that is missing for a majority.
 */
export function formerChainIn(
  asked: readonly { readonly node: number; readonly answer: ChainAnswer }[],
): FormerChain {
  const members = asked.flatMap(({ node, answer }) =>
    answer.kind === 'done' ? [{ node, home: answer.body as ChainHome }] : [],
  );
  const writable = members.find(({ home }) => home.takesWrites);
  if (writable !== undefined) return { kind: 'goes-on', node: writable.node };
  for (const { home } of members) {
    const there = members.filter((one) => one.home.chain === home.chain).map((one) => one.home.self);
    if (configurationFlaw(home.configuration) === null && haveMajority(home.configuration, there))
      return {
        kind: 'may-go-on',
        reason: 'the chain that it was in has a majority, and takes no writes yet',
      };
  }
  const silent = asked.find(({ answer }) => answer.kind === 'silent')?.answer;
  return silent?.kind === 'silent' ? { kind: 'may-go-on', reason: silent.reason } : { kind: 'ended' };
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
