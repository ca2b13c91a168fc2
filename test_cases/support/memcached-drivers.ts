import { CONNECTIONS } from '../../src/store/create-driver.ts';
import { LARGE_VALUES_KEPT_BYTES, LargeValues } from '../../src/store/large-values.ts';
import { MemcachedDriver, type MemcachedDriverOptions } from '../../src/store/memcached-driver.ts';
import { NODE_TRANSPORT } from '../../src/transport/node-transport.ts';

/** The kinds of connections between a controller and memcached. */
export const CONNECTION_KINDS = Object.keys(CONNECTIONS) as readonly (keyof typeof CONNECTIONS)[];

const RESOURCES = {
  transport: NODE_TRANSPORT,
  largeValues: new LargeValues(LARGE_VALUES_KEPT_BYTES),
};
const CONNECT = { memcache: await CONNECTIONS.memcache(RESOURCES), memjs: await CONNECTIONS.memjs() };

/** Makes a driver over connections of one kind. */
export function memcachedDriver(
  kind: keyof typeof CONNECTIONS,
  options: Omit<MemcachedDriverOptions, 'connect' | 'transport'>,
): MemcachedDriver {
  return new MemcachedDriver({ connect: CONNECT[kind], transport: NODE_TRANSPORT, ...options });
}
