import type { Address } from '../../src/controller/settings.ts';
import type { Host } from './host.ts';
import { ITEM_BYTES_MAX, Memcached } from './memcached.ts';

/** The official image of memcached, as in docker-compose.yml. A test runs it in a container of its own. */
export const MEMCACHED_IMAGE = 'memcached:1.6.18-alpine';

const MEMCACHED_PORT = 11_211;

/** The kind of store; `custom` is the embedded one, which needs no process. */
export type StoreKind = 'memcache' | 'custom' | 'container';

/** A memcached of a test, as a process or in a container. */
export interface StoreProcess {
  readonly address: Address;
  stop(): Promise<void>;
}

/** @param options further flags of the command line of a memcached of this machine */
export async function startStores(
  kind: Exclude<StoreKind, 'custom'>,
  hosts: readonly Host[],
  options: readonly string[] = [],
): Promise<StoreProcess[]> {
  const startOn = (host: Host): Promise<StoreProcess> =>
    kind === 'memcache' ? Memcached.start(ITEM_BYTES_MAX, options, host) : startContainer();
  const started = await Promise.allSettled(hosts.map(startOn));
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
