import type { Address } from '../../controller/settings.ts';
import { formatAddress } from '../address.ts';
import { OperationError } from '../failure.ts';
import { describeTakenPort, isPortTaken } from '../port-owner.ts';
import { composeUp, dockerObstacle } from './docker.ts';
import { memcachedVersion, startMemcached, versionAt, waitForMemcached } from './memcached-program.ts';
import type { Member } from './run-record.ts';

/** Where the values of a cluster will be. */
export type StorePlan =
  | {
      readonly kind: 'configured' | 'docker' | 'memcached';
      readonly stores: readonly Address[];
      readonly words: string;
    }
  | { readonly kind: 'embedded'; readonly words: string };

export interface StoreWish {
  /** The embedded store was asked for. */
  readonly embedded: boolean;
  /** Stores that the user has; null: they are ours to start. */
  readonly configured: readonly Address[] | null;
  /** Where to put the ones that we start, one per controller. */
  readonly planned: readonly Address[];
}

/** The best store there is: Docker's, which is pinned; else the program; else the embedded one. */
export async function planStores(wish: StoreWish): Promise<StorePlan> {
  if (wish.embedded) return { kind: 'embedded', words: 'embedded in the controllers, as configured' };
  if (wish.configured !== null) {
    const listed = wish.configured.map(formatAddress).join(', ');
    return { kind: 'configured', stores: wish.configured, words: `the configured ones, ${listed}` };
  }
  const stores = wish.planned;
  const where = portsInWords(stores);
  const obstacle = await dockerObstacle(stores.length);
  if (obstacle === null) return { kind: 'docker', stores, words: `memcached in Docker, ${where}` };
  const version = await memcachedVersion();
  if (version !== null) {
    const words = `the memcached program ${version}, ${where} (${obstacle}; with one, they would run in containers)`;
    return { kind: 'memcached', stores, words };
  }
  const words = `embedded in the controllers (${obstacle}, and there is no memcached program: install either for real memcacheds)`;
  return { kind: 'embedded', words };
}

function portsInWords(stores: readonly Address[]): string {
  const last = stores.length > 1 ? `-${stores.at(-1)!.port}` : '';
  return `one per controller on ${formatAddress(stores[0]!)}${last}`;
}

/**
 * memcached's `-I` for a client's limit: the envelope around a value needs room too, so twice the limit, and
 * never below 2 MB, in bytes.
 */
export function storeItemBytesMax(itemBytesMax: number): number {
  return Math.max(2 * 1024 * 1024, 2 * itemBytesMax);
}

/**
 * @param onStarted told of every process at once, so that none is forgotten if the next one fails
 * @throws OperationError
 */
export async function startStores(
  plan: StorePlan,
  itemBytesMax: number,
  directory: string,
  composeProject: string,
  onStarted: (member: Member) => void,
): Promise<void> {
  switch (plan.kind) {
    case 'embedded':
      return;
    case 'configured':
      return requireAnswers(plan.stores);
    case 'docker':
      process.stdout.write('starting the containers (the first time, the image is pulled) ...\n');
      return composeUp(composeProject, plan.stores, itemBytesMax);
    case 'memcached': {
      const members: Member[] = [];
      for (const [id, address] of plan.stores.entries()) {
        const member = await startMemcached(id, address, itemBytesMax, directory);
        onStarted(member);
        members.push(member);
      }
      await Promise.all(members.map(waitForMemcached));
    }
  }
}

async function requireAnswers(stores: readonly Address[]): Promise<void> {
  for (const store of stores) {
    if ((await versionAt(store)) !== null) continue;
    throw new OperationError(`no memcached answers on ${formatAddress(store)}: start it, or correct stores`);
  }
}

/** A memcached that we did not start is never used unasked: its values are somebody else's. */
export async function requireFreePorts(addresses: readonly Address[], setting: string): Promise<void> {
  for (const address of addresses) {
    if (!(await isPortTaken(address))) continue;
    throw new OperationError(
      `${await describeTakenPort(address)}; stop that, or choose other ports with ${setting}`,
    );
  }
}
