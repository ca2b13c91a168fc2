import type { Address } from '../../src/controller/settings.ts';
import { ITEM_BYTES_MAX, Memcached } from './memcached.ts';

/** memcached of the official image, in a container of a test's own. */
export const MEMCACHED_IMAGE = 'memcached:1.6-alpine';

const MEMCACHED_PORT = 11_211;

/** `custom` is the embedded store, which needs no process. */
export type StoreKind = 'memcache' | 'custom' | 'container';

/** A memcached, wherever it runs. */
export interface StoreProcess {
  readonly address: Address;
  stop(): Promise<void>;
}

export async function startStores(
  kind: Exclude<StoreKind, 'custom'>,
  count: number,
): Promise<StoreProcess[]> {
  const start = kind === 'memcache' ? () => Memcached.start() : startContainer;
  const started = await Promise.allSettled(Array.from({ length: count }, start));
  const stores = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed === undefined) return stores;
  await Promise.all(stores.map((store) => store.stop()));
  throw failed.reason;
}

async function startContainer(): Promise<StoreProcess> {
  const { GenericContainer } = await import('testcontainers');
  const container = await new GenericContainer(MEMCACHED_IMAGE)
    .withCommand(['memcached', '-I', `${ITEM_BYTES_MAX}`])
    .withExposedPorts(MEMCACHED_PORT)
    .start();
  return {
    address: { host: container.getHost(), port: container.getMappedPort(MEMCACHED_PORT) },
    stop: async () => {
      await container.stop();
    },
  };
}
