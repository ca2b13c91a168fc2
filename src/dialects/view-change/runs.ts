/** The nodes of each shard: runs of so many nodes, in the order of the view. */
export function runsOf<Node>(nodes: readonly Node[], factor: number): readonly (readonly Node[])[] {
  return Array.from({ length: nodes.length / factor }, (_, run) =>
    nodes.slice(run * factor, (run + 1) * factor),
  );
}
