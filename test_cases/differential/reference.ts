import { once } from 'node:events';
import { connect } from 'node:net';
import { ITEM_BYTES_DEFAULT } from '../../src/protocol/limits.ts';
import { Memcached } from '../support/memcached.ts';

/** Literal tokens of the generators are all below this. */
const TOKENS_USED_UP = 2_000;

/** Its maintenance holds entries for a moment now and then, and a counter that is held loses its padding. */
const NO_MAINTENANCE = ['-o', 'no_lru_maintainer,no_lru_crawler'];

/**
 * A memcached with the default item limit to compare with.
 *
 * memcached counts its tokens from 1. Once the first have gone to a key that no stream knows, a small literal
 * token matches nothing, there as in a cluster.
 */
export async function startReference(): Promise<Memcached> {
  const memcached = await Memcached.start(ITEM_BYTES_DEFAULT, NO_MAINTENANCE);
  const socket = connect(memcached.port, '127.0.0.1');
  socket.end('set warm 0 0 1 noreply\r\nx\r\n'.repeat(TOKENS_USED_UP));
  socket.resume();
  await once(socket, 'close');
  return memcached;
}
