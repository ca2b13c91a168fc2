import type { Address } from '../../../controller/settings.ts';
import { OperationError } from '../../failure.ts';
import { formatAddress } from '../../settings/address.ts';
import { composeOf, dockerProblem } from './docker.ts';
import { type FoundStore, findStore } from './found-store.ts';
import { memcachedVersion } from './memcached-program.ts';
import type { StorePlan } from './store-plan.ts';

export interface StoreOptions {
  /** The user has asked for the embedded store. */
  readonly embedded: boolean;
  /** Stores that the user runs; null when stores have to be found or started. */
  readonly configured: readonly Address[] | null;
  /** Addresses, one per controller, where stores are looked for, and started where there is none. */
  readonly planned: readonly Address[];
  /** The run directory, which tells whether a store that was found may be used: see `findStore`. */
  readonly runDirectory: string;
}

/**
 * Plans the stores: memcacheds that are there already; for the others, in this order, memcached in Docker
 * (its version is pinned), the memcached program, the embedded store.
 *
 * @throws OperationError when something else listens on an address
 */
export async function planStores(wish: StoreOptions): Promise<StorePlan> {
  if (wish.embedded) return { kind: 'embedded', words: 'embedded in the controllers, as configured' };
  if (wish.configured !== null) {
    const listed = wish.configured.map(formatAddress).join(', ');
    return {
      kind: 'configured',
      stores: wish.configured,
      found: [],
      words: `the configured ones, ${listed}`,
    };
  }
  const stores = wish.planned;
  const present = await Promise.all(stores.map((store) => findStore(store, wish.runDirectory)));
  const found = present.flatMap((store, id) => (store === null ? [] : [id]));
  const words = foundInWords(stores, present);
  if (found.length === stores.length) return { kind: 'found', stores, found, words };
  const missing = stores.filter((_, id) => !found.includes(id));
  const plan = await planMissing(stores, missing, found);
  return { ...plan, words: words === '' ? plan.words : `${words}; for the others ${plan.words}` };
}

async function planMissing(
  stores: readonly Address[],
  missing: readonly Address[],
  found: readonly number[],
): Promise<StorePlan> {
  const where = portsInWords(missing);
  const obstacle = await dockerProblem(stores.length);
  if (obstacle === null) {
    const { name } = await composeOf();
    return { kind: 'docker', stores, found, words: `memcached in Docker (${name}), ${where}` };
  }
  const version = await memcachedVersion();
  if (version !== null) {
    const words = `the memcached program ${version}, ${where} (${obstacle}; with one, they would run in containers)`;
    return { kind: 'memcached', stores, found, words };
  }
  const without = `${obstacle}, and there is no memcached program: install either for real memcacheds`;
  if (found.length === 0) return { kind: 'embedded', words: `embedded in the controllers (${without})` };
  const names = missing.map(formatAddress).join(', ');
  throw new OperationError(
    'STORE_NOT_STARTED',
    `nothing answers on ${names}, and it can't be started here (${without})`,
  );
}

function foundInWords(stores: readonly Address[], present: readonly (FoundStore | null)[]): string {
  const named = present.flatMap((store, id) =>
    store === null ? [] : [`${formatAddress(stores[id]!)} (${store.version}, ${store.words})`],
  );
  return named.length === 0
    ? ''
    : `memcached that is there already, on ${named.join(', ')}; stop.sh leaves it`;
}

function portsInWords(stores: readonly Address[]): string {
  const first = formatAddress(stores[0]!);
  const inARow = stores.every(({ port }, index) => port === stores[0]!.port + index);
  if (!inARow) return `on ${stores.map(formatAddress).join(', ')}`;
  return `one per controller on ${first}${stores.length > 1 ? `-${stores.at(-1)!.port}` : ''}`;
}
