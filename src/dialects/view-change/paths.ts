/** The paths that a node has: those of one generation, or those of `forward` and of `shards`. */
export type Paths = 'forward' | 'both' | 'shards' | 'replicas';
