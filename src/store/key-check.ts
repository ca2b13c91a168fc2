import { KEY_BYTES_MAX } from '../protocol/limits.ts';
import { StoreError } from './driver.ts';

/**
 * Keys that no driver sends on: memcached answers an empty or overlong key of a binary request by closing
 * the connection, which would fail everybody else's operations as well.
 */
export function refusalOfKey(key: string): StoreError | null {
  if (key.length > 0 && key.length <= KEY_BYTES_MAX) return null;
  return new StoreError('STORE_REFUSED', `a key has 1 to ${KEY_BYTES_MAX} bytes, this one ${key.length}`);
}
