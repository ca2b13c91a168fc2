/** The largest index of a node. */
export const NODE_INDEX_MAX = 999;

/** All nodes of MiniKV are on one machine. */
export const NODE_HOST = '127.0.0.1';

/** Where a node serves clients over HTTP. */
export function httpPortOf(index: number): number {
  return 8080 + index;
}

/** Where the other nodes of a chain call a node. */
export function nodePortOf(index: number): number {
  return 50_000 + index;
}
