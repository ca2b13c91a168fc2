/** The largest index of a node. */
export const NODE_INDEX_MAX = 999;

const IS_LINUX = process.platform === 'linux';

/** Where clients reach a node over HTTP. */
export const CLIENT_HOST = '127.0.0.1';

/**
 * Where the other nodes of a chain call a node: all nodes are on one machine.
 *
 * The ports of nodes are among those that Linux gives to outgoing connections. A connection of any client of this
 * machine, from 127.0.0.1, may have the port of a node that is about to start, and the system keeps the port for a
 * minute after the connection has ended. At another address that is another port. Other systems have only 127.0.0.1.
 */
export const NODE_HOST = IS_LINUX ? '127.0.0.2' : CLIENT_HOST;

/**
 * Where nodes call each other from, for the same reason; null where the system has no third address. A call could
 * otherwise get the very port that it calls, if no node listens there yet, and so reach itself.
 */
export const CALLING_HOST = IS_LINUX ? '127.0.0.3' : null;

/** Where a node serves clients over HTTP. */
export function httpPortOf(index: number): number {
  return 8080 + index;
}

/** Where the other nodes of a chain call a node. */
export function nodePortOf(index: number): number {
  return 50_000 + index;
}
