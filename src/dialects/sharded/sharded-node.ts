import type { HttpPorts } from '../../http/http-ports.ts';
import { storedKeyOf } from '../stored-value.ts';
import { dealtShards } from './dealt-shards.ts';
import type { Format } from './format.ts';

/** What the routes know of the node that they belong to. */
export interface ShardedNode {
  /** The addresses of all nodes that the cluster may have, by their ids, which is in their order as text. */
  readonly nodes: readonly string[];
  readonly shardCount: number;
  readonly format: Format;
  /** How long a request waits for writes that its metadata name, in milliseconds. */
  readonly causalWaitMs: number;
}

/** A shard has so many nodes at least. */
export const NODES_MIN = 2;

/** The view: the nodes that answer, as this one hears them. */
export function viewOf({ nodes }: ShardedNode, { isUp }: HttpPorts): readonly string[] {
  return nodes.filter((_, id) => isUp(id));
}

/** The ids of all shards: 1, 2 and so on. */
export function shardIdsOf({ shardCount }: ShardedNode): readonly number[] {
  return Array.from({ length: shardCount }, (_, shard) => shard + 1);
}

/** The nodes of a shard, as ids of controllers. */
export function idsIn({ nodes, shardCount }: ShardedNode, shard: number): readonly number[] {
  return dealtShards([...nodes.keys()], shardCount)[shard - 1]!;
}

/** The shard of a node. @param id of the controller */
export function shardOfNode({ shardCount }: ShardedNode, id: number): number {
  return (id % shardCount) + 1;
}

/** The shard that has the key. */
export function shardOfKey(key: string, node: ShardedNode, { self, elsewhere }: HttpPorts): number {
  const [first] = elsewhere(storedKeyOf(key)) ?? [];
  return shardOfNode(node, first ?? self);
}
