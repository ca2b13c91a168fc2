import { once } from 'node:events';
import { connect } from 'node:net';
import { ITEM_BYTES_DEFAULT } from '../../src/protocol/limits.ts';
import { Memcached } from '../support/memcached.ts';

/** All literal tokens of the generators are smaller than this number. */
const TOKENS_USED_UP = 2_000;

/**
 * memcached's maintenance threads refer to entries for a moment now and then, and a counter loses its padding
 * meanwhile.
 */
const NO_MAINTENANCE = ['-o', 'no_lru_maintainer,no_lru_crawler'];

/**
 * Starts a memcached with the default item limit as the reference.
 *
 * memcached counts its tokens from 1. Once the first ones have gone to a key that no stream uses, a small literal token
 * matches nothing in the reference, as in a cluster.
 */
export async function startReference(): Promise<Memcached> {
  const memcached = await Memcached.start(ITEM_BYTES_DEFAULT, NO_MAINTENANCE);
  const socket = connect(memcached.port, '127.0.0.1');
  socket.end('set warm 0 0 1 noreply\r\nx\r\n'.repeat(TOKENS_USED_UP));
  socket.resume();
  await once(socket, 'close');
  return memcached;
}
