import type { Transport } from '../base/transport.ts';
import type { KvDriver } from './driver.ts';
import { EmbeddedDriver } from './embedded-driver.ts';
import type { LargeValues } from './large-values.ts';
import { MemcachedDriver } from './memcached-driver.ts';
import { PipelinedConnection } from './pipelined-connection.ts';
import type { Connect, StoreAddress } from './store-connection.ts';

/** `memcache`: memcached, through the project's own connection; `memjs`: through memjs; `custom`: embedded. */
export const STORE_TYPES = ['memcache', 'memjs', 'custom'] as const;

export type StoreType = (typeof STORE_TYPES)[number];

/** The part of the controller's settings that a store needs. */
export interface StoreSettings {
  readonly storeType: StoreType;
  /** Ignored by the embedded store. */
  readonly storeAddress: StoreAddress;
  readonly storeTimeoutMs: number;
  /** Ignored by memcached, which is told with `-m`. */
  readonly storeBytesMax: number;
}

/** What the controller gives to its store. */
export interface StoreResources {
  readonly transport: Transport;
  /** Memory for the large values that are read from the store. */
  readonly largeValues: LargeValues;
}

/** The ways to speak to memcached. Only the chosen one is loaded. */
export const CONNECTIONS = {
  memcache:
    async ({ transport, largeValues }) =>
    (address, events) =>
      new PipelinedConnection(transport, address, events, largeValues),
  /** memjs makes its sockets itself. */
  memjs: async () => {
    const { MemjsConnection } = await import('./memjs-connection.ts');
    return (address, events) => new MemjsConnection(address, events);
  },
} as const satisfies Partial<Record<StoreType, (resources: StoreResources) => Promise<Connect>>>;

export async function createDriver(settings: StoreSettings, resources: StoreResources): Promise<KvDriver> {
  const { storeType, storeAddress, storeTimeoutMs, storeBytesMax } = settings;
  if (storeType === 'custom') return new EmbeddedDriver({ bytesMax: storeBytesMax });
  const connect = await CONNECTIONS[storeType](resources);
  const { transport } = resources;
  return new MemcachedDriver({ connect, transport, address: storeAddress, timeoutMs: storeTimeoutMs });
}
