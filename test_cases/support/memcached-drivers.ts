import { CONNECTIONS } from '../../src/store/create-driver.ts';
import { LARGE_VALUES_KEPT_BYTES, LargeValues } from '../../src/store/large-values.ts';
import { MemcachedDriver, type MemcachedDriverOptions } from '../../src/store/memcached-driver.ts';

/** What can stand between a controller and memcached. */
export const CONNECTION_KINDS = Object.keys(CONNECTIONS) as readonly (keyof typeof CONNECTIONS)[];

const RESOURCES = { largeValues: new LargeValues(LARGE_VALUES_KEPT_BYTES) };
const CONNECT = { memcache: await CONNECTIONS.memcache(RESOURCES), memjs: await CONNECTIONS.memjs() };

/** A driver over connections of one kind. */
export function memcachedDriver(
  kind: keyof typeof CONNECTIONS,
  options: Omit<MemcachedDriverOptions, 'connect'>,
): MemcachedDriver {
  return new MemcachedDriver({ connect: CONNECT[kind], ...options });
}
