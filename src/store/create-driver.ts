import type { KvDriver } from './driver.ts';
import { EmbeddedDriver } from './embedded-driver.ts';
import type { StoreAddress } from './memjs-connection.ts';
import { MemjsDriver } from './memjs-driver.ts';

/** What a store is told: a part of the controller's settings. */
export interface StoreSettings {
  readonly storeType: 'memcache' | 'custom';
  /** Ignored by the embedded store. */
  readonly storeAddress: StoreAddress;
  readonly storeTimeoutMs: number;
  /** Ignored by memcached, which is told with `-m`. */
  readonly storeBytesMax: number;
}

export function createDriver(settings: StoreSettings): KvDriver {
  switch (settings.storeType) {
    case 'memcache':
      return new MemjsDriver({ address: settings.storeAddress, timeoutMs: settings.storeTimeoutMs });
    case 'custom':
      return new EmbeddedDriver({ bytesMax: settings.storeBytesMax });
  }
}
