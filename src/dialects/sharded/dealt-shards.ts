/**
 * The shards that nodes are dealt out to: one after the other, as cards are.
 *
 * @param nodes in the order of their addresses as text
 * @returns the nodes of each shard; ids of shards begin with 1, so the first is that of 1
 */
export function dealtShards<Node>(nodes: readonly Node[], shardCount: number): readonly (readonly Node[])[] {
  return Array.from({ length: shardCount }, (_, shard) =>
    nodes.filter((_node, place) => place % shardCount === shard),
  );
}
