import { KEY_BYTES_MAX } from '../protocol/limits.ts';
import { StoreError } from './driver.ts';

/**
 * Why a driver does not send a key to its store; null when it does. memcached closes the connection on a binary
 * request whose key is empty or too long, and with it all other operations in flight would fail.
 */
export function refusalOfKey(key: string): StoreError | null {
  if (key.length > 0 && key.length <= KEY_BYTES_MAX) return null;
  return new StoreError('STORE_REFUSED', `a key has 1 to ${KEY_BYTES_MAX} bytes, this one ${key.length}`);
}
